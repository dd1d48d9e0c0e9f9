"""调用本机构接口的最少代码：JSON 请求，和接口客户端的签名（RFC 9421，SM2 与 SM3）。

只用标准库；SM2、SM3 由 openssl（3.0 以上）计算。私钥不离开 openssl。
"""

import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request


class Refused(Exception):
    """本机构的拒绝：code 供程序判断，detail 是写明下一步的中文。"""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}：{problem.get('detail')}")
        self.status, self.code = status, problem.get("code")


def b64(octets):
    return base64.b64encode(octets).decode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def sm3(data):
    return openssl("dgst", "-sm3", "-binary", data=data)


def sm2_sign(key, data):
    """SM2 签名值（DER），签名者标识为默认值。"""
    return openssl("dgst", "-sm3", "-sign", key, "-sigopt", "distid:1234567812345678", data=data)


def signed(method, url, body, client, key):
    """请求头：Content-Digest、Signature-Input、Signature。"""
    address = urllib.parse.urlsplit(url)
    created = int(time.time())
    nonce = base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()
    parts = '"@method" "@path" "@query"' + (' "content-digest"' if body else "")
    parameters = (
        f'({parts});created={created};expires={created + 120};nonce="{nonce}";'
        f'keyid="{client}";alg="sm2-sm3"'
    )
    lines = [f'"@method": {method}', f'"@path": {address.path or "/"}', f'"@query": ?{address.query}']
    headers = {}
    if body:
        headers["Content-Digest"] = f"sm3=:{b64(sm3(body))}:"
        lines.append(f'"content-digest": {headers["Content-Digest"]}')
    lines.append(f'"@signature-params": {parameters}')
    signature = sm2_sign(key, "\n".join(lines).encode())
    headers["Signature-Input"] = f"sig1={parameters}"
    headers["Signature"] = f"sig1=:{b64(signature)}:"
    return headers


def call(method, url, value=None, client=None, key=None):
    """发一个 JSON 请求，取 JSON 应答。给出 client 和 key 的，请求带签名。"""
    body = json.dumps(value).encode() if value is not None else b""
    headers = {"Accept": "application/json"}
    if body:
        headers["Content-Type"] = "application/json"
    if client:
        headers.update(signed(method, url, body, client, key))
    request = urllib.request.Request(url, data=body or None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, json.loads(error.read() or b"{}")) from None
