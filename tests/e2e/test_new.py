# SPDX-License-Identifier: GPL-3.0-or-later
"""--new: every new stall once, whatever is red already. --output=json: the same for programs."""

import json
import os
import signal
import subprocess
import time

import despool
import packages
import pytest
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING

NEW = ("--new=15m", "--judge=age")


def new(world, *arguments, **more):
    return world.check(*(NEW + arguments), **more)


def test_a_service_that_is_red_does_not_hide_the_next_stall(world):
    world.make()
    world.stuck("CEN00001", "S01")
    world.stuck("CEN00002", "S01", age_s=5 * DAY)
    first = new(world).is_(CRITICAL, "2 new: CEN00002 at S01 (sent), CEN00001 at S01 (sent); 2 stuck in all")
    assert first.value("new") == 2 and first.value("stuck") == 2
    new(world, later=14 * MINUTE).is_(CRITICAL, "2 new")
    calm = new(world, later=16 * MINUTE).is_(OK, "nothing new, 2 stuck in all")
    assert calm.value("stuck") == 2 and calm.value("new") == 0 and len(calm.items) == 2
    world.stuck("CEN00003", "S03", age_s=4 * DAY)
    third = new(world, later=40 * MINUTE).is_(CRITICAL, "1 new: CEN00003 at S03 (sent); 3 stuck in all")
    assert third.items[0]["package"] == "CEN00003" and third.value("new") == 1
    new(world, later=56 * MINUTE).is_(OK, "nothing new, 3 stuck in all")


def test_a_new_one_of_many_is_named_beside_the_cause_that_stands_for_all(world):
    world.make()
    world.stuck("CEN00001", "S01")
    world.stuck("CEN00002", "S02")
    new(world).is_(CRITICAL, "2 new")
    world.stuck("CEN00003", "S03", age_s=4 * DAY)
    third = new(world, later=HOUR).is_(CRITICAL, "1 new: CEN00003 at S03 (sent); 3 stuck in all")
    assert [cause["cause"] for cause in third.causes] == ["nothing reaches 3 of 3 sites: sender or scheduler of CEN"] and third.items == []


def test_the_service_beside_it_shows_all_and_takes_no_news_away(world):
    world.make()
    world.stuck()
    assert world.check().is_(CRITICAL, "1 stuck").value("new") == 1
    world.check(later=HOUR).is_(CRITICAL, "1 stuck")
    new(world, later=2 * HOUR).is_(CRITICAL, "1 new")
    assert world.check(later=2 * HOUR).value("new") == 0


def test_what_was_repaired_and_stalls_again_is_new(world):
    world.make()
    world.stuck()
    new(world).is_(CRITICAL, "1 new")
    world.lab.arrive("CEN00001", "S02")
    new(world, later=HOUR).is_(OK, "nothing new, 0 stuck in all")
    world.stuck()
    new(world, later=2 * HOUR).is_(CRITICAL, "1 new")


def test_worse_is_new_and_better_is_not(world):
    world.make()
    world.stuck(age_s=30 * HOUR)
    new(world).is_(WARNING, "1 new")
    new(world, later=HOUR).is_(OK, "nothing new")
    new(world, later=60 * HOUR).is_(CRITICAL, "1 new")
    new(world, later=61 * HOUR).is_(OK, "nothing new")


def test_a_known_one_is_not_new_and_accepting_one_makes_no_other_new(world):
    world.make()
    world.stuck("CEN00001", "S01")
    world.stuck("CEN00002", "S02")
    new(world).is_(CRITICAL, "2 new")
    calm = new(world, "--known=CEN00001", later=HOUR).is_(OK, "nothing new, 1 stuck in all")
    assert calm.value("known") == 1


def test_an_unknown_run_announces_nothing(world):
    world.make()
    world.stuck()
    new(world, "--package=CEN00099").is_(UNKNOWN)
    new(world, later=HOUR).is_(CRITICAL, "1 new")


def test_a_result_that_nobody_read_is_told_again(world):
    """The reader is gone before the answer is there: nothing was told."""
    world.make()
    world.stuck()
    world.lab.commit()
    read, write = os.pipe()
    os.close(read)
    command = [world.plugin["program"]] + world.arguments(*NEW)
    assert subprocess.run(command, env=world.env, stdout=write, stderr=subprocess.DEVNULL, check=False).returncode == CRITICAL
    os.close(write)
    new(world, later=HOUR).is_(CRITICAL, "1 new")


