# SPDX-License-Identifier: GPL-3.0-or-later
"""run.py itself: it ends with its line and a code that is not 0, in one line where it cannot begin, and leaves nothing behind."""
import glob
import importlib.util
import os
import signal
import stat
import subprocess
import sys
import time
import types

import pytest

import daemons

RUN = os.path.join(os.path.dirname(daemons.HERE), "run.py")
MAKEFILE = "install:\n\t@mkdir -p $(DESTDIR)/libexec\nprint-plugindir:\n\t@echo /libexec\n"


@pytest.fixture
def run(tmp_path):
    build = tmp_path / "build"
    for folder in (build / "plugins", build / "tests" / "fuzz", build / "tests" / "unit"):
        folder.mkdir(parents=True)
    (build / "Makefile").write_text(MAKEFILE)

    def started(*arguments, makefile=MAKEFILE, **environment):
        (build / "Makefile").write_text(makefile)
        done = subprocess.run([sys.executable, "-B", RUN, *arguments, str(build)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "TMPDIR": scratch, **environment}, cwd="/", timeout=120, check=False)
        assert "Traceback" not in done.stdout + done.stderr and os.listdir(scratch) == [], done
        return done
    with daemons.Folder() as scratch:
        yield started


def test_a_suite_that_runs_nothing_has_failed(run):
    for suite in ("seeds", "unit"):
        done = run("--daemons=no", "--only=" + suite)
        assert done.returncode == 1 and done.stdout.splitlines()[-1] == "0 passed, 1 failed", done
        assert "suite %s ran nothing" % suite in done.stdout


def test_below_another_make(tmp_path, run):
    """`make distcheck` hands on flags by which a make below it prints its folders: they are no part of a path."""
    run("--only=nonsense")
    program = tmp_path / "build" / "tests" / "unit" / "test_it"
    program.write_text("#!/bin/sh\necho 1..1\n[ -d \"$SMS_PLUGINS\" ] && echo ok 1 - test_there\n")
    program.chmod(0o755)
    done = run("--only=unit", MAKEFLAGS="w", MAKELEVEL="1")
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed", done


@pytest.mark.parametrize("as_root", [False, pytest.param(True, marks=pytest.mark.root)])
def test_what_a_unit_test_skips_is_named(tmp_path, run, as_root):
    """Started as root, what needs root runs again as root: what is skipped then, too, is named all the same."""
    run("--only=nonsense")
    program = tmp_path / "build" / "tests" / "unit" / "test_it"
    program.write_text("#!/bin/sh\necho 1..3\necho ok 1 - test_good\necho 'not ok 2 # SKIP test_never'\n"
                       "[ $(id -u) = 0 ] && echo ok 3 - test_root || echo 'not ok 3 # SKIP test_root'\n")
    program.chmod(0o755)
    done = run("--only=unit")
    assert done.returncode == 0, done
    passed, names, reason = (2, ["test_it: test_never"], "as the ordinary user and as root") if as_root else (
        1, ["test_it: test_never", "test_it: test_root"], "needs root")
    assert done.stdout.splitlines()[-1] == "%d passed, 0 failed, %d skipped" % (passed, len(names)), done
    assert "skipped, %s:\n%s\n" % (reason, "\n".join("    " + name for name in names)) in done.stdout, done


def test_what_cannot_begin_says_so_in_one_line(run, tmp_path):
    for arguments, makefile, words in ((["--only=nonsense"], MAKEFILE, "there is no suite nonsense, there are: lint, unit, seeds"),
                                       (["--only=seeds"], "install:\n\t@echo no room >&2; false\n", "make install failed in"),
                                       ([str(tmp_path)], MAKEFILE, "there is no Makefile in %s: ./bootstrap check makes it" % tmp_path)):
        done = run(*arguments, makefile=makefile)
        assert done.returncode != 0 and done.stdout == "" or "started as root" in done.stdout, done
        assert done.stderr.startswith("run.py: ") and words in done.stderr and len(done.stderr.splitlines()) == 1, done


