# SPDX-License-Identifier: GPL-3.0-or-later
"""A mounted file system whose server has gone: a read of its one file never comes back, not even for SIGKILL.

usage, as root in a mount namespace of its own: hangfs.py DIRECTORY NAME SIZE [list]
With `list` the listing of the directory never comes back either.
Speaks the kernel's FUSE protocol (linux/fuse.h, 7.31) just as far as opening the file needs. "ready" on stdout: it is mounted.
Ended, the kernel aborts what waits.
"""
import ctypes
import errno
import os
import stat
import struct
import sys
import time

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 17, 18, 25, 26
OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 27, 28, 29, 36, 42
ROOT, FILE = 1, 2
DIRECT_IO = 1  # no page cache in between: the reader itself waits for the answer
HEADER = struct.Struct("<IIQQIIII")


def mount(directory):
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % device
    if libc.mount(b"hangfs", os.fsencode(directory), b"fuse", 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return device


def attributes(node, size):
    now = int(time.time())
    mode, size = (stat.S_IFDIR | 0o755, 0) if node == ROOT else (stat.S_IFREG | 0o644, size)
    return struct.pack("<6Q10I", node, size, (size + 511) // 512, now, now, now, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(opcode, node, body, name, size):
    """@return the body of the answer, or a negative error"""
    if opcode == INIT:
        return struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 16, 12, 65536, 1, 16, 0, 0, *[0] * 7)
    if opcode == LOOKUP:
        if body.rstrip(b"\0") != name:
            return -errno.ENOENT
        return struct.pack("<QQQQII", FILE, 0, 1, 1, 0, 0) + attributes(FILE, size)
    if opcode == GETATTR:
        return struct.pack("<QII", 1, 0, 0) + attributes(node, size)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<QII", 1, DIRECT_IO if opcode == OPEN else 0, 0)
    if opcode in (READDIR, RELEASE, RELEASEDIR, FLUSH):
        return b""
    return -errno.ENOSYS


def serve(device, name, size, silent):
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return
            if error.errno == errno.ENOENT:
                continue
            raise
        _, opcode, unique, node, _, _, _, _ = HEADER.unpack_from(request)
        if opcode in silent:
            continue
        reply = answer(opcode, node, request[HEADER.size:], name, size)
        code, body = (reply, b"") if isinstance(reply, int) else (0, reply)
        os.write(device, struct.pack("<IiQ", 16 + len(body), code, unique) + body)


def main():
    directory, name, size, *more = sys.argv[1:]
    silent = (READ, FORGET, BATCH_FORGET, INTERRUPT) + ((READDIR,) if more == ["list"] else ())
    device = mount(directory)
    print("ready", flush=True)
    serve(device, os.fsencode(name), int(size), silent)


if __name__ == "__main__":
    main()
