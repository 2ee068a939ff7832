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

import pytest

import daemons

RUN = os.path.join(os.path.dirname(daemons.HERE), "run.py")
MAKEFILE = "install:\n\t@mkdir -p $(DESTDIR)/libexec\nprint-plugindir:\n\t@echo /libexec\n"


@pytest.fixture
def run(tmp_path):
    build, scratch = tmp_path / "build", tmp_path / "scratch"
    for folder in (build / "plugins", build / "tests" / "fuzz", build / "tests" / "unit", scratch):
        folder.mkdir(parents=True)
    (build / "Makefile").write_text(MAKEFILE)

    def started(*arguments, makefile=MAKEFILE):
        (build / "Makefile").write_text(makefile)
        done = subprocess.run([sys.executable, "-B", RUN, *arguments, str(build)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "TMPDIR": str(scratch)}, cwd="/", timeout=120, check=False)
        assert "Traceback" not in done.stdout + done.stderr and os.listdir(scratch) == [], done
        return done
    return started


def test_a_suite_that_runs_nothing_has_failed(run):
    for suite in ("seeds", "unit"):
        done = run("--daemons=no", "--only=" + suite)
        assert done.returncode == 1 and done.stdout.splitlines()[-1] == "0 passed, 1 failed", done
        assert "suite %s ran nothing" % suite in done.stdout


def test_what_cannot_begin_says_so_in_one_line(run, tmp_path):
    for arguments, makefile, words in ((["--only=nonsense"], MAKEFILE, "there is no suite nonsense, there are: lint, unit, seeds"),
                                       (["--only=seeds"], "install:\n\t@echo no room >&2; false\n", "make install failed in"),
                                       ([str(tmp_path)], MAKEFILE, "there is no Makefile in %s: ./bootstrap check makes it" % tmp_path)):
        done = run(*arguments, makefile=makefile)
        assert done.returncode != 0 and done.stdout == "" or "started as root" in done.stdout, done
        assert done.stderr.startswith("run.py: ") and words in done.stderr and len(done.stderr.splitlines()) == 1, done


def test_what_it_removes_costs_nothing_outside(tmp_path):
    spec = importlib.util.spec_from_file_location("run_itself", RUN)
    itself = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(itself)
    scratch, outside = tmp_path / "scratch", tmp_path / "outside"
    outside.mkdir(0o755)
    scratch.mkdir()
    scratch.chmod(0o1777)
    stage = itself.Stage.__new__(itself.Stage)  # without what it installs
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
