# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's side of NTLM: challenge, and the check of the answer against the known password."""

import hashlib
import hmac
import os
import struct
import time

SIGNATURE = b"NTLMSSP\0"
NEGOTIATE, CHALLENGE, AUTHENTICATE = 1, 2, 3

UNICODE, TARGET, NTLM, ALWAYS_SIGN, TARGET_DOMAIN, EXTENDED, TARGET_INFO = (
    0x1, 0x4, 0x200, 0x8000, 0x10000, 0x80000, 0x800000)

KERBEROS_OID = bytes.fromhex("06092a864886f712010202")
SPNEGO_OID = bytes.fromhex("06062b0601050502")


def kind_of(blob):
    """"ntlm", "kerberos", "spnego" or "unknown": the first bytes of a client's SSPI blob."""
    if blob.startswith(SIGNATURE):
        return "ntlm"
    head = blob[:16]
    if head[:1] == b"\x60":
        if KERBEROS_OID in head:
            return "kerberos"
        if SPNEGO_OID in head:
            return "spnego"
    return "unknown"


def md4(data):
    """RFC 1320; hashlib has it no more."""
    mask = 0xFFFFFFFF
    rotate = lambda value, bits: ((value << bits) | (value >> (32 - bits))) & mask
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    a, b, c, d = 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476
    rounds = (
        (lambda x, y, z: (x & y) | (~x & z), 0, range(16), (3, 7, 11, 19)),
        (lambda x, y, z: (x & y) | (x & z) | (y & z), 0x5A827999,
         (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
        (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)))
    for start in range(0, len(padded), 64):
        words, kept = struct.unpack("<16I", padded[start:start + 64]), (a, b, c, d)
        for mix, constant, order, shifts in rounds:
            for step, index in enumerate(order):
                a = rotate((a + mix(b, c, d) + words[index] + constant) & mask, shifts[step % 4])
                a, b, c, d = d, a, b, c
        a, b, c, d = ((new + old) & mask for new, old in zip((a, b, c, d), kept))
    return struct.pack("<4I", a, b, c, d)


def _pair(kind, text):
    body = text.encode("utf-16-le")
    return struct.pack("<HH", kind, len(body)) + body


class Server:
    """One login: challenge() once, then check() the authenticate message."""

    def __init__(self, domain="TEST", host="TDSTEST"):
        self.nonce = os.urandom(8)
        self.domain, self.host = domain, host

    def challenge(self):
        name = self.domain.encode("utf-16-le")
        # File time: 100 ns since 1601.
        stamp = struct.pack("<Q", int((time.time() + 11644473600) * 10 ** 7))
        information = _pair(2, self.domain) + _pair(1, self.host) + struct.pack("<HH", 7, 8) + stamp + b"\0\0\0\0"
        flags = UNICODE | TARGET | NTLM | ALWAYS_SIGN | TARGET_DOMAIN | EXTENDED | TARGET_INFO
        head = 56
        return SIGNATURE + struct.pack("<IHHI", CHALLENGE, len(name), len(name), head) + struct.pack("<I", flags) \
            + self.nonce + b"\0" * 8 + struct.pack("<HHI", len(information), len(information), head + len(name)) \
            + b"\x06\x01\xb1\x1d\0\0\0\x0f" + name + information

    def check(self, blob, password_of):
        """{domain, user, workstation, response: v1|v2|none, verified} of an authenticate message, or None.

        password_of(domain, user) is None for a user that does not exist. A version 1 response would need DES: its
        `verified` is None.
        """
        if len(blob) < 64 or not blob.startswith(SIGNATURE) or struct.unpack_from("<I", blob, 8)[0] != AUTHENTICATE:
            return None

        def field(at):
            length, _, offset = struct.unpack_from("<HHI", blob, at)
            return blob[offset:offset + length]
        response = field(20)
        domain, user, workstation = (field(at).decode("utf-16-le", "replace") for at in (28, 36, 44))
        version = "none" if not response else "v1" if len(response) == 24 else "v2"
        password = password_of(domain, user)
        verified = None if version == "v1" and password is not None else False
        if version == "v2" and password is not None:
            key = md4(password.encode("utf-16-le"))
            key = hmac.new(key, (user.upper() + domain).encode("utf-16-le"), hashlib.md5).digest()
            proof = hmac.new(key, self.nonce + response[16:], hashlib.md5).digest()
            verified = hmac.compare_digest(proof, response[:16])
        return {"domain": domain, "user": user, "workstation": workstation, "response": version, "verified": verified}
