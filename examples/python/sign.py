"""由应用签名：密钥在本机构的密码设备中，应用只有一把签署请求的客户端密钥。

    sign.py 对外地址 客户端编号 客户端密钥.pem 原文 签名.der

用第一把使用中的密钥签名，再请本机构验证一次。没有可用的密钥时退出值为 3。
"""

import base64
import sys
from pathlib import Path

from yinxin import Refused, b64, call


def main(base, client, key, content, signature):
    mine = {"client": client, "key": key}
    keys = call("GET", f"{base}/api/sign/keys", **mine)["keys"]
    usable = [one for one in keys if one["state"] == "active" and "data" in one["operations"]]
    if not usable:
        print(f"没有可用的签名密钥（共 {len(keys)} 把），请与本机构联系开通")
        return 3
    data = b64(Path(content).read_bytes())
    made = call("POST", f"{base}/api/sign/data", {"key": usable[0]["number"], "content": data}, **mine)
    Path(signature).write_bytes(base64.b64decode(made["signature"]))
    report = call("POST", f"{base}/api/verify/signature", {
        "certificate": made["certificate"], "content": data, "signature": made["signature"],
    })
    print("签名已保存，验证结论：" + report["verdict_text"])
    return 0 if report["verdict"] == "passed" else 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:6]))
    except Refused as refused:
        sys.exit(str(refused))
