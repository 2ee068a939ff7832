# SPDX-License-Identifier: GPL-3.0-or-later
"""Order on distribution points: what later packages overtook is lost; a DP on which nothing moves is one item."""

import pytest
from dps import World
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING, Server


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


def fourteen(world, product="sms2003", server="S021", **options):
    world.make(product=product)
    for number in range(1, 15):
        world.dp("CEN001%02X" % number, server, 1, 4 * DAY, **options)


@pytest.mark.parametrize("tds", [False, True])
@pytest.mark.parametrize("product", ["sms2003", "cb"])
def test_a_dp_on_which_nothing_moves_is_one_item(world, product, tds):
    fourteen(world, product)
    if tds:
        with Server(world) as server:
            one_item(server.check)
    else:
        one_item(world.check)


def one_item(check):
    answer = check().is_(CRITICAL, "1 stuck: S021, S02 Branch S02: nothing has moved for 4 d, 14 packages wait, first CEN00101 \"Office\" pending for 4 d")
    assert answer.values("pending", "stuck") == (14, 1) and len(answer.items) == 1, answer
    item = answer.item("CEN00101", "S021")
    assert item["state"] == "CRITICAL" and item["advice"].startswith("nothing has moved on this DP for 4 d, 14 packages wait; look for")
    answer = check("-v").is_(CRITICAL)
    assert len(answer.items) == 14 and [item["state"] for item in answer.items] == ["CRITICAL"] + ["OK"] * 13
    assert all(item["advice"] == "nothing moves on this DP" for item in answer.items[1:]), answer


@pytest.mark.parametrize("name, stuck", [
    ("nothing else", 1), ("another was installed yesterday", 14), ("another was installed last week", 1), ("one reported an hour ago", 14),
    ("one more since an hour", 1), ("one is known", 1), ("one failed", 2), ("another site's DP of that name gets packages", 1),
    ("a validation of what is installed", 1),
])
def test_what_a_standstill_is(world, name, stuck):
    fourteen(world, "cb")
    lab = world.lab
    arguments = []
    if name == "another was installed yesterday":
        world.dp("CEN00300", "S021", 0, DAY)
    elif name == "another was installed last week":
        world.dp("CEN00300", "S021", 0, 7 * DAY)
    elif name == "one reported an hour ago":
        lab.dp_message("CEN00104", "S021", 2, 8204, HOUR)
    elif name == "one more since an hour":
        world.dp("CEN00300", "S021", 1, HOUR)
    elif name == "one is known":
        arguments = ["--known=CEN00101"]
    elif name == "one failed":
        world.dp("CEN00300", "S021", 3, 4 * DAY)
    elif name == "another site's DP of that name gets packages":
        world.dp("CEN00300", "S021", 0, DAY, site="S03")
    elif name == "a validation of what is installed":
        lab.package("CEN00300", "Old")
        lab.dp_state("CEN00300", "S021", 0, 1, HOUR, 90 * DAY, site="S02")
        lab.target("CEN00300", "S02", "S021")
    lab.commit()
    answer = world.check(*arguments).is_(CRITICAL)
    assert answer.value("stuck") == stuck, answer
    assert ("nothing has moved on this DP" in answer.text) == (stuck < 14), answer


def test_one_package_alone_and_young_ones_are_their_own_items(world):
    world.make()
    world.dp("CEN00101", "S021", 1, 4 * DAY)
    for number in range(2, 9):
        world.dp("CEN0010%d" % number, "S022", 1, 3 * DAY - HOUR)
    answer = world.check().is_(CRITICAL)
    assert answer.value("stuck") == 8 and "nothing has moved" not in answer.text


def test_a_dp_in_maintenance_is_not_at_a_standstill(world):
    fourteen(world, "cb")
    world.lab.dp_properties("S021", "S02", maintenance=True)
    world.lab.commit()
    assert "nothing has moved" not in world.check().is_(OK).text


