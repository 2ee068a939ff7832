# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool on logs that are missing, broken, enormous, rotating or never answer, and on troubles with its memory."""

import os
import random
import signal
import subprocess
import threading
import time

import logs
import packages
import pytest
from despool import CRITICAL, DAY, HOUR, OK, SHIM_READ, UNKNOWN, WARNING, Child, command, run, state_files


@pytest.fixture
def child(tmp_path):
    made = Child(tmp_path, "cb")
    made.write(made.tell("article"))
    return made


def one_log(child, content):
    path = os.path.join(child.folder, "x.log")
    with open(path, "wb") as file:
        file.write(content)
    return "--log=" + path


# ---- options


@pytest.mark.parametrize("arguments, words", [
    ([], "no log is given; write --log=FILE"),
    (["--log=/x"] * 17, "--log is given 17 times"),
    (["--log=/x", "--max-bytes=100"], "--max-bytes"),
    (["--log=/x", "--encoding=klingon"], "klingon"),
    (["--log=smb://joe:hunter2@server/share/despool.log"], "--smb-auth=FILE"),
    (["--log=smb://server"], "share"),
    (["--log=/x", "--pck=smb://joe:hunter2@server/share"], "--smb-auth=FILE"),
    (["--log=/x", "--silent-warning=soon"], "soon")])
def test_bad_options(arguments, words, tmp_path):
    answer = run(*arguments, "--state-dir=%s" % tmp_path)
    answer.fails(words)
    assert "hunter2" not in answer.text and "joe" not in answer.text


# ---- logs that hold nothing


@pytest.mark.parametrize("content, words", [
    (b"", ["x.log is empty", "is logging of this component switched on?"]),
    (b"<html>not a log</html>\n" * 50, ["has no record of an SMS or ConfigMgr log in 1150 bytes: is it the right file, or --encoding?"]),
    (b"\0" * 100000, ["has no record"]),
    (bytes(random.Random(3).randbytes(300000)), ["has no record"]),
    (b"\xff\xfe" + bytes(random.Random(4).randbytes(99999)), ["has no record"]),
    (b"\xed\xa0\x80\xff|\x1b[31m\x07" * 1000, ["has no record"]),
    (b"a line without an end", ["has no record"])], ids=["empty", "html", "NULs", "random", "UTF-16 random", "hostile", "no line end"])
def test_a_log_without_a_record(child, content, words):
    for _ in range(2):
        answer = child.check(one_log(child, content))
        answer.is_(UNKNOWN, *words)
    child.forget()
    answer = child.check(one_log(child, content), "--log=" + child.path("despool"))
    answer.is_(CRITICAL, *words, "1 stalled: CEN00001")  # the other log is still judged


def test_a_log_that_is_missing(child):
    os.unlink(child.path("distmgr"))
    child.check().is_(CRITICAL, "CRITICAL - 1 stalled: CEN00001 base_missing", child.path("distmgr"))  # a pager shows the beginning
    os.unlink(child.path("despool"))
    child.forget()
    answer = child.check().is_(UNKNOWN, child.path("despool") + ", distmgr.log: no such file; check", "whether anything is stalled is not known")
    assert answer.verdict.count("no such file") == 1, answer


def test_neither_logs_nor_memory(child):
    child.check("--state-dir=/none").is_(CRITICAL, "1 stalled: CEN00001", "/none")  # a finding stands, only younger
    child.write()
    child.check("--state-dir=/none").is_(WARNING, "nothing stalled", "/none")  # it looked
    os.unlink(child.path("distmgr"))
    child.check("--state-dir=/none").is_(WARNING, "nothing stalled", "/none", child.path("distmgr"))
    os.unlink(child.path("despool"))
    child.check("--state-dir=/none").is_(UNKNOWN, "whether anything is stalled is not known", "/none", child.path("despool"))
    child.forget()
    child.check().is_(UNKNOWN)
    path, = state_files(child.state)
    with open(path, "wb") as file:
        file.write(b"garbage" * 1000)
    child.check().is_(UNKNOWN, "whether anything is stalled is not known", "ages may be too young")


