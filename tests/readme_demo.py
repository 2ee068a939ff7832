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
# Which command's output, and the lines of it: the first, and the first that begins so.
SHOWN = (("check_sms_packages", "CRITICAL: CEN00001"), ("check_sms_despool", "CRITICAL: CEN00001"))


def excerpt(output, program, item):
    """The command line, the first line of its output, and one item; "..." for the items between."""
    command, answer = re.search(r"^(\$ %s .*)\n((?:(?!\(exit).*\n)*)\(exit" % program, output, re.M).groups()
    lines = answer.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith(item))
    return [command, lines[0]] + (["..."] if place > 1 else []) + [lines[place]]


def main():
    done = subprocess.run([sys.executable, "-B", DEMO, sys.argv[1]], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit("readme_demo.py: the demo failed: " + done.stderr)
    shown = "\n\n".join("\n".join("    " + line for line in excerpt(done.stdout, program, item)) for program, item in SHOWN)
    with open(sys.argv[2], encoding="utf-8") as file:
        text = file.read()
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(BLOCK.sub(lambda match: match[1] + shown + "\n" + match[2], text))


if __name__ == "__main__":
    main()
