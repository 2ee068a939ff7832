# SPDX-License-Identifier: GPL-3.0-or-later
"""TDS packets over a socket, with or without TLS."""

import select
import socket
import ssl
import struct
import time

from tds_errors import Attention, Closed

BATCH, RPC, REPLY, ATTENTION, TRANSACTION, LOGIN7, SSPI, PRELOGIN = 1, 3, 4, 6, 14, 16, 17, 18
LAST = 1


class Reader:
    """Little-endian fields of a message."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, count):
        if self.at + count > len(self.body):
            raise Closed(f"message too short: {count} bytes at {self.at} of {len(self.body)}")
        self.at += count
        return self.body[self.at - count:self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def text(self, length_form):
        return self.take(2 * self.number(length_form)).decode("utf-16-le", "surrogatepass")

    @property
    def more(self):
        return self.at < len(self.body)


class Channel:
    """One connection. Sends packets as they fill, so that a large result needs no memory."""

    def __init__(self, sock, spid):
        self.sock, self.spid = sock, spid
        self.packet_size = 4096
        self.tls = None
        self.received = b""
        self.pending = bytearray()
        self.number = 1
        self.bytes_per_second = 0     # 0: as fast as it goes
        self.hold = False             # collect the reply, send nothing yet
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # Reading

    def _receive(self):
        try:
            chunk = self.sock.recv(65536)
        except OSError as error:
            raise Closed(str(error))
        if not chunk:
            raise Closed("by the client")
        if self.tls is None:
            self.received += chunk
            return
        self.incoming.write(chunk)
        try:
            while True:
                part = self.tls.read(65536)
                if not part:
                    raise Closed("by the client")
                self.received += part
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            raise Closed(f"TLS: {error}")

    def _bytes(self, count):
        while len(self.received) < count:
            self._receive()
        part, self.received = self.received[:count], self.received[count:]
        return part

    def message(self):
        """(type, body) of the next message."""
        body = b""
        while True:
            kind, status, length, _, _, _ = struct.unpack(">BBHHBB", self._bytes(8))
            if length < 8:
                raise Closed(f"packet length {length}")
            body += self._bytes(length - 8)
            if status & LAST:
                return kind, body

    def check_attention(self, wait=0.0):
        """Raises Attention when the client cancelled, Closed when it went away; else returns after `wait`."""
        if not self.received and not select.select([self.sock], [], [], wait)[0]:
            return
        kind, _ = self.message()
        if kind != ATTENTION:
            raise Closed(f"message of type {kind} while a request runs")
        raise Attention

    # Writing

    def put(self, tokens):
        """Adds whole tokens to the reply and sends the packets that are full."""
        self.pending += tokens
        room = self.packet_size - 8
        # A packet that is just full waits: the last one must not be empty.
        while len(self.pending) > room and not self.hold:
            self._packet(bytes(self.pending[:room]), 0)
            del self.pending[:room]

    def end(self, kind=REPLY):
        """Sends the rest and ends the message."""
        self._packet(bytes(self.pending), LAST, kind)
        self.pending.clear()
        self.number = 1

    def flush(self):
        """Sends what is there without ending the message (for a reply that breaks off)."""
        if self.pending:
            self._packet(bytes(self.pending), 0)
        self.pending.clear()

    def _packet(self, part, status, kind=REPLY):
        head = struct.pack(">BBHHBB", kind, status, len(part) + 8, self.spid, self.number & 255, 0)
        self.number += 1
        if self.tls is not None:
            self.tls.write(head + part)
            self._send(self.outgoing.read())
        else:
            self._send(head + part)

    def _send(self, wire):
        try:
            if not self.bytes_per_second:
                self.sock.sendall(wire)
                return
            for byte in wire:
                self.sock.sendall(bytes([byte]))
                time.sleep(1 / self.bytes_per_second)
        except OSError as error:
            raise Closed(str(error))

    # TLS

    def start_tls(self, context):
        """The handshake travels in packets of type PRELOGIN, both ways."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        finished = False
        while not finished:
            try:
                session.do_handshake()
                finished = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                # The alert tells the client why; one that does not trust the certificate sent its own.
                self._handshake_packets()
                raise Closed(f"TLS: {error.reason or error}")
            self._handshake_packets()
            if not finished:
                self.incoming.write(self.message()[1])
        self.tls = session
        return session.version(), session.cipher()[0]

    def _handshake_packets(self):
        out = self.outgoing.read()
        if out:
            self.put(out)
            self.end(PRELOGIN)

    def stop_tls(self):
        """Only the login packet was encrypted."""
        self.tls = None

    # What only a sick server does

    def hang(self, seconds=None):
        """Answers nothing, not even ATTENTION, until the client goes away."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        poll.poll(None if seconds is None else seconds * 1000)
        raise Closed("after a hang")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        raise Closed("reset by rule")
