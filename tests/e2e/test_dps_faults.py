# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database lacks, denies or does to check_sms_dps: the code, the step, the object and the remedy."""

import os

import packages
import pytest
from dps import World
from packages import CRITICAL, DAY, HOUR, UNKNOWN, Server

TIMEOUT_S = 2
FINDINGS = "the packages that are not installed on distribution points"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


@pytest.mark.parametrize("view", ["v_PackageStatusDistPointsSumm", "v_Package", "v_DistributionPoint", "v_Site"])
def test_a_view_is_missing(world, view):
    world.make()
    world.lab.db.execute("DROP %s %s" % ("VIEW" if view == "v_Package" else "TABLE", view))
    world.check().fails(view, "does not exist", "site's database")
    with Server(world) as server:
        server.check().fails(view, "does not exist", "SMS_CEN")


@pytest.mark.parametrize("column", ["v_PackageStatusDistPointsSumm.State", "v_PackageStatusDistPointsSumm.SummaryDate",
                                    "v_DistributionPoint.ServerNALPath", "v_Site.SiteCode", "v_Package.SourceVersion"])
def test_a_column_is_missing_that_every_product_has(world, column):
    world.make()
    view, name = column.split(".")
    if view == "v_Package":
        world.lab.db.execute("DROP VIEW v_Package")
        world.lab.db.execute("CREATE VIEW v_Package AS SELECT PkgID AS PackageID, Name, SourceDate, PackageType FROM SMSPackages")
    else:
        for index, in world.lab.query("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", view):
            world.lab.db.execute("DROP INDEX " + index)
        world.lab.db.execute("ALTER TABLE %s RENAME COLUMN %s TO Elsewhere" % (view, name))
    world.check().fails("column", name, "does not exist")
    with Server(world) as server:
        server.check().fails("column", name, "does not exist")


@pytest.mark.parametrize("product, without", [
    ("sms2003", ["v_DistributionPoint.Status"]), ("sms2003", ["v_Site.Status"]), ("cb", ["v_DistributionPoint.IsPeerDP"]),
    ("cb", ["v_Package.PackageType"]), ("cb", ["v_Package.SourceDate"]), ("cb", ["vSMS_DistributionDPStatus.MessageID"]),
    ("cb", ["v_PackageStatusRootSummarizer"]), ("cb", ["vSMS_DistributionDPStatus"]),
])
def test_a_column_or_view_is_missing_that_some_product_lacks(world, product, without):
    world.make(product=product, without=without)
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    arguments = ["-vv", "--min-rate=10TB/h"]
    answer = world.check(*arguments).is_(CRITICAL)
    assert answer.shown == {("CEN00001", "S021"): "pending"}
    assert b"left out" in answer.stderr and without[0].split(".")[-1].encode() in answer.stderr, answer
    with Server(world) as server:
        assert server.check(*arguments).shown == answer.shown


@pytest.mark.parametrize("hide", [False, True])
@pytest.mark.parametrize("view", ["v_PackageStatusDistPointsSumm", "v_Package", "v_DistributionPoint", "v_Site"])
def test_a_denied_view_is_named_with_the_right(world, view, hide):
    world.make()
    with Server(world, deny=[view], hide_denied=hide) as server:
        server.check().fails("SELECT denied on %s (229)" % view, "smsschm_users")


@pytest.mark.parametrize("hide", [False, True])
def test_tables_and_enriching_views_are_not_needed(world, hide):
    """What a member of smsschm_users has, and not even all of that."""
    world.make()
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    world.lab.dp_message("CEN00001", "S021", 4, 2302, HOUR)
    with Server(world, deny=["SMSPackages", "PkgStatus"], hide_denied=hide) as server:
        for filters in ([], ["--package=CEN00001"], ["--server=S0*"], ["--child-site=S02"], ["--min-rate=1TB/h"]):
            answer = server.check(*filters).is_(CRITICAL)
            assert answer.item("CEN00001", "S021")["message"] == "2302"
    with Server(world, deny=["SMSPackages", "PkgStatus", "vSMS_DistributionDPStatus", "v_PackageStatusRootSummarizer",
                             "v_DistributionPoints"], hide_denied=hide) as server:
        answer = server.check("-vv", "--min-rate=1B/h").is_(CRITICAL)
        assert answer.item("CEN00001", "S021")["message"] is None
        assert b"vSMS_DistributionDPStatus" in answer.stderr and b"229" in answer.stderr
        # Without a size there is no allowance: the item is stuck.
        assert answer.value("stuck") == 1


QUERY = {"at": ["batch", "rpc"], "match": "MessageDate.*ORDER BY"}
COUNT = {"at": ["batch", "rpc"], "match": "AS Examined"}


