#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put what the demo shows into the README: `make pages`.

usage: readme_demo.py BUILD README
"""
import os
import re
import subprocess
import sys

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab", "demo.py")
BLOCK = re.compile(r"(<!-- demo: begin -->\n).*?(<!-- demo: end -->)", re.S)
# The beginning of a command line, and of the lines below the first that are shown.
SHOWN = (("check_sms_packages [^\n]*SMS_WAN[^\n]* -v", ("CRITICAL: S05", "CRITICAL: CEN00012", "OK: CEN00031")),
         ("check_sms_despool", ("CRITICAL: CEN00001",)))


def excerpt(output, command, items):
    """The command line, the first line of its output, and some items; "..." for those between."""
    typed, answer = re.search(r"^(\$ %s.*)\n((?:(?!\(exit).*\n)*)\(exit" % command, output, re.M).groups()
    lines = answer.splitlines()
    shown, last = [typed, lines[0]], 0
    for item in items:
        place = next(number for number, line in enumerate(lines) if line.startswith(item))
        shown += (["..."] if place > last + 1 else []) + [lines[place]]
        last = place
    return shown + (["..."] if last < len(lines) - 1 else [])


def main():
    done = subprocess.run([sys.executable, "-B", DEMO, sys.argv[1]], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit("readme_demo.py: the demo failed: " + done.stderr)
    shown = "\n\n".join("\n".join("    " + line for line in excerpt(done.stdout, command, items)) for command, items in SHOWN)
    with open(sys.argv[2], encoding="utf-8") as file:
        text = file.read()
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(BLOCK.sub(lambda match: match[1] + shown + "\n" + match[2], text))


if __name__ == "__main__":
    main()
