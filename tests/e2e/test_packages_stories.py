# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of order in which something else happens meanwhile: repairs, versions, hubs, causes, and what --new tells of them."""

import json
import subprocess

import packages
import pytest
from despool import Child
from packages import CRITICAL, DAY, HOUR, OK, World
from test_packages_order import BASE, at


class Told(World):
    """Packages at one site after the other by the hour; each run is at its hour."""

    def begin(self, sites=("S02",), packages=10):
        self.make()
        self.lab.now = BASE
        for site in sites:
            for number in range(packages):
                self.put(0, "CEN0000%d" % number, 2, 1, 1, site)
        self.run(0)

    def put(self, hour, package, status, version, wanted=None, site="S02", **row):
        self.lab.now = BASE + hour * HOUR
        self.lab.package(package, "Office", version if wanted is None else wanted, source_date_age_s=None)
        self.lab.target(package, site, refreshed_age_s=None)
        self.lab.status(package, site, status, version, **row)

    def run(self, hour, *arguments):
        return self.check(*arguments, env=at(BASE + int(hour * HOUR)))

    def later(self, hour, package):
        """A package that is sent at one hour and arrives at the next."""
        self.put(hour, package, 1, 2)
        self.run(hour)
        self.put(hour + 1, package, 2, 2)
        return self.run(hour + 1)

    def lose(self, hour, package, *later):
        """It is sent, and three that are sent later arrive: the last one twelve hours after the first."""
        self.put(hour, package, 1, 1, 2)
        self.run(hour)
        for hours, name in zip((2, 10, 12), later):
            answer = self.later(hour + hours, name)
        return answer


@pytest.fixture
def told(tmp_path):
    with Told(tmp_path) as world:
        yield world


def test_what_was_repaired_and_is_lost_again_is_paged_again(told):
    told.begin()
    told.lose(10, "CEN00000", "CEN00001", "CEN00002", "CEN00003").is_(CRITICAL, "lost (overtaken)")
    told.run(24, "--new=2h").is_(CRITICAL, "1 new: CEN00000 at S02 (sent)")
    told.put(30, "CEN00000", 2, 0, 2)
    told.run(30, "--new=2h").is_(OK, "nothing new, 0 stuck in all")
    told.put(32, "CEN00000", 1, 2)
    told.run(32)
    for hour, name in ((34, "CEN00004"), (44, "CEN00005"), (46, "CEN00006")):
        told.later(hour, name)
    told.run(47, "--new=2h").is_(CRITICAL, "1 new: CEN00000 at S02 (sent)")


def test_an_accepted_one_is_paged_when_its_day_has_passed(told):
    told.begin()
    told.lose(10, "CEN00000", "CEN00001", "CEN00002", "CEN00003")
    told.run(24, "--new=2h").is_(CRITICAL, "1 new")
    told.run(30, "--new=2h", "--known=CEN00000:2026-03-03").is_(OK, "; 1 known")
    told.run(47, "--new=2h", "--known=CEN00000:2026-03-03").is_(OK, "; 1 known")
    told.run(48.5, "--new=2h", "--known=CEN00000:2026-03-03").is_(CRITICAL, "1 new: CEN00000 at S02 (sent)")