@pytest.mark.parametrize("rule, code, texts", [
    (dict(QUERY, do="hang"), 3, ["timed out after 2 s", FINDINGS]),
    (dict(COUNT, do="hang"), 3, ["timed out after 2 s", "the number of packages on distribution points"]),
    ({"at": "row", "match": "ORDER BY p.PackageID", "rows": 3, "do": "hang"}, 3, ["timed out", "fetching", FINDINGS]),
    (dict(QUERY, do="drip"), 3, ["timed out", FINDINGS]),
    (dict(QUERY, do="close"), 3, [FINDINGS, "connection was lost"]),
    (dict(COUNT, do="reset"), 3, ["the number of packages", "connection was lost"]),
    ({"at": "row", "match": "ORDER BY p.PackageID", "rows": 3, "do": "close"}, 3, [FINDINGS, "connection was lost"]),
    ({"at": "row", "match": "ORDER BY p.PackageID", "rows": 0, "do": "reset"}, 3, [FINDINGS, "connection was lost"]),
    ({"at": ["batch", "rpc"], "match": "ORDER BY p.PackageID", "do": "partial", "rows": 2}, 3, [FINDINGS, "connection was lost"]),
    (dict(QUERY, do="error", number=1222, message="Lock request time out period exceeded."), 3, ["1222", "locked"]),
    (dict(COUNT, do="error", number=1205, message="Transaction was deadlocked."), 3, ["1205", "deadlock"]),
    ({"at": "row", "match": "ORDER BY p.PackageID", "rows": 3, "do": "error", "number": 601, "level": 12,
      "message": "Could not continue scan with NOLOCK due to data movement."}, 3, [FINDINGS, "601"]),
    # What only enriches the answer may fail, as long as the connection lives.
    ({"at": ["batch", "rpc"], "match": "COUNT.MessageState", "do": "error", "number": 1222, "message": "Lock request time out."}, 2, ["stuck"]),
    ({"at": ["batch", "rpc"], "match": "COUNT.MessageState", "do": "close"}, 3, ["connection"]),
    (dict(QUERY, do="delay", seconds=0.7), 2, ["stuck"]),
])
def test_a_server_that_fails(world, rule, code, texts):
    world.demo(product="cb")
    with Server(world) as server:
        server.tds.rules([rule])
        answer = server.check("-t", TIMEOUT_S)
        assert answer.seconds < TIMEOUT_S + 0.5 and packages.processes_with(world.state) == []
        if code == UNKNOWN:
            answer.fails(*texts)
            assert world.remembered() == {}
        else:
            answer.is_(code, *texts)
        assert not server.tds.requests("exception")


def test_known_trouble_survives_a_fault_in_the_second_run(world):
    world.demo(product="cb")
    with Server(world) as server:
        server.check().is_(CRITICAL)
        before = world.remembered()
        world.lab.arrive("CEN00001", "S02")
        for rule in (dict(QUERY, do="close"), {"at": ["batch", "rpc"], "match": "AS Ended.*LIKE", "do": "error", "number": 1205},
                     {"at": "row", "match": "LIKE", "rows": 0, "do": "close"}):
            server.tds.rules([rule])
            server.check("-t", TIMEOUT_S).fails()
            assert world.remembered() == before
        server.tds.rules([])
        server.check()
        assert set(before) - set(world.remembered()) == {"dp/CEN00001@S021.CORP.EXAMPLE/S02"}


@pytest.mark.parametrize("arguments, texts", [
    (["--server"], ["--server"]), (["--stale-warning=x"], ["--stale-warning", "x"]), (["--include-removals=1"], ["--include-removals"]),
    (["--rule=version"], ["--rule"]), (["--stale-critical="], ["--stale-critical"]), (["--min-rate=1"], ["--min-rate"]),
])
def test_bad_options(world, arguments, texts):
    world.make()
    world.check(*arguments).fails(*texts)


def test_everything_can_be_set_in_an_ini_file(world):
    world.make()
    world.dp("CEN00001", "S021", 5, 5 * DAY, target=3)
    world.dp("CEN00002", "S021", 1, 5 * DAY, peer=True)
    world.dp("CEN00003", "S031", 1, 5 * DAY, site="S03")
    path = os.path.join(world.folder, "check.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[check_sms_dps]\nserver=S02*\ninclude-removals\ninclude-branch-dps\nstale-warning=1h\nstale-critical=2d\n"
                   "known=CEN00002@S021\nsite=CEN\nmax-items=5\nchild-site=S02,S03\n")
    answer = world.check("--extra-opts=@" + path).is_(CRITICAL)
    assert answer.shown == {("CEN00001", "S021"): "removal_retrying", ("CEN00002", "S021"): "pending"}
    assert answer.value("known") == 1 and answer.perf["evidence_age"].endswith(";3600;172800")
