# SPDX-License-Identifier: GPL-3.0-or-later
"""Which distribution points are in trouble with which packages, since when, and what state that is."""

import pytest
import sitedb_demo
from dps import FAILED, KINDS, World
from packages import CRITICAL, DAY, HOUR, OK, UNKNOWN, WARNING, durations
from sitedb_schema import NEVER, PRODUCTS, has_fqdn

RANK = {"CRITICAL": 0, "WARNING": 1, "OK": 2}


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


def oracle(lab):
    """{(package, server): (kind, age)} of the demo: what the lab says is in trouble, by the design's rules."""
    sources = {"CEN00002": 6 * DAY, "CEN00005": 20 * HOUR}
    prestaged = {("CEN00012", sitedb_demo.servers(lab)["S03"][1])} if has_fqdn(lab.product) else set()
    return {(row.package, row.server): (KINDS[row.state], min(row.age_s, sources.get(row.package, row.age_s)))
            for row in sitedb_demo.expected_dps(lab) if (row.package, row.server) not in prestaged}


def state_of(kind, age_s):
    warning, critical = (HOUR, 24 * HOUR) if kind in FAILED else (24 * HOUR, 72 * HOUR)
    return "CRITICAL" if age_s > critical else "WARNING" if age_s > warning else "OK"


def compare(answer, lab):
    expected = oracle(lab)
    assert answer.shown == {key: kind for key, (kind, _) in expected.items()}, answer
    for item in answer.items:
        kind, age_s = expected[item["package"], item["server"]]
        assert item["age"] in durations(age_s) and item["state"] == state_of(kind, age_s), "%s %s" % (item, answer)
    kinds = [kind for kind, _ in expected.values()]
    failed = sum(kind in FAILED for kind in kinds)
    stuck = sum(state_of(*what) != "OK" for what in expected.values())
    assert answer.values("pending", "failed", "retrying", "stuck", "known") == (
        len(kinds) - failed, failed, kinds.count("retrying"), stuck, 0), answer
    order = [RANK[item["state"]] for item in answer.items]
    assert order == sorted(order), answer
    return answer.is_(CRITICAL)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_demo_is_judged_as_the_lab_says(world, product):
    lab = world.demo(product=product)
    answer = compare(world.check("-v"), lab)
    assert answer.value("examined") == lab.query(
        "SELECT COUNT(*) FROM v_PackageStatusDistPointsSumm s JOIN v_DistributionPoint d USING (PackageID, ServerNALPath)"
        " JOIN v_Site i ON i.SiteCode = s.SiteCode AND i.Status = 1 WHERE d.Status <> 3 AND s.State NOT IN (4, 5, 6)"
        + (" AND d.IsPeerDP = 0" if product != "sms2003" else ""))[0][0]
    assert 1800 <= answer.value("evidence_age") < 1810


@pytest.mark.parametrize("state, kind, cls", [
    (1, "pending", "pending"), (2, "retrying", "pending"), (3, "failed", "failed"), (7, "updating", "pending"),
    (8, "validation_failed", "failed"), (9, "unknown state", "pending"), (None, "unknown state", "pending"),
])
@pytest.mark.parametrize("version", [2, 3, 4])
def test_each_state_whatever_the_version(world, state, kind, cls, version):
    """Validation failures stand at the right version, and so does a hung refresh: State decides."""
    world.make()
    world.package("CEN00001", version=3)
    world.dp("CEN00001", "S021", state, 2 * HOUR, version)
    answer = world.check("-v")
    item = answer.item("CEN00001", "S021")
    assert (item["kind"], item["held"], item["wanted"]) == (kind, str(version), "3")
    assert item["code"] == (None if kind != "unknown state" else "NULL" if state is None else str(state))
    assert answer.values("pending", "failed", "retrying") == (int(cls == "pending"), int(cls == "failed"), int(state == 2))
    answer.is_(WARNING if cls == "failed" else OK)
    assert answer.value("oldest_failed" if cls == "failed" else "oldest") in range(2 * HOUR - 1, 2 * HOUR + 9)


