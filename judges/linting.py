"""pkilint finds nothing at WARNING or above, beyond the waivers in waivers.toml."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pkilint import loader, pkix
from pkilint.pkix import certificate, crl, extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity as Severity

from checks import Board
from folder import Folder

ATTRIBUTES = name.ATTRIBUTE_TYPE_MAPPINGS
EXTENSIONS = extension.EXTENSION_MAPPINGS


@dataclass
class Waiver:
    """A finding that is let pass, where, and why."""

    code: str
    file: re.Pattern
    path: re.Pattern
    message: re.Pattern
    why: str
    used: bool = False

    def covers(self, file: str, finding: "Finding") -> bool:
        texts = ((self.file, file), (self.path, finding.path), (self.message, finding.message))
        return self.code == finding.code and all(p.search(text) for p, text in texts)


@dataclass
class Finding:
    code: str
    severity: str
    path: str
    message: str


def waivers() -> list[Waiver]:
    table = tomllib.loads((Path(__file__).parent / "waivers.toml").read_text())
    pattern = lambda row, field: re.compile(row.get(field, ""))
    return [
        Waiver(row["code"], pattern(row, "file"), pattern(row, "path"), pattern(row, "message"), row["why"])
        for row in table.get("waiver", [])
    ]


def check(folder: Folder, board: Board) -> None:
    waived = waivers()
    linters = {"certs": lint_certificate, "crls": lint_list, "ocsp": lint_answer}
    for kind, lint in linters.items():
        for file in folder.files(kind):
            board.run(f"{kind}/{file.name}", "pkilint finds nothing",
                      lambda: report(f"{kind}/{file.name}", lint(file.read_bytes()), waived))
    if all(folder.files(kind) for kind in linters):
        for waiver in waived:
            where = f"{waiver.code} {waiver.file.pattern} {waiver.path.pattern}"
            board.expect(waiver.used, "waivers.toml", f"{where} is needed", "nothing to waive: delete it")


def report(file: str, findings: list[Finding], waived: list[Waiver]) -> None:
    left = []
    for finding in findings:
        covering = [waiver for waiver in waived if waiver.covers(file, finding)]
        for waiver in covering:
            waiver.used = True
        if not covering:
            left.append(f"{finding.severity} {finding.code} at {finding.path} {finding.message}")
    if left:
        raise AssertionError("; ".join(left))


def findings_of(validator, document) -> list[Finding]:
    return [
        Finding(d.finding.code, str(d.finding.severity), str(result.node.path), d.message or "")
        for result in validator.validate(document.root)
        for d in result.finding_descriptions
        if d.finding.severity <= Severity.WARNING
    ]


def lint_certificate(der: bytes) -> list[Finding]:
    """As `lint_pkix_cert lint` does."""
    validator = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(ATTRIBUTES, EXTENSIONS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    return findings_of(validator, loader.load_der_certificate(der, "certificate"))


def lint_list(der: bytes) -> list[Finding]:
    """As `lint_crl lint --profile PKIX` does."""
    validator = crl.create_pkix_crl_validator_container(
        [pkix.create_attribute_decoder(ATTRIBUTES), pkix.create_extension_decoder(EXTENSIONS)],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )
    return findings_of(validator, loader.load_der_crl(der, "list"))


def lint_answer(der: bytes) -> list[Finding]:
    """As `lint_ocsp_response lint` does."""
    validator = ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(ATTRIBUTES),
            pkix.create_extension_decoder(EXTENSIONS),
        ],
        [],
    )
    return findings_of(validator, loader.load_der_ocsp_response(der, "answer"))
