# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands for mail(1) in the consoles' tests: it keeps what would be sent."""
import os
import re

import daemons

PROGRAM = """#!/bin/sh
# usage: mail [-s SUBJECT] RECIPIENT
subject=
[ "$1" != -s ] || { subject=$2; shift 2; }
{ printf 'TO %s\\nSUBJECT %s\\n' "$1" "$subject"; cat; printf '\\nEND\\n'; } >"$MAILBOX.$$" && cat "$MAILBOX.$$" >>"$MAILBOX"
rm -f "$MAILBOX.$$"
"""


def install(folder):
    """Put the program into a folder of PATH."""
    return daemons.write(os.path.join(folder, "mail"), PROGRAM, 0o755)


def mails(path, recipient, word):
    """What was sent to somebody with a subject that begins with a word, as (subject, body)."""
    if not os.path.exists(path):
        return []
    found = re.findall(r"^TO (.*?)\nSUBJECT (.*?)\n(.*?)\nEND$", daemons.read(path), re.M | re.S)
    return [(subject, body) for to, subject, body in found if to.startswith(recipient + "@") and subject.startswith(word)]


def wait(path, recipient, word, count, seconds, server, what=lambda: ""):
    return daemons.wait_until(lambda: (lambda got: got if len(got) >= count else None)(mails(path, recipient, word)), seconds,
                              lambda: "%s gets %d of %r\n%s" % (recipient, count, word, what()), server.alive)