def overtake(world, *arguments, size_kb=1024, last=31):
    """X waits; Y, ordered later, arrives two hours on; Z arrives long after. Returns the answer at each hour."""
    world.make()
    world.package("CEN00001", comp_size_kb=size_kb)
    for number in (2, 3, 4):
        world.package("CEN0000%d" % number)
    world.dp("CEN00001", "S021", 1, HOUR)
    answers = {}
    for hour in (0, 1, 2, 20, last):
        if hour == 2:
            world.dp("CEN00002", "S021", 0, -hour * HOUR + MINUTE)
        if hour == last:
            world.dp("CEN00003", "S021", 0, -hour * HOUR + MINUTE)
        answers[hour] = world.check("-v", *arguments, later=hour * HOUR)
    return answers


def test_what_later_packages_overtook_is_lost(world):
    answers = overtake(world)
    for hour in (0, 1, 2, 20):
        answers[hour].is_(OK)
    assert "overtaken, not yet for long" in answers[2].item("CEN00001", "S021")["advice"]
    answers[31].is_(CRITICAL, "1 stuck: CEN00001")
    advice = answers[31].item("CEN00001", "S021")["advice"]
    assert advice.startswith("overtaken: sent ") and "CEN00002 (sent after " in advice and "1 more since" in advice and "lost, not slow" in advice
    # It stays until the package moves or arrives.
    world.check(later=32 * HOUR).is_(CRITICAL)
    world.dp("CEN00001", "S021", 0, -33 * HOUR)
    world.check(later=34 * HOUR).is_(OK)


def test_one_that_was_overtaken_for_too_short_a_time_is_not_lost(world):
    assert "lost" not in overtake(world, last=29)[29].is_(WARNING).text


def test_what_its_size_allows_is_not_lost(world):
    overtake(world, "--min-rate=1MB/h", size_kb=100 * 1024)[31].is_(OK)


def test_what_was_sent_together_overtakes_nothing(world):
    world.make()
    for number in (1, 2, 3):
        world.dp("CEN0000%d" % number, "S021", 1, HOUR)
    for hour in (0, 1, 2, 20, 31):
        if hour in (2, 31):
            world.dp("CEN0000%d" % (2 if hour == 2 else 3), "S021", 0, -hour * HOUR + MINUTE)
        answer = world.check("-v", later=hour * HOUR)
    assert "overtaken" not in answer.is_(WARNING).text


def test_what_arrives_on_another_dp_overtakes_nothing(world):
    world.make()
    world.package("CEN00001")
    world.dp("CEN00001", "S021", 1, HOUR)
    world.dp("CEN00001", "S022", 1, HOUR)
    for hour in (0, 1, 2, 20, 31):
        if hour in (2, 31):
            world.dp("CEN0000%d" % (2 if hour == 2 else 3), "S022", 0, -hour * HOUR + MINUTE)
        answer = world.check("-v", later=hour * HOUR)
    answer.is_(CRITICAL)
    assert [item["server"] for item in answer.items if "overtaken" in (item["advice"] or "")] == ["S022"]


def test_order_judges_again_after_a_mass_installation(world):
    """More installations in one run than it takes: it says so, the next goes on from there and does not give up again."""
    world.make()
    gave_up = "more than 50000 packages were installed since the last run"
    for number in (1, 2, 3):
        world.package("CEN0000%d" % number)
    world.dp("CEN00001", "S021", 1, HOUR)
    world.check()
    installed = "PackageID, SiteCode, SourceSite, SourceVersion, State, InstallStatus, LastCopied, SummaryDate"
    world.lab.db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50001)"
        " INSERT INTO v_PackageStatusDistPointsSumm (ServerNALPath, %s) SELECT '\\\\M' || i || '\\SMSPKGC$\\', %s"
        " FROM v_PackageStatusDistPointsSumm, n WHERE PackageID = 'CEN00000' AND SiteCode = 'S03'"
        % (installed, installed.replace("LastCopied", "?")), (world.lab.date(-HOUR + MINUTE),))
    world.lab.commit()
    assert gave_up in world.check("-vv", later=HOUR).stderr.decode()
    for hour, package in ((3, "CEN00002"), (36, "CEN00003")):
        world.dp(package, "S021", 0, -hour * HOUR + MINUTE)
        answer = world.check("-vv", later=hour * HOUR)
        assert gave_up not in answer.stderr.decode()
    assert "overtaken: sent " in answer.is_(CRITICAL).item("CEN00001", "S021")["advice"]


