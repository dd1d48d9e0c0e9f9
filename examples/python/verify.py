"""验证一个签名值。

    verify.py 对外地址 证书.pem 原文 签名.der

通过时退出值为 0，不通过为 1，未能判定为 2。未能判定不是通过。
"""

import sys
from pathlib import Path

from yinxin import b64, call


def main(base, certificate, content, signature):
    report = call("POST", f"{base}/api/verify/signature", {
        "certificate": Path(certificate).read_text(),
        "content": b64(Path(content).read_bytes()),
        "signature": b64(Path(signature).read_bytes()),
    })
    print("结论：" + report["verdict_text"])
    for signer in report["signers"]:
        for check in signer["checks"] + signer.get("certificate", {}).get("checks", []):
            if check["weighs"] and check["outcome"] != "passed":
                print(f"  {check['title']}：{check['reason']}")
    return {"passed": 0, "failed": 1}.get(report["verdict"], 2)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
