# SPDX-License-Identifier: GPL-3.0-or-later
"""Many at once is one cause: a package at its sites, many packages at theirs, and what is none."""

import pytest
from packages import CRITICAL, DAY, HOUR, Server

SITES = ["A%02d" % number for number in range(8)]


def make(world, stuck, fine=24):
    """Packages at eight sites: `stuck` of them, at how many sites, and fine ones, so that no site looks cut off."""
    lab = world.make()
    for code in SITES:
        lab.site(code, "Branch " + code)
    for number in range(fine):
        lab.package("CEN80%03d" % number, "Fine", 1)
        lab.deploy("CEN80%03d" % number, SITES, age_s=30 * DAY)
    for number, sites in enumerate(stuck):
        name = "CEN00%03d" % number
        lab.package(name, "Office", 2, source_date_age_s=4 * DAY)
        lab.deploy(name, SITES, age_s=4 * DAY)
        for code in SITES[number % 8:][:sites] + SITES[:max(0, number % 8 + sites - 8)]:
            lab.status(name, code, 1, 2, 4 * DAY)
    for code in SITES:  # one that is young, so that it is not the site
        lab.package("CEN900" + code[1:], "Young", 2, source_date_age_s=HOUR)
        lab.deploy("CEN900" + code[1:], [code], age_s=HOUR)
        lab.status("CEN900" + code[1:], code, 1, 2, HOUR)
    lab.commit()
    return lab


def advises(answer):
    return [line for line in answer.lines if "sms_reset_package" in line or "copy " in line]


def causes(answer):
    return [cause["cause"] for cause in answer.causes]


def test_a_package_at_most_of_its_sites_is_one(world):
    make(world, [6, 5])
    answer = world.check().is_(CRITICAL, "11 stuck: ")
    assert causes(answer) == ["CEN00000 is stuck at 6 of its 8 sites together"], answer
    assert "; look for it in sched.log and sender.log of CEN first: other sites have it, so its source is well; " in answer.text, answer
    assert len(advises(answer)) == 5 and all("CEN00001" in line for line in advises(answer)), answer


def test_two_packages_are_two_causes(world):
    make(world, [8, 7])
    answer = world.check().is_(CRITICAL, "15 stuck: CEN0000")
    assert sorted(causes(answer)) == ["CEN00000 is stuck at 8 of its 8 sites together", "CEN00001 is stuck at 7 of its 8 sites together"], answer
    assert advises(answer) == [], answer
    assert answer.text.count("distmgr.log and sched.log of CEN first: its source, its compressed files;") == 1, answer


def test_sites_that_the_filter_leaves_out_are_not_counted(world):
    make(world, [5])
    assert causes(world.check()) == []
    answer = world.check("--child-site=A00,A01,A02,A03,A06")
    assert causes(answer) == ["CEN00000 is stuck at 4 of its 5 sites together"], answer


def test_a_site_that_is_away_is_not_counted(world):
    lab = make(world, [5])
    lab.db.execute("UPDATE v_Site SET Status = 2 WHERE SiteCode IN ('A06', 'A07')")
    answer = world.check()
    assert causes(answer) == ["CEN00000 is stuck at 5 of its 6 sites together"], answer


@pytest.mark.parametrize("over", ["sqlite", "7.1", "7.4"])
def test_many_packages_at_most_of_their_sites_are_one_cause_and_none_is_to_be_brought_by_hand(world, over):
    """More packages than one statement asks about. The whole of it would flood the links."""
    make(world, [7] * 250, fine=99)
    if over == "sqlite":
        answer, every = world.check("-t", 60), world.check("-t", 60, "-v")
    else:
        with Server(world) as server:
            answer, every = [server.check("-t", 60, "--tds-version=" + over, *more) for more in ((), ("-v",))]
    answer.is_(CRITICAL, "1750 stuck: 250 packages are stuck at all or most of their sites; oldest CEN00000 ")
    assert causes(answer) == ["250 packages are stuck at all or most of their sites"], answer
    assert len(answer.items) == 8 and {item["state"] for item in answer.items} == {"OK"}, answer
    assert len(every.items) == 1758 and advises(answer) == advises(every) == []