def test_sites_that_get_other_packages_are_not_cut_off(world):
    lab = world.make()
    for number in range(20):
        lab.package("CEN001%02d" % number, "Fine", 1)
        for site in ("S01", "S02", "S03"):
            lab.target("CEN001%02d" % number, site)
            lab.status("CEN001%02d" % number, site, 3, 1, HOUR if number == 0 else 5 * DAY)
    for number in range(6):
        world.stuck("CEN0000%d" % number, "S0%d" % (number // 2 + 1))
    answer = world.check().is_(CRITICAL, '6 stuck: CEN00000 "Office" at S01')
    assert answer.causes == [] and all(item["advice"] for item in answer.items), answer


def test_what_failed_was_reached(told):
    """Thirty sites in a quiet week, three packages that failed at three of them: nobody's sender is to blame."""
    sites = ["Q%02d" % number for number in range(30)]
    told.make()
    told.lab.now = BASE
    for site in sites:
        told.lab.site(site, "Branch")
        for number in range(8):
            told.put(0, "CEN0010%d" % number, 3, 1, 1, site)
    told.run(0)
    for number, site in enumerate(("Q03", "Q11", "Q27")):
        told.put(2, "CEN0000%d" % number, 5, 3, site=site)
    told.run(2)
    answer = told.run(30).is_(CRITICAL, '3 stuck: CEN00000 "Office" at Q03')
    assert answer.causes == [] and len(answer.items) == 3, answer


def test_the_first_line_names_the_worst_whatever_stands_together(world):
    lab = world.make()
    for number in range(4):
        world.stuck("CEN0000%d" % number, "S03", age_s=30 * HOUR)
    world.stuck("CEN00099", "S02", age_s=5 * DAY, name="Payroll")
    lab.package("CEN00100", "Fine", 1)
    for site in ("S01", "S02"):
        lab.target("CEN00100", site)
        lab.status("CEN00100", site, 3, 1, HOUR)
    for more in ((), ("--max-items=0",)):
        answer = world.check(*more).is_(CRITICAL, '5 stuck: CEN00099 "Payroll" at S02')
        assert [(cause["state"], cause["cause"]) for cause in answer.causes] == [("WARNING", "4 of 4 packages are stuck at S03 together")]


def test_a_missing_base_is_told_whatever_waits_above(told, tmp_path):
    """S02 lies below S01. Its base is gone for days, and the next version is on its way to S01."""
    lab = told.make()
    lab.db.execute("UPDATE v_Site SET ReportingSiteCode = 'S01' WHERE SiteCode = 'S02'")
    told.stuck("CEN00001", "S02")
    lab.target("CEN00001", "S01")
    lab.status("CEN00001", "S01", 3, 3, DAY)
    child = Child(tmp_path / "logs")
    child.state = told.state
    child.write(child.tell("article", package="CEN00001"), child.alive())
    child.check("--site=S02").is_(CRITICAL)
    told.check().is_(CRITICAL, "base missing")
    lab.package("CEN00001", "Office", 4, source_date_age_s=HOUR)
    lab.status("CEN00001", "S01", 1, 4, HOUR)
    item = told.check().is_(CRITICAL, 'CEN00001 "Office" at S02 Branch S02: base missing').item("CEN00001", "S02")
    assert item["kind"] == "base_missing" and item["advice"], item


@pytest.mark.parametrize("how", ["sent", "reset"])
def test_a_silence_ends_with_an_arrival_and_with_nothing_else(told, how):
    told.begin()
    for name in ("CEN00000", "CEN00001"):
        told.put(10, name, 2 if how == "sent" else 1, 1, 2)
    told.run(10)
    for hour in range(30, 84, 8):
        told.run(hour)
    first = told.run(84, "--new=15m").is_(CRITICAL, "1 new: S02 silent; 1 stuck in all")
    assert ("although 2 packages are sent" in first.text) == (how == "reset")
    assert ("none was seen as sent: look at distmgr.log and sched.log of the owning site" in first.text) == (how == "sent")
    for name in ("CEN00000", "CEN00001"):
        told.put(88, name, *((1, 2) if how == "sent" else (2, 0)), 2)
    for hour in (88, 120, 200):
        told.run(hour).is_(CRITICAL, "S02 Branch S02 silent for")
    for name in ("CEN00000", "CEN00001"):
        told.put(202, name, 2, 2)
    told.run(202).is_(OK)


def test_a_silence_is_new_once_whatever_stands_for_it(told):
    told.begin()
    told.put(10, "CEN00000", 2, 1, 2)
    for name in ("CEN00001", "CEN00002"):
        told.put(10, name, 1, 1, 2)
    told.run(10)
    for hour in range(30, 82, 12):
        told.run(hour, "--new=2h").is_(OK) if hour < 46 else told.run(hour)
    told.run(83, "--new=2h").is_(CRITICAL, "1 new: S02 silent")
    for hour, name in ((100, "CEN00000"), (110, "CEN00001")):
        told.lab.untarget(name, "S02")
        told.run(hour, "--new=2h").is_(OK, "nothing new, 1 stuck in all")


def test_nothing_was_sent_is_no_silence_of_the_link_for_what_comes_next(told):
    """The one that waited is withdrawn; what is sent a week later has a patience of its own."""
    told.begin()
    told.put(10, "CEN00000", 1, 1, 2)
    for hour in (10, 30, 50, 70):
        told.run(hour)
    told.run(84).is_(CRITICAL, "S02 Branch S02 silent")
    told.lab.untarget("CEN00000", "S02")
    for hour in range(90, 250, 20):
        told.run(hour).is_(OK)
    told.put(250, "CEN00001", 1, 1, 2)
    told.run(250).is_(OK)
    told.run(270).is_(OK)


def test_what_lies_below_an_accepted_hub_is_no_page_of_its_own(told):
    told.begin(("S01", "S02", "S03"), 3)
    told.lab.db.execute("UPDATE v_Site SET ReportingSiteCode = 'S01' WHERE SiteCode IN ('S02', 'S03')")
    for number, site in enumerate(("S01", "S02", "S03")):
        told.put(10, "CEN0010%d" % number, 1, 1, 2, site)
    told.run(10)
    for hour in range(30, 100, 10):
        told.run(hour)
    told.run(100).is_(CRITICAL)
    for hour in range(110, 260, 10):
        answer = told.run(hour, "--known=CEN00100@S01").is_(OK, "; 1 known")
    assert answer.silences == {} and answer.value("silent") == 0, answer


def test_a_version_that_arrives_is_movement_and_a_row_that_is_touched_is_none(told):
    told.begin()
    told.put(10, "CEN00000", 1, 2, 3)  # version 2 is sent while 3 is wanted already
    told.run(10)
    told.later(12, "CEN00001")
    told.put(30, "CEN00000", 2, 2, 3)
    told.run(30)
    told.put(31, "CEN00000", 1, 3, 3)
    told.run(31)
    for hour, name in ((32, "CEN00002"), (36, "CEN00003")):
        item = told.later(hour, name).item("CEN00000", "S02")
    assert "overtaken, not yet for long: sent 2026-03-03 07:00 UTC" in item["order"], item

    told.put(40, "CEN00004", 2, 1, 2, server="OTHER", add=True)  # an old row, which is installed, beside
    told.put(40, "CEN00004", 1, 2, 2)
    told.run(40)
    for number, hour in enumerate(range(42, 80, 4)):
        told.lab.now = BASE + hour * HOUR
        told.lab.db.execute("UPDATE PkgStatus SET UpdateTime = ? WHERE ID = 'CEN00004' AND SiteCode = 'S02' AND Status = 2", (told.lab.date(0),))
        told.put(hour, "CEN0010%d" % number, 2, 2)
        answer = told.run(hour)
    assert answer.item("CEN00004", "S02")["state"] == "CRITICAL", answer


def test_a_whole_copy_that_was_overtaken_is_not_to_be_waited_for(told):
    told.begin()
    told.put(10, "CEN00000", 1, 0, 2)
    told.run(10)
    for hour, name in ((12, "CEN00001"), (20, "CEN00002"), (22, "CEN00003")):
        answer = told.later(hour, name)
    advice = answer.is_(CRITICAL, "whole package on its way").item("CEN00000", "S02")["advice"]
    assert "wait for it" not in advice and "sched.log of site CEN" in advice, answer


@pytest.mark.parametrize("turn", range(4))
def test_of_two_services_of_a_sites_logs_the_worse_one_counts(world, tmp_path, turn):
    world.make()
    world.stuck("CEN00001", "S02", age_s=30 * HOUR)
    child = Child(tmp_path / ("logs%d" % turn))
    child.state = world.state
    child.write(child.tell("article", package="CEN00001", age_s=30 * HOUR), child.alive())
    for log in ("despool", "distmgr")[::-1 if turn % 2 else 1]:
        child.check("--log=" + child.path(log), "--site=S02")
    assert world.check().is_(CRITICAL, "base missing").item("CEN00001", "S02")["kind"] == "base_missing"


def test_json_says_what_order_says(told):
    told.begin()
    told.lose(10, "CEN00000", "CEN00001", "CEN00002", "CEN00003")
    told.put(24, "CEN00004", 1, 1, 2)
    told.run(24)
    answer = json.loads(world_json(told, 24))
    assert [(item["package"], item["order"], item["folded"]) for item in answer["items"]] == [
        ("CEN00000", "overtaken", False), ("CEN00004", "waits", False)], answer


def world_json(told, hour):
    told.lab.commit()
    return subprocess.run([packages.PLUGIN, *told.arguments("--output=json")], env={**told.env, **at(BASE + hour * HOUR)}, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False).stdout


def test_a_version_that_no_run_saw_sent_is_not_to_be_brought(told):
    """The owner never made version 2 (its source is gone): there is no PCK of it, and a reset would send version 1 again."""
    told.begin(("S02", "S03"))
    told.put(10, "CEN00000", 2, 1, 2)
    for hour in range(10, 100, 10):
        told.later(hour, "CEN0000%d" % (hour // 10))
    answer = told.run(100).is_(CRITICAL)
    item = answer.item("CEN00000", "S02")
    assert item["kind"] == "behind" and item["advice"] == (
        "look for CEN00000 in distmgr.log of site CEN and in sched.log of CEN: was version 2 made, and sent to S02?"), answer


def test_a_silence_tells_that_its_package_was_overtaken(told):
    """One is lost, another arrives, then nothing more is sent: the link is well."""
    told.begin()
    told.put(10, "CEN00000", 1, 1, 2)
    told.run(10)
    told.later(12, "CEN00001")
    for hour in (30, 50, 70):
        told.run(hour)
    answer = told.run(90).is_(CRITICAL, "S02 Branch S02 silent")
    assert "; CEN00000 was overtaken before: if the link is well it is lost, look for it in despool.log of S02: sent 2026-03-02 10:00 UTC, CEN00001" in answer.text
    assert answer.silences["S02"]["package"] == "CEN00000"


@pytest.mark.parametrize("new_at", (None, 20))
def test_what_is_never_sent_waits_for_its_turn_and_not_for_ever(told, new_at):
    """40 packages for a new site, of which one is sent every 4 h, and the last one never. What is wanted later is no excuse."""
    told.make()
    told.lab.now = BASE
    told.lab.package("CEN00FFF", "Fine", 1)
    told.lab.deploy("CEN00FFF", ["S03"], age_s=DAY)
    told.run(0)
    for number in range(40):
        told.lab.now = BASE + 2 * HOUR
        told.lab.package("CEN001%02d" % number, "Many", 1, source_date_age_s=30 * DAY)
        told.lab.target("CEN001%02d" % number, "S02", refreshed_age_s=0)
    told.run(2)
    for hour in range(4, 4 * 39, 4):
        told.put(hour, "CEN001%02d" % (hour // 4 - 1), 2, 1)
        answer = told.run(hour + 1).is_(OK)
    last = hour
    if new_at:
        told.lab.package("CEN00200", "Later", 1, source_date_age_s=30 * DAY)
        told.lab.target("CEN00200", "S02", refreshed_age_s=0)
        told.run(last + new_at)
        told.put(last + new_at + 1, "CEN00200", 2, 1)
    told.run(last + 22).is_(CRITICAL if new_at else OK)
    told.run(last + 27).is_(CRITICAL if new_at else packages.WARNING)
    answer = told.run(last + 50)
    answer = told.run(last + 75).is_(CRITICAL, "never sent")
    assert "at S02" in answer.verdict, answer


def test_a_site_of_which_most_was_never_sent_is_no_matter_of_its_link(told):
    told.make()
    told.lab.now = BASE
    for number in range(8):
        told.lab.package("CEN001%02d" % number, "Many", 1, source_date_age_s=30 * DAY)
        told.lab.target("CEN001%02d" % number, "S02", refreshed_age_s=4 * DAY)
        told.lab.deploy("CEN001%02d" % number, ["S01", "S03"], age_s=DAY)
    answer = told.run(0).is_(CRITICAL, "8 of 8 packages are stuck at S02 together")
    assert "look at distmgr.log and sched.log of CEN first: most of it was never sent; " in answer.text and "the link" not in answer.text, answer


def test_what_was_reset_between_two_runs_is_not_to_be_reset_again(told):
    """Its row was written again, and no newer version is wanted. A day later it is lost again."""
    told.begin()
    answer = told.lose(10, "CEN00000", "CEN00001", "CEN00002", "CEN00003").is_(CRITICAL, "lost (overtaken)")
    assert "else sms_reset_package" in answer.item("CEN00000", "S02")["advice"]
    told.put(23, "CEN00000", 1, 1, 2)
    answer = told.run(23).is_(CRITICAL)
    assert answer.item("CEN00000", "S02")["advice"].endswith(
        "; its row was written again 2026-03-02 23:00 UTC: if it was sent again, wait for it before another reset"), answer
    told.run(40)
    assert "else sms_reset_package" in told.run(50).is_(CRITICAL).item("CEN00000", "S02")["advice"]
