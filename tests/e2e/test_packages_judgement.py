# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pairs are in trouble, since when, and what state that is."""

import random

import pytest
import sitedb
import sitedb_demo
import sitedb_judge
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING, World, durations
from sitedb_schema import NEVER, PRODUCTS

RANK = {"CRITICAL": 0, "WARNING": 1, "OK": 2}


def state_of(item):
    """The design's default thresholds on the oracle's item; an age of its own where the database has none."""
    age_s = item.age_s or 0
    warning, critical = (HOUR, 24 * HOUR) if item.cls == "failed" else (24 * HOUR, 72 * HOUR)
    return "CRITICAL" if age_s > critical else "WARNING" if age_s > warning else "OK"


def compare(answer, verdict, folder):
    """Every item of a first run against the oracle: kind, versions, age, state, order, counts, perfdata."""
    expected = {(item.package, item.site): item for item in verdict.items}
    shown = {(item["package"], item["site"]): item for item in answer.items}
    assert set(shown) == set(expected), "%s %s" % (folder, answer)
    for pair, item in shown.items():
        want = expected[pair]
        told = "%s %s\n%s" % (pair, want, answer)
        assert item["kind"] == want.kind, told
        assert item["age"] in durations(want.age_s or 0), told
        assert item["state"] == state_of(want), told
        assert item["wanted"] == str(want.wanted), told
        removed = want.kind == "never_sent" and want.version is not None
        assert item["held"] == ("no row in PkgStatus" if want.version is None else None if removed else str(want.version)), told
    states = [state_of(item) for item in verdict.items]
    worst = min(states, key=RANK.get, default="OK")
    answer.is_(UNKNOWN if verdict.examined == 0 else {"CRITICAL": 2, "WARNING": 1, "OK": 0}[worst])
    classes = [item.cls for item in verdict.items]
    assert answer.values("pending", "failed", "stuck", "examined", "never_sent", "resend", "sites", "known") == (
        classes.count("pending"), classes.count("failed"), sum(state != "OK" for state in states), verdict.examined,
        sum(item.kind == "never_sent" for item in verdict.items),
        sum(item.kind == "resend" for item in verdict.items), len({item.site for item in verdict.items}), 0), answer
    for label, cls in (("oldest", "pending"), ("oldest_failed", "failed")):
        oldest = max((item.age_s or 0 for item in verdict.items if item.cls == cls), default=0)
        assert -1 <= answer.value(label) - oldest < 6, "%s %s %s" % (label, oldest, answer)
    order = [RANK[item["state"]] for item in answer.items]
    assert order == sorted(order) or answer.causes, answer  # what a cause tells of stands at the end


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_demo_is_judged_as_the_oracle_judges_it(world, product):
    lab = world.demo(product=product)
    verdict = sitedb_judge.judge(lab.db, "CEN", lab.now)
    assert len(verdict.items) == len(sitedb_demo.expected()) and verdict.examined == sitedb_demo.EXAMINED
    answer = world.check("-v")
    compare(answer, verdict, world.folder)
    sizes = dict(lab.query("SELECT PkgID, SourceCompSize FROM SMSPackages"))
    assert answer.value("outstanding") == sum(sizes[item.package] * 1024 for item in verdict.items)


def random_date(dice):
    return dice.choice((None, NEVER, -HOUR, dice.randrange(1, 20 * DAY), dice.randrange(1, 20 * DAY),
                        dice.randrange(1, 20 * DAY), 20000 * DAY))


def random_database(path, seed):
    dice = random.Random(seed)
    lab = sitedb.Lab(path, product=dice.choice(PRODUCTS))
    sites = ["CEN"] + ["S%02d" % n for n in range(1, dice.randrange(3, 7))]
    for code in sites:
        lab.site(code, status=dice.choice((1, 1, 1, 1, 2)) if code != "CEN" else 1)
    for number in range(dice.randrange(3, 10)):
        package = "%s%05X" % (dice.choice(("CEN", "CEN", "CEN", "S01")), number)
        wanted = dice.randrange(1, 5)
        lab.package(package, version=wanted, source_date_age_s=random_date(dice), source_site=package[:3],
                    action=dice.choice((0, 1, 2, 2, 3)), store_pkg_flag=dice.choice((2, 2, 2, 1, 0)),
                    package_type=dice.choice((0, 0, 0, 4)), comp_size_kb=dice.choice((0, 5, 4096)))
        for site in sites:
            if dice.random() < 0.85:
                for server in dice.choice((("A",), ("A", "B"))):
                    lab.target(package, site, server + site, status=dice.choice((0, 0, 0, 1, 3, None)),
                               refreshed_age_s=random_date(dice))
            dates = list({random_date(dice) for _ in range(dice.choice((0, 1, 1, 1, 1, 2, 3)))})
            for copy, age_s in enumerate(sorted(dates, key=str)):
                lab.status(package, dice.choice((site, site.lower())), dice.choice((None, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9)),
                           max(0, wanted + dice.choice((-2, -1, 0, 0, 0, 1))), age_s, server="P%d" % copy, add=True)
    lab.commit()
    return lab