@pytest.mark.parametrize("record, words", [
    ("One line  $$<SMS_DESPOOLER><2024/11/03 T 10:11><thread=1>",
     'x.log: the dates of its new records are in a form that is not known, "2024/11/03 T 10:11": please report this form'),
    ('<![LOG[One line]LOG]!><time="noon" date="today" component="SMS_DESPOOLER">',
     '"]LOG]!›‹time="noon" date="today" component="SMS_DESPOOLER"›": it looks like one, but its dates are in a form that is not known; please report this form')])
def test_dates_of_an_unknown_form_are_shown_for_a_report(child, record, words):
    answer = child.check(one_log(child, record.encode() + b"\r\n"))
    assert "One line" not in answer.is_(UNKNOWN, words).text, answer


def undated(child, log, count, month="Mxy"):
    """Records of a month that nobody knows."""
    with open(child.path(log), "ab") as file:
        for i in range(count):
            file.write(b"Secret words %d  $$<SMS_DESPOOLER><Sat %s 01 10:%02d:00.000 2025 X><thread=77 (0x4D)>\r\n" % (i, month.encode(), i % 60))


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000])
def test_records_whose_dates_can_no_longer_be_read_are_no_silence(tmp_path, count):
    child = Child(tmp_path, "sms2003")
    child.write(child.alive(last_s=2 * DAY), gap_s=None)
    child.check(later=-2 * DAY + HOUR).is_(OK)
    undated(child, "despool", count)
    words = 'despool.log: the dates of its new records are in a form that is not known, "Sat Mxy 01 10:'
    for later in (0, 5 * 60, DAY):  # also when nothing new was written since
        answer = child.check(later=later).is_(UNKNOWN, words)
        assert "no log was written" not in answer.text and "Secret" not in answer.text, answer


def test_some_records_whose_dates_cannot_be_read(tmp_path):
    child = Child(tmp_path, "sms2003")
    child.write(child.alive(), gap_s=None)
    undated(child, "despool", 3)
    child.files["despool"].append([child.site.despool(child.now - 30, 77, "Waiting for ready instruction file....")])
    words = '3 records of despool.log are not read, their dates are in a form that is not known, "Sat Mxy 01 10:00:00.000 2025 X"; nothing stalled'
    child.check().is_(WARNING, words)
    child.check().is_(OK, "nothing stalled")


def test_a_stamp_that_stands_in_a_message_is_no_record(tmp_path):
    child = Child(tmp_path, "sms2003")
    child.write(child.alive(), gap_s=None)
    child.files["despool"].append([child.site.despool(child.now - 30, 77, "Waiting $$<SMS_DESPOOLER><Sat Mxy 01 10:00 2025><thread=77 (0x4D)> for files")])
    child.check().is_(OK, "nothing stalled")


@pytest.mark.parametrize("secret", [b"username = joe\npassword = hunter2\ndomain = X\n", b"hunter2\n", b"hunter2$$\n", b"root:hunter2:0:0\n"])
def test_a_file_of_credentials_is_not_shown(child, secret):
    answer = child.check(one_log(child, secret), "-v")
    answer.is_(UNKNOWN, "has no record of an SMS or ConfigMgr log in %d bytes: is it the right file, or --encoding?" % len(secret))
    assert "hunter2" not in answer.text and "joe" not in answer.text


def test_what_was_known_stands_while_a_log_cannot_be_read(child):
    child.check().is_(CRITICAL)
    for name in ("despool", "distmgr"):
        os.rename(child.path(name), child.path(name) + ".gone")
    child.check().is_(CRITICAL, child.path("despool"), "1 stalled: CEN00001")
    for name in ("despool", "distmgr"):
        os.rename(child.path(name) + ".gone", child.path(name))
    assert child.check().value("bytes") == 0


