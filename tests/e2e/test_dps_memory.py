# SPDX-License-Identifier: GPL-3.0-or-later
"""What check_sms_dps remembers of an item while the summarizer lags, regresses, skips rows, and sites come and go."""

import pytest
from dps import World
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING, Server, durations, run

KEY = "dp/CEN00001@S021/S02"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        made.make()
        yield made


def first_seen(world, key=KEY):
    return world.remembered()[key]["first_seen"]


def test_a_summarizer_that_reports_again_and_again_makes_nothing_young(world):
    """Each new report has a new SummaryDate: the memory keeps the age."""
    world.dp("CEN00001", "S021", 1, HOUR)
    world.check().is_(OK)
    start = first_seen(world)
    for hours in (10, 20, 40, 80):
        world.dp("CEN00001", "S021", 1, -hours * HOUR + MINUTE)
        answer = world.check("-v", later=hours * HOUR)
        assert first_seen(world) == start
        item = answer.item("CEN00001", "S021")
        assert item["age"] in durations((hours + 1) * HOUR) and item["moved"] in durations(0, 70)
    answer.is_(CRITICAL)


def test_a_lagging_summarizer_is_believed_by_its_state_alone(world):
    """The row says installed long before, and still, while its version shows what it lacks; then it catches up."""
    world.package("CEN00001", version=3, age_s=50 * HOUR)
    world.dp("CEN00001", "S021", 0, 60 * DAY, 2)
    world.check().is_(WARNING, "on S021, S02 Branch S02: has version 2 of 3 for 50 h")
    world.dp("CEN00001", "S021", 1, 10 * MINUTE, 3)
    item = world.check("-v").item("CEN00001", "S021")
    assert item["kind"] == "pending" and item["age"] in durations(10 * MINUTE), "the refresh began ten minutes ago"
    world.dp("CEN00001", "S021", 0, 0, 3)
    world.check().is_(OK)
    assert world.remembered() == {}


def test_a_regressing_summarizer(world):
    """A row that goes back to an older report: its age is what the memory and the report prove, never less."""
    world.dp("CEN00001", "S021", 2, 30 * HOUR)
    world.check().is_(WARNING)
    start = first_seen(world)
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    answer = world.check("-v").is_(CRITICAL)
    assert answer.item("CEN00001", "S021")["age"] in durations(5 * DAY) and first_seen(world) == start
    world.dp("CEN00001", "S021", 0, 20 * HOUR)
    world.check().is_(OK)
    world.dp("CEN00001", "S021", 1, 30 * MINUTE)
    assert world.check("-v").is_(OK).item("CEN00001", "S021")["age"] in durations(30 * MINUTE), "it was installed in between"


def test_another_kind_keeps_the_age(world):
    world.dp("CEN00001", "S021", 1, HOUR)
    world.check()
    for state, kind, hours in ((2, "retrying", 31), (3, "failed", 1), (1, "pending", 31)):
        world.dp("CEN00001", "S021", state, -30 * HOUR + HOUR)
        item = world.check("-v", later=30 * HOUR).item("CEN00001", "S021")
        assert item["kind"] == kind and item["age"] in durations(hours * HOUR)
        assert (item["since"] is not None) == (kind == "failed"), "that it waited before is told"


def test_what_ended_is_looked_up_and_forgotten(world):
    lab = world.lab
    for number in range(1, 8):
        world.dp("CEN0000%d" % number, "S021", 1, 5 * DAY)
    world.check().is_(CRITICAL)
    assert len(world.remembered()) == 7
    world.dp("CEN00001", "S021", 0)                          # installed
    world.dp("CEN00002", "S021", 1, 5 * DAY, target=3)       # the DP is being removed
    lab.package("CEN00003", "Sequence", 3, package_type=4)   # a task sequence by now
    world.dp("CEN00004", "S021", 5, 5 * DAY, target=3)       # being removed
    lab.target("CEN00005", "S02", "S021", peer=True)         # a branch DP by now
    lab.dp_message("CEN00006", "S021", 2, 2371)              # waits for prestaged content
    world.check().is_(CRITICAL)
    assert list(world.remembered()) == ["dp/CEN00006@S021/S02", "dp/CEN00007@S021/S02"], "what waits is remembered as such"
    world.check().is_(CRITICAL, "1 stuck: CEN00007", "; 1 waits for prestaged content: CEN00006")