@pytest.mark.parametrize("group", range(4))
def test_random_databases_are_judged_as_the_oracle_judges_them(tmp_path, group):
    looked = 0
    for seed in range(group * 50, group * 50 + 50):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with World(folder) as world:
            world.lab = lab = random_database(world.database, seed)
            verdict = sitedb_judge.judge(lab.db, "CEN", lab.now)
            compare(world.check("-v"), verdict, "seed %d" % seed)
            looked += len(verdict.items)
    assert looked > 150


def recipe_rows(lab):
    """The 2007 predicate to the letter, in SQL that the product does not use."""
    return {(package.upper(), site.upper()) for package, site in lab.query(
        "SELECT ID, SiteCode FROM PkgStatus WHERE (Type = 1) AND Status <> 0 AND SourceVersion > 0 AND SiteCode <> 'CEN'"
        " AND ID IN (SELECT PkgID FROM SMSPackages WHERE SourceSite = 'CEN')")}


def test_rule_recipe_is_the_predicate_to_the_letter(tmp_path):
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with World(folder) as world:
            world.lab = random_database(world.database, seed)
            expected = recipe_rows(world.lab)
            answer = world.check("-v", "--rule=recipe")
            assert {(item["package"].upper(), item["site"].upper()) for item in answer.items} == expected, seed
            assert all(item["kind"] == "recipe" and item["age"] in durations(0) for item in answer.items), answer
            assert answer.value("pending") == len(expected) and answer.value("failed") == 0


# ---- ages over time: one clock for the check and, with SQLite, for the database


def age_of(answer, package="CEN00001", site="S02"):
    return answer.item(package, site)["age"]


def test_a_stall_that_is_old_at_the_first_run_is_critical_at_once(world):
    world.make()
    world.stuck(age_s=4 * DAY)
    answer = world.check().is_(CRITICAL, '1 stuck: CEN00001 "Office" at S02 Branch S02: sent for 4 d')
    item = answer.item("CEN00001", "S02")
    assert (item["name"], item["site_name"], item["wanted"], item["held"]) == ("Office", "Branch S02", "3", "3")
    assert item["age"] == "4 d" and item["moved"] == "4 d"
    assert "despool.log" in item["advice"] and "distmgr.log" in item["advice"] and "S021" in item["advice"]
    assert item["word"] == "was sent"
    assert item["advice"].endswith("; copy CEN00001.PCK to S021 and preload it, else sms_reset_package --package=CEN00001 --child-site=S02")


def test_a_distribution_point_added_today_for_an_old_package_is_young(world):
    lab = world.make()
    lab.package("CEN00001", "Old", 9, source_date_age_s=300 * DAY)
    lab.target("CEN00001", "S02", refreshed_age_s=HOUR)
    lab.target("CEN00001", "S03", refreshed_age_s=HOUR)
    lab.status("CEN00001", "S03", 1, 9, None)
    answer = world.check().is_(OK, "none stuck, 2 on their way")
    assert age_of(answer) in durations(HOUR) and answer.item("CEN00001", "S02")["kind"] == "never_sent"
    assert age_of(answer, site="S03") in durations(HOUR), "a row without a date must not make it 300 days old"
    later = world.check(later=25 * HOUR).is_(WARNING, "2 stuck")
    assert age_of(later) in durations(26 * HOUR)
    assert "was it ever sent to S02" in later.item("CEN00001", "S02")["advice"]


def test_a_package_updated_every_day_that_never_arrives_gets_old(world):
    lab = world.make()
    lab.package("CEN00001", "Definitions", 1, source_date_age_s=HOUR)
    lab.target("CEN00001", "S02")
    lab.status("CEN00001", "S02", 1, 1, HOUR)
    world.check("--judge=age").is_(OK)
    start = lab.now
    for day, status in ((1, OK), (2, WARNING), (3, WARNING), (4, CRITICAL)):
        later = day * DAY - HOUR
        lab.now = start + later
        lab.package("CEN00001", "Definitions", 1 + day, source_date_age_s=MINUTE)
        lab.status("CEN00001", "S02", 1, 1 + day, MINUTE)
        answer = world.check("--judge=age", later=later).is_(status)
        item = answer.item("CEN00001", "S02")
        # The first sight is the start: every day's update hides the database's own.
        assert item["age"] in durations(later) and item["moved"] in durations(0) | durations(MINUTE), answer


