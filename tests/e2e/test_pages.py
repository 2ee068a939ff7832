# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written about the programs agrees with the programs."""

import os
import re
import subprocess
import sys

import pytest

import despool
import dps
import inbox
import packages
from packages import PLUGINS, TREE

sys.path.insert(0, os.path.join(TREE, "tests"))
import pages

PROGRAMS = sorted(name for name in os.listdir(PLUGINS) if name.startswith(("check_sms_", "sms_")) and "." not in name)


def describe(program, form):
    done = subprocess.run([os.path.join(PLUGINS, program), "--describe=" + form], env={}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    assert done.returncode == 3 and done.stderr == "", done
    return done.stdout


def options(program):
    return [line.split("\t") for line in describe(program, "tsv").splitlines()]


def test_there_are_programs():
    assert "check_sms_packages" in PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_page_has_every_option(program):
    with open(os.path.join(TREE, "plugins", program + ".md"), encoding="utf-8") as file:
        page = file.read()
    assert pages.page_with_options(page, os.path.join(PLUGINS, program)) == page, "run `make pages`"


@pytest.mark.parametrize("program, labels", [("check_sms_packages", packages.LABELS), ("check_sms_dps", dps.LABELS), ("check_sms_despool", despool.LABELS),
                                             ("check_sms_inbox", inbox.LABELS)])
def test_the_page_has_every_label_of_the_perfdata(program, labels):
    with open(os.path.join(TREE, "plugins", program + ".md"), encoding="utf-8") as file:
        table = file.read().split("## Perfdata\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.M)
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(labels)


@pytest.mark.parametrize("program", PROGRAMS)
def test_names_and_letters_are_unique(program):
    names = [option[0] for option in options(program)]
    letters = [option[1] for option in options(program) if option[1]]
    assert len(names) > 10 and len(set(names)) == len(names) and len(set(letters)) == len(letters)


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_names_every_option_and_exits_3(program):
    done = subprocess.run([os.path.join(PLUGINS, program), "--help"], env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 3 and done.stderr == ""
    # Folders of this build, which may be long, as where a package installs.
    text = re.sub(r"/\S+/(lib|doc)/monitoring-plugins-sms", r"/usr/share/\1/monitoring-plugins-sms", done.stdout)
    assert max(map(len, text.splitlines())) <= 80
    for name, letter, *_ in options(program):
        assert re.search(r"(^|[ -])%s\b" % re.escape(name), done.stdout, re.M), name
        assert not letter or re.search(r"^ +-%s, --%s" % (letter, re.escape(name)), done.stdout, re.M), name


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_man_page_is_clean_and_whole(program, tmp_path):
    page = tmp_path / (program + ".1")
    page.write_text(describe(program, "man"))
    done = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-P-cbou", str(page)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    for name, *_ in options(program):
        assert name in done.stdout.replace("\n", ""), name
    for title in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS"):
        assert re.search("^%s$" % title, done.stdout, re.M), title


@pytest.mark.parametrize("program", PROGRAMS)
def test_completion_offers_every_option(program, tmp_path):
    script = tmp_path / program
    script.write_text(describe(program, "bash"))
    code = ". /usr/share/bash-completion/bash_completion; . %s; COMP_WORDS=(%s --); COMP_CWORD=1; COMP_LINE='%s --'; " \
           "COMP_POINT=${#COMP_LINE}; $(complete -p %s | sed 's/.*-F \\([^ ]*\\).*/\\1/') %s -- %s; printf '%%s\\n' \"${COMPREPLY[@]}\""
    done = subprocess.run(["bash", "--norc", "-c", code % ((str(script),) + (program,) * 5)], capture_output=True, text=True)
    offered = {line.strip().rstrip("=") for line in done.stdout.splitlines()}
    wanted = {"--" + name for name, _, _, _, flags, *_ in options(program) if "ini" not in flags.split(",")[0]}
    assert wanted and wanted <= offered, (wanted - offered, done.stderr)


@pytest.mark.parametrize("program, option, kind", [("check_sms_inbox", "--box", "d"), ("check_sms_despool", "--log", "f"), ("check_sms_despool", "--pck", "d"),
                                                   ("check_sms_packages", "--state-dir", "d")])
def test_completion_offers_files_and_folders(program, option, kind):
    cases = re.findall(r"(--[a-z-]+)\)\n(.*?)return", describe(program, "bash"), re.S)
    assert "compgen -%s " % kind in dict(cases)[option]


@pytest.mark.parametrize("program", PROGRAMS)
def test_version_names_the_package(program):
    done = subprocess.run([os.path.join(PLUGINS, program), "--version"], env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    with open(os.path.join(TREE, "configure.ac"), encoding="utf-8") as file:
        version = re.search(r"AC_INIT\(\[monitoring-plugins-sms\], \[([^]]+)\]", file.read())[1]
    assert done.returncode == 3 and done.stdout.splitlines()[0] == "%s (monitoring-plugins-sms) %s" % (program, version)
    with open(os.path.join(TREE, "NEWS"), encoding="utf-8") as file:
        assert version in file.readline()
