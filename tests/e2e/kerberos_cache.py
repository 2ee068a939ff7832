# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos credential cache without a KDC: enough for a client to make its first token for a service.

The format is MIT's file cache version 4; the tickets are syntactically right (RFC 4120) and hold random bytes.
"""

import os
import struct
import time

AES256 = 18


def _der(tag, content):
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([0x82]) + struct.pack(">H", length)
    return bytes([tag]) + size + content


def _integer(value):
    return _der(0x02, bytes([value]))


def _general_string(value):
    return _der(0x1B, value.encode())


def _ticket(realm, service):
    names = b"".join(_general_string(part) for part in service)
    name = _der(0x30, _der(0xA0, _integer(2)) + _der(0xA1, _der(0x30, names)))
    encrypted = _der(0x30, _der(0xA0, _integer(AES256)) + _der(0xA2, _der(0x04, os.urandom(120))))
    return _der(0x61, _der(0x30, _der(0xA0, _integer(5)) + _der(0xA1, _general_string(realm)) + _der(0xA2, name) +
                           _der(0xA3, encrypted)))


def _counted(content):
    return struct.pack(">I", len(content)) + content


def _principal(realm, parts, kind):
    return struct.pack(">II", kind, len(parts)) + _counted(realm.encode()) + b"".join(
        _counted(part.encode()) for part in parts)


def _credential(realm, client, service):
    now = int(time.time())
    initial = 0x00400000
    return (_principal(realm, [client], 1) + _principal(realm, service, 2) + struct.pack(">H", AES256) +
            _counted(os.urandom(32)) + struct.pack(">IIII", now - 60, now - 60, now + 36000, 0) + b"\0" +
            struct.pack(">III", initial, 0, 0) + _counted(_ticket(realm, service)) + _counted(b""))


def write_cache(path, realm, client, services):
    """services: a tuple of name parts each, as ("MSSQLSvc", "sql01:1433")."""
    head = b"\x05\x04" + struct.pack(">HHHII", 12, 1, 8, 0, 0)
    content = head + _principal(realm, [client], 1)
    for service in [("krbtgt", realm), *services]:
        content += _credential(realm, client, list(service))
    with open(path, "wb") as file:
        file.write(content)