def test_a_repair_does_not_page_and_keeps_the_memory_of_the_trouble(world):
    lab = world.make()
    world.stuck(age_s=4 * DAY)
    world.check().is_(CRITICAL)
    assert lab.repair("CEN00001", "S02") == 1
    lab.commit()
    answer = world.check(later=2 * DAY).is_(OK, "1 on their way")
    item = answer.item("CEN00001", "S02")
    assert item["kind"] == "resend" and item["age"] in durations(0) and item["since"] and item["advice"] is None
    assert answer.value("resend") == 1
    stored = world.remembered()["version/CEN00001@S02"]
    assert abs(stored["first_seen"] - lab.now) < 10 and abs(stored["attempt_since"] - lab.now - 2 * DAY) < 10
    again = world.check(later=2 * DAY + 25 * HOUR).is_(OK)
    assert again.item("CEN00001", "S02")["age"] in durations(25 * HOUR)
    again = world.check(later=2 * DAY + 39 * HOUR).is_(WARNING)  # it moved, so its order decides: half of the silence's patience
    assert "wait" in again.item("CEN00001", "S02")["advice"]
    lab.arrive("CEN00001", "S02")
    world.check(later=4 * DAY).is_(OK, "the one package/site pair of site CEN is in sync")
    assert world.remembered() == {}


def test_a_second_repair_of_the_same_trouble_starts_its_own_age(world):
    lab = world.make()
    world.stuck(age_s=4 * DAY)
    world.check()
    lab.repair("CEN00001", "S02")
    world.check(later=DAY)
    lab.status("CEN00001", "S02", 1, 3, -2 * DAY)  # sent again, not received
    lab.commit()
    sent = world.check(later=3 * DAY).item("CEN00001", "S02")
    assert sent["kind"] == "sent" and sent["age"] in durations(2 * DAY), "counts from the attempt: %s" % sent
    assert sent["since"]
    lab.repair("CEN00001", "S02")
    resend = world.check(later=5 * DAY).item("CEN00001", "S02")
    assert resend["kind"] == "resend" and resend["age"] in durations(0)


def test_a_read_that_skips_a_pair_does_not_end_it(world):
    lab = world.make()
    world.stuck(age_s=5 * HOUR)
    lab.package("CEN00002", "Another", 1)
    lab.target("CEN00002", "S01")
    world.check()
    first_seen = world.remembered()["version/CEN00001@S02"]["first_seen"]
    rows = lab.query("SELECT rowid, * FROM v_DistributionPoint WHERE PackageID = 'CEN00001'")
    for skipped in (0, 30, 60):
        lab.untarget("CEN00001", "S02")
        answer = world.check(later=skipped * MINUTE)
        assert not any(item["package"] == "CEN00001" for item in answer.items)
    assert world.remembered()["version/CEN00001@S02"]["first_seen"] == first_seen
    marks = ", ".join("?" * (len(rows[0]) - 1))
    lab.db.execute("INSERT INTO v_DistributionPoint VALUES (%s)" % marks, rows[0][1:])
    answer = world.check(later=DAY)
    assert age_of(answer) in durations(29 * HOUR)
    row = world.remembered()["version/CEN00001@S02"]
    assert row["first_seen"] == first_seen and row["absent_runs"] == 0


def test_a_batch_of_look_ups_finds_no_row_and_the_next_does(world):
    """100 keys are looked up at once. Of the first hundred nothing is to be read; of the others 25 are healthy and 25 not to be read."""
    lab = world.make()
    packages = ["CEN%05X" % number for number in range(150)]
    for package in packages:
        world.stuck(package)
    lab.package("CEN00FFF", "Healthy", 1)
    lab.target("CEN00FFF", "S01")
    lab.status("CEN00FFF", "S01", 3, 1, 4 * DAY)
    assert world.check().is_(CRITICAL).value("examined") == 151
    for package in packages[:100] + packages[125:]:
        lab.untarget(package, "S02")
    for package in packages[100:125]:
        lab.status(package, "S02", 3, 3, 0)
    answer = world.check(later=MINUTE)
    assert answer.items == [] and answer.value("examined") == 26, answer
    kept = ["version/%s@S02" % package for package in packages[:100] + packages[125:]]
    assert sorted(world.remembered()) == sorted(kept)


def test_a_pair_that_stays_absent_is_forgotten_after_two_runs_and_two_hours(world):
    lab = world.make()
    world.stuck(age_s=5 * HOUR)
    lab.package("CEN00002", "Another", 1)
    lab.target("CEN00002", "S01")
    world.check()
    lab.untarget("CEN00001", "S02")
    for minutes, kept in ((1, True), (2, True), (3, True), (119, True), (122, False)):
        world.check(later=minutes * MINUTE)
        assert ("version/CEN00001@S02" in world.remembered()) is kept, minutes


def test_a_pair_that_two_rare_runs_did_not_see_is_kept(world):
    lab = world.make()
    world.stuck(age_s=5 * HOUR)
    lab.package("CEN00002", "Another", 1)
    lab.target("CEN00002", "S01")
    world.check()
    lab.untarget("CEN00001", "S02")
    for hours, kept in ((3, True), (6, True), (9, False)):
        world.check(later=hours * HOUR)
        assert ("version/CEN00001@S02" in world.remembered()) is kept, hours


def test_a_site_that_is_gone_is_named_and_then_forgotten(world):
    lab = world.make()
    world.stuck()
    world.stuck("CEN00002", "S03")
    world.check()
    lab.db.execute("DELETE FROM v_Site WHERE SiteCode = 'S02'")
    for minutes in (0, 30, 60):
        world.check(later=minutes * MINUTE).is_(CRITICAL, "site S02 is gone from v_Site")
    assert "version/CEN00001@S02" in world.remembered()
    world.check(later=3 * HOUR)
    answer = world.check(later=4 * HOUR).is_(CRITICAL)
    assert "gone" not in answer.verdict and list(world.remembered()) == ["version/CEN00002@S03"]


