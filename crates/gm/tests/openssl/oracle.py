"""OpenSSL's libcrypto as a judge: one request per line in, one answer per line out.

Fields are hexadecimal, separated by spaces, "-" for nothing. Calls OpenSSL 3 directly, because
starting the command line for each of thousands of cases would take minutes. An answer is
hexadecimal, "ok" or "no". Anything unexpected ends the process, and with it the test.
"""

import ctypes
import sys

lib = ctypes.CDLL("libcrypto.so.3")
P = ctypes.c_void_p
for name in (
    "EVP_MD_CTX_new EVP_PKEY_CTX_new EVP_sm3 EVP_sm4_cbc EVP_sm4_ecb EVP_CIPHER_CTX_new "
    "d2i_AutoPrivateKey d2i_PUBKEY HMAC"
).split():
    getattr(lib, name).restype = P

SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
keys = {}


def load(function, octets):
    """A key, kept for a while: the next request may name it again."""
    if len(keys) > 100:
        for key in keys.values():
            lib.EVP_PKEY_free(key)
        keys.clear()
    if octets not in keys:
        start = ctypes.c_char_p(octets)
        key = getattr(lib, function)(None, ctypes.byref(start), ctypes.c_long(len(octets)))
        assert key, "OpenSSL does not read the key"
        keys[octets] = P(key)
    return keys[octets]


def private(der):
    return load("d2i_AutoPrivateKey", der)


def public(sec1):
    return load("d2i_PUBKEY", SPKI + sec1)


def with_id(key, user_id):
    """A digest context bound to a key context that carries the user ID."""
    key_context = P(lib.EVP_PKEY_CTX_new(key, None))
    assert lib.EVP_PKEY_CTX_set1_id(key_context, user_id, len(user_id)) == 1
    context = P(lib.EVP_MD_CTX_new())
    lib.EVP_MD_CTX_set_pkey_ctx(context, key_context)
    return context, key_context


def free(context, key_context):
    lib.EVP_MD_CTX_free(context)
    lib.EVP_PKEY_CTX_free(key_context)


def sign(der, user_id, message):
    key = private(der)
    context, key_context = with_id(key, user_id)
    assert lib.EVP_DigestSignInit(context, None, P(lib.EVP_sm3()), None, key) == 1
    out = ctypes.create_string_buffer(80)
    size = ctypes.c_size_t(80)
    args = (out, ctypes.byref(size), message, ctypes.c_size_t(len(message)))
    assert lib.EVP_DigestSign(context, *args) == 1
    free(context, key_context)
    return out.raw[: size.value].hex()


def verify(sec1, user_id, message, signature):
    key = public(sec1)
    context, key_context = with_id(key, user_id)
    assert lib.EVP_DigestVerifyInit(context, None, P(lib.EVP_sm3()), None, key) == 1
    lengths = ctypes.c_size_t(len(signature)), ctypes.c_size_t(len(message))
    good = lib.EVP_DigestVerify(context, signature, lengths[0], message, lengths[1])
    free(context, key_context)
    lib.ERR_clear_error()
    return "ok" if good == 1 else "no"


def crypt(kind, key, data):
    context = P(lib.EVP_PKEY_CTX_new(key, None))
    assert getattr(lib, f"EVP_PKEY_{kind}_init")(context) == 1
    out = ctypes.create_string_buffer(len(data) + 300)
    size = ctypes.c_size_t(len(out))
    args = (out, ctypes.byref(size), data, ctypes.c_size_t(len(data)))
    good = getattr(lib, f"EVP_PKEY_{kind}")(context, *args)
    lib.EVP_PKEY_CTX_free(context)
    lib.ERR_clear_error()
    return out.raw[: size.value].hex() if good == 1 else "no"


def encrypt(sec1, plain):
    return crypt("encrypt", public(sec1), plain)


def decrypt(der, cipher):
    return crypt("decrypt", private(der), cipher)


def sm3(data):
    out = ctypes.create_string_buffer(32)
    size = ctypes.c_size_t(len(data))
    assert lib.EVP_Digest(data, size, out, None, P(lib.EVP_sm3()), None) == 1
    return out.raw.hex()


def hmac(key, data):
    out = ctypes.create_string_buffer(32)
    size = ctypes.c_size_t(len(data))
    assert lib.HMAC(P(lib.EVP_sm3()), key, len(key), data, size, out, None)
    return out.raw.hex()


def sm4(mode, padding, key, iv, data):
    context = P(lib.EVP_CIPHER_CTX_new())
    cipher = P(getattr(lib, f"EVP_sm4_{mode}")())
    assert lib.EVP_EncryptInit_ex(context, cipher, None, key, iv) == 1
    assert lib.EVP_CIPHER_CTX_set_padding(context, padding) == 1
    out = ctypes.create_string_buffer(len(data) + 32)
    first, last = ctypes.c_int(), ctypes.c_int()
    assert lib.EVP_EncryptUpdate(context, out, ctypes.byref(first), data, len(data)) == 1
    rest = ctypes.byref(out, first.value)
    assert lib.EVP_EncryptFinal_ex(context, rest, ctypes.byref(last)) == 1
    lib.EVP_CIPHER_CTX_free(context)
    return out.raw[: first.value + last.value].hex()


def sm4_cbc(key, iv, data):
    return sm4("cbc", 1, key, iv, data)


def sm4_ecb(key, data):
    return sm4("ecb", 0, key, None, data)


CALLS = {f.__name__: f for f in (sign, verify, encrypt, decrypt, sm3, hmac, sm4_cbc, sm4_ecb)}

for line in sys.stdin:
    call, *fields = line.split()
    octets = [b"" if field == "-" else bytes.fromhex(field) for field in fields]
    answer = CALLS[call](*octets) or "-"
    print(answer)
