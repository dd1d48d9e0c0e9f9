"""用证书登录：应用出题，用户的密钥签名，应用请本机构验证，再认出是谁。

    login.py 对外地址 用户证书.pem 用户密钥.pem

示例把应用和用户放在一个程序里；实际上签名在用户的电脑上、由智能密码钥匙作出，密钥不离开用户。
"""

import base64
import json
import os
import sys
import time
from pathlib import Path

from yinxin import b64, call, sm2_sign


def challenge(service):
    """应用：一次性的题目，写明是哪个应用、什么时候。签过的题目换个地方、换个时间都不能用。"""
    return json.dumps({
        "purpose": "login",
        "service": service,
        "nonce": base64.urlsafe_b64encode(os.urandom(24)).decode(),
        "expires": int(time.time()) + 120,
    }, sort_keys=True).encode()


def admitted(base, service, asked, answer):
    """应用：题目是自己出的、没有过期、没有用过；签名和证书都通过验证。返回证书的拥有者。"""
    told = json.loads(answer["challenge"])
    if answer["challenge"].encode() != asked or told["service"] != service or told["expires"] < time.time():
        return None
    report = call("POST", f"{base}/api/verify/signature", {
        "certificate": answer["certificate"],
        "content": b64(asked),
        "signature": answer["signature"],
    })
    if report["verdict"] != "passed":
        return None
    return report["signers"][0]["certificate"]["facts"]["subject"]


def main(base, certificate, key):
    service = "https://app.example.gov.cn"
    asked = challenge(service)
    # 用户一方：看清是哪个应用，再签名。
    answer = {
        "challenge": asked.decode(),
        "certificate": Path(certificate).read_text(),
        "signature": b64(sm2_sign(key, asked)),
    }
    who = admitted(base, service, asked, answer)
    if who is None:
        sys.exit("没有登录：签名或证书没有通过验证")
    print("登录的是：" + who)
    # 同一个签名答不了另一道题。
    if admitted(base, service, challenge(service), answer) is not None:
        sys.exit("重放的签名不应当被接受")


if __name__ == "__main__":
    main(*sys.argv[1:4])
