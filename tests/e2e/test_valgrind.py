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
    done = subprocess.run(["valgrind", "--quiet", "--vgdb=no", "--leak-check=full", "--show-leak-kinds=definite,indirect",
                           "--errors-for-leak-kinds=definite,indirect", "--track-fds=no", "--log-file=%s" % log,
                           "--suppressions=%s" % (tmp_path / "suppressions"), os.path.join(PLUGINS, program), "-t", "60", *arguments],
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    told = "".join(open(path).read() for path in glob.glob(str(tmp_path / "valgrind-*")))
    assert told == "", told
    return done


@pytest.mark.parametrize("more, code", [
    ([], 2), (["--rule=recipe"], 0), (["-vvv", "--min-rate=2GB/h", "--known=CEN00001@S02"], 2), (["--survey"], 3),
    (["--site=ZZZ"], 3), (["--package=NOSUCH01"], 3)])
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


@pytest.mark.parametrize("more, code", [
    ([], 2), (["-vvv", "--known=202AAS02.SRQ,x*@LAN:2099-01-01"], 2), (["--output=json", "--match=*.SRQ"], 2), (["--new=15m"], 2),
    (["--box=/nonexistent/schedule.box"], 2), (["--box=relative", "--left-critical=1"], 3)])
def test_inbox(tmp_path, more, code):
    import inbox
    boxes = inbox.Inboxes(tmp_path).make("schedule.box/requests", "schedule.box/uid", "schedule.box/outboxes/LAN")
    boxes.put("schedule.box/requests", "202AAS02.SRQ", "202AAS03.SRQ", b"\xff|.SRQ", age_s=4 * inbox.DAY)
    boxes.put("schedule.box/outboxes/LAN", "202AAS04.SRQ")
    given = ["--box=" + boxes.path("schedule.box"), "--recursive", "--state-dir=" + boxes.state]
    for _ in range(2):  # with a memory that is made, and with one that is read
        done = valgrind(tmp_path, "check_sms_inbox", *given, *more, env={})
        assert done.returncode == code, done.stdout


def test_one_story_of_three_programs(world, tmp_path):
    import test_stuck_boxes
    world.make()
    world.stuck("CEN00001", "S02", age_s=4 * 86400)
    world.lab.dp_state("CEN00001", "S021", 1, None, 4 * 86400, site="S02")
    world.lab.commit()
    test_stuck_boxes.let_stand_still(test_stuck_boxes.boxes_of(world, "CEN"))
    for program in ("check_sms_packages", "check_sms_dps"):
        done = valgrind(tmp_path, program, *world.arguments(), env=world.env)
        assert done.returncode == 2 and "; check_sms_inbox on this host: at CEN schedule.box\\requests stands still" in done.stdout, done.stdout