def test_a_pair_that_is_read_as_no_longer_targeted_ends_at_once(world):
    lab = world.make()
    world.stuck()
    world.stuck(site="S03")
    world.check().is_(CRITICAL)
    lab.target("CEN00001", "S02", status=3)
    world.check().is_(CRITICAL)
    assert list(world.remembered()) == ["version/CEN00001@S03"]


def test_a_site_that_turns_inactive_and_returns_continues_its_age(world):
    lab = world.make()
    world.stuck(age_s=3 * HOUR)
    lab.package("CEN00002", "Another", 1)
    lab.target("CEN00002", "S01", refreshed_age_s=HOUR)
    world.check()
    before = world.remembered()["version/CEN00001@S02"]
    lab.site("S02", status=2)
    for day in (0, 1, 2, 3):
        answer = world.check(later=day * DAY)
        assert "site S02 is not active (status 2)" in answer.verdict and answer.value("examined") == 1
        assert world.remembered()["version/CEN00001@S02"] == before
    lab.site("S02", status=1)
    lab.package("CEN00003", "Published while the site was away", 2, source_date_age_s=HOUR)
    lab.target("CEN00003", "S02")
    lab.status("CEN00003", "S02", 2, 1, age_s=9 * DAY)
    answer = world.check("-v", later=4 * DAY).is_(CRITICAL, "1 stuck", "at S01")
    assert "not active" not in answer.verdict
    for package, hours in (("CEN00001", 3), ("CEN00003", 1)):
        age, counted = answer.item(package, "S02")["age"].split(" (not counting ")
        assert age in durations(hours * HOUR, 60) and counted == "4 d while its site was not active)", answer
    assert world.remembered()["version/CEN00001@S02"]["first_seen"] == before["first_seen"]


def test_two_services_with_different_filters_share_one_memory(world):
    """Each ages and closes only what its filters select: 100 alternations, and no first_seen moves."""
    lab = world.make()
    for number, site in enumerate(("S01", "S02", "S03") * 2):
        world.stuck("CEN%05d" % number, site, age_s=DAY + number * HOUR)
    world.check()
    before = {key: row["first_seen"] for key, row in world.remembered().items()}
    assert len(before) == 6
    seen = set()
    for turn in range(100):
        options = (("--child-site=S01,S02", "-w", "1h"), ("--exclude-package=CEN00001", "--exclude-site=s01", "-c", "9d"))[turn % 2]
        answer = world.check("-v", *options, later=turn * 300)
        seen.add(tuple(sorted(item["package"] for item in answer.items)))
        assert {key: row["first_seen"] for key, row in world.remembered().items()} == before, turn
    assert seen == {("CEN00000", "CEN00001", "CEN00003", "CEN00004"), ("CEN00002", "CEN00004", "CEN00005")}
    lab.arrive("CEN00000", "S01")
    lab.arrive("CEN00002", "S03")
    world.check("--child-site=S03", later=100 * 300)
    kept = world.remembered()
    assert "version/CEN00000@S01" in kept and "version/CEN00002@S03" not in kept
    assert {key: row["first_seen"] for key, row in kept.items()} == {key: before[key] for key in kept}


def test_the_rules_do_not_share_items(world):
    world.make()
    world.stuck(age_s=4 * DAY)
    world.check().is_(CRITICAL)
    answer = world.check("--rule=recipe", later=HOUR).is_(OK, "rule recipe matches more than half of the rows, see --survey")
    assert age_of(answer) in durations(0)
    assert set(world.remembered()) == {"version/CEN00001@S02", "recipe/CEN00001@S02"}


def test_a_recipe_item_ages_from_its_first_sight_and_starts_anew_when_it_moves(world):
    lab = world.make()
    world.stuck(age_s=40 * DAY)
    for number in range(5):
        lab.package("CEN0001%d" % number, "Fine", 1)
        lab.target("CEN0001%d" % number, "S01")
        lab.status("CEN0001%d" % number, "S01", 0, 1, DAY)
    first = world.check("--rule=recipe").is_(OK)
    assert "see --survey" not in first.verdict and first.values("pending", "failed", "examined") == (1, 0, 6)
    item = world.check("--rule=recipe", later=4 * DAY).is_(CRITICAL).item("CEN00001", "S02")
    assert item["kind"] == "recipe" and item["age"] in durations(4 * DAY)
    lab.status("CEN00001", "S02", 1, 3, 0)  # a new UpdateTime alone is no movement for this rule
    assert age_of(world.check("--rule=recipe", later=4 * DAY + HOUR)) in durations(4 * DAY + HOUR)
    lab.status("CEN00001", "S02", 1, 2, 0)
    assert age_of(world.check("--rule=recipe", later=5 * DAY).is_(OK)) in durations(0)
    lab.status("CEN00001", "S02", 0, 2, 0)
    world.check("--rule=recipe", later=5 * DAY).is_(OK, "none of 6 rows", "matches the recipe")
    assert world.remembered() == {}


