# SPDX-License-Identifier: GPL-3.0-or-later
"""PRELOGIN and LOGIN7: encryption, who logs in, and whether that is right."""

import struct

import tds_ntlm as ntlm
import tds_tokens as tokens
import tds_types as types
from tds_errors import Closed, SqlError
from tds_packets import SSPI

ENCRYPT_OFF, ENCRYPT_ON, ENCRYPT_NOT_SUPPORTED, ENCRYPT_REQUIRED = 0, 1, 2, 3
ENCRYPTION_NAMES = {0: "off", 1: "on", 2: "not supported", 3: "required"}

# wire version -> TDS version
VERSIONS = {0x70000000: 0x700, 0x71000000: 0x701, 0x71000001: 0x701, 0x72090002: 0x702, 0x730A0003: 0x703,
            0x730B0003: 0x703, 0x74000004: 0x704}
WIRE = {0x701: 0x71000001, 0x702: 0x72090002, 0x703: 0x730B0003, 0x704: 0x74000004}


def newest_version(major):
    """What a server of this product version speaks."""
    return {8: 0x701, 9: 0x702, 10: 0x703}.get(major, 0x704)


def prelogin_options(body):
    options, at = {}, 0
    while at + 5 <= len(body) and body[at] != 0xFF:
        offset, length = struct.unpack_from(">HH", body, at + 1)
        options[body[at]] = body[offset:offset + length]
        at += 5
    return options


def encryption(wanted, mode):
    """(what to answer, how much is encrypted: "none", "login", "all")."""
    if mode == "off":
        return ENCRYPT_NOT_SUPPORTED, "none"
    if wanted in (ENCRYPT_ON, ENCRYPT_REQUIRED):
        return ENCRYPT_ON, "all"
    if mode == "on":
        # A client that cannot encrypt is told why; it must give up.
        return ENCRYPT_REQUIRED, "refused" if wanted == ENCRYPT_NOT_SUPPORTED else "all"
    if wanted == ENCRYPT_NOT_SUPPORTED:
        return ENCRYPT_NOT_SUPPORTED, "none"
    return ENCRYPT_OFF, "login"


def prelogin_answer(answer, version):
    values = ((0, version + b"\0\0"), (1, bytes([answer])), (2, b"\0"), (3, b""), (4, b"\0"))
    offset, head, body = 5 * len(values) + 1, b"", b""
    for option, value in values:
        head += struct.pack(">BHH", option, offset + len(body), len(value))
        body += value
    return head + b"\xff" + body


class Login:
    """The fields of a LOGIN7 message."""

    def __init__(self, body):
        if len(body) < 94:
            raise Closed("LOGIN7 too short")
        _, self.wire_version, self.packet_size, _, _, _, *self.flags = struct.unpack_from("<6I4B", body)
        self.version = VERSIONS.get(self.wire_version, 0x704)
        names = ("host", "user", "password", "application", "server", "extension", "library", "language", "database")
        self.fields = {}
        for number, name in enumerate(names):
            offset, length = struct.unpack_from("<HH", body, 36 + 4 * number)
            raw = body[offset:offset + (length if name == "extension" else 2 * length)]
            if name == "password":
                raw = bytes(((byte ^ 0xA5) >> 4 | (byte ^ 0xA5) << 4) & 255 for byte in raw)
            self.fields[name] = raw if name == "extension" else raw.decode("utf-16-le", "surrogatepass")
        offset, length = struct.unpack_from("<HH", body, 78)
        self.sspi = body[offset:offset + length]
        self.integrated = bool(self.flags[1] & 0x80)
        self.features = bool(self.flags[3] & 0x10 and self.fields["extension"])
        self.read_only_intent = bool(self.flags[2] & 0x20)

    def __getattr__(self, name):
        try:
            return self.__dict__["fields"][name]
        except KeyError:
            raise AttributeError(name)


def refused(user):
    return SqlError(18456, f"Login failed for user '{user}'.", 14)


UNTRUSTED = "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication."


class Authenticator:
    """Decides who may log in. accounts: {user: password}; Windows users as DOMAIN\\user."""

    def __init__(self, options, log):
        self.options, self.log = options, log

    def check(self, login, channel, reply):
        """The login's name; SqlError where it is refused."""
        if login.integrated or login.sspi:
            return self.windows(login, channel, reply)
        known = self.options.accounts.get(login.user)
        self.log(event="login", user=login.user, password_ok=known is not None and known == login.password)
        if known is None or known != login.password:
            raise refused(login.user)
        return login.user

    def windows(self, login, channel, reply):
        kind = ntlm.kind_of(login.sspi)
        self.log(event="sspi", kind=kind, bytes=len(login.sspi), head=login.sspi[:32].hex())
        if self.options.windows == "untrusted":
            raise SqlError(18452, UNTRUSTED, 14)
        if kind == "ntlm":
            return self.ntlm(channel, reply)
        # A ticket cannot be opened without the service's key: accepted or refused as the test wants.
        if kind in ("kerberos", "spnego") and self.options.windows == "accept":
            self.log(event="login", user="", password_ok=None)
            return "TEST\\ticket"
        raise SqlError(18452, UNTRUSTED, 14)

    def ntlm(self, channel, reply):
        server = ntlm.Server()
        reply.sspi(server.challenge())
        channel.end()
        kind, body = channel.message()
        if kind != SSPI:
            raise Closed(f"message of type {kind} where NTLM was expected")
        accounts = {account.casefold(): password for account, password in self.options.accounts.items()}
        result = server.check(body, lambda domain, user: accounts.get(f"{domain}\\{user}".casefold()))
        if result is None:
            self.log(event="ntlm", error="no authenticate message", head=body[:16].hex())
            raise SqlError(18452, UNTRUSTED, 14)
        name = f"{result['domain']}\\{result['user']}"
        self.log(event="ntlm", **result)
        self.log(event="login", user=name, password_ok=result["verified"])
        if result["verified"] is False or self.options.windows != "accept":
            raise refused(name)
        return name


def write_acknowledgement(reply, login, database, server_version, packet_size):
    reply.environment(tokens.DATABASE, database, "master")
    reply.info(5701, f"Changed database context to '{database}'.", 0, 2)
    reply.environment(tokens.SQL_COLLATION, b"\x05" + types.COLLATION, b"\0")
    reply.environment(tokens.LANGUAGE, "us_english", "")
    reply.info(5703, "Changed language setting to us_english.")
    reply.login_ack(WIRE[reply.version], server_version)
    reply.environment(tokens.PACKET_SIZE, str(packet_size), "4096")
    if login.features and reply.version >= 0x704:
        reply.features()
