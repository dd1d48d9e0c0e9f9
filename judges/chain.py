"""OpenSSL as the judge of a whole SM2 chain.

`openssl verify` applies the SM2 identity to the first certificate only, so that it cannot judge a chain (OpenSSL 3.0). Its
library can: here each certificate gets the identity, and X509_verify_cert does the rest, path lengths of self-issued
certificates included (RFC 5280 §6.1.4 (l)).

    python3 chain.py --anchor root.pem --via link.pem --via ca.pem leaf.pem

Prints the chain that was found, or why there is none; exit code 0 when it holds.
"""

import argparse
import ctypes
import ctypes.util
import sys

IDENTITY = b"1234567812345678"

crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")


def function(name, result, *arguments):
    """A function of libcrypto with its types."""
    found = getattr(crypto, name)
    found.restype, found.argtypes = result, arguments
    return found


POINTER = ctypes.c_void_p
new_buffer = function("BIO_new_mem_buf", POINTER, ctypes.c_char_p, ctypes.c_int)
read_certificate = function("PEM_read_bio_X509", POINTER, POINTER, POINTER, POINTER, POINTER)
new_octets = function("ASN1_OCTET_STRING_new", POINTER)
set_octets = function(
    "ASN1_OCTET_STRING_set", ctypes.c_int, POINTER, ctypes.c_char_p, ctypes.c_int
)
set_identity = function("X509_set0_distinguishing_id", None, POINTER, POINTER)
new_store = function("X509_STORE_new", POINTER)
add_to_store = function("X509_STORE_add_cert", ctypes.c_int, POINTER, POINTER)
new_stack = function("OPENSSL_sk_new_null", POINTER)
push = function("OPENSSL_sk_push", ctypes.c_int, POINTER, POINTER)
length = function("OPENSSL_sk_num", ctypes.c_int, POINTER)
value = function("OPENSSL_sk_value", POINTER, POINTER, ctypes.c_int)
new_context = function("X509_STORE_CTX_new", POINTER)
begin = function("X509_STORE_CTX_init", ctypes.c_int, POINTER, POINTER, POINTER, POINTER)
verify = function("X509_verify_cert", ctypes.c_int, POINTER)
error_of = function("X509_STORE_CTX_get_error", ctypes.c_int, POINTER)
text_of = function("X509_verify_cert_error_string", ctypes.c_char_p, ctypes.c_long)
chain_of = function("X509_STORE_CTX_get0_chain", POINTER, POINTER)
subject_of = function("X509_get_subject_name", POINTER, POINTER)
print_name = function("X509_NAME_oneline", ctypes.c_char_p, POINTER, POINTER, ctypes.c_int)


def certificate(path):
    """A certificate with the SM2 identity."""
    with open(path, "rb") as file:
        pem = file.read()
    read = read_certificate(new_buffer(pem, len(pem)), None, None, None)
    if not read:
        sys.exit(f"{path}: no certificate")
    octets = new_octets()
    set_octets(octets, IDENTITY, len(IDENTITY))
    set_identity(read, octets)
    return read


def main():
    """Judges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anchor", action="append", required=True)
    parser.add_argument("--via", action="append", default=[])
    parser.add_argument("leaf")
    asked = parser.parse_args()
    store, stack, context = new_store(), new_stack(), new_context()
    for path in asked.anchor:
        add_to_store(store, certificate(path))
    for path in asked.via:
        push(stack, certificate(path))
    begin(context, store, certificate(asked.leaf), stack)
    holds = verify(context) == 1
    if not holds:
        print(text_of(error_of(context)).decode())
    chain = chain_of(context)
    for at in range(length(chain)):
        print(print_name(subject_of(value(chain, at)), None, 0).decode())
    sys.exit(0 if holds else 1)


main()