def test_installed_with_an_old_version_is_behind(world):
    world.make()
    world.package("CEN00001", version=3, age_s=30 * HOUR)
    world.dp("CEN00001", "S021", 0, 40 * DAY, 2)
    world.dp("CEN00001", "S022", 0, 40 * DAY, 3)
    world.dp("CEN00001", "S023", 0, 40 * DAY, 4)
    answer = world.check("-v").is_(WARNING, "1 stuck: CEN00001 \"Office\" on S021, S02 Branch S02: has version 2 of 3 for 30 h; 7 examined")
    assert answer.shown == {("CEN00001", "S021"): "old version"}, "never older than the version that it lacks"


@pytest.mark.parametrize("state, kind", [(4, "removal_pending"), (5, "removal_retrying"), (6, "removal_failed")])
def test_removals_only_when_asked_for(world, state, kind):
    world.make()
    world.dp("CEN00001", "S021", state, 5 * DAY, target=3)
    world.dp("CEN00002", "S021", state, 5 * DAY)
    world.dp("CEN00003", "S021", state, 5 * DAY, target=None)
    again = {("CEN00002", "S021"): "targeted again but " + kind}
    answer = world.check("-v").is_(OK, "1 on their way")
    assert answer.shown == again and answer.value("examined") == 5
    answer = world.check("-v", "--include-removals").is_(CRITICAL)
    assert answer.shown == {("CEN00001", "S021"): kind, ("CEN00003", "S021"): kind, **again}
    assert answer.value("retrying") == (3 if state == 5 else 0) and answer.value("examined") == 7
    # A run without the option neither shows nor keeps what is to be removed.
    assert len(world.remembered()) == 3
    assert world.check("-v").is_(OK).shown == again
    assert list(world.remembered()) == ["dp/CEN00002@S021/S02"]


@pytest.mark.parametrize("state, hours", [(4, (24, 72)), (5, (24, 72)), (6, (1, 24))])
def test_a_removal_of_what_is_to_be_there_is_trouble_and_not_at_once(world, state, hours):
    """Removed and targeted again: minutes may pass until the first status, but the removal must not stay for ever."""
    world.make()
    world.dp("CEN00001", "S021", state, 90 * DAY)
    world.check().is_(OK, "none stuck, 1 on their way")
    for hour, status in zip(hours, (WARNING, CRITICAL)):
        world.check(later=hour * HOUR - 60).is_(status - 1)
        item = world.check("-v", later=hour * HOUR + 60).is_(status, "on S021, S02 Branch S02: targeted again but removal_").item("CEN00001", "S021")
        assert "(its removal never ended), then refresh this DP" in item["advice"]


@pytest.mark.parametrize("state", [4, 5, 6])
def test_without_the_target_s_status_a_removal_is_one(world, state):
    world.make(without=["v_DistributionPoint.Status"])
    world.dp("CEN00001", "S021", state, 90 * DAY)
    world.check(later=9 * DAY).is_(OK, "all 4 packages")
    assert world.check("-v", "--include-removals").is_(CRITICAL).shown == {("CEN00001", "S021"): {4: "removal_pending", 5: "removal_retrying", 6: "removal_failed"}[state]}


def test_a_removal_of_a_deleted_package(world):
    lab = world.make()
    world.dp("CEN00001", "S021", 5, 5 * DAY, target=None)
    lab.db.execute("DELETE FROM SMSPackages WHERE PkgID = 'CEN00001'")
    item = world.check("-v", "--include-removals").is_(CRITICAL).item("CEN00001", "S021")
    assert item["wanted"] is None and item["name"] is None
    assert world.check("-v").is_(OK).items == []


def test_what_is_not_counted(world):
    lab = world.make()
    lab.site("S04", status=2)
    world.dp("CEN00001", "S021", 1, 9 * DAY, target=3)
    world.dp("CEN00002", "S021", 1, 9 * DAY, target=None)
    world.dp("CEN00003", "S021", 1, 9 * DAY)
    lab.db.execute("DELETE FROM SMSPackages WHERE PkgID = 'CEN00003'")
    world.package("CEN00004", package_type=4)
    world.dp("CEN00004", "S021", 3, 9 * DAY)
    world.dp("CEN00005", "S041", 1, 9 * DAY, site="S04")
    world.dp("CEN00006", "S051", 1, 9 * DAY, site="S05")
    world.dp("CEN00007", "S02WKS", 1, 9 * DAY, peer=True)
    world.dp("CEN00008", "S021", 3, 9 * DAY)
    lab.db.execute("UPDATE SMSPackages SET Action = 3 WHERE PkgID = 'CEN00008'")
    world.package("CEN00009", store_pkg_flag=1)
    world.dp("CEN00009", "S021", 1, 9 * DAY)
    answer = world.check("-v").is_(OK, "OK - 4 packages on distribution points are installed; 1 package not looked at: on DPs of S04, which is not active")
    assert answer.items == [] and answer.values("pending", "failed", "examined") == (0, 0, 4)
    for arguments in (["--exclude-site=S04"], ["--server=S02*"], ["--package=CEN00000"]):
        assert "not looked at" not in world.check(*arguments).verdict, arguments
    assert "; 1 package not looked at: on DPs of S04" in world.check("--server=*").verdict
    answer = world.check("-v", "--include-branch-dps").is_(CRITICAL)
    assert answer.shown == {("CEN00007", "S02WKS"): "pending"} and answer.value("examined") == 5
    assert world.check("-v").is_(OK).items == []