def test_recipe_among_duplicate_rows_takes_those_that_match(world):
    lab = world.make()
    lab.package("CEN00001", "Two rows", 3)
    lab.target("CEN00001", "S02")
    lab.status("CEN00001", "S02", 2, 2, DAY)
    lab.status("CEN00001", "S02", 0, 3, 0, server="NEW", add=True)
    for _ in range(2):
        answer = world.check("--rule=recipe")
        assert answer.item("CEN00001", "S02")["held"] == "2"


def test_a_clock_that_jumps_back_makes_no_age_negative_and_loses_nothing(world):
    world.make()
    world.stuck(age_s=2 * HOUR)
    world.check("--judge=age", later=10 * DAY)
    before = world.remembered()
    for later in (0, -3 * DAY, -400 * DAY):
        answer = world.check("--judge=age", later=later)
        assert answer.value("oldest") >= 0 and "-" not in age_of(answer)
        after = world.remembered()
        assert {key: row["first_seen"] for key, row in after.items()} == {key: row["first_seen"] for key, row in before.items()}
    assert age_of(world.check("--judge=age", later=11 * DAY)) in durations(11 * DAY + 2 * HOUR)


def test_an_age_from_the_memory_alone_is_never_negative(world):
    lab = world.make()
    lab.package("CEN00001", "No dates", 3, source_date_age_s=None)
    lab.target("CEN00001", "S02", refreshed_age_s=None)
    lab.status("CEN00001", "S02", 1, 3, None)
    world.check(later=10 * DAY)
    lab.status("CEN00001", "S02", 1, 2, None)
    world.check(later=10 * DAY + HOUR)
    answer = world.check(later=0)
    item = answer.item("CEN00001", "S02")
    assert answer.value("oldest") == 0 and item["age"] == "0 s" and item["moved"] == "0 s"
    assert world.check(later=11 * DAY).item("CEN00001", "S02")["age"] in durations(DAY)


def test_codes_in_another_case_are_the_same_pair(world):
    lab = world.make()
    world.stuck(age_s=4 * DAY)
    world.check(later=DAY)
    before = world.remembered()
    lab.db.execute("UPDATE v_DistributionPoint SET SiteCode = 's02', PackageID = 'cen00001'")
    lab.db.execute("UPDATE PkgStatus SET SiteCode = 's02', ID = 'cen00001'")
    answer = world.check(later=DAY)
    assert answer.code == CRITICAL and answer.value("pending") == 1
    assert world.remembered() == before


# ---- thresholds, rates, known items


@pytest.mark.parametrize("options, status", [
    ((), CRITICAL), (("-c", "5d"), WARNING), (("-w", "5d", "-c", "6d"), OK), (("-w", "@0:5d", "-c", "9d"), WARNING),
    (("-w", "100s:", "-c", "345590s:"), OK), (("-w", "~:3d", "-c", "~:5d"), WARNING), (("-c", "1w"), WARNING),
    (("-w", "1d12h", "-c", "345660s"), WARNING), (("-w", "0", "-c", "0"), CRITICAL), (("-w", "20d", "-c", "3d"), CRITICAL),
])
def test_thresholds_of_a_pending_item(world, options, status):
    world.make()
    world.stuck(age_s=4 * DAY)
    answer = world.check(*options).is_(status)
    # `stuck` counts what the warning range alerts on.
    assert answer.value("stuck") == (0 if options[:2] in (("-w", "5d"), ("-w", "100s:"), ("-w", "20d")) else 1)


@pytest.mark.parametrize("options, status", [
    ((), CRITICAL), (("--failed-critical=49h",), WARNING), (("--failed-warning=3d", "--failed-critical=4d"), OK),
    (("-w", "0", "-c", "0", "--failed-warning=3d", "--failed-critical=4d"), OK),
])
@pytest.mark.parametrize("code", [4, 5])
def test_thresholds_of_a_failed_item(world, options, status, code):
    world.make()
    world.stuck(status=code, age_s=2 * DAY, held=2)
    answer = world.check(*options).is_(status)
    assert answer.values("failed", "pending", "oldest") == (1, 0, 0)
    assert answer.item("CEN00001", "S02")["status"] == {4: "retry (4)", 5: "failed (5)"}[code]


def test_perfdata_carries_thresholds_as_plain_numbers(world):
    world.make()
    world.stuck()
    assert world.check().perf["oldest"].endswith("s;86400;259200")
    assert world.check().perf["oldest_failed"] == "0s;3600;86400"
    answer = world.check("-w", "@1s:2s", "-c", "0:5d", "--failed-warning=10s:", "--failed-critical=~:1m")
    assert answer.perf["oldest"].endswith("s;;432000") and "x" not in answer.perf["oldest"]
    assert answer.perf["oldest_failed"] in ("0s", "0s;;", "0s;;60"), answer


