# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_dps through unixODBC and FreeTDS against the tests' own TDS server."""

import pytest
from dps import World
from packages import CRITICAL, DAY, HOUR, OK, UNKNOWN, WARNING, Server, durations
from sitedb_schema import PRODUCTS
from test_dps_judgement import compare
from test_dps_nalpaths import BROKEN, SHAPES

VERSIONS = ("7.1", "7.2", "7.3", "7.4")


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_demo_over_every_protocol_version(world, version, product):
    lab = world.demo(product=product)
    with Server(world) as server:
        answer = compare(server.check("-v", "--tds-version=" + version), lab)
        assert answer.items[0]["name"] == "Bürosoftware Zürich – Größenänderung 2.0"
        assert server.tds.requests("login7")[0]["application"] == "check_sms_dps"
        before = world.remembered()
        again = server.check("-v", "--tds-version=" + version)
        assert again.code == answer.code and world.remembered() == before
        assert not server.tds.requests("exception")


def test_sql_server_2000(world):
    lab = world.demo(product="sms2003")
    with Server(world, server_version="8.0.2039") as server:
        compare(server.check("-v"), lab)


@pytest.mark.parametrize("state, kind, code", [(1, "pending", 2), (2, "retrying", 2), (3, "failed", 2), (7, "updating", 2),
                                               (8, "validation_failed", 2), (0, "old version", 2), (9, "unknown state", 2),
                                               (None, "unknown state", 2), (4, "targeted again but removal_pending", 0),
                                               (5, "targeted again but removal_retrying", 0), (6, "targeted again but removal_failed", 0)])
def test_each_state(world, state, kind, code):
    world.make()
    world.dp("CEN00001", "S021", state, 5 * DAY, 1)
    with Server(world) as server:
        answer = server.check().is_(code)
        assert answer.shown == ({("CEN00001", "S021"): kind} if kind else {})
        if state in (4, 5, 6):
            world.dp("CEN00002", "S021", state, 5 * DAY, 1, target=3)
            assert len(server.check("--include-removals").is_(CRITICAL).items) == 2


def test_what_is_not_counted(world):
    lab = world.make()
    lab.site("S04", status=2)
    world.dp("CEN00001", "S021", 1, target=3)
    world.dp("CEN00002", "S021", 1, target=None)
    world.package("CEN00003", package_type=4)
    world.dp("CEN00003", "S021", 3)
    world.dp("CEN00004", "S041", 1, site="S04")
    world.dp("CEN00005", "S02WKS", 1, peer=True)
    world.dp("CEN00006", "S022", 1)
    lab.dp_message("CEN00006", "S022", 2, 2371)
    with Server(world) as server:
        answer = server.check("-v").is_(OK)
        assert answer.items == [] and answer.value("examined") == 5
        assert len(server.check("-v", "--include-branch-dps").is_(CRITICAL).items) == 1


def test_filters_and_globs(world):
    world.make()
    for server, site in (("S021", "S02"), ("S022", "S02"), ("S031", "S03")):
        world.dp("CEN00001", server, 1, 2 * DAY, site=site)
    with Server(world) as tds:
        def servers(*arguments):
            answer = tds.check("-v", *arguments)
            return answer.value("examined"), sorted(item["server"] for item in answer.items)
        assert servers() == (7, ["S021", "S022", "S031"])
        assert servers("--server=s02?") == (2, ["S021", "S022"])
        assert servers("--server=*[23]1") == (2, ["S021", "S031"])
        assert servers("--child-site=s03", "--package=cen00001") == (1, ["S031"])
        assert servers("--exclude-site=S02") == (4, ["S031"])
        tds.check("--server=S09*").is_(UNKNOWN, "no distribution point that --server selects")
        tds.check("--child-site=S01", "--package=CEN00001").is_(UNKNOWN, "nothing to look at", "nothing that the filters select")
        tds.check("--package=CEN00009").fails("no such package in v_Package")


@pytest.mark.parametrize("nal, shown", SHAPES + [case for case in BROKEN if case[1]])
def test_nal_paths(world, nal, shown):
    world.make()
    world.dp("CEN00001", "S021", 1, 5 * DAY, nal=nal)
    with Server(world) as server:
        assert set(server.check("-v").is_(CRITICAL).shown) == {("CEN00001", shown)}
        world.lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0")
        server.check().is_(OK)
        assert world.remembered() == {}


def test_ended_and_absent_items_are_looked_up_by_key(world):
    lab = world.make()
    for number in range(1, 5):
        world.dp("CEN0000%d" % number, "S021", 1, HOUR)
    with Server(world) as server:
        server.check().is_(OK)
        lab.arrive("CEN00001", "S02")
        world.dp("CEN00002", "S021", 1, target=3)
        lab.db.execute("DELETE FROM v_PackageStatusDistPointsSumm WHERE PackageID = 'CEN00003'")
        server.check().is_(OK)
        assert set(world.remembered()) == {"dp/CEN00003@S021/S02", "dp/CEN00004@S021/S02"}


def test_the_servers_clock_counts(world):
    """Its dates are UTC, whatever its local time is; its now is the now of its dates."""
    world.make()
    world.package("CEN00001", age_s=9 * HOUR)
    world.dp("CEN00001", "S021", 1, 5 * HOUR)
    for offset in (-300, 0, 330):
        with Server(world, utc_offset=offset) as server:
            assert server.check("-v").item("CEN00001", "S021")["age"] in durations(5 * HOUR)


def test_stale_evidence(world):
    lab = world.make()
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET SummaryDate = ?", (lab.date(2 * DAY),))
    world.dp("CEN00000", "S022", 0, -DAY)
    with Server(world) as server:
        server.check("--stale-warning=1d").is_(WARNING, "stale: the newest summary row is 48 h old")
        server.check("--stale-critical=1d").is_(CRITICAL)
        assert 2 * DAY - 1 <= server.check().is_(OK).value("evidence_age") < 2 * DAY + 9


def test_all_outside_values_are_bound(world):
    world.make()
    evil = "x'; DROP TABLE v_Site; --"
    with Server(world) as server:
        server.check("--package=" + evil).fails("no such package")
        server.check("--server=" + evil).is_(UNKNOWN)
        server.check("--exclude-package=" + evil, "--exclude-site=" + evil).is_(OK)
        for line in server.tds.requests("batch") + server.tds.requests("rpc"):
            assert "DROP" not in (line.get("sql") or "")
            words = (line.get("sql") or "").upper().split()
            assert not {"INSERT", "UPDATE", "DELETE", "EXEC", "INTO", "WITH", "TOP"} & set(words), line