def test_prestaged_content_is_waited_for(world):
    lab = world.make()
    for number, (state, messages) in enumerate((
            (1, [(2371, 3 * HOUR)]), (2, [(2371, 3 * HOUR)]), (3, [(2371, 3 * HOUR)]), (1, [(2371, 9 * HOUR), (2302, 3 * HOUR)]),
            (1, [(2302, 9 * HOUR), (2371, 3 * HOUR)]), (1, [(2303, 3 * HOUR)]), (7, [(2371, None)])), 1):
        package, server = "CEN0000%d" % number, "S02%d" % number
        world.dp(package, server, state, 5 * DAY)
        for message, age_s in messages:
            lab.insert("vSMS_DistributionDPStatus", PackageID=package, SiteCode="S02", Name=server, MessageState=2,
                       NALPath=lab.query("SELECT ServerNALPath FROM v_DistributionPoint WHERE PackageID = ?", package)[0][0],
                       MessageID=message, LastUpdateDate=lab.date(age_s))
    answer = world.check("-v")
    assert answer.shown == {("CEN00003", "S023"): "failed", ("CEN00004", "S024"): "pending", ("CEN00006", "S026"): "pending"}
    item = answer.item("CEN00004", "S024")
    assert item["message"] == "2302" and item["message_age"] in durations(3 * HOUR) and item["message_state"] == "in progress"
    assert answer.item("CEN00003", "S023")["message"] == "2371", "a message never clears a failure"
    assert "; 4 wait for prestaged content: CEN00001 on S021 and others" in answer.verdict
    assert [line.split(":")[0] for line in answer.notes] == ["waits for prestaged content"] * 4
    assert 'CEN00001 "Office" on S021, site S02 Branch S02, last message 2371' in answer.notes[0]


def test_without_messages_nothing_is_lost(world):
    world.make(without=["vSMS_DistributionDPStatus"])
    world.dp("CEN00001", "S021", 2, 5 * DAY)
    answer = world.check("-vv").is_(CRITICAL)
    assert answer.item("CEN00001", "S021")["message"] is None
    assert b"left out: " in answer.stderr and b"vSMS_DistributionDPStatus" in answer.stderr


@pytest.mark.parametrize("summarized, source, age_s", [
    (4 * DAY, 90 * DAY, 4 * DAY), (4 * DAY, 2 * DAY, 2 * DAY), (4 * DAY, None, 4 * DAY), (4 * DAY, NEVER, 4 * DAY),
    (4 * DAY, -HOUR, 4 * DAY), (None, 9 * DAY, 0), (NEVER, 9 * DAY, 0), (-HOUR, 9 * DAY, 0), (20000 * DAY, 9 * DAY, 0),
])
def test_the_age_never_exaggerates(world, summarized, source, age_s):
    world.make()
    world.package("CEN00001", age_s=source)
    world.dp("CEN00001", "S021", 1, summarized)
    assert world.check("-v").item("CEN00001", "S021")["age"] in durations(age_s)


@pytest.mark.parametrize("without, age_s", [
    (["v_Package.SourceDate"], 2 * DAY), (["v_Package.SourceDate", "v_PackageStatusRootSummarizer.SourceDate"], 4 * DAY),
    (["v_Package.SourceDate", "v_PackageStatusRootSummarizer"], 4 * DAY), (["v_PackageStatusRootSummarizer"], 2 * DAY),
])
def test_where_the_source_date_is_read(world, without, age_s):
    world.make(without=without)
    world.package("CEN00001", age_s=2 * DAY)
    world.dp("CEN00001", "S021", 1, 4 * DAY)
    assert world.check("-v").item("CEN00001", "S021")["age"] in durations(age_s)


