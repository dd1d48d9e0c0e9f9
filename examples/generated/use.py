"""用生成的客户端（openapi-python-client）验证证书和签名、查询状态、由应用签名。

    use.py 对外地址 沙箱目录

先生成客户端，见 docs/integrate/clients.md；本文件要能找到生成的包 yinxin_client。会话令牌由 yinxin session open 取得，
放在环境变量 YINXIN_TOKEN 中：命令行的参数，同一台机器的其他用户看得到。
任何一步与沙箱应有的答复不同，就以非零值退出。
"""

import base64
import os
import sys
from pathlib import Path

from yinxin_client import AuthenticatedClient, Client
from yinxin_client.api.certificates import certificates_status
from yinxin_client.api.sign import sign_data, sign_keys
from yinxin_client.api.verify import verify_batch, verify_certificate, verify_signature
from yinxin_client.models import (
    BatchBody,
    BatchItem,
    CertificateBody,
    Problem,
    SignatureBody,
    SignDataBody,
)

# 沙箱的每张测试证书应当得到的结论（docs/integrate/sandbox.md）。expired 要等它过期，由 scripts/examples 另外检查。
EXPECTED = {
    "good": "passed",
    "suspended": "failed",
    "revoked": "failed",
    "early": "failed",
    "stranger": "unknown",
}


def check(what, found, expected):
    print(f"{what}：{found}")
    if found != expected:
        sys.exit(f"应当是 {expected}")


def known_client(base):
    token = os.environ.get("YINXIN_TOKEN")
    if not token:
        sys.exit("请把会话令牌放在环境变量 YINXIN_TOKEN 中")
    return AuthenticatedClient(base_url=base, token=token)


def main(base, sandbox):
    certificates = Path(sandbox) / "certificates"
    pem = {name: (certificates / f"{name}.pem").read_text() for name in EXPECTED}

    # 验证不要身份。
    client = Client(base_url=base)
    for name, expected in EXPECTED.items():
        report = verify_certificate.sync(client=client, body=CertificateBody(certificate=pem[name]))
        check(name, report.verdict, expected)
    items = [BatchItem(id=name, certificate=text) for name, text in pem.items()]
    batch = verify_batch.sync(client=client, body=BatchBody(items=items))
    check("批量", [one.report.verdict for one in batch.reports], list(EXPECTED.values()))

    # 读不懂的请求得到 Problem，code 供程序判断。
    wrong = verify_certificate.sync(client=client, body=CertificateBody(certificate="不是证书"))
    check("读不懂的请求", isinstance(wrong, Problem) and wrong.status, 400)

    # 签名密钥在本机构的密码设备中，应用凭会话使用。
    known = known_client(base)
    keys = sign_keys.sync(client=known).keys
    usable = next((one for one in keys if one.state == "active" and "data" in one.operations), None)
    if usable is None:
        sys.exit("没有可以签名的密钥；请先开通应用签名服务")
    content = base64.b64encode("请于三个工作日内补正材料。".encode()).decode()
    made = sign_data.sync(client=known, body=SignDataBody(key=usable.number, content=content))
    question = SignatureBody(
        signature=made.signature, certificate=made.certificate, content=content
    )
    report = verify_signature.sync(client=client, body=question)
    check("应用的签名", report.verdict, "passed")


def status(base, serial, expected):
    check("状态", certificates_status.sync(serial, client=known_client(base)).status, expected)


if __name__ == "__main__":
    if sys.argv[1] == "status":
        status(*sys.argv[2:5])
    else:
        main(*sys.argv[1:3])
