"""OpenSSL opens what the subscriber gets: the SM4 key with the signing key, the encryption
private key with the SM4 key, and that one fits the encryption certificate."""

from pathlib import Path

from asn1crypto import core, x509

import openssl
from checks import Board, Wrong
from folder import Folder
from structures import CSRResponse, SM2EnvelopedKey

SM4_ECB = "1.2.156.10197.1.104.1"
SM2_CURVE = "1.2.156.10197.1.301"


class ECParameters(core.Choice):
    _alternatives = [("named", core.ObjectIdentifier)]


class ECPrivateKey(core.Sequence):
    """RFC 5915, without the public half: OpenSSL computes it."""

    _fields = [
        ("version", core.Integer),
        ("private_key", core.OctetString),
        ("parameters", ECParameters, {"explicit": 0}),
    ]


def check(folder: Folder, board: Board) -> None:
    for file in folder.files("responses"):
        name, key = f"responses/{file.name}", file.with_suffix(".key.pem")
        response = CSRResponse.load(file.read_bytes())
        board.run(name, "it holds a certificate for the subscriber's key",
                  lambda: own_certificate(response, key))
        board.run(name, "its certificates are those in certs/", lambda: known(folder, response))
        if isinstance(response["private_key"], SM2EnvelopedKey):
            board.run(name, "OpenSSL opens the encryption key, which fits its certificate",
                      lambda: encryption_key(response, key))


def own_certificate(response: CSRResponse, key: Path) -> None:
    own = openssl.run("pkey", "-in", key, "-pubout", "-outform", "DER")
    held = [openssl.public_key_of(c.dump()) for c in response["sign_certificates"]]
    if own not in held:
        raise Wrong("none of the signing certificates is for this key")


def known(folder: Folder, response: CSRResponse) -> None:
    for certificate in certificates(response):
        if certificate.dump() not in folder.certificates.values():
            raise Wrong(f"another one: {certificate.subject.human_friendly}")


def certificates(response: CSRResponse) -> list[x509.Certificate]:
    encryption = response["encrypt_certificates"]
    held = [] if isinstance(encryption, core.Void) else list(encryption)
    return [*response["sign_certificates"], *held]


def encryption_key(response: CSRResponse, key: Path) -> None:
    enveloped = response["private_key"]
    if enveloped["algorithm"]["algorithm"].dotted != SM4_ECB:
        raise Wrong(f"algorithm {enveloped['algorithm']['algorithm'].dotted}")
    with openssl.Desk() as desk:
        cipher = desk.put("cipher.der", enveloped["key_cipher"].dump())
        symmetric = openssl.run("pkeyutl", "-decrypt", "-inkey", key, "-in", cipher)
        if len(symmetric) != 16:
            raise Wrong(f"an SM4 key of {len(symmetric)} octets")
        sealed = enveloped["private_key"].native
        opening = ["-d", "-sm4-ecb", "-nopad", "-K", symmetric.hex()]
        scalar = openssl.run("enc", *opening, data=sealed)
    public = public_half(scalar)
    held = [openssl.public_key_of(c.dump()) for c in response["encrypt_certificates"]]
    if public not in held:
        raise Wrong("none of the encryption certificates is for the key inside")
    if not public.endswith(enveloped["public_key"].native):
        raise Wrong("the public key beside it is another one")


def public_half(scalar: bytes) -> bytes:
    """What OpenSSL computes from the bare private key; DER of SubjectPublicKeyInfo."""
    curve = ECParameters(name="named", value=core.ObjectIdentifier(SM2_CURVE))
    fields = {"version": 1, "private_key": scalar, "parameters": curve}
    der = ECPrivateKey(fields).dump()
    return openssl.run("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=der)