def test_slow_is_not_stuck_where_the_size_explains_it(world):
    lab = world.make()
    world.stuck("CEN00001", "S02", age_s=80 * HOUR, comp_size_kb=4000000)  # 4.096 GB
    world.stuck("CEN00002", "S03", age_s=80 * HOUR, comp_size_kb=4000000)
    world.stuck("CEN00003", "S01", status=5, age_s=80 * HOUR, comp_size_kb=4000000)
    world.check().is_(CRITICAL, "3 stuck")
    answer = world.check("--min-rate=100MB/h,S03=40MB/h")
    one, other = answer.item("CEN00001", "S02"), answer.item("CEN00002", "S03")
    assert one["allows"] == "40 h at 100 MB/h" and one["state"] == "WARNING"
    assert other["allows"] == "4 d 6 h at 40 MB/h" and other["state"] == "OK" and other["moved"]
    failed = answer.item("CEN00003", "S01")
    assert failed["state"] == "CRITICAL" and failed["allows"] is None, "a failed item is not slow"
    assert answer.value("stuck") == 2 and answer.value("outstanding") == 3 * 4096000000
    lab.package("CEN00001", "No size", 3, comp_size_kb=0, source_date_age_s=80 * HOUR)
    assert world.check("--min-rate=1MB/h").item("CEN00001", "S02")["allows"] is None


def test_known_items_are_listed_last_and_counted_nowhere_else(world):
    world.make()
    world.stuck("CEN00001", "S02", age_s=9 * DAY)
    world.stuck("CEN00001", "S03", age_s=30 * HOUR)
    world.stuck("CEN00002", "S01", status=5, age_s=5 * DAY)
    world.check().is_(CRITICAL, "3 stuck")
    answer = world.check("--known=cen00001@s02", "--known=CEN00002").is_(WARNING, '1 stuck: CEN00001 "Office" at S03', "; 2 known")
    assert answer.values("pending", "failed", "stuck", "known", "oldest_failed", "sites") == (1, 0, 1, 2, 0, 1)
    assert answer.value("oldest") < 2 * DAY and answer.value("outstanding") == 51200 * 1024
    assert [item["state"] for item in answer.items] == ["WARNING", "known", "known"]
    world.check("--known=CEN00001,CEN00002@S01").is_(OK, "nothing but known trouble at 3 package/site pairs of site CEN; 3 known")


def test_known_items_that_are_young_or_alone(world):
    world.make()
    world.stuck("CEN00001", "S02", age_s=HOUR)
    world.stuck("CEN00002", "S02", age_s=HOUR)
    answer = world.check("--known=CEN00001").is_(OK, "none stuck, 1 on their way: CEN00002", "; 1 known")
    assert answer.values("pending", "known") == (1, 1) and [item["state"] for item in answer.items] == ["OK", "known"]
    world.check("--known=CEN00003@S02,CEN00001@S03").is_(OK, "2 on their way")


def test_known_ends_when_its_day_has_passed(world):
    import time
    world.make()
    world.stuck()
    today = time.strftime("%Y-%m-%d", time.gmtime())
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - DAY))
    answer = world.check("--known=CEN00001@S02:" + today).is_(OK)
    assert answer.items[0]["until"] == today
    world.check("--known=CEN00001@S02:" + yesterday).is_(CRITICAL)
    world.check("--known=CEN00001@S02:" + today, later=DAY).is_(CRITICAL)


def test_known_entries_whose_day_has_passed_are_named_when_asked(world):
    world.make()
    world.stuck()
    known = "--known=CEN00001@S02:2020-01-01,CEN00002:2021-12-31,CEN00003@S01:2199-12-31"
    assert world.check(known, "-v").is_(CRITICAL).lines[1] == "--known CEN00001@S02 ended 2020-01-01, CEN00002 ended 2021-12-31"
    assert "ended" not in world.check(known).is_(CRITICAL).text


# ---- the two clocks of the database


def test_db_clock_reads_update_time_in_the_zone_that_it_is_told(world):
    """A server whose local time is UTC+2 and writes local time: 5 hours old reads as 3 hours under utc."""
    lab = world.make()
    zone = {"TZ": "ZZZ-2"}
    lab.package("CEN00001", "Local", 1, source_date_age_s=9 * HOUR)
    lab.target("CEN00001", "S02")
    lab.status("CEN00001", "S02", 1, 1, 5 * HOUR)
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = datetime(UpdateTime, '+2 hours')")
    assert age_of(world.check(env=zone)) in durations(3 * HOUR)
    assert age_of(world.check("--db-clock=local", env=zone)) in durations(5 * HOUR)
    answer = world.check("--db-clock=ignore", env=zone)
    assert age_of(answer) in durations(0) and answer.item("CEN00001", "S02")["moved"] is None


