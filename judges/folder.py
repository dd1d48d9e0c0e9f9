"""The folder that is judged, and who issued what in it."""

from functools import cached_property
from pathlib import Path

from asn1crypto import x509

from checks import Wrong


class Folder:
    """Files by kind; see judge.py."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self, kind: str) -> list[Path]:
        """The DER files of a kind, in order."""
        return sorted((self.path / kind).glob("*.der"))

    def count(self) -> int:
        """How many files there are."""
        return sum(len(self.files(kind)) for kind in ("certs", "crls", "ocsp", "responses"))

    @cached_property
    def certificates(self) -> dict[bytes, bytes]:
        """DER of each certificate in certs/ by its subject key identifier."""
        found = {}
        for file in self.files("certs"):
            der = file.read_bytes()
            found[x509.Certificate.load(der).key_identifier] = der
        return found

    def by_key(self, key_identifier: bytes | None) -> bytes:
        """DER of the certificate with this subject key identifier."""
        if key_identifier is None:
            raise Wrong("no authority key identifier")
        if key_identifier not in self.certificates:
            raise Wrong(f"no certificate with key identifier {key_identifier.hex()} in certs/")
        return self.certificates[key_identifier]

    def issuer_of(self, certificate: x509.Certificate) -> bytes:
        """DER of the issuer's certificate; of a root, the root itself."""
        if certificate.subject.dump() == certificate.issuer.dump():
            return certificate.dump()
        return self.by_key(certificate.authority_key_identifier)