def itself():
    spec = importlib.util.spec_from_file_location("run_itself", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("daemons_wanted,only,failed", [("yes", "e2e", 1), ("no", "e2e", 0), ("yes", "lab", 0)])
def test_a_server_that_is_missing_is_a_failure(monkeypatch, capsys, daemons_wanted, only, failed):
    run_itself = itself()

    def passes(*_, **__):
        tally = run_itself.Tally()
        tally.passed = 5
        return tally
    monkeypatch.setattr(run_itself.Runner, "pytest", passes)
    monkeypatch.setattr(run_itself, "SERVERS", ("sh", "no-such-server", "nor-this-one"))
    stage = run_itself.Stage.__new__(run_itself.Stage)
    stage.folder = "/nonexistent"
    total, rows = run_itself.run_suites(stage, types.SimpleNamespace(daemons=daemons_wanted, only=only, build="/nonexistent"))
    told = capsys.readouterr().out
    assert (total.passed, total.failed, len(rows)) == (5, failed, 1), told
    assert ("not installed: no-such-server, nor-this-one; ./bootstrap check installs what is missing" in told) == bool(failed), told


def test_what_it_removes_costs_nothing_outside(tmp_path):
    run_itself = itself()
    scratch, outside = tmp_path / "scratch", tmp_path / "outside"
    outside.mkdir(0o755)
    scratch.mkdir()
    scratch.chmod(0o1777)
    stage = run_itself.Stage.__new__(run_itself.Stage)  # without what it installs
    stage.folder = str(scratch / "sms-check-x")
    (scratch / "sms-check-x" / "t" / "closed" / "too").mkdir(parents=True)
    (scratch / "sms-check-x" / "t" / "link").symlink_to(outside)
    for name in ("t/closed/too", "t/closed", "t"):
        (scratch / "sms-check-x" / name).chmod(0)
    stage.remove()
    assert os.listdir(scratch) == []
    stage.remove()  # what is gone already, or is written to meanwhile, must not open or close the folder above it: that may be /tmp
    assert stat.S_IMODE(os.stat(scratch).st_mode) == 0o1777 and stat.S_IMODE(os.stat(outside).st_mode) == 0o755


def test_told_to_end_it_ends_what_it_started(run, tmp_path):
    run("--only=nonsense")
    program = tmp_path / "build" / "tests" / "fuzz" / "fuzz_range"
    program.write_text("#!/bin/sh\ntouch $TMPDIR/begun\nexec sleep 300\n")
    program.chmod(0o755)
    with daemons.Folder() as folder:
        scratch = os.path.join(folder, "scratch")
        os.mkdir(scratch, 0o755)
        with subprocess.Popen([sys.executable, "-B", RUN, "--only=seeds", str(tmp_path / "build")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin", "TMPDIR": scratch}, cwd="/") as process:
            daemons.wait_until(lambda: glob.glob(scratch + "/*/t/begun"), 60, "the suite begins")
            process.send_signal(signal.SIGTERM)
            start = time.monotonic()
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 1 and errors == "run.py: stopped by SIGTERM\n" and time.monotonic() - start < 30
        assert os.listdir(scratch) == []


@pytest.mark.root
def test_no_folder_for_temporary_files_is_said_in_one_line(tmp_path):
    """In a mount namespace of its own, in which nothing can be written."""
    daemons.require_mount_namespace()
    (tmp_path / "Makefile").write_text(MAKEFILE)
    read_only = "mount --make-rprivate / && for one in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro none $one; done && cd / && "
    # Where the tree itself lies below one of these folders, it is seen at another place.
    seen = "mount --bind %s /mnt && mount --bind %s /media && " % (os.path.dirname(os.path.dirname(RUN)), tmp_path)
    run_it = "mount -o remount,bind,ro / && exec python3 -B /mnt/tests/run.py --only=seeds /media"
    for script, words, first in ((run_it, "No usable temporary directory found", "run.py: "),
                                 ("exec /bin/sh /mnt/bootstrap demo", "/tmp cannot be written, and compilers and tests need such a folder: "
                                  "export TMPDIR=DIR with one that can", "bootstrap: ")):
        done = subprocess.run(["unshare", "--mount", "/bin/sh", "-c", seen + read_only + script], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, cwd="/", timeout=120, check=False)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith(first) and words in done.stderr, done
        assert len(done.stderr.splitlines()) == 1, done
