#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the option tables of the programs into their pages: `make pages`. A test compares them.

usage: pages.py PLUGINS-DIRECTORY PAGE...
"""
import os
import re
import subprocess
import sys

BLOCK = re.compile(r"(<!-- options: begin;[^\n]*-->\n).*?(<!-- options: end -->)", re.S)


def page_with_options(text, program):
    table = subprocess.run([program, "--describe=markdown"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    if "--help" not in table:
        raise SystemExit("pages.py: %s described nothing" % program)
    if not BLOCK.search(text):
        raise SystemExit("pages.py: the page of %s has no place for its options" % program)
    return BLOCK.sub(lambda match: match[1] + "\n" + table.strip() + "\n\n" + match[2], text)


def main():
    for page in sys.argv[2:]:
        program = os.path.join(sys.argv[1], os.path.basename(page)[:-len(".md")])
        with open(page, encoding="utf-8") as file:
            text = page_with_options(file.read(), program)
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