def test_killed_at_any_moment_a_stall_is_told_at_least_once(world):
    """SIGKILL to the whole group, as NRPE does it: either the result was read, or the next run tells it."""
    world.make()
    world.stuck()
    world.lab.commit()
    command = [world.plugin["program"]] + world.arguments(*NEW)
    span = min(timed(command, world) for _ in range(3))
    killed = 0
    for step in range(60):
        for path in packages.state_files(world.state):
            os.unlink(path)
        process = subprocess.Popen(command, env=world.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(span * step / 50)
        killed += process.poll() is None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        output = process.communicate()[0]
        answer = new(world, later=HOUR)
        if not output.endswith(b"\n"):
            assert answer.code == CRITICAL and "1 new" in answer.verdict, answer
        else:
            assert answer.code in (OK, CRITICAL), answer
    assert killed >= 10


def timed(command, world):
    start = time.monotonic()
    subprocess.run(command, env=world.env, stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - start


def test_a_lost_memory_makes_no_old_stall_new(world):
    world.make()
    world.stuck()
    new(world).is_(CRITICAL, "1 new")
    for path in packages.state_files(world.state):
        with open(path, "r+b") as file:
            file.write(b"spoilt" * 200)
    lost = new(world, later=HOUR).is_(WARNING, "nothing new, 1 stuck in all", "ages may be too young")
    assert lost.value("new") == 0
    assert new(world, later=2 * HOUR).value("new") == 0


@pytest.mark.parametrize("given", ["--new=0s", "--new=59s", "--new=32d", "--new=soon", "--new="])
def test_a_senseless_window_is_refused(world, given):
    world.make()
    world.check(given).fails("--new")


def test_the_logs_have_it_too(tmp_path):
    child = despool.Child(tmp_path)
    child.write(child.tell("article", package="CEN00001"))
    child.check("--new=15m").is_(CRITICAL, "1 new: CEN00001 (")
    child.check("--new=15m", later=HOUR).is_(OK, "nothing new, 1 stuck in all")


def test_what_alerts_besides_the_items_is_told(tmp_path):
    """A state directory that is gone, a record of tomorrow: WARNING, and the line of --new says why."""
    child = despool.Child(tmp_path)
    child.write(child.alive())
    child.check("--new=15m", "--state-dir=" + str(tmp_path / "gone")).is_(WARNING, "nothing new, 0 stuck in all", "ages may be too young: the state directory")
    child.files["distmgr"].append(child.every("distmgr", "StoredPkgVersion (1) of package CEN00001. StoredPkgVersion in database is 1.", -DAY, -DAY))
    assert "in the future" in child.check("--new=15m").verdict


def as_json(world, *arguments, **more):
    world.lab.commit()
    done = subprocess.run([world.plugin["program"]] + world.arguments("--output=json", *arguments), env=world.env,
                          capture_output=True, check=False, **more)
    assert done.stdout.count(b"\n") == 1 and done.stdout.endswith(b"\n") and done.stderr == b""
    return done.returncode, json.loads(done.stdout)


def test_json_has_what_the_text_has(world):
    world.make()
    name = 'Off"ice\\ 2003 | \u00e4\u20ac<b>'
    world.stuck("CEN00001", "S01", age_s=5 * DAY, name=name)
    for number in range(2, 30):
        world.stuck("CEN%05X" % number, "S02", age_s=4 * DAY)
    text = world.check().is_(CRITICAL)
    code, answer = as_json(world,)
    assert code == CRITICAL and answer["check"] == "SMS PACKAGES" and answer["state"] == "CRITICAL" and answer["exit_code"] == 2
    assert answer["verdict"] == text.verdict.partition(" - ")[2]
    assert list(answer["perfdata"]) == packages.LABELS
    assert answer["perfdata"]["pending"] == {"value": 29, "unit": "", "warning": None, "critical": None}
    assert answer["perfdata"]["oldest"]["critical"] == "259200"
    assert len(answer["items"]) == 29, "every item, whatever --max-items says"
    first = answer["items"][0]
    assert (first["package"], first["place"], first["kind"], first["state"], first["class"]) == ("CEN00001", "S01", "sent", "CRITICAL", "pending")
    assert first["wanted_version"] == 3 and first["stuck"] is True and first["known"] is False
    assert abs(first["age_s"] - 5 * DAY) < 10 and abs(first["first_seen"] - time.time()) < 60 and first["text"].startswith("CRITICAL: CEN00001")


def test_json_of_a_check_that_could_not_look(world):
    world.make()
    code, answer = as_json(world, "--package=CEN00099")
    assert code == UNKNOWN and answer["state"] == "UNKNOWN" and "CEN00099" in answer["verdict"] and answer["items"] == []
    code, answer = as_json(world, "--critical=nonsense")
    assert code == UNKNOWN and "critical" in answer["verdict"]


def test_json_of_the_logs(tmp_path):
    child = despool.Child(tmp_path)
    child.write(child.tell("article", package="CEN00001"))
    done = subprocess.run([despool.PLUGIN] + child.arguments("--output=json"), env={}, capture_output=True, check=False)
    answer = json.loads(done.stdout)
    assert done.returncode == CRITICAL == answer["exit_code"]
    item = answer["items"][0]
    assert item["package"] == "CEN00001" and item["class"] == "failed" and item["repeats"] > 0 and item["log_line"]


def test_the_page_names_every_member_of_the_json(world, tmp_path):
    """What scripts read is written down, for each check."""
    import daemons
    with open(os.path.join(daemons.TREE, "nrpe-config", "README.md"), encoding="utf-8") as file:
        page = file.read().partition("## For scripts")[2]
    world.make()
    world.stuck()
    world.lab.commit()
    child = despool.Child(tmp_path)
    child.write(child.tell("article", package="CEN00001"))
    box = tmp_path / "schedule.box"
    box.mkdir()
    (box / "202AAS02.SRQ").write_text("x")
    os.utime(box / "202AAS02.SRQ", (time.time() - 5 * HOUR,) * 2)
    runs = {"packages": [world.plugin["program"], *world.arguments("--output=json")],
            "despool": [despool.PLUGIN, *child.arguments("--output=json")],
            "inbox": [os.path.join(packages.PLUGINS, "check_sms_inbox"), "--box=%s" % box, "--state-dir=" + world.state, "--output=json"]}
    for check, command in runs.items():
        done = subprocess.run(command, env=world.env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        answer = json.loads(done.stdout)
        assert answer["items"], (check, answer)
        for member in [*answer, *answer["items"][0]]:
            assert "`%s`" % member in page, (check, member)