@pytest.mark.parametrize("gone", [
    "DELETE FROM v_PackageStatusDistPointsSumm WHERE PackageID = 'CEN00001'", "DELETE FROM v_DistributionPoint WHERE PackageID = 'CEN00001'",
    "DELETE FROM SMSPackages WHERE PkgID = 'CEN00001'"])
def test_what_is_merely_absent_is_kept_for_two_runs_and_two_hours(world, gone):
    world.dp("CEN00001", "S021", 1, 20 * HOUR)
    world.check().is_(OK)
    start = first_seen(world)
    world.lab.db.execute(gone)
    for later in (0, 60, HOUR):
        world.check(later=later).is_(OK)
    assert first_seen(world) == start
    world.check(later=2 * HOUR + 60).is_(OK)
    assert world.remembered() == {}


def test_what_a_read_skipped_keeps_its_age(world):
    lab = world.lab
    world.dp("CEN00001", "S021", 1, MINUTE)
    world.check()
    start = first_seen(world)
    rows = lab.query("SELECT * FROM v_PackageStatusDistPointsSumm WHERE PackageID = 'CEN00001'")
    lab.db.execute("DELETE FROM v_PackageStatusDistPointsSumm WHERE PackageID = 'CEN00001'")
    assert world.check(later=HOUR).items == []
    lab.db.execute("INSERT INTO v_PackageStatusDistPointsSumm VALUES (%s)" % ", ".join("?" * len(rows[0])), rows[0])
    answer = world.check("-v", later=30 * HOUR).is_(WARNING)
    assert answer.item("CEN00001", "S021")["age"] in durations(30 * HOUR, 90) and first_seen(world) == start


def test_services_with_different_filters_share_one_memory(world):
    for server, site in (("S021", "S02"), ("S022", "S02"), ("S031", "S03")):
        world.dp("CEN00001", server, 1, HOUR, site=site)
    world.check()
    before = world.remembered()
    assert set(before) == {"dp/CEN00001@S021/S02", "dp/CEN00001@S022/S02", "dp/CEN00001@S031/S03"}
    filters = ("--server=S021", "--server=S03*", "--child-site=S03", "--exclude-site=S02", "--package=CEN00000",
               "--exclude-package=CEN00001", "--min-rate=1GB/h", "--known=CEN00001")
    for later in (0, HOUR, 3 * HOUR, 9 * HOUR):
        for one in filters:
            world.check(one, later=later)
        after = world.remembered()
        assert {key: row["first_seen"] for key, row in after.items()} == {key: row["first_seen"] for key, row in before.items()}
    # What is not selected is not closed either.
    world.lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0")
    world.check("--server=S031", later=9 * HOUR).is_(OK)
    assert set(world.remembered()) == {"dp/CEN00001@S021/S02", "dp/CEN00001@S022/S02"}
    world.check("--child-site=S02", "--server=S022", later=9 * HOUR).is_(OK)
    assert set(world.remembered()) == {"dp/CEN00001@S021/S02"}


def test_a_site_that_turns_inactive_and_returns(world):
    lab = world.lab
    world.dp("CEN00001", "S021", 1, HOUR)
    world.check()
    start = first_seen(world)
    lab.site("S02", status=2)
    for later in (0, HOUR, 5 * HOUR, 9 * HOUR):
        world.check(later=later).is_(OK, "site S02 is not active (status 2): its items are kept")
    lab.site("S02", status=1)
    answer = world.check("-v", later=40 * HOUR).is_(OK)
    age = answer.item("CEN00001", "S021")["age"]
    assert first_seen(world) == start and age.startswith("60 min (not counting 40 h while its site was not active"), age
    world.check(later=64 * HOUR).is_(WARNING)