def test_min_rate_lets_big_packages_take_their_time(world):
    world.make()
    world.package("CEN00001", comp_size_kb=3600000000 // 1024)
    world.dp("CEN00001", "S021", 1, 26 * HOUR)
    world.dp("CEN00001", "S031", 1, 26 * HOUR, site="S03")
    assert world.check().is_(WARNING).value("stuck") == 2
    answer = world.check("-v", "--min-rate=S02=1GB/h").is_(WARNING)
    assert [answer.item("CEN00001", server)["state"] for server in ("S021", "S031")] == ["OK", "WARNING"]
    assert answer.item("CEN00001", "S021")["allows"] == "3 h at 1 GB/h"


def test_min_rate_without_sizes_says_so(world):
    world.make(without=["v_PackageStatusRootSummarizer.SourceCompressedSize"])
    world.dp("CEN00001", "S021", 1, 26 * HOUR)
    answer = world.check("-vv", "--min-rate=1/h").is_(WARNING)
    assert b"left out: the packages' size" in answer.stderr


def test_a_row_that_comes_twice_is_one_item(world):
    lab = world.make()
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    lab.target("CEN00001", "S02", "S021")
    lab.db.execute("INSERT INTO v_DistributionPoint SELECT * FROM v_DistributionPoint WHERE PackageID = 'CEN00001'")
    lab.db.execute("INSERT INTO v_PackageStatusDistPointsSumm SELECT * FROM v_PackageStatusDistPointsSumm"
                   " WHERE PackageID = 'CEN00001'")
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 3, SummaryDate = ? WHERE PackageID = 'CEN00001' AND rowid ="
                   " (SELECT MAX(rowid) FROM v_PackageStatusDistPointsSumm)", (lab.date(2 * HOUR),))
    answer = world.check("-v")
    assert answer.shown == {("CEN00001", "S021"): "failed"}, "the newest row decides"
    assert list(world.remembered()) == ["dp/CEN00001@S021/S02"]


def test_no_row_at_all(world):
    lab = world.make()
    lab.db.execute("DELETE FROM v_PackageStatusDistPointsSumm")
    answer = world.check().is_(UNKNOWN, "nothing to look at: no status row of a distribution point")
    assert answer.values("pending", "examined", "evidence_age") == (0, 0, 0)


def test_no_row_for_a_site(world):
    lab = world.make()
    lab.site("S04", "Without DPs")
    lab.site("S05", "Closed", status=2)
    world.dp("CEN00001", "S051", 1, 9 * DAY, site="S05")
    world.check("--child-site=S04").is_(UNKNOWN, "site S04 has no status row of a distribution point")
    world.check("--child-site=S05").is_(UNKNOWN, "site S05 is not active (status 2)")
    world.check("--child-site=S02,S04").is_(UNKNOWN, "all 1 packages", "site S04 has no status row")
    world.check("--child-site=S02").is_(OK)
    world.dp("CEN00002", "S031", 0, site="S03")
    world.check("--child-site=S02", "--package=CEN00002").is_(UNKNOWN, "nothing to look at", "nothing that the filters select", "S02")
    world.package("CEN00003")
    world.check("--package=CEN00003").is_(UNKNOWN, "nothing to look at", "that the filters select")
    world.dp("CEN00002", "S032", 1, 9 * DAY, site="S03")
    world.check("--child-site=S03,S04").is_(CRITICAL, "CEN00002 \"Office\" on S032, S03 Branch S03: pending", "site S04 has no status row")


