# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new user meets before anything is set up: the demo that stays, the repair in PATH, the first call as root."""

import os
import pwd
import re
import shlex
import subprocess
import sys

import daemons
import pytest

BUILD = os.environ.get("SMS_BUILD") or os.path.join(daemons.TREE, "build")
DEMO = os.path.join(os.path.dirname(daemons.HERE), "lab", "demo.py")


def demo(*arguments):
    daemons.program("check_sms_packages")
    return subprocess.run([sys.executable, "-B", DEMO, BUILD, *arguments], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False)


def test_a_kept_demo_can_be_gone_on_with(tmp_path):
    folder = tmp_path / "a kept demo's"
    done = demo("--keep=%s" % folder)
    assert done.returncode == 0, done
    shown, _, end = done.stdout.rpartition("kept in %s: to go on, type\n" % folder)
    lines = end.splitlines()
    assert [line.partition("=")[0] for line in lines[:-1]] == ["export ODBCSYSINI", "export ODBCINI"], lines
    command = shlex.split(lines[-1])
    assert command[0] == os.path.join(os.path.abspath(BUILD), "plugins", "check_sms_packages")
    pasted = subprocess.run(["/bin/sh", "-c", end], cwd="/", env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=60, check=False)
    assert pasted.returncode == 2 and pasted.stdout.startswith("SMS PACKAGES CRITICAL - "), pasted
    assert "too young" not in pasted.stdout, "it does not find the demo's memory: %s" % pasted.stdout
    assert sorted(os.listdir(folder)) == ["Logs", "SMS_CEN.db", "SMS_WAN.db", "odbc", "reset", "state"]
    assert str(folder) not in shown, "the story is told in short names"


def test_the_demo_keeps_off_a_folder_that_is_in_use(tmp_path):
    (tmp_path / "mine").write_text("mine")
    for arguments, words in ((("--keep=%s" % tmp_path,), "is not empty"), (("--keep=%s/a;b" % tmp_path,), "without ;"),
                             (("--keep=%s/mine/x" % tmp_path,), "Not a directory"), (("--keep=",), "usage:"), (("--kept=x",), "usage:")):
        done = demo(*arguments)
        assert done.returncode == 1 and words in done.stderr and done.stdout == "", done
    assert os.listdir(tmp_path) == ["mine"]


def test_bootstrap_names_what_it_does_not_know():
    bootstrap = os.path.join(daemons.TREE, "bootstrap")
    for arguments, words in ((("demo", "--kept=x"), "--keep=DIR, not --kept=x"), (("demo", "--keep="), "--keep=DIR, not --keep="),
                             (("nonsense",), "demo [--keep=DIR]")):
        done = subprocess.run(["/bin/sh", bootstrap, *arguments], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=10, check=False)
        assert done.returncode == 1 and words in done.stderr and done.stdout == "", done


def test_the_repair_is_linked_to_where_administrators_look():
    prefix, folder = os.path.split(daemons.PLUGINS)
    if folder != "libexec":
        pytest.skip("these plugins were not installed by make install with its defaults")
    link = os.path.join(prefix, "sbin", "sms_reset_package")
    assert os.readlink(link) == "../libexec/sms_reset_package"
    assert os.path.samefile(link, daemons.program("sms_reset_package"))


def test_what_the_installed_readme_links_to_is_installed():
    prefix, folder = os.path.split(daemons.PLUGINS)
    documents = os.path.join(prefix, "share", "doc", "monitoring-plugins-sms")
    if folder != "libexec":
        pytest.skip("these plugins were not installed by make install with its defaults")
    for name in ("README.md", "examples/nrpe-config/README.md"):
        text = daemons.read(os.path.join(documents, name))
        links = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r"`([A-Z]+\.md)`", text)
        missing = [link for link in links if not os.path.exists(os.path.join(documents, os.path.dirname(name), link))]
        assert not missing, "%s links to %s" % (name, missing)
    assert "](check_sms_packages.md)" in daemons.read(os.path.join(documents, "README.md"))


@pytest.mark.root
def test_as_root_a_missing_state_directory_is_advised_for_the_checks_user(tmp_path):
    missing, database = tmp_path / "state", str(tmp_path / "SMS_CEN.db")
    with daemons.sitedb.Lab(database) as lab:
        daemons.sitedb_demo.build(lab)
    environment = daemons.odbc.environment(str(tmp_path / "odbc"))
    command = [daemons.program("check_sms_packages"), "--connect=" + daemons.odbc.connect_string(database), "--site=CEN",
               "--state-dir=%s" % missing]

    def told():
        done = subprocess.run(command, env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        assert "the state directory %s does not exist" % missing in done.stdout, done
        return done.stdout
    try:
        pwd.getpwnam("nagios")
    except KeyError:
        assert "install -d -o USER -g GROUP -m 0750 %s (USER: the user of the checks)" % missing in told()
        return
    advice = "install -d -o nagios -g nagios -m 0750 %s" % missing
    assert advice + " (nagios: the user of the checks)" in told()
    subprocess.run(advice.split(), check=True)
    assert pwd.getpwuid(os.stat(missing).st_uid).pw_name == "nagios"
