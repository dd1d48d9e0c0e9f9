"""OpenSSL verifies every signature: certificates link by link, lists and answers over the
octets that were signed. Each judge is also shown something wrong, which it must refuse."""

from asn1crypto import crl, ocsp, x509

import openssl
from checks import Board, Wrong
from folder import Folder


def check(folder: Folder, board: Board) -> None:
    for file in folder.files("certs"):
        der = file.read_bytes()
        board.run(f"certs/{file.name}", "its issuer signed it", lambda: link(folder, der))
    for file in folder.files("crls"):
        der = file.read_bytes()
        board.run(f"crls/{file.name}", "its issuer signed it", lambda: revocation_list(folder, der))
    for file in folder.files("ocsp"):
        name, der = f"ocsp/{file.name}", file.read_bytes()
        board.run(name, "a responder of the issuer signed it", lambda: answer(folder, der))
        board.run(name, "it says what it should", lambda: status(der, file.name.split("-")[0]))


def link(folder: Folder, der: bytes) -> None:
    certificate = x509.Certificate.load(der)
    openssl.verify_link(der, folder.issuer_of(certificate))
    signed, signature = certificate["tbs_certificate"].dump(), certificate["signature_value"].native
    judge(signed, signature, folder.issuer_of(certificate))


def revocation_list(folder: Folder, der: bytes) -> None:
    parsed = crl.CertificateList.load(der)
    signature = parsed["signature"].native
    judge(parsed["tbs_cert_list"].dump(), signature, folder.by_key(parsed.authority_key_identifier))


def answer(folder: Folder, der: bytes) -> None:
    """A delegated responder, certified by an issuer in the folder (RFC 6960 §4.2.2.2)."""
    basic = ocsp.OCSPResponse.load(der).basic_ocsp_response
    responder = basic["certs"][0]
    if "ocsp_signing" not in responder.extended_key_usage_value.native:
        raise Wrong("the responder's certificate is not for OCSP")
    if basic["tbs_response_data"]["responder_id"].chosen.untag().dump() != responder.subject.dump():
        raise Wrong("the answer names another responder")
    openssl.verify_link(responder.dump(), folder.issuer_of(responder))
    judge(basic["tbs_response_data"].dump(), basic["signature"].native, responder.dump())


def status(der: bytes, expected: str) -> None:
    [single] = ocsp.OCSPResponse.load(der).basic_ocsp_response["tbs_response_data"]["responses"]
    found = single["cert_status"].name
    if found == "revoked":
        reason = single["cert_status"].chosen["revocation_reason"].native
        found = "hold" if reason == "certificate_hold" else found
    if found != expected:
        raise Wrong(f"{found}, not {expected}")


def judge(signed: bytes, signature: bytes, certificate: bytes) -> None:
    """Right over these octets, wrong over others."""
    openssl.verify_octets(signed, signature, certificate)
    changed = signed[:-1] + bytes([signed[-1] ^ 1])
    try:
        openssl.verify_octets(changed, signature, certificate)
    except Wrong:
        return
    raise Wrong("OpenSSL verified changed octets too")