def test_another_reading_of_the_same_date_is_no_movement(world):
    """The server's local time is UTC+2: under utc the date lies in the future for the first two hours."""
    lab = world.make()
    world.stuck(age_s=HOUR)
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = datetime(UpdateTime, '+2 hours')")
    world.check(env={"TZ": "ZZZ-2"})
    before = world.remembered()
    # Half an hour later, read in every way; under local also in winter time.
    for clock, zone in (("local", "ZZZ-2"), ("ignore", "ZZZ-2"), ("local", "ZZZ-1"), ("utc", "ZZZ-2"), ("ignore", "ZZZ-2"), ("utc", "ZZZ-2")):
        item = world.check("--db-clock=" + clock, env={"TZ": zone}, later=30 * MINUTE).item("CEN00001", "S02")
        assert item["moved"] not in durations(0), (clock, zone, item)
        assert world.remembered() == before, (clock, zone)
    # The date has come to lie in the past.
    assert world.check(env={"TZ": "ZZZ-2"}, later=5 * HOUR).item("CEN00001", "S02")["moved"] in durations(4 * HOUR)
    assert world.remembered() == before
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = datetime(UpdateTime, '+1 second')")
    world.check("--db-clock=ignore", later=6 * HOUR)
    assert world.remembered() != before
    moved = world.check("--db-clock=ignore", later=7 * HOUR).item("CEN00001", "S02")["moved"]
    assert moved in durations(HOUR), "a date that is not read still tells that the row changed"


def test_last_refresh_time_is_utc_whatever_the_clock_option_says(world):
    lab = world.make()
    lab.package("CEN00001", "Local", 1, source_date_age_s=90 * DAY)
    lab.target("CEN00001", "S02", refreshed_age_s=30 * HOUR)
    for clock in ("utc", "local", "ignore"):
        assert age_of(world.check("--db-clock=" + clock, env={"TZ": "ZZZ-2"})) in durations(30 * HOUR)


def test_duplicates_with_equal_versions_are_decided_by_the_newest_row_even_when_dates_are_ignored(world):
    lab = world.make()
    lab.package("CEN00001", "Two rows", 3)
    lab.target("CEN00001", "S02")
    for order in ((5, DAY, 2, HOUR), (2, HOUR, 5, DAY)):
        lab.no_status("CEN00001", "S02")
        lab.status("CEN00001", "S02", order[0], 3, order[1], server="FIRST", add=True)
        lab.status("CEN00001", "S02", order[2], 3, order[3], server="OTHER", add=True)
        for clock in ("utc", "ignore"):
            world.check("--db-clock=" + clock).is_(OK, "the one package/site pair of site CEN is in sync")
    lab.status("CEN00001", "S02", 5, 3, 0, server="THIRD", add=True)
    answer = world.check("--db-clock=ignore")
    assert answer.item("CEN00001", "S02")["rows"] == "3" and answer.value("failed") == 1


@pytest.mark.parametrize("old, new", (("OLD02", "NEW02"), ("old02.corp.example", "new02.corp.example")))
@pytest.mark.parametrize("told", ("NEW02", "new02.CORP.EXAMPLE", "", None))
def test_the_row_of_the_server_that_a_site_has_now_decides(world, old, new, told):
    """A server was replaced: its row stays in the database, and the copy to the new one failed."""
    lab = world.make()
    lab.package("CEN00001", "Office", 3, source_date_age_s=10 * DAY)
    lab.target("CEN00001", "S02", servers=[new])
    lab.status("CEN00001", "S02", 2, 3, 200 * DAY, server=old)
    lab.status("CEN00001", "S02", 5, 0, 9 * DAY, server=new, add=True)
    lab.db.execute("UPDATE v_Site SET ServerName = ? WHERE SiteCode = 'S02'", (told,))
    answer = world.check()
    if not told:  # nobody says which: the highest version decides
        answer.is_(OK, "in sync")
        return
    item = answer.is_(CRITICAL).item("CEN00001", "S02")
    assert (item["kind"], item["rows"], item["status"]) == ("failed", "2", "failed (5)"), answer
    lab.status("CEN00001", "S02", 2, 3, 0, server=new)
    world.check().is_(OK, "in sync")


# ---- what is not looked at


def test_what_is_not_targeted_is_not_counted(world):
    lab = world.make(product="sccm2007")
    world.stuck()
    for number, options in enumerate(({"action": 3}, {"store_pkg_flag": 1}, {"package_type": 4})):
        lab.package("CEN0002%d" % number, "Not looked at", 2, **options)
        lab.target("CEN0002%d" % number, "S02")
        lab.status("CEN0002%d" % number, "S02", 5, 2, 9 * DAY)
    lab.package("S0100001", "Of another site", 2, source_site="S01")
    lab.target("S0100001", "S02")
    lab.target("CEN00001", "CEN")
    lab.target("CEN00001", "S03", status=3)
    lab.site("S09", status=3)
    lab.target("CEN00001", "S09")
    answer = world.check().is_(CRITICAL)
    assert answer.values("examined", "pending", "failed") == (1, 1, 0) and len(answer.items) == 1


@pytest.mark.parametrize("column, package", [
    ("v_DistributionPoint.Status", "CEN0000C"), ("v_Site.Status", "CEN0000D"), ("SMSPackages.PackageType", "CEN0000B")])