@pytest.mark.parametrize("kind", ["directory", "fifo", "unreadable", "loop"])
def test_what_is_no_readable_file(child, kind):
    path = os.path.join(child.folder, "odd.log")
    if kind == "directory":
        os.mkdir(path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        os.symlink(path, path)
    else:
        if os.geteuid() == 0:
            pytest.skip("root reads everything")
        with open(path, "wb"):
            os.chmod(path, 0)
    answer = child.check("--log=" + path)
    answer.is_(UNKNOWN, path)
    assert answer.seconds < 2
    assert "empty" not in answer.verdict


# ---- garbage among records


def garbage(child, content, *options):
    """Garbage between the story and a later record: both are read."""
    with open(child.path("despool"), "ab") as file:
        file.write(content)
    child.files["despool"].append([child.site.despool(child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00002 (2)")])
    answer = child.check(*options)
    assert {item["package"] for item in answer.items} >= {"CEN00001", "CEN00002"}, answer
    return answer


@pytest.mark.parametrize("content", [
    b"\r\n" + b"\0" * 70000 + b"\r\n", b"\r\n" + bytes(random.Random(5).randbytes(200000)) + b"\r\n" * 70,
    b"x" * 10_000_000 + b"\r\n", b"\xff\xfe\xfd" * 1000 + b"\r\n", b"$$<" * 5000 + b"\r\n" * 70,
    b"y" * 66000 + b"  $$<SMS_DESPOOLER><11-14-2023 22:13:20.000+00><thread=4 (0x4)>\r\n"],
    ids=["NULs", "random", "10 MB", "not UTF-8", "tails cut", "long record"])
def test_garbage_between_records(child, content):
    garbage(child, content)


def test_a_gigabyte_without_a_line_end(child):
    path = os.path.join(child.folder, "huge.log")
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    answer = child.check("--log=" + path, "--max-bytes=2GiB", "-t", "50")
    answer.is_(UNKNOWN, "has no record of an SMS or ConfigMgr log in 1073741824 bytes")
    assert answer.value("bytes") == 1 << 30
    child.forget()
    first = child.check("--log=" + path)  # the default limit: it says how far it is
    first.is_(UNKNOWN, "catching up with huge.log, ", "left for the next runs")
    assert first.value("bytes") <= (64 << 20) + (17 << 20)
    assert child.check("--log=" + path).value("bytes") >= 63 << 20


# ---- limits and rotation


def test_catching_up_gives_the_same_as_one_run(child, tmp_path):
    whole = child.check("--max-bytes=1GiB")
    expected = child.dump()
    child.forget()
    for _ in range(40):
        answer = child.check("--max-bytes=65536")
        assert answer.value("bytes") <= 65536 + 4096, answer
        if "catching up" not in answer.verdict:
            break
        assert "no log was written" not in answer.verdict
    assert child.dump() == expected
    assert answer.values("waiting", "stuck", "broken", "repeats") == whole.values("waiting", "stuck", "broken", "repeats")


def test_a_link_too_slow_for_the_time_out(child):
    """Each run keeps what it has read and says how far it came; together they know what one long run knows."""
    whole = child.check()
    expected = child.dump()
    child.forget()
    bytes_new = whole.value("bytes")
    slow = {"LD_PRELOAD": SHIM_READ, "SHIM_READ_SLOWS": "d", "SHIM_READ_RATE": str(max(4096, bytes_new // 6))}
    left = []
    for _ in range(40):
        answer = child.check("-t", "3", env=slow)
        assert answer.seconds < 3, answer
        if "catching up" not in answer.verdict:
            break
        assert "read up to 20" in answer.verdict and "left for the next runs (--timeout)" in answer.verdict, answer
        assert answer.value("bytes") > 0 and "no log was written" not in answer.verdict, answer
        left.append(answer.value("bytes"))
    assert len(left) >= 2, left
    assert child.dump() == expected
    assert answer.values("waiting", "stuck", "broken", "repeats") == whole.values("waiting", "stuck", "broken", "repeats")
    assert child.check("-t", "3", env=slow).value("bytes") == 0


@pytest.mark.parametrize("copy", [False, True])
def test_rotation_between_runs(tmp_path, copy):
    child = Child(tmp_path, "cb")
    story = child.tell("article")
    whole = Child(tmp_path / "whole", "cb")
    whole.now = child.now
    whole.write(story)
    whole.check()
    child.write(story, now=child.now - DAY, start=child.now - 4 * DAY - HOUR)
    child.check(later=-DAY)
    # Written on, rotated, written on: nothing is lost and nothing is counted twice.
    everything = logs.merged(story, list(logs.chatter(child.site, child.now - DAY, child.now, 900)))
    fresh = [record for record in everything if record.time > child.now - DAY]
    for name, log in child.files.items():
        own = [record for record in fresh if record.log == name]
        log.append(own[:len(own) // 2])
        log.rotate(copy=copy)
        log.append(own[len(own) // 2:])
    answer = child.check()
    assert answer.value("repeats") == story.outcome.repeats - 1
    assert child.dump()[0] == whole.dump()[0]
    assert child.check().value("bytes") == 0


def test_rotated_twice_is_told(child):
    child.check()
    for thread in (4, 8, 12):
        child.files["distmgr"].append([child.site.distmgr(child.now, thread, "Sleep 3600 seconds...")] * 30)
        if thread < 12:
            child.files["distmgr"].rotate()
    answer = child.check("--known=CEN00001")
    answer.is_(WARNING, "records of distmgr.log may be lost, what they told is not known; nothing else stalled")
    assert "distmgr.log: distmgr.log was rotated more than once" in answer.text, answer
    answer = child.check("--known=CEN00001").is_(OK)
    assert "rotated more than once" not in answer.text and "lost" not in answer.text


def test_what_is_lost_of_a_log_that_tells_only_why_is_no_alarm(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.alive(), gap_s=None)
    sender = logs.LogFile(child.path("sender"), "F1")
    arguments = ["--log=" + child.path(name) for name in ("despool", "distmgr", "sender")]
    for thread in (4, 8, 12):
        sender.append([logs.Record(child.now, "sender", "SMS_LAN_SENDER", thread, "Sending failed. Failure count = 24")] * 30)
        if thread == 4:
            child.check(*arguments).is_(OK)
        if thread < 12:
            sender.rotate()
    answer = child.check(*arguments).is_(OK, "nothing stalled")
    assert "sender.log was rotated more than once" in answer.text, answer


BASE_MISSING = ["Received package CEN000%02d version 3", "CCompress::Open: Failed to open E:\\SMSPKG\\CEN000%02d (2)"]


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("name", ["despool", "DESPOOL", "despool.with.dots"])
def test_rotation_to_names_with_a_date(tmp_path, copy, name):
    """Several between two runs, in a folder with a thousand other logs: what was told once is known."""
    child = Child(tmp_path, "cb")
    child.write(child.alive(), gap_s=None)
    log = logs.LogFile(os.path.join(child.folder, name + ".log"), "F1")
    os.rename(child.path("despool"), log.path)
    arguments = ["--log=" + log.path, "--log=" + child.path("distmgr")]
    for i in range(1000):
        with open(os.path.join(child.folder, "despool-2025%04d-000000.log" % (i + 101) if i % 2 else "other%d.log" % i), "wb") as file:
            file.write(b"x" * 4000)
        os.utime(file.name, (child.now - 99 * DAY, child.now - 99 * DAY))
    child.check(*arguments).is_(OK)
    for i in (1, 2, 3):
        log.append([child.site.despool(child.now - 600 + i, 3816, text % i) for text in BASE_MISSING])
        log.rotate(copy=copy, date="20261126-09000%d" % i)
        log.append([child.site.despool(child.now - 600 + i, 3816, "Waiting for ready instruction file....")])
    answer = child.check(*arguments, later=2 * HOUR).is_(WARNING, "3 stalled: CEN0000")
    assert {item["package"] for item in answer.items} == {"CEN00001", "CEN00002", "CEN00003"} and "lost" not in answer.text, answer
    assert answer.value("bytes") < 3000, answer
    assert child.check(*arguments, later=2 * HOUR).value("bytes") == 0


def test_the_newest_name_with_a_date_is_read_by_a_first_run(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.alive(), gap_s=None)
    log = child.files["despool"]
    for i in (1, 2):
        log.append([child.site.despool(child.now - 600 + i, 3816, text % i) for text in BASE_MISSING])
        log.rotate(date="20261126-09000%d" % i)
    log.append([child.site.despool(child.now, 3816, "Waiting for ready instruction file....")])
    assert [item["package"] for item in child.check(later=2 * HOUR).is_(WARNING).items] == ["CEN00002"]
    # An archive of another time is not the log's beginning.
    child.forget()
    for i in (1, 2):
        os.utime(os.path.join(child.folder, "despool-20261126-09000%d.log" % i), (child.now - 30 * DAY, child.now - 30 * DAY))
    child.check(later=2 * HOUR).is_(OK, "nothing stalled")


def test_names_with_a_date_and_a_limit_of_bytes(tmp_path):
    """Runs that end in the middle of such files go on there."""
    child = Child(tmp_path, "cb")
    story = child.tell("article")
    child.write(story)
    whole = child.check()
    expected = child.dump()
    child.forget()
    log = child.files["distmgr"]
    with open(log.path, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    parts = [lines[i * len(lines) // 5:(i + 1) * len(lines) // 5] for i in range(5)]
    for i, part in enumerate(parts):
        with open(log.path, "wb") as file:
            file.write(b"".join(part))
        if i == 0:
            child.check("--max-bytes=65536")
        if i < 4:
            log.rotate(date="20261126-09000%d" % i)
    left = 1
    for _ in range(100):
        answer = child.check("--max-bytes=65536")
        assert "lost" not in answer.text, answer
        left = answer.value("bytes")
        if left == 0:
            break
    assert left == 0 and child.dump() == expected
    assert answer.values("waiting", "stuck", "broken") == whole.values("waiting", "stuck", "broken")


def test_names_without_case_and_a_half_line(child):
    os.rename(child.path("despool"), os.path.join(child.folder, "DESPOOL.LOG"))
    child.check().is_(CRITICAL, "1 stalled: CEN00001 waiting+base_missing")
    log = child.files["despool"]
    log.path = os.path.join(child.folder, "DESPOOL.LOG")
    log.append_half(child.site.despool(child.now, 4, "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00002 (2)"))
    assert len(child.check().items) == 1
    log.append([])
    assert len(child.check().items) == 2


# ---- reads that never end, and the lock


def hang(child, *arguments):
    return child.check("-t", "1", *arguments, env={"LD_PRELOAD": SHIM_READ, "SHIM_READ_HANGS": "distmgr.log"})


def test_a_read_that_blocks_for_ever(child):
    answer = hang(child)
    answer.fails("timed out after 1 s while", "distmgr.log")
    assert answer.seconds < 1.5
    hang(child, "-t", "1:critical").is_(CRITICAL, "timed out")
    child.check().is_(CRITICAL, "1 stalled")  # the next run is whole again


def test_a_lock_that_is_held_names_its_process(child):
    holder = subprocess.Popen(command(*child.arguments("-t", "30")), env={"LD_PRELOAD": SHIM_READ, "SHIM_READ_HANGS": "distmgr.log"},
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 10
        worker = []
        while time.monotonic() < deadline and not (worker and any(n.endswith(".lock") for n in os.listdir(child.state))):
            worker = packages.descendants(holder.pid)
            time.sleep(0.02)
        time.sleep(0.1)
        answer = child.check("-t", "1")
        answer.is_(UNKNOWN, "pid %d" % worker[0])
        assert answer.seconds < 1.5
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
    child.check().is_(CRITICAL, "1 stalled")


def test_two_runs_at_once(child):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(child.check())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    for answer in answers:
        answer.is_(CRITICAL, "1 stalled: CEN00001")
    assert sorted(answer.value("bytes") > 0 for answer in answers) == [False] * 5 + [True]
    assert len({answer.value("repeats") for answer in answers}) == 1


def test_killed_at_200_random_moments(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(child.tell("article"), child.tell("waiting", package="CEN00002"), child.tell("slow", package="CEN00003"), gap_s=120)
    whole = child.check()
    expected = child.dump()
    child.forget()
    chance = random.Random(11)
    # A run that ended before its moment came was no kill: the span follows the machine, until 200 were killed while they ran.
    span, killed, runs = whole.seconds, 0, 0
    arguments = command(*child.arguments("--max-bytes=65536"))
    while killed < 200:
        runs += 1
        assert runs < 4000, "%d killed of %d" % (killed, runs)
        process = subprocess.Popen(arguments, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.random() * span)
        # The whole group, as NRPE ends it; sometimes the parent alone.
        (os.killpg if chance.random() < 0.7 else os.kill)(process.pid, signal.SIGKILL)
        ran = process.wait() == -signal.SIGKILL
        killed += ran
        span = min(span * 1.1, whole.seconds) if ran else max(span * 0.9, 0.001)
    for _ in range(200):
        if "catching up" not in child.check("--max-bytes=1MiB").verdict:
            break
    assert child.dump() == expected
    assert child.check().values("waiting", "broken", "repeats") == whole.values("waiting", "broken", "repeats")


# ---- the memory


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_a_damaged_memory(child, content):
    child.check()
    path, = state_files(child.state)
    with open(path, "wb") as file:
        file.write(content)
    answer = child.check()
    answer.is_(CRITICAL, "1 stalled: CEN00001", "ages may be too young")
    assert child.check().is_(CRITICAL, "the memory was lost").value("bytes") == 0


def test_a_memory_that_cannot_be_kept(child):
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    child.write()
    os.chmod(child.state, 0o555)
    try:
        child.check().is_(WARNING, "nothing stalled", child.state)
    finally:
        os.chmod(child.state, 0o755)


@pytest.mark.parametrize("known", [False, True], ids=["first run", "with a memory"])
def test_a_limit_on_file_sizes_costs_the_memory_and_not_the_judgement(child, known):
    if known:
        child.check().is_(CRITICAL, "1 stalled: CEN00001")
    answer = child.check("-v", preexec_fn=packages.limit_file_size)
    answer.is_(CRITICAL, "1 stalled: CEN00001", "cannot")
    assert answer.item("CEN00001") and child.state in answer.text
    # The next run without the limit finds what there was, and is whole.
    after = child.check().is_(CRITICAL, "1 stalled: CEN00001")
    assert "memory" not in after.text and "too young" not in after.text, after


def test_one_memory_whatever_the_spelling_and_order(child):
    whole = child.check().is_(CRITICAL)
    despool, distmgr = child.path("despool"), child.path("distmgr")
    os.makedirs(os.path.join(child.folder, "a", "b"))
    for cwd, logs_given in [
            ("/", [distmgr, despool]), ("/", [despool, distmgr, despool]), ("/", [despool[1:], "." + distmgr]),
            ("/", ["/.." + despool.replace("/", "//"), os.path.join(child.folder, ".", "distmgr.log")]),
            (child.folder, ["distmgr.log", "./despool.log"]),
            (os.path.join(child.folder, "a", "b"), ["../../despool.log", ".././../distmgr.log"])]:
        given = command(*child.arguments(*["--log=" + log for log in logs_given]))
        done = subprocess.run(given, env={}, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert done.returncode == CRITICAL and b" lines=0 " in done.stdout and b"repeats=%d " % whole.value("repeats") in done.stdout, (
            given, done.stdout)
    assert len(state_files(child.state)) == 1
    child.check("--log=" + despool).is_(CRITICAL)  # one log alone is another set
    assert len(state_files(child.state)) == 2


def test_a_link_in_the_path_is_followed_as_the_system_does(child):
    os.makedirs(os.path.join(child.folder, "far", "away"))
    os.symlink(os.path.join(child.folder, "far", "away"), os.path.join(child.folder, "link"))
    path = os.path.join(child.folder, "link", "..", "despool.log")
    child.check("--log=" + path).is_(UNKNOWN, path)
    os.rename(child.path("despool"), os.path.join(child.folder, "far", "despool.log"))
    child.check("--log=" + path).is_(CRITICAL, "1 stalled: CEN00001")


def test_output_within_its_budgets(tmp_path):
    child = Child(tmp_path, "cb")
    child.write(*[child.tell("article", package="CEN%05X" % n, age_s=4 * DAY - n) for n in range(40)])
    answer = child.check("--site=S02", "--max-items=100")
    assert answer.lines[-1].endswith(" more") and answer.value("broken") == 40
    assert len(child.check("-v").items) == 40


def test_hostile_text_in_a_log(tmp_path):
    child = Child(tmp_path, "cb")
    text = "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2) | rm=1;2 \x1b[31m\u202e\x07 \u2028 x"
    child.write([child.site.despool(child.now - HOUR, 4, text)])
    answer = child.check()
    assert answer.item("CEN00001")["line"].startswith("CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2) / rm=1;2 ")