def test_over_tds(world):
    """Statements of a second run: arrivals since the first."""
    world.make()
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    with Server(world) as server:
        server.check().is_(CRITICAL)
        world.dp("CEN00002", "S021", 0, 0)
        answer = server.check("-vv").is_(CRITICAL)
        assert b"what was installed since the last run answered" in answer.stderr
        assert not server.tds.requests("exception")
        server.tds.rules([{"at": ["batch", "rpc"], "match": "AS Copied FROM", "do": "close"}])
        before = world.remembered()
        server.check().is_(UNKNOWN, "what was installed since the last run")
        assert world.remembered() == before


def test_a_new_service_tells_what_is_no_item_once(world):
    """Rows that nobody renews, a DP that is not active: it is volatile, a state in each run would be a page in each run."""
    lab = world.make(product="cb")
    lab.package("CEN00101", "Office", 1)
    lab.deploy("CEN00101", ["S02"])
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET SummaryDate = ?", (lab.date(9 * DAY),))
    given = ("--new=15m", "--stale-critical=2d")
    first = world.check(*given).is_(CRITICAL, "stale: the newest summary row is 9 d old")
    assert first.value("new") == 0
    world.check(*given, later=14 * 60).is_(CRITICAL, "stale: ")
    world.check(*given, later=16 * 60).is_(OK, "nothing new, 0 stuck in all")
    world.check("--stale-critical=2d", later=16 * 60).is_(CRITICAL, "stale: ")


@pytest.mark.parametrize("servers", [12, 401])
def test_many_standstills_are_one_question(world, servers):
    """More DPs than a statement may name: one statement all the same, and the one that gets packages is found."""
    world.make(product="sms2003")
    names = ["S%03d" % number for number in range(servers)]
    for name in names:
        for package in ("CEN00101", "CEN00102"):
            world.dp(package, name, 1, 4 * DAY, site="S02")
    world.dp("CEN00103", names[7], 0, DAY, site="S02")
    answer = world.check("-vv", "-t", "60").is_(CRITICAL)
    told = answer.stderr.decode()
    assert told.count("the distribution points that get packages: 1 rows") == 1 and told.count("the distribution points that get packages:") == 1, told
    assert answer.value("stuck") == 1 + 2 and "nothing has moved on %d of %d DPs for 4 d" % (servers - 1, servers) in answer.text, answer


@pytest.mark.parametrize("still, moving, news", [(3, 1, 1), (3, 2, 3), (2, 0, 2), (9, 3, 1)])
def test_a_site_whose_dps_stand_still_is_one_item(world, still, moving, news):
    """Three quarters of those on which anything waits, and three at least: the site's distribution manager."""
    lab = world.make(product="cb")
    for site in ("S01", "S02"):
        for number in range(still + (moving if site == "S02" else 0)):
            for package in ("CEN00101", "CEN00102"):
                world.dp(package, "%s%d" % (site, number), 1, 4 * DAY, site=site)
            if number >= still:  # others come there
                world.dp("CEN00103", "%s%d" % (site, number), 0, DAY, site=site)
    for number in range(90, 99):  # waits of an hour speak neither for nor against it
        world.dp("CEN00101", "S02%d" % number, 1, HOUR, site="S02")
    for site in ("S01", "S02"):
        world.dp("CEN00104", site + "9", 0, DAY, site=site)  # nothing waits there: it speaks neither for nor against
    lab.commit()
    answer = world.check("-v").is_(CRITICAL)
    alone = 1 if still > 2 else still
    assert answer.value("stuck") == alone + news + 2 * moving, answer
    if still > 2:
        assert "nothing has moved on %d of the %d DPs of S01 with old work for 4 d, %d installations wait: does the distribution manager hang? distmgr.log on S011" \
            % (still, still, 2 * still) in answer.text, answer
    assert ("nothing has moved on %d of the %d DPs of S02" % (still, still + moving) in answer.text) == (news == 1), answer
    assert answer.value("new") == alone + news + 2 * moving


