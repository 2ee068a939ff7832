# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_inbox: a memory that is lost, locked or cannot be kept, a folder that is denied."""
import os
import shutil
import subprocess
import time

import pytest

import daemons
import inbox
import packages
from inbox import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING, Inboxes, state_files

RECEIVE = "despoolr.box/receive"


@pytest.fixture
def boxes(tmp_path):
    made = Inboxes(tmp_path).make(RECEIVE)
    made.put(RECEIVE, "202AAS02.SNI")
    made.look(RECEIVE).is_(OK)
    return made


def test_a_damaged_memory_is_told_and_set_aside(boxes):
    path, = state_files(boxes.state)
    with open(path, "wb") as file:
        file.write(b"garbage" * 1000)
    boxes.put(RECEIVE, "202AAS03.SNI", age_s=4 * DAY)
    answer = boxes.look(RECEIVE)
    answer.is_(CRITICAL, "202AAS03.SNI has waited in despoolr.box\\receive for 4 d", "what left is not known")
    boxes.wait(MINUTE)
    boxes.take(RECEIVE, "202AAS03.SNI")
    boxes.look(RECEIVE).is_(OK, "the memory was lost")
    assert any(".damaged-" in name for name in os.listdir(boxes.state))


def test_a_state_directory_that_is_gone(boxes):
    boxes.state = "/nonexistent/state"
    boxes.look(RECEIVE).is_(WARNING, "what left is not known", "/nonexistent/state", "1 file waits")


@pytest.mark.parametrize("known", [False, True], ids=["first run", "with a memory"])
def test_a_limit_on_file_sizes_costs_the_memory_and_not_the_judgement(boxes, known):
    if not known:
        for name in os.listdir(boxes.state):
            os.unlink(os.path.join(boxes.state, name))
    boxes.put(RECEIVE, "202AAS03.SNI", age_s=4 * DAY)
    boxes.wait(7 * HOUR)
    answer = boxes.look(RECEIVE, preexec_fn=packages.limit_file_size)
    words = "nothing has left despoolr.box\\receive for 7 h" if known else "202AAS03.SNI has waited in despoolr.box\\receive for 4 d"
    answer.is_(CRITICAL, words, "what left is not known: cannot")
    boxes.wait(MINUTE)
    boxes.take(RECEIVE, "202AAS02.SNI", "202AAS03.SNI")
    assert "memory" not in boxes.look(RECEIVE).is_(OK).text