def test_filters(world):
    world.make()
    for package in ("CEN00001", "CEN00002"):
        for server, site in (("S021", "S02"), ("S022.corp.example", "S02"), ("S031", "S03")):
            world.dp(package, server, 1, 2 * DAY, site=site)

    def servers(*arguments):
        answer = world.check("-v", *arguments)
        return answer.value("examined"), {(item["package"][-1] + " " + item["server"]) for item in answer.items}
    everything = {p + " " + s for p in "12" for s in ("S021", "S022.corp.example", "S031")}
    assert servers() == (10, everything)
    assert servers("--package=cen00001") == (3, {"1 S021", "1 S022.corp.example", "1 S031"})
    assert servers("--exclude-package=CEN00001,CEN00000") == (3, {"2 S021", "2 S022.corp.example", "2 S031"})
    assert servers("--child-site=s03") == (3, {"1 S031", "2 S031"})
    assert servers("--exclude-site=S02") == (5, {"1 S031", "2 S031"})
    assert servers("--server=S02*") == (4, {"1 S021", "1 S022.corp.example", "2 S021", "2 S022.corp.example"})
    assert servers("--server=s0?1") == (4, {"1 S021", "1 S031", "2 S021", "2 S031"})
    assert servers("--server=S0[3-9]1,*.CORP.example") == (4, {"1 S031", "2 S031", "1 S022.corp.example", "2 S022.corp.example"})
    assert servers("--server=S021", "--package=CEN00002") == (1, {"2 S021"})
    world.check("--server=S02").is_(UNKNOWN, "no distribution point that --server selects")
    world.check("--server=%").is_(UNKNOWN, "no distribution point that --server selects")
    world.check("--package=CEN00009").fails("CEN00009", "no such package in v_Package")
    world.check("--child-site=ZZZ").fails("ZZZ", "S02")
    world.check("--site=ZZZ").fails("--site=ZZZ")


def test_a_package_of_another_site_can_be_asked_for(world):
    world.make()
    world.package("S0100001", source_site="S01")
    world.dp("S0100001", "S021", 1)
    item = world.check("-v", "--package=S0100001").is_(CRITICAL).item("S0100001", "S021")
    assert "check_sms_packages" not in item["advice"], "this database cannot tell why"


def test_known_names_site_or_server(world):
    world.make()
    world.dp("CEN00001", "S021", 1)
    for known in ("CEN00001", "cen00001@s02", "CEN00001@S021", "CEN00001@S02:2099-12-31"):
        answer = world.check("-v", "--known=" + known).is_(OK, "1 known")
        assert answer.values("known", "pending", "stuck", "oldest") == (1, 0, 0, 0)
        assert answer.items[0]["state"].startswith("known")
    for known in ("CEN00001@S03", "CEN00001@S0211", "CEN00002", "CEN00001@S02:2020-01-01"):
        world.check("--known=" + known).is_(CRITICAL)
    world.dp("CEN00001", "S021", 0)
    world.dp("CEN00001", "S022.corp.example", 1)
    world.check("--known=CEN00001@s022").is_(OK, "1 known")
    world.check("--known=CEN00001@S022.lab.example").is_(CRITICAL)


def test_thresholds_and_perfdata(world):
    world.make()
    world.dp("CEN00001", "S021", 1, 2 * DAY)
    answer = world.check("-w", "1d", "-c", "3d", "--failed-warning=10m", "--failed-critical=@1s:2s", "--stale-warning=9d")
    assert answer.is_(WARNING).perf["oldest"].endswith("s;86400;259200")
    assert answer.perf["oldest_failed"] == "0s;600" and answer.perf["evidence_age"].endswith("s;777600")
    assert world.check("-w", "3d").is_(OK, "none stuck, 1 on their way: CEN00001 \"Office\" on S021, S02 Branch S02: pending for 48 h")


@pytest.mark.parametrize("age_s, arguments, status", [
    (2 * DAY, [], OK), (2 * DAY, ["--stale-warning=3d"], OK), (2 * DAY, ["--stale-warning=1d"], WARNING),
    (2 * DAY, ["--stale-critical=1d"], CRITICAL), (4 * DAY, ["--stale-warning=1d", "--stale-critical=3d"], CRITICAL),
    (2 * DAY, ["--stale-warning=1d", "--stale-critical=3d"], WARNING), (None, [], OK), (None, ["--stale-critical=1d"], WARNING),
    (-HOUR, ["--stale-warning=1d"], WARNING),
])
def test_stale_evidence(world, age_s, arguments, status):
    lab = world.make()
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET SummaryDate = ?", (lab.date(age_s),))
    answer = world.check(*arguments).is_(status)
    evidence = age_s if age_s and age_s > 0 else 0
    assert evidence <= answer.value("evidence_age") < evidence + 9
    if status != OK:
        assert ("stale: the newest summary row is" if evidence else "no summary row has a date") in answer.verdict


def test_one_date_in_the_future_does_not_hide_the_others(world):
    lab = world.make()
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET SummaryDate = ?", (lab.date(2 * DAY),))
    world.dp("CEN00000", "S021", 0, -DAY)
    assert 2 * DAY <= world.check().value("evidence_age") < 2 * DAY + 9


