# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of each kind under valgrind: no error, nothing lost, in the parent and in the worker."""

import glob
import os
import re
import subprocess

import pytest

from packages import PLUGINS

# Drivers and the driver manager keep a few bytes when they are unloaded; that is theirs.
SUPPRESSIONS = """
{
   driver manager
   Memcheck:Leak
   ...
   obj:*libodbc*.so*
}
{
   drivers
   Memcheck:Leak
   ...
   obj:*odbc/lib*.so*
}
{
   libraries loaded by drivers
   Memcheck:Leak
   ...
   fun:dlopen*
}
"""


def valgrind(tmp_path, program, *arguments, env):
    (tmp_path / "suppressions").write_text(SUPPRESSIONS)
    log = tmp_path / "valgrind-%p"
    done = subprocess.run(["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect",
                           "--errors-for-leak-kinds=definite,indirect", "--track-fds=no", "--log-file=%s" % log,
                           "--suppressions=%s" % (tmp_path / "suppressions"), os.path.join(PLUGINS, program), "-t", "60", *arguments],
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    told = "".join(open(path).read() for path in glob.glob(str(tmp_path / "valgrind-*")))
    assert told == "", told
    return done


@pytest.mark.parametrize("more, code", [
    ([], 2), (["--rule=recipe"], 0), (["-vvv", "--min-rate=2GB/h", "--known=CEN00001@S02"], 2), (["--survey"], 3),
    (["--site=XXX"], 3), (["--package=NOSUCH01"], 3)])
def test_packages(world, tmp_path, more, code):
    world.demo()
    done = valgrind(tmp_path, "check_sms_packages", *world.arguments(), *more, env=world.env)
    assert done.returncode == code, done.stdout


def test_bad_options(tmp_path):
    done = valgrind(tmp_path, "check_sms_packages", "--warning=x", "--extra-opts=a@/nonexistent", env={})
    assert done.returncode == 3 and re.match("SMS PACKAGES UNKNOWN - ", done.stdout)


@pytest.mark.parametrize("product, more, code", [
    ("cb", [], 2), ("sms2003", ["-vvv", "--timezone=Europe/Berlin", "--known=CEN00001"], 1), ("cb", ["--max-bytes=65536"], 2),
    ("cb", ["--close=CEN00001", "--pck=/nonexistent"], 1), ("cb", ["--log=/nonexistent/x.log"], 2)])
def test_despool(tmp_path, product, more, code):
    import despool
    child = despool.Child(tmp_path / "logs", product)
    child.write(child.tell("article"), child.tell("waiting", package="CEN00002", age_s=2 * despool.DAY), child.tell("slow"))
    logs = ["--log=" + child.path("despool"), "--log=" + child.path("distmgr"), "--state-dir=" + child.state]
    if "--close=CEN00001" in more:  # refused where no earlier run has made a memory
        valgrind(tmp_path, "check_sms_despool", *logs, env={})
    for _ in range(2):  # with a memory that is made, and with one that is read
        done = valgrind(tmp_path, "check_sms_despool", *logs, *more, env={})
        assert done.returncode == code, done.stdout