def test_a_lock_that_another_run_holds(boxes):
    lock, = [name for name in os.listdir(boxes.state) if name.endswith(".lock")]
    holder = subprocess.Popen(["python3", "-c", "import fcntl, sys, time\nf = open(sys.argv[1], 'r+b')\nfcntl.lockf(f, fcntl.LOCK_EX)\n"
                               "print('held', flush=True)\ntime.sleep(60)", os.path.join(boxes.state, lock)],
                              stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert holder.stdout.readline() == b"held\n"
        boxes.look(RECEIVE, "-t", "2").is_(UNKNOWN, "pid %d" % holder.pid)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    boxes.look(RECEIVE).is_(OK)


@pytest.mark.root
@pytest.mark.parametrize("arguments", ((), ("--recursive",)))
def test_a_folder_that_may_be_listed_and_not_searched(arguments):
    """Its names are seen and nothing else: that is no empty box, and what was known is kept."""
    with daemons.Folder() as folder:
        boxes = Inboxes(folder).make(RECEIVE)
        os.chown(boxes.state, 65534, 65534)
        boxes.put(RECEIVE, "202AAS02.SNI", age_s=5 * DAY)
        boxes.look(RECEIVE, *arguments).is_(CRITICAL, "202AAS02.SNI has waited")
        os.chmod(boxes.path(RECEIVE), 0o744)
        boxes.look(RECEIVE, *arguments).is_(UNKNOWN, "permission denied", "nobody", "setfacl")
        os.chmod(boxes.path(RECEIVE), 0o755)
        boxes.look(RECEIVE, *arguments).is_(CRITICAL, "202AAS02.SNI has waited in despoolr.box\\receive for 5 d")


@pytest.mark.root
def test_a_denied_folder():
    with daemons.Folder() as folder:
        boxes = Inboxes(folder).make(RECEIVE)
        boxes.put(RECEIVE, "202AAS02.SNI")
        os.chown(boxes.state, 65534, 65534)
        boxes.look(RECEIVE).is_(OK)
        os.chmod(boxes.path(RECEIVE), 0o700)
        # Root gives up its rights before it opens anything: a test with sudo sees what the service sees.
        boxes.look(RECEIVE).is_(UNKNOWN, "permission denied", "nobody", "setfacl")


def test_a_folder_that_goes_and_comes_back(boxes):
    boxes.wait(HOUR)
    os.rename(boxes.path("despoolr.box"), boxes.path("away"))
    boxes.look(RECEIVE).is_(UNKNOWN, "no such folder")
    os.rename(boxes.path("away"), boxes.path("despoolr.box"))
    boxes.wait(6 * HOUR)
    boxes.look(RECEIVE).is_(CRITICAL, "nothing has left despoolr.box\\receive for 7 h")


@pytest.mark.root
def test_a_share_that_is_not_mounted_is_no_empty_box(boxes, tmp_path):
    """In a mount namespace of its own: an empty mount point is UNKNOWN, and what was remembered comes back with the share."""
    program, box = os.path.join(packages.PLUGINS, "check_sms_inbox"), tmp_path / "site/despoolr.box/receive"
    box.mkdir(parents=True)
    os.mkdir(tmp_path / "kept")
    os.chown(tmp_path / "kept", os.geteuid(), os.getegid())
    look = "%s --state-dir=%s/kept --box=%s -w 1s -c 1h | head -n1" % (program, tmp_path, box)
    script = """set -e; mount -t tmpfs none %(at)s/kept-share; mkdir %(at)s/kept-share/receive
        mount --bind %(at)s/kept-share/receive %(box)s; %(look)s; touch -d '5 minutes ago' %(box)s/202AAS05.SNI; %(look)s; sleep 2; %(look)s
        umount %(box)s; %(look)s; mount --bind %(at)s/kept-share/receive %(box)s; %(look)s; rm %(box)s/*; %(look)s""" % {
            "at": tmp_path, "box": box, "look": look}
    os.mkdir(tmp_path / "kept-share")
    ran = subprocess.run(["unshare", "-m", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    if ran.returncode != 0:
        pytest.skip("no mounts here: %s" % ran.stderr.decode()[:200])
    words = [line.split(" - ")[0] for line in ran.stdout.decode().splitlines()]
    assert words == ["SMS INBOX " + word for word in ("OK", "OK", "WARNING", "UNKNOWN", "WARNING", "OK")], ran.stdout
    assert b"is the share mounted? what was seen there stays remembered" in ran.stdout


def test_a_file_is_no_box(boxes, tmp_path):
    (tmp_path / "despool.log").write_text("x")
    boxes.look(str(tmp_path / "despool.log")).is_(UNKNOWN, "despool.log: no such folder: it is a file; give the folder that it lies in")


@pytest.mark.parametrize("given, advice", [("\\\\CEN1\\SMS_CEN\\inboxes\\schedule.box", "write smb://CEN1/SMS_CEN/inboxes/schedule.box"),
                                           ("cen=\\\\CEN1\\SMS_CEN", "write smb://CEN1/SMS_CEN"), ("E:\\SMS\\inboxes", "write it as smb://SERVER/SHARE/PATH")])
def test_a_path_of_windows(boxes, given, advice):
    answer = boxes.check("--box=" + given)
    assert answer.code == UNKNOWN and "is a path of Windows: " + advice in answer.text, answer


def test_ini_file_has_every_option(boxes, tmp_path):
    ini = tmp_path / "sms.ini"
    ini.write_text("[inbox_CEN]\nbox = despooler=%s\nmatch = *.sni\nrecursive = yes\nwarning = 1m\ncritical = 1h\nleft-warning = 1h\n"
                   "left-critical = 2h\nfiles-warning = 10\nfiles-critical = 20\nknown = x*@despooler:2099-01-01\n" % boxes.path(RECEIVE))
    boxes.wait(2 * MINUTE + 20)
    boxes.check("--extra-opts=inbox_CEN@%s" % ini).is_(WARNING, "nothing has left despooler for 2 min although 1 file waits")


def test_two_runs_at_once_keep_one_memory(boxes):
    runs = [subprocess.Popen([inbox.PLUGIN, "--box=" + boxes.path(RECEIVE), "--state-dir=" + boxes.state], env={}, stdout=subprocess.PIPE)
            for _ in range(6)]
    for one in runs:
        out = one.communicate(timeout=30)[0].decode()
        assert one.returncode == OK and "1 file waits" in out, out
    boxes.wait(MINUTE)
    boxes.look(RECEIVE).is_(OK)


@pytest.mark.parametrize("call", ("pwrite", "fdatasync", "unlink"))
def test_what_left_in_a_killed_run_is_seen_by_the_next(boxes, tmp_path, call):
    """At whatever call the machine died, the next run says what it would have said without."""
    for name in ("202AAS03.SNI", "202AAS04.SNI"):
        boxes.wait(HOUR)
        boxes.put(RECEIVE, name)
        boxes.look(RECEIVE).is_(OK)
    boxes.wait(6 * HOUR)
    boxes.take(RECEIVE, "202AAS04.SNI")
    shutil.copytree(boxes.state, tmp_path / "before")
    still = dict(boxes.clock(), FAKETIME=time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(boxes.now)), TZ="UTC")
    undisturbed = boxes.look(RECEIVE, env=still)
    assert "last left 202AAS04.SNI 0 s ago" in undisturbed.text
    for n in range(1, 60):
        shutil.rmtree(boxes.state)
        shutil.copytree(tmp_path / "before", boxes.state)
        shims = dict(still, SHIM_PATH=boxes.state, SHIM_FAIL_CALL=call, SHIM_FAIL_NTH=str(n), SHIM_ERRNO="KILL")
        shims["LD_PRELOAD"] = packages.SHIM + ":" + shims["LD_PRELOAD"]
        killed = boxes.look(RECEIVE, env=shims)
        if killed.code != UNKNOWN:
            break
        assert "the worker crashed (signal 9" in killed.first, killed
        assert boxes.look(RECEIVE, env=still).text == undisturbed.text, n
    assert 1 < n < 59
