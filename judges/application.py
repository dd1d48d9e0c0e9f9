#!/usr/bin/env python3
"""Holds what the signing service makes against gmssl (pure Python), a second implementation of SM2, SM3 and SM4.

    python judges/application.py FOLDER

FOLDER has, as files:

    content                       what was signed and sealed
    sign.der                      the certificate of the application
    value-NAME.der                signature values over the content
    message-NAME.der              signed messages (GM/T 0010), with or without the content
    svs-value.der, svs-message.der   SVSRespond (GM/T 0029) with one of each
    envelope.der, recipient.hex   an envelope, and the private key of its recipient

Every signature has to verify over the content and over nothing else; the envelope has to hold the content. The last
line counts: `N passed`; the exit code is 1 at the first failure. Structures are read by the few lines below, which
know no more of DER than these messages need.
"""

import sys
from pathlib import Path

from gmssl import func, sm2, sm3, sm4

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")


def elements(octets):
    """The elements of a constructed value: tag, value, and the whole."""
    found, at = [], 0
    while at < len(octets):
        start, tag, length, at = at, octets[at], octets[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(octets[at:at + count], "big"), at + count
        found.append((tag, octets[at:at + length], octets[start:at + length]))
        at += length
    return found


def only(octets):
    """The elements of the one element that there is."""
    (_, value, _), = elements(octets)
    return elements(value)


def public_key(certificate):
    """X and Y in hexadecimal: the subjectPublicKeyInfo is the sixth field behind the version."""
    fields = elements(only(certificate)[0][1])
    spki = elements(fields[6][1])
    point = spki[1][1]
    assert point[:2] == b"\x00\x04" and len(point) == 66, "an uncompressed point"
    return point[2:].hex()


def number(value):
    return value.lstrip(b"\0").rjust(32, b"\0")


def verifies(key, value, signed):
    """Whether gmssl verifies a signature (DER) over some octets, with the default user ID."""
    r, s = (number(one[1]) for one in only(value))
    return bool(sm2.CryptSM2(public_key=key, private_key="").verify_with_sm3((r + s).hex(), signed))


def digest(octets):
    return bytes.fromhex(sm3.sm3_hash(func.bytes_to_list(octets)))


def message_verifies(key, message, content):
    """A signed message over a content, which it may carry."""
    fields = elements(elements(only(message)[1][1])[0][1])
    carried = [elements(one[1]) for one in elements(fields[2][1])[1:]]
    if carried and carried[0][0][1] != content:
        return False
    signer = elements(elements(fields[-1][1])[0][1])
    attributes = [one for one in signer if one[0] == 0xA0]
    value = next(one[1] for one in reversed(signer) if one[0] == OCTETS)
    if not attributes:
        return verifies(key, value, content)
    named = {pair[0][1]: elements(pair[1][1])[0][1] for pair in map(lambda one: elements(one[1]), elements(attributes[0][1]))}
    whole = attributes[0][2]
    return named[MESSAGE_DIGEST] == digest(content) and verifies(key, value, bytes([SET]) + whole[1:])


def opened(envelope, private):
    """The content of an envelope for a private key in hexadecimal."""
    fields = elements(elements(only(envelope)[1][1])[0][1])
    recipient = elements(elements(fields[1][1])[0][1])
    cipher = only(next(one[1] for one in reversed(recipient) if one[0] == OCTETS))
    x, y, check, text = (one[1] for one in cipher)
    crypt = sm2.CryptSM2(private_key=private, public_key="", mode=1)
    key = crypt.decrypt(number(x) + number(y) + check + text)
    encrypted = elements(fields[2][1])
    iv = elements(encrypted[1][1])[1][1]
    block = sm4.CryptSM4()
    block.set_key(key, sm4.SM4_DECRYPT)
    return block.crypt_cbc(iv, encrypted[2][1])


def carried(reply):
    """What an SVSRespond carries, where its number is that of success."""
    inner = next(one for one in only(reply) if one[0] & 0xE0 == 0xA0)
    code, content = elements(elements(inner[1])[0][1]) if elements(inner[1])[0][0] == SEQUENCE else elements(inner[1])
    assert code[1] == b"\0", "a success"
    return content[1]


def judge(folder):
    read = lambda name: (folder / name).read_bytes()
    content, key, passed = read("content"), public_key(read("sign.der")), 0
    other = content + b"x"
    values = [(path.name, path.read_bytes(), verifies) for path in sorted(folder.glob("value-*.der"))]
    values += [(path.name, path.read_bytes(), message_verifies) for path in sorted(folder.glob("message-*.der"))]
    values += [("svs-value.der", carried(read("svs-value.der")), verifies)]
    values += [("svs-message.der", carried(read("svs-message.der")), message_verifies)]
    for name, octets, holds in values:
        assert holds(key, octets, content), f"{name} does not verify"
        assert not holds(key, octets, other), f"{name} verifies over something else"
        passed += 2
    plain = opened(read("envelope.der"), read("recipient.hex").decode())
    assert bytes(plain) == content, "the envelope holds something else"
    print(f"{passed + 1} passed")


if __name__ == "__main__":
    judge(Path(sys.argv[1]))