def test_the_verdict_names_the_common_factor(world):
    lab = world.make()
    for number in range(1, 13):
        world.dp("CEN001%02X" % number, "S021", 1, 3 * DAY - HOUR)
    world.check().is_(WARNING, "12 stuck: CEN00101 \"Office\" on S021", "pending for 71 h; 12 packages pending on S021; in all 12 in trouble (0 failed) on 1 DP")
    for number in range(1, 10):
        world.dp("CEN00012", "S03%d" % number, 1, 2 * DAY, site="S03")
    answer = world.check().is_(WARNING, "; 12 packages pending on S021, CEN00012 pending on 9 DPs; in all 21 in trouble (0 failed) on 10 DPs")
    assert answer.value("pending") == 21
    world.dp("CEN00201", "S011", 3, 2 * DAY, site="S01")
    world.check().is_(CRITICAL, "22 stuck: CEN00201 \"Office\" on S011, S01 Branch S01: failed for 48 h; 12 packages pending on S021, CEN00012 pending on 9 DPs and 1 other; in all 22")
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 3 WHERE PackageID = 'CEN00012' AND State = 1")
    world.check().is_(CRITICAL, "CEN00012 failed on 9 DPs")
    lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0 WHERE State <> 0 AND PackageID <> 'CEN00201'")
    world.check().is_(CRITICAL, "1 stuck: CEN00201 \"Office\" on S011, S01 Branch S01: failed for 48 h; 26 examined")


def test_young_ones_have_a_common_factor_too(world):
    world.make()
    for number in range(1, 4):
        world.dp("CEN0010%d" % number, "S021", 1, 3 * HOUR)
    world.check().is_(OK, "none stuck, 3 on their way: CEN00101 \"Office\" on S021", "; 3 packages pending on S021")


def test_advice_stands_wherever_the_state_is_not_ok(world):
    """With ranges that alert only on the young, an old item is critical and not stuck."""
    world.make()
    world.dp("CEN00101", "S021", 1, 4 * DAY)
    answer = world.check("-w", "@1s:3d").is_(CRITICAL)
    assert answer.value("stuck") == 0 and "look for CEN00101 in distmgr.log" in answer.lines[1], answer


def test_many_items_stay_in_the_budget(world):
    world.make()
    for number in range(400):
        world.dp("CEN%05X" % (1 + number % 40), "A-RATHER-LONG-SERVER-NAME-%03d.branch.corp.example" % number, 1, 9 * DAY)
    answer = world.check("--max-items=1000").is_(CRITICAL)
    assert len(answer.text.encode()) <= 4000 and answer.lines[-1].startswith("+")
    assert len(answer.items) + int(answer.lines[-1][1:].split()[0]) == answer.value("pending") == 400


SITE_QUESTION = "; has the site got it? check_sms_packages --package=CEN00001 --child-site=S02; if that says in sync, is the PCK file still there? despool.log on S021"


@pytest.mark.parametrize("product", ["sms2003", "cb"])
@pytest.mark.parametrize("kind, state, text", [
    ("failed", 3, "LOG (DP not reachable, disk full, rights), then refresh this DP"),
    ("retrying", 2, "LOG (DP not reachable"), ("validation_failed", 8, "smsdpmon.log on DP9 (content changed"),
    ("pending", 1, "LOG" + SITE_QUESTION), ("updating", 7, "LOG" + SITE_QUESTION), ("unknown state", 12, "not in Microsoft's list"),
])
def test_each_kind_says_what_to_look_at(world, product, kind, state, text):
    lab = world.make(product=product)
    lab.site("S02", server="S021")
    world.dp("CEN00001", "DP9", state, 5 * DAY)
    log = "distmgr.log on S021" if product == "sms2003" else "PkgXferMgr.log on S021 and smsdpprov.log on DP9"
    assert text.replace("LOG", log) in world.check().item("CEN00001", "DP9")["advice"]


def test_several_sites_that_are_not_active(world):
    lab = world.make()
    for site in ("S07", "S08"):
        lab.site(site, status=3)
        world.dp("CEN00001", site + "1", 1, 9 * DAY, site=site)
    world.dp("CEN00002", "S021", 0, 9 * DAY)
    assert "; 2 packages not looked at: on DPs of S07 and other sites, which are not active" in world.check().is_(OK).verdict
