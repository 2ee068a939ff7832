# SPDX-License-Identifier: GPL-3.0-or-later
"""The token stream of a reply."""

import struct

import tds_types as types

DONE, DONEPROC, DONEINPROC = 0xFD, 0xFE, 0xFF
MORE, ERROR, IN_TRANSACTION, COUNT, ATTENTION = 0x01, 0x02, 0x04, 0x10, 0x20
COMMANDS = {"SELECT": 0xC1, "INSERT": 0xC3, "DELETE": 0xC4, "UPDATE": 0xC5, "SET": 0xB9, "BEGIN": 0xD4,
            "COMMIT": 0xD5, "ROLLBACK": 0xD2}

DATABASE, LANGUAGE, PACKET_SIZE, SQL_COLLATION, BEGIN, COMMIT, ROLLBACK = 1, 2, 4, 7, 8, 9, 10


def short_text(text):
    body = types.ucs2(text)
    return bytes([len(body) // 2]) + body


def long_text(text):
    body = types.ucs2(text)[:2 * 4000]
    return struct.pack("<H", len(body) // 2) + body


class Reply:
    """Writes tokens to a channel. The last DONE is held back until it is known whether more follows."""

    def __init__(self, channel, version, server):
        self.channel, self.version, self.server = channel, version, server
        self.held = None
        self.in_procedure = False
        self.rows_sent = 0
        self.on_row = None            # called with the number of rows sent, before each row and at their end

    def put(self, tokens):
        if self.held is not None:
            held, self.held = self.held, None
            self.channel.put(self._done(held[0], held[1] | MORE, *held[2:]))
        self.channel.put(tokens)

    def _done(self, token, status, command=0, rows=0):
        return struct.pack("<BHH", token, status, command) + struct.pack("<Q" if self.version >= 0x702 else "<I", rows)

    # Ends of statements

    def statement_done(self, command="", rows=None, failed=False):
        """rows: None where the server counts nothing (SET NOCOUNT ON)."""
        if self.in_procedure and rows is None and not failed and command != "SELECT":
            return                    # inside a procedure SQL Server is silent about these
        status = (ERROR if failed else 0) | (COUNT if rows is not None else 0)
        self.put(b"")
        self.held = (DONEINPROC if self.in_procedure else DONE, status, COMMANDS.get(command, 0), rows or 0)

    def procedure_done(self, failed=False, more=False):
        self.put(b"")
        self.held = (DONEPROC, ERROR if failed else 0, 0, 0)
        if more:
            self.put(b"")

    def end(self):
        if self.held is None:
            self.held = (DONE, 0, 0, 0)
        held, self.held = self.held, None
        self.channel.put(self._done(*held))
        self.channel.end()

    def acknowledge_attention(self, in_request):
        self.held = None
        if in_request:                # one message ends the request, the next acknowledges (tedious wants both)
            self.channel.put(self._done(DONE, ERROR))
            self.channel.end()
        self.channel.put(self._done(DONE, ATTENTION))
        self.channel.end()

    # Messages

    def _message(self, token, number, level, text, state, line=1):
        body = struct.pack("<iBB", number, state, level) + long_text(text) + short_text(self.server) + b"\0" \
            + struct.pack("<I" if self.version >= 0x702 else "<H", line)
        self.put(bytes([token]) + struct.pack("<H", len(body)) + body)

    def error(self, error):
        self._message(0xAA, error.number, error.level, error.message, error.state)

    def info(self, number, text, level=0, state=1):
        self._message(0xAB, number, level, text, state)

    def environment(self, kind, new, old=""):
        """A changed setting: texts, or bytes that already carry their length."""
        new, old = (value if isinstance(value, bytes) else short_text(value) for value in (new, old))
        self.put(b"\xe3" + struct.pack("<HB", 1 + len(new) + len(old), kind) + new + old)

    def transaction(self, kind, descriptor):
        """ENVCHANGE 8, 9, 10; TDS 7.1 has no descriptors."""
        if self.version >= 0x702:
            packed = b"\x08" + struct.pack("<Q", descriptor)
            self.environment(kind, *((packed, b"\0") if kind == BEGIN else (b"\0", packed)))

    def login_ack(self, wire_version, server_version):
        body = b"\1" + struct.pack(">I", wire_version) + short_text("Microsoft SQL Server") + server_version
        self.put(b"\xad" + struct.pack("<H", len(body)) + body)

    def features(self):
        self.put(b"\xae\xff")         # FEATUREEXTACK that acknowledges none

    def sspi(self, blob):
        self.put(b"\xed" + struct.pack("<H", len(blob)) + blob)

    def forget(self):
        """Drops what was written and not sent."""
        self.held = None
        self.channel.pending.clear()

    # Results

    def columns(self, columns):
        parts = [b"\x81" + struct.pack("<H", len(columns))]
        self.encoders = []
        user_type = b"\0\0\0\0" if self.version >= 0x702 else b"\0\0"
        for name, kind in columns:
            type_info, encode = types.column(kind, self.version)
            parts.append(user_type + b"\x09\0" + type_info + short_text(name))
            self.encoders.append(encode)
        self.put(b"".join(parts))
        self.rows_sent = 0

    def row(self, values):
        if self.on_row is not None:
            self.on_row(self.rows_sent)
        self.put(b"\xd1" + b"".join([encode(value) for encode, value in zip(self.encoders, values)]))
        self.rows_sent += 1

    def rows_end(self):
        if self.on_row is not None:
            self.on_row(self.rows_sent)

    def return_status(self, value=0):
        self.put(b"\x79" + struct.pack("<i", value))

    def return_handle(self, handle):
        user_type = b"\0\0\0\0" if self.version >= 0x702 else b"\0\0"
        self.put(b"\xac\0\0" + short_text("") + b"\1" + user_type + b"\0\0\x26\x04\x04" + struct.pack("<i", handle))