def test_a_column_that_the_product_lacks_is_left_out(world, column, package):
    lab = world.demo(product="sccm2007", without=(column,))
    answer = world.check("-v").is_(CRITICAL)
    expected = sitedb_demo.expected((column,))
    assert {(i["package"], i["site"], i["kind"]) for i in answer.items} == {(e.package, e.site, e.kind) for e in expected}
    assert package in {item["package"] for item in answer.items}
    verbose = world.check("-vv")
    assert b"this product has no %s" % column.encode() in verbose.stderr
    compare(answer, sitedb_judge.judge(lab.db, "CEN", lab.now), column)


def test_without_last_refresh_time_never_sent_ages_from_its_first_sight(world):
    world.demo(without=("v_DistributionPoint.LastRefreshTime",))
    answer = world.check("-v")
    assert {item["age"] for item in answer.items if item["kind"] == "never_sent"} <= durations(0)
    later = world.check("-v", later=2 * DAY)
    assert {item["age"] for item in later.items if item["kind"] == "never_sent"} <= durations(2 * DAY)


def test_the_filters(world):
    world.demo()
    everything = {(item["package"], item["site"]) for item in world.check("-v").items}
    for options, keep in (
            (["--package=CEN00006"], lambda p, s: p == "CEN00006"),
            (["--package=cen00006,CEN00008"], lambda p, s: p in ("CEN00006", "CEN00008")),
            (["--package=CEN00006", "--package=CEN00008"], lambda p, s: p in ("CEN00006", "CEN00008")),
            (["--exclude-package=CEN00006,CEN00008"], lambda p, s: p not in ("CEN00006", "CEN00008")),
            (["--child-site=s04"], lambda p, s: s == "S04"),
            (["--exclude-site=S04,S02"], lambda p, s: s not in ("S04", "S02")),
            (["--package=CEN00006,CEN00001", "--exclude-site=S02"], lambda p, s: p in ("CEN00006", "CEN00001") and s != "S02")):
        shown = {(item["package"], item["site"]) for item in world.check("-v", *options).items}
        assert shown == {pair for pair in everything if keep(*pair)} and shown, options


def test_nothing_to_look_at_is_unknown(world):
    lab = world.make()
    answer = world.check().is_(UNKNOWN, "nothing to look at", "no package of site CEN")
    assert answer.value("examined") == 0
    world.stuck()
    before = world.check().is_(CRITICAL) and world.remembered()
    world.check("--package=CEN00001", "--child-site=S03").is_(UNKNOWN, "nothing to look at", "filters")
    lab.db.execute("DELETE FROM v_DistributionPoint")
    world.check().is_(UNKNOWN, "nothing to look at")
    assert world.remembered() == before, "a run that saw nothing must not forget"
    world.check("--rule=recipe", "--package=CEN00001", "--child-site=S03").is_(UNKNOWN, "nothing to look at")


def test_a_site_that_is_asked_for_and_not_active_is_named_with_its_status(world):
    world.demo()
    world.check("--child-site=S09").is_(UNKNOWN, "nothing to look at", "site S09 is not active (status 2)")
    assert "S09" not in world.check("--child-site=S05").verdict


@pytest.mark.parametrize("status, told", ((3, "S02 (status 3), 2 packages"), (5, "S02 (status 5), 2 packages"), (None, "S02 (not in v_Site), 2 packages")))
def test_what_is_not_looked_at_is_said(world, status, told):
    """Nothing of the site was ever remembered. Duplicate rows count once."""
    lab = world.make()
    lab.package("CEN00003", "Fine", 1)
    lab.deploy("CEN00003", ["S01"], age_s=DAY)
    world.stuck(site="S02", age_s=19 * DAY)
    world.stuck("CEN00002", "S02", age_s=19 * DAY)
    lab.status("CEN00002", "S02", 2, 1, 30 * DAY, server="OLD02")
    lab.site("S02", status=status or 1)
    if status is None:
        lab.db.execute("DELETE FROM v_Site WHERE SiteCode = 'S02'")
    world.check().is_(OK, "in sync; not looked at: " + told)
    assert "1 package" in world.check("--package=CEN00002,CEN00003").is_(OK, "not looked at: S02").verdict
    assert "not looked at" not in world.check("--exclude-site=S02").verdict
    for number in range(4, 9):
        lab.target("CEN00001", "S%02d" % number)
    assert world.check().verdict.endswith(", 1 package, and 3 more sites")


def test_a_site_that_holds_more_than_is_wanted_is_in_sync_and_said(world):
    """The owner was restored from a backup: what the site has is of another history."""
    lab = world.make()
    lab.package("CEN00001", "Office", 3)
    lab.deploy("CEN00001", ["S01", "S02", "S03"], age_s=DAY)
    assert "later version" not in world.check().is_(OK).verdict
    lab.status("CEN00001", "S02", 2, 7, DAY)
    lab.status("CEN00001", "S03", 2, 4, DAY)
    world.check().is_(OK, "in sync; 2 pairs hold a later version than is wanted: was site CEN restored?")
    world.check("--child-site=S02").is_(OK, "; 1 pair holds a later version")
