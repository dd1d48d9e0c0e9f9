"""给一个文件盖时间戳，保存应答，再请本机构验证一次。

    stamp.py 对外地址 文件 应答.tsr
"""

import base64
import sys
from pathlib import Path

from yinxin import b64, call


def sof(base, function, **parameters):
    answer = call("POST", f"{base}/api/sof/SOF_{function}", parameters)
    if answer["code"] != 0:
        sys.exit(f"{answer['name']}：{answer['message']}")
    return answer


def main(base, file, reply):
    data = b64(Path(file).read_bytes())
    request = sof(base, "CreateTimeStampRequest", inData=data)["result"]
    stamp = sof(base, "CreateTimeStampResponse", timeStampRequest=request)["result"]
    Path(reply).write_bytes(base64.b64decode(stamp))
    report = sof(base, "VerifyTimeStamp", inData=data, tsResponseData=stamp)["report"]
    print("时间戳的时间：" + report["stamped_at"])


if __name__ == "__main__":
    main(*sys.argv[1:4])