def test_nothing_was_looked_at_nothing_is_concluded(world):
    world.dp("CEN00001", "S021", 1, HOUR)
    world.check()
    before = world.remembered()
    world.lab.db.execute("DELETE FROM v_PackageStatusDistPointsSumm")
    for later in (0, HOUR, 5 * HOUR, 9 * HOUR):
        world.check(later=later).is_(UNKNOWN)
    assert world.remembered() == before


def test_a_hundred_ended_items_are_looked_up_in_batches(world):
    for number in range(250):
        world.dp("CEN%05X" % (1 + number // 5), "S02%d" % (number % 5), 1, 5 * DAY)
    world.check().is_(CRITICAL)
    assert len(world.remembered()) == 250
    world.lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0 WHERE PackageID > 'CEN00002'")
    world.check().is_(CRITICAL)
    assert set(world.remembered()) == {"dp/CEN0000%d@S02%d/S02" % (p, s) for p in (1, 2) for s in range(5)}


def test_the_memory_of_packages_is_another_one(world):
    """Both checks look at one database with one state directory."""
    import packages
    world.lab.package("CEN00001", "Office", 3)
    world.stuck()
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    world.check().is_(CRITICAL)
    packages.World.check(world, program=packages.PLUGIN, form=packages.Answer).is_(CRITICAL)
    assert {KEY, "version/CEN00001@S02"} <= set(world.remembered())
    assert len(packages.state_files(world.state)) == 2


def test_a_lost_memory_is_told(world):
    import packages
    world.dp("CEN00001", "S021", 1, HOUR)
    world.check().is_(OK)
    path, = packages.state_files(world.state)
    with open(path, "r+b") as file:
        file.write(b"\0" * 4096)
    world.check().is_(WARNING, "ages may be too young")
    world.check().is_(OK, "ages may be too young: the memory was lost")


def test_two_services_at_once(world):
    from concurrent.futures import ThreadPoolExecutor
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda _: run(*world.arguments(), env=world.env, **world.plugin), range(16)):
            answer.is_(CRITICAL)
    assert list(world.remembered()) == [KEY]


@pytest.mark.parametrize("tds", [False, True])
def test_many_of_one_package_are_looked_up_at_once(world, tds):
    """All DPs recover: the rows of their package are read once, not searched for each of them."""
    if not tds:
        return recover(world, world.check)
    with Server(world) as server:
        recover(world, server.check)


def recover(world, check):
    db = world.lab.db
    for number in range(40):
        world.dp("CEN00001", "dp%02d.corp.example" % number, 1, 4 * DAY, site="S0%d" % (2 + number % 2))
    for number in range(3):
        world.dp("CEN00002", "DP%02d.corp.example" % number, 1, 4 * DAY)
    check().is_(CRITICAL)
    assert len(world.remembered()) == 43
    db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0")
    db.execute("DELETE FROM v_PackageStatusDistPointsSumm WHERE ServerNALPath LIKE '%dp07.corp%'")
    db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 1 WHERE ServerNALPath LIKE '%dp08.corp%'")
    db.execute("DELETE FROM v_DistributionPoint WHERE ServerNALPath LIKE '%dp09.corp%'")
    world.lab.commit()
    told = check("-vv").stderr.decode().splitlines()
    assert [line.rsplit(": ", 1)[1] for line in told if line.startswith("the packages that were in trouble before: ")] == ["3 rows", "39 rows"], told
    # One has no row, so nothing is proven of it; one is still pending; the others are installed, or wanted no more.
    assert [key.lower() for key in world.remembered()] == ["dp/cen00001@dp07.corp.example/s03", "dp/cen00001@dp08.corp.example/s02"]
