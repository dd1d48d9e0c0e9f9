"""OpenSSL as a program, and what it cannot do.

It applies the SM2 user identity to the leaf of a chain only, and to no root, no CRL and no
OCSP answer. So chains are verified link by link, and other signatures over the octets taken out.
"""

import subprocess
import tempfile
from pathlib import Path

from checks import Wrong

IDENTITY = "distid:1234567812345678"


def run(*arguments: str | Path, data: bytes = b"") -> bytes:
    """Runs openssl; its standard output. A failure is the judgement."""
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)
    if done.returncode != 0:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise Wrong(f"openssl {arguments[0]}: {' | '.join(said.splitlines()[:4])}")
    return done.stdout


class Desk:
    """A folder for the files of one judgement."""

    def __enter__(self) -> "Desk":
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def put(self, name: str, content: bytes) -> Path:
        file = Path(self._folder.name) / name
        file.write_bytes(content)
        return file

    def certificate(self, name: str, der: bytes) -> Path:
        return self.put(name, run("x509", "-inform", "DER", data=der))


def verify_link(certificate: bytes, issuer: bytes) -> None:
    """The certificate was signed by this issuer and may be."""
    with Desk() as desk:
        issuer_file = desk.certificate("issuer.pem", issuer)
        file = desk.certificate("certificate.pem", certificate)
        strict = ["-x509_strict", "-partial_chain", "-vfyopt", IDENTITY]
        run("verify", *strict, "-CAfile", issuer_file, file)


def verify_octets(signed: bytes, signature: bytes, certificate: bytes) -> None:
    """The key of the certificate signed these octets."""
    with Desk() as desk:
        key = run("x509", "-inform", "DER", "-pubkey", "-noout", data=certificate)
        key_file = desk.put("key.pem", key)
        signature_file = desk.put("signature.der", signature)
        files = ["-verify", key_file, "-signature", signature_file, desk.put("signed", signed)]
        run("dgst", "-sm3", "-sigopt", IDENTITY, *files)


def public_key_of(certificate: bytes) -> bytes:
    """The key of a certificate, DER."""
    key = run("x509", "-inform", "DER", "-pubkey", "-noout", data=certificate)
    return run("pkey", "-pubin", "-pubout", "-outform", "DER", data=key)
