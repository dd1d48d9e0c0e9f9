"""A second decoder reads every structure, and encodes it again to the same octets."""

from asn1crypto import core, crl, ocsp, x509
from pyasn1.codec.der import decoder, encoder

from checks import Board, Wrong
from folder import Folder
from structures import CSRResponse, SM2Signature

TYPES = {
    "certs": x509.Certificate,
    "crls": crl.CertificateList,
    "ocsp": ocsp.OCSPResponse,
    "responses": CSRResponse,
}


def check(folder: Folder, board: Board) -> None:
    for kind, asn1_type in TYPES.items():
        for file in folder.files(kind):
            name, der = f"{kind}/{file.name}", file.read_bytes()
            board.run(name, "asn1crypto reads and rewrites it", lambda: typed(asn1_type, der))
            # Without a type, pyasn1 takes the implicit [0] of a response for an explicit one.
            if kind != "responses":
                board.run(name, "pyasn1 reads and rewrites it", lambda: untyped(der))
            if kind == "certs":
                board.run(name, "its signature is two positive numbers", lambda: signature(der))


def typed(asn1_type: type[core.Asn1Value], der: bytes) -> None:
    """Every field decoded, then everything encoded anew."""
    value = asn1_type.load(der, strict=True)
    _ = value.native
    for part in nested(value):
        _ = part.native
        same(part.copy().dump(force=True), part.dump())
    same(value.copy().dump(force=True), der)


def nested(value: core.Asn1Value) -> list[core.Asn1Value]:
    """What stands encoded inside octet strings."""
    if isinstance(value, x509.Certificate):
        return [e["extn_value"].parsed for e in value["tbs_certificate"]["extensions"]]
    if isinstance(value, crl.CertificateList):
        tbs = value["tbs_cert_list"]
        entries = [e for r in tbs["revoked_certificates"] for e in r["crl_entry_extensions"]]
        return [e["extn_value"].parsed for e in [*tbs["crl_extensions"], *entries]]
    if isinstance(value, ocsp.OCSPResponse):
        basic = value.basic_ocsp_response
        return [basic, *[p for c in basic["certs"] for p in nested(c)]]
    return []


def untyped(der: bytes) -> None:
    """Without any idea what it is: tags and lengths alone."""
    value, rest = decoder.decode(der)
    same(rest, b"")
    same(encoder.encode(value), der)


def signature(der: bytes) -> None:
    """GM/T 0009 §7.3: not raw octets, not negative."""
    octets = x509.Certificate.load(der)["signature_value"].native
    value = SM2Signature.load(octets, strict=True)
    same(value.copy().dump(force=True), octets)
    if min(value["r"].native, value["s"].native) <= 0:
        raise Wrong("a number is not positive")


def same(left: bytes, right: bytes) -> None:
    if left != right:
        at = next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
        raise Wrong(f"differs at octet {at}: {left[at:at + 12].hex()} for {right[at:at + 12].hex()}")