def test_what_fails_and_is_retried_is_not_well_in_between(world):
    """State 3 and 2 in turn, hour by hour; at last it is installed."""
    world.make(product="cb")
    states = []
    for hour in range(40):
        world.dp("CEN00001", "S021", 3 if hour % 3 == 0 else 2, -hour * HOUR + MINUTE)
        answer = world.check("-v", later=hour * HOUR)
        states.append(answer.item("CEN00001", "S021")["state"])
        if hour > 30 and hour % 3:
            assert "; it failed last 20" in answer.text and " and is tried again" in answer.text, answer
    assert "CRITICAL" not in states[:24] and set(states[26:]) == {"CRITICAL"}, states
    world.dp("CEN00001", "S021", 0, -40 * HOUR + MINUTE)
    world.check(later=40 * HOUR).is_(OK)


def test_what_comes_daily_does_not_change_who_stands_still(world):
    """Three of a site's five DPs are dead; each day a package waits on all five for two hours: one item, told once."""
    world.make(product="cb")
    for number in range(5):
        for package in ("CEN00101", "CEN00102"):
            world.dp(package, "S02%d" % number, 1 if number < 3 else 0, 4 * DAY, site="S02")
    told = []
    for hour in range(0, 24 * 3, 2):
        package = "CEN002%02d" % (hour // 24)
        for number in range(5):
            if hour % 24 == 6 or hour % 24 == 8 and number > 2:
                world.dp(package, "S02%d" % number, 1 if hour % 24 == 6 else 0, -hour * HOUR + MINUTE, site="S02")
        assert world.check(later=hour * HOUR).value("stuck") == 1
        told.append(world.check("--new=15m", later=hour * HOUR).value("new"))
    assert told[0] == 1 and set(told[1:]) == {0}, told


def test_what_tells_of_its_own_progress_is_not_overtaken(world):
    """A large image, whose message comes every half an hour, and small packages that pass it; then it tells nothing any more."""
    lab = world.make(product="cb")
    world.dp("CEN00001", "S021", 1, 0)
    for hour in range(49):
        if hour % 4 == 2:
            world.dp("CEN%05X" % (0x100 + hour), "S021", 0, -hour * HOUR + MINUTE)
        if hour <= 36:
            lab.dp_message("CEN00001", "S021", 2, 8204, -hour * HOUR + MINUTE)
        answer = world.check("-v", "-w8d", "-c10d", later=hour * HOUR)
        assert answer.code == (OK if hour < 48 else CRITICAL), answer
        assert hour > 40 or "lost, not slow" not in answer.text
    assert "lost, not slow" in answer.text


def common(world, pull, message):
    lab = world.make(product="cb")
    for number in range(4):
        for package in ("CEN00101", "CEN00102"):
            world.dp(package, "PULL%d" % number, 2, 4 * DAY, site="S02")
            lab.dp_message(package, "PULL%d" % number, *message, age_s=4 * DAY)
        lab.dp_properties("PULL%d" % number, "S02", pull=pull)


@pytest.mark.parametrize("pull, message, says", [
    (True, (2, 2357), "all of them are pull DPs: are their source DPs reachable"), (False, (2, 2357), "does the distribution manager hang?"),
    (True, (4, 2391), "most tell a failure, as this one: the site server cannot connect to the DP"),
    (False, (4, 2391), "most tell a failure, as this one: the site server cannot connect to the DP")])
def test_what_the_dps_of_a_site_have_in_common_is_told(world, pull, message, says):
    common(world, pull, message)
    advice = world.check().is_(CRITICAL, "nothing has moved on 4 of 4 DPs").items[0]["advice"]
    assert "8 installations wait: " + says in advice
    assert ("distribution manager" in advice) == ("distribution manager" in says)
    assert "8 installations wait" in world.check("-v", "-w7d", "-c8d").is_(OK).text and "hang?" not in world.check("-v", "-w7d", "-c8d").text


def test_what_tells_its_failure_stands_for_the_dp(world):
    lab = world.make(product="cb")
    for package, message in (("CEN00201", (2, 2372)), ("CEN00202", (4, 8203)), ("CEN00203", (2, 2357))):
        world.dp(package, "DP9", 1, 4 * DAY)
        lab.dp_message(package, "DP9", *message, age_s=4 * DAY)
    world.check().is_(CRITICAL, "nothing has moved for 4 d, 3 packages wait, first CEN00202 ", "the transfer to the DP failed")
