"""The structures of GM/T 0009, 0015 and 0092 for asn1crypto, written from the standards."""

from asn1crypto import core, x509


class AlgorithmIdentifier(core.Sequence):
    """As in X.509, with any parameters."""

    _fields = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class SM2Cipher(core.Sequence):
    """GM/T 0009 §7.2."""

    _fields = [
        ("x", core.Integer),
        ("y", core.Integer),
        ("hash", core.OctetString),
        ("cipher", core.OctetString),
    ]


class SM2Signature(core.Sequence):
    """GM/T 0009 §7.3."""

    _fields = [("r", core.Integer), ("s", core.Integer)]


class SM2EnvelopedKey(core.Sequence):
    """GM/T 0009 §7.4."""

    _fields = [
        ("algorithm", AlgorithmIdentifier),
        ("key_cipher", SM2Cipher),
        ("public_key", core.OctetBitString),
        ("private_key", core.OctetBitString),
    ]


class CertificateSet(core.SetOf):
    """GM/T 0092 §8."""

    _child_spec = x509.Certificate


class CSRResponse(core.Sequence):
    """GM/T 0092 §8, implicit tags."""

    _fields = [
        ("sign_certificates", CertificateSet),
        ("private_key", SM2EnvelopedKey, {"implicit": 0, "optional": True}),
        ("encrypt_certificates", CertificateSet, {"implicit": 1, "optional": True}),
    ]


class IdentifyCode(core.Choice):
    """GM/T 0015: number of an identity card, an officer's card or a passport."""

    _alternatives = [
        ("resident_card", core.PrintableString, {"explicit": 0}),
        ("officer_card", core.UTF8String, {"explicit": 1}),
        ("passport", core.PrintableString, {"explicit": 2}),
    ]


def teach(oid: str, name: str, spec: type[core.Asn1Value]) -> None:
    """Makes asn1crypto know an extension."""
    x509.ExtensionId._map[oid] = name
    x509.Extension._oid_specs[name] = spec


teach("1.2.156.10260.4.1.1", "gm_identify_code", IdentifyCode)
teach("1.2.156.10260.4.1.2", "gm_insurance_number", core.PrintableString)
teach("1.2.156.10260.4.1.3", "gm_ic_registration_number", core.PrintableString)
teach("1.2.156.10260.4.1.4", "gm_organization_code", core.PrintableString)
teach("1.2.156.10260.4.1.5", "gm_taxation_number", core.PrintableString)
