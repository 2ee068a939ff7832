# SPDX-License-Identifier: GPL-3.0-or-later
"""ConfigMgr 2012 and later: status messages in words, kinds of DPs, what is told without being trouble, and --strict."""

import json
import os
import re
import subprocess

import daemons
import despool
import packages
import pytest
import sitedb
import sitedb_dps
import sitedb_judge
from dps import World
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, UNKNOWN, WARNING, Server, durations
from sitedb_schema import PRODUCTS

SITE_SERVER = "S021.corp.example"


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        yield made


@pytest.mark.parametrize("state, message_state, message, words, advice", [
    (2, 4, 2391, "the site server cannot connect to the DP", "check name, firewall"),
    (3, 4, 2302, "the site server failed on the package", "the lines before it in distmgr.log"),
    (3, 4, 2323, "the network path of the DP cannot be opened", "check name, firewall"),
    (3, 4, 2324, "the content share cannot be reached or made", "free space"),
    (3, 4, 2354, "the content's status file is not valid", "redistribute"),
    (1, 2, 2357, "the transfer was ordered", None),
    (3, 4, 2370, "the DP could not be installed", "install the DP role"),
    (1, 2, 2372, "waiting for content to reach the site", "check_sms_packages and despool.log"),
    (1, 2, 2376, "the site server took a snapshot of the content", None),
    (7, 2, 2380, "the content is being validated", None),
    (7, 2, 2381, "the validation waits behind another", None),
    (8, 4, 2382, "the content has a wrong hash", "redistribute"),
    (8, 4, 2383, "the validation failed: the hash does not match or content is missing", "redistribute"),
    (8, 4, 2385, "files are missing on the DP", "redistribute"),
    (3, 4, 2398, "no status of the content was found", "redistribute"),
    (3, 4, 8203, "the transfer to the DP failed", "free space"),
    (1, 2, 8204, "the content is being transferred", None),
    (3, 4, 8211, "the transfer to the DP failed", "free space"),
    (3, 4, 2360, None, None), (3, 4, 999999, None, None), (3, 4, -1, None, None),
])
def test_messages_in_words(world, state, message_state, message, words, advice):
    lab = world.make()
    world.dp("CEN00001", SITE_SERVER, state, 5 * DAY)
    lab.dp_message("CEN00001", SITE_SERVER, message_state, message, HOUR)
    answer = world.check().is_(CRITICAL)
    item = answer.item("CEN00001", SITE_SERVER)
    assert (item["message"], item["words"]) == (str(message), words), answer
    assert item["message_age"] in durations(HOUR) and item["message_state"] == ("error" if message_state == 4 else "in progress")
    assert item["moved"] in durations(HOUR), "a new message is movement"
    assert advice is None or advice in item["advice"], answer
    failure = words is not None and (message_state == 4 or "waiting" in words)
    assert (words is not None and words in answer.verdict) == failure, answer


def test_a_new_message_is_movement_and_no_new_age(world):
    lab = world.make()
    world.dp("CEN00001", SITE_SERVER, 2, 40 * HOUR)
    lab.dp_message("CEN00001", SITE_SERVER, 4, 2391, 40 * HOUR)
    assert world.check("-v").item("CEN00001", SITE_SERVER)["moved"] in durations(40 * HOUR)
    lab.dp_message("CEN00001", SITE_SERVER, 4, 2391, 30 * MINUTE)
    item = world.check("-v").is_(WARNING).item("CEN00001", SITE_SERVER)
    assert item["age"] in durations(40 * HOUR) and item["moved"] in durations(0, 30 * MINUTE + 9), item


@pytest.mark.parametrize("without, message", [([], "2391"), (["vSMS_DistributionDPStatus.LastUpdateDate"], None)])
def test_the_date_of_a_message_is_read_where_the_product_has_it(world, without, message):
    lab = world.make(without=without)
    world.dp("CEN00001", SITE_SERVER, 2, 40 * HOUR)
    lab.dp_message("CEN00001", SITE_SERVER, 4, 2391, HOUR)
    assert world.check("-v").item("CEN00001", SITE_SERVER)["message"] == message
    if without:
        lab.db.execute("ALTER TABLE vSMS_DistributionDPStatus ADD COLUMN LastStatusTime datetime")
        lab.db.execute("UPDATE vSMS_DistributionDPStatus SET LastStatusTime = ?", (lab.date(HOUR),))
        assert world.check("-v").item("CEN00001", SITE_SERVER)["message_age"] in durations(HOUR)


@pytest.mark.parametrize("server, properties, state, logs", [
    (SITE_SERVER, {}, 3, "distmgr.log and PkgXferMgr.log on " + SITE_SERVER),
    ("S021", {}, 3, "distmgr.log and PkgXferMgr.log on " + SITE_SERVER),
    ("DP9.corp.example", {}, 3, "PkgXferMgr.log on S021.corp.example and smsdpprov.log on DP9.corp.example"),
    ("DP9.corp.example", {"pull": True}, 3, "PullDP.log and DataTransferService.log on the pull DP DP9.corp.example"),
    ("DP9.corp.example", {"pull": True}, 8, "smsdpmon.log on DP9.corp.example"),
    ("CONTOSO.CLOUDAPP.NET", {}, 3, "PkgXferMgr.log and CloudMgr.log on " + SITE_SERVER),
    ("GraniteFalls.WestUS.CloudApp.Azure.Com", {}, 3, "PkgXferMgr.log and CloudMgr.log on " + SITE_SERVER),
    ("GraniteFalls.usgovcloudapp.net", {}, 3, "PkgXferMgr.log and CloudMgr.log on " + SITE_SERVER),
])
def test_the_kind_of_dp_names_the_log_and_the_machine(world, server, properties, state, logs):
    lab = world.make()
    world.dp("CEN00001", server, state, 5 * DAY)
    lab.dp_properties(server, "S02", **properties)
    assert "look for CEN00001 in " + logs in world.check().is_(CRITICAL).item("CEN00001", server)["advice"]


@pytest.mark.parametrize("state, message, held, says, never", [
    (7, (2, 2380), 3, "smsdpmon.log on DP9.corp.example", "has the site got it?"),
    (1, (2, 2381), 2, "smsdpmon.log on DP9.corp.example", "has the site got it?"),
    (1, (2, 2357), 2, "has the site got it?", "smsdpmon.log"),
    (1, (1, 2330), 3, "; its last message is newer than this row and tells success: do status messages come up", "has the site got it?"),
    (8, (1, 2384), 3, "smsdpmon.log on DP9.corp.example; its last message is newer than this row and tells success", "redistribute it"),
    (8, (4, 2383), 3, "redistribute it to this DP", "tells success"),
])
def test_the_newest_message_leads_to_its_own_log(world, state, message, held, says, never):
    """A validation is no transfer, and what arrived after the row changed is not to be sent again."""
    lab = world.make()
    world.dp("CEN00001", "DP9.corp.example", state, 4 * DAY, held)
    lab.dp_message("CEN00001", "DP9.corp.example", *message, age_s=3 * DAY)
    advice = world.check().is_(CRITICAL).item("CEN00001", "DP9.corp.example")["advice"]
    assert says in advice and never not in advice


@pytest.mark.parametrize("others, gone", [(["S021.corp.example"], True), (["S021.corp.example", "OLD9.corp.example"], False), ([], False)])
def test_a_server_that_is_no_dp_any_more_is_told_as_such(world, others, gone):
    lab = world.make()
    world.dp("CEN00001", "OLD9.corp.example", 1, 9 * DAY)
    lab.dp_message("CEN00001", "OLD9.corp.example", 4, 2391, 9 * DAY)
    for server in others:
        lab.dp_properties(server, "S02")
    lab.dp_properties("CEN1.corp.example", "CEN")
    advice = world.check().is_(CRITICAL).item("CEN00001", "OLD9.corp.example")["advice"]
    assert ("this server is no distribution point any more (not in v_DistributionPoints): take CEN00001 off it" in advice) == gone
    assert ("smsdpprov.log" in advice) != gone


@pytest.mark.parametrize("state, says", [(4, True), (2, False)])
def test_an_error_without_words_says_where_they_are(world, state, says):
    lab = world.make()
    world.dp("CEN00001", "DP9.corp.example", 1, 4 * DAY)
    lab.dp_message("CEN00001", "DP9.corp.example", state, 2306, HOUR)
    advice = world.check().is_(CRITICAL).item("CEN00001", "DP9.corp.example")["advice"]
    assert ("; the console has the text of error 2306: Monitoring, Distribution Status" in advice) == says


def test_a_pull_dp_asks_for_its_source(world):
    lab = world.make()
    world.dp("CEN00001", "DP9.corp.example", 1, 4 * DAY)
    lab.dp_properties("DP9.corp.example", "S02", pull=True)
    assert "; is its source DP reachable, and has it got the content?" in world.check().item("CEN00001", "DP9.corp.example")["advice"]


@pytest.mark.parametrize("product", ["cm2012", "cb"])
def test_maintenance_mode_does_not_page_and_is_said(world, product):
    lab = world.make(product=product)
    world.dp("CEN00001", SITE_SERVER, 3, 5 * DAY)
    world.dp("CEN00002", SITE_SERVER, 1, 5 * DAY)
    world.dp("CEN00003", "DP9", 1, 2 * HOUR)
    lab.dp_properties(SITE_SERVER, "S02", maintenance=True)
    answer = world.check("-v")
    if product == "cm2012":  # it came with 1902
        answer.is_(CRITICAL)
        return
    answer.is_(OK, "none stuck, 3 on their way", "2 on DPs in maintenance mode")
    assert answer.values("pending", "failed", "stuck", "oldest_failed") == (2, 1, 0, 0)
    assert answer.value("oldest") in range(2 * HOUR - 1, 2 * HOUR + 9)
    assert [item["maintenance"] is not None for item in answer.items] == [True, True, False]
    lab.dp_properties(SITE_SERVER, "S02")
    world.check().is_(CRITICAL, "2 stuck")


def test_an_inactive_dp_that_is_targeted_is_a_warning(world):
    lab = world.make()
    world.dp("CEN00001", SITE_SERVER, 0)
    lab.dp_properties(SITE_SERVER, "S02", active=False)
    lab.dp_properties("UNUSED.corp.example", "S02", active=False)
    world.check().is_(WARNING, "all 5 packages", "; 1 DP with packages is not active: S021.corp.example (1 package)")
    for arguments in (["--child-site=S03"], ["--exclude-site=S02"], ["--server=DP*"], ["--package=CEN00000"]):
        world.check(*arguments).is_(OK)
    world.dp("CEN00002", SITE_SERVER, 1, 5 * DAY)
    answer = world.check().is_(CRITICAL, "S021.corp.example (2 packages)")
    assert answer.item("CEN00002", SITE_SERVER)["inactive"] is not None
    lab.target("CEN00001", "S02", SITE_SERVER, status=3)
    lab.target("CEN00002", "S02", SITE_SERVER, status=3)
    world.check().is_(OK)


@pytest.mark.parametrize("percent, shown", [(0, "0"), (9, "9"), (10, None), (55, None), (-1, None)])
def test_a_full_drive_is_said_with_the_items_of_its_dp(world, percent, shown):
    lab = world.make()
    world.dp("CEN00001", SITE_SERVER, 2, 2 * DAY)
    lab.dp_drive(SITE_SERVER, "S02", 60, "D")
    lab.dp_drive(SITE_SERVER, "S02", percent, "E")
    lab.dp_drive("DP-S03", "S03", 1)
    item = world.check().is_(WARNING).item("CEN00001", SITE_SERVER)
    assert (item["free"], item["drive"]) == (shown, "E" if shown else None)


def told(world):
    """One of each kind that is told; a package without source is none."""
    lab = world.make()
    world.package("CEN00001", age_s=9 * DAY)
    lab.target("CEN00001", "S02", SITE_SERVER, refreshed_age_s=5 * DAY)
    lab.package("CEN00002", "No source", store_pkg_flag=1)
    lab.target("CEN00002", "S02", SITE_SERVER, refreshed_age_s=5 * DAY)
    world.dp("CEN00003", SITE_SERVER, 0, 20 * DAY)
    lab.dp_message("CEN00003", SITE_SERVER, 4, 2383, 2 * DAY)
    world.dp("CEN00004", "DP9", 3, 30 * DAY, site="S02", target=None)
    lab.target("CEN00004", "S03", "DP9")
    lab.dp_state("CEN00004", "DP9", 0, site="S03")
    # Looks like the one before, and is another server that was taken out of use.
    world.dp("CEN00005", "S021", 3, 30 * DAY, site="S02", target=None)
    world.dp("CEN00005", "S031", 0, site="S03")
    # An error that a later message took back.
    world.dp("CEN00006", SITE_SERVER, 0, 20 * DAY)
    lab.dp_message("CEN00006", SITE_SERVER, 1, 2330, DAY)
    lab.insert("vSMS_DistributionDPStatus", PackageID="CEN00006", SiteCode="S02", Name=SITE_SERVER, MessageState=4, MessageID=2391,
               NALPath=lab.query("SELECT NALPath FROM vSMS_DistributionDPStatus WHERE PackageID = 'CEN00006'")[0][0],
               LastUpdateDate=lab.date(3 * DAY))
    lab.commit()
    return lab


TOLD = {("CEN00001", SITE_SERVER): "no status row", ("CEN00003", SITE_SERVER): "installed with an error",
        ("CEN00004", "DP9"): "row of a DP that moved"}


@pytest.mark.parametrize("tds", [False, True])
def test_what_no_real_database_has_proven_is_told_and_judged_with_strict_only(world, tds):
    told(world)
    if not tds:
        check_told(world.check, world)
        return
    with Server(world) as server:
        check_told(server.check, world)


def check_told(check, world):
    answer = check().is_(OK, "; 1 targeted, but no status row: CEN00001, the first for 5 d", "; 1 is installed with an error as newest message: CEN00003 on ")
    assert "all " not in answer.verdict and "moved" not in answer.verdict and answer.items == []
    assert "the first for" not in check("-c6d").verdict
    answer = check("-v").is_(OK)
    assert sorted(line[:22] for line in answer.notes) == ["installed, but its new", "row of a DP that has t", "targeted, but has no s"]
    assert "; 1 row of a DP that moved to another site: CEN00004 on DP9" in answer.verdict
    assert world.remembered() == {}
    answer = check("-v", "--strict").is_(CRITICAL, "2 stuck: CEN00001")
    assert answer.shown == TOLD and answer.notes == []
    ages = {item["package"]: item["age"] for item in answer.items}
    assert ages["CEN00001"] in durations(5 * DAY) and ages["CEN00003"] in durations(2 * DAY) and ages["CEN00004"] in durations(0)
    assert set(key.split("/")[0] for key in world.remembered()) == {"strict"}
    # The two kinds of service do not end each other's items.
    check("-v").is_(OK)
    assert len(world.remembered()) == 3
    # What is cured ends.
    world.lab.dp_message("CEN00003", SITE_SERVER, 1, 2384, 0)
    world.dp("CEN00001", SITE_SERVER, 0, 0)
    check("--strict").is_(OK)
    assert list(world.remembered()) == ["strict/CEN00004@DP9/S02"]


def test_missing_status_rows_are_looked_for_where_the_filters_look(world):
    told(world)
    for arguments in (["--package=CEN00003"], ["--child-site=S03"], ["--exclude-site=S02"], ["--server=DP*"]):
        answer = world.check("-v", *arguments)
        assert "no status row" not in answer.verdict, answer
        assert not any(line.startswith("targeted") for line in answer.notes), answer
    for arguments in (["--package=CEN00001"], ["--server=S021*"], ["--child-site=S02"]):
        assert "1 targeted, but no status row: CEN00001" in world.check(*arguments).verdict


def test_a_row_whose_dp_is_targeted_at_another_site_is_no_item(world):
    """The same path, another site code: the row is left over."""
    lab = world.make()
    world.dp("CEN00001", "DP9", 3, 30 * DAY, site="S02")
    lab.db.execute("UPDATE v_DistributionPoint SET SiteCode = 'S03' WHERE PackageID = 'CEN00001'")
    answer = world.check("-v").is_(OK)
    assert answer.items == []


DENIED = {"vSMS_DistributionDPStatus": "the newest message", "v_DistributionPoints": "which DPs are in maintenance mode",
          "v_DistributionPointDriveInfo": "which DPs have a full drive"}


@pytest.mark.parametrize("hide", [False, True])
@pytest.mark.parametrize("view", list(DENIED))
def test_without_a_grant_the_check_works_and_names_it(world, view, hide):
    lab = world.make()
    world.dp("CEN00001", SITE_SERVER, 2, 5 * DAY)
    lab.dp_message("CEN00001", SITE_SERVER, 4, 2391, HOUR)
    lab.dp_properties(SITE_SERVER, "S02", pull=True)
    lab.dp_drive(SITE_SERVER, "S02", 3)
    with Server(world) as server:
        item = server.check("-v").is_(CRITICAL).item("CEN00001", SITE_SERVER)
        assert (item["message"], item["free"]) == ("2391", "3") and "PullDP.log" in item["advice"]
    with Server(world, deny=[view], hide_denied=hide) as server:
        answer = server.check("-v").is_(CRITICAL)
        item = answer.item("CEN00001", SITE_SERVER)
        assert (item["message"] is None, "PullDP.log" not in item["advice"], item["free"] is None) == tuple(name == view for name in DENIED)
        note, = answer.notes
        assert note.startswith("not told: " + DENIED[view]) and note.endswith("GRANT SELECT ON %s TO the login of this check" % view)
        assert server.check().is_(CRITICAL).notes == [], "only -v names it"


@pytest.mark.parametrize("product", ["sms2003", "sccm2007"])
def test_old_products_are_not_asked_for_rights_on_what_they_lack(world, product):
    world.make(product=product)
    world.dp("CEN00001", "S021", 2, 5 * DAY)
    with Server(world) as server:
        assert server.check("-v").is_(CRITICAL).notes == []


@pytest.mark.parametrize("names", [("X" * 200, "Y" * 90), ("kurz", "DP9"), ("Größe " * 30, "SERVER-WITH-A-LONG-NAME-0001.branch.corp.example")])
def test_the_first_160_bytes_serve_a_pager(world, names):
    name, server = names
    lab = world.make()
    lab.site("S02", "Branch office Tromsø, second floor")
    world.package("CEN00001", name=name)
    world.dp("CEN00001", server, 8, 26 * HOUR)
    for number in range(30):
        world.dp("CEN001%02X" % number, "S02%d" % (number % 3), 1, 2 * DAY)
    head = world.check().is_(CRITICAL).first.encode()[:160].decode("utf-8", "replace")
    for words in ("SMS DPS CRITICAL - 31 stuck: CEN00001 \"%s" % name[:15], " on %s" % server[:20], ", S02 Branch office", ": validation_failed for 26 h"):
        assert words in head, head


def test_behind_without_a_source_date_has_no_date_of_its_own(world):
    """The row of an installed version is as old as that version, not as the new one."""
    world.make(without=["v_Package.SourceDate", "v_PackageStatusRootSummarizer.SourceDate"])
    world.package("CEN00001", version=3, age_s=HOUR)
    world.dp("CEN00001", SITE_SERVER, 0, 80 * DAY, 2)
    assert world.check("-v").is_(OK).item("CEN00001", SITE_SERVER)["age"] in durations(0)
    assert world.check("-v", later=4 * DAY).is_(CRITICAL).item("CEN00001", SITE_SERVER)["age"] in durations(4 * DAY)


def test_the_survey_of_unknown_columns_is_no_failure(world):
    """A view that has other columns than any product known costs its facts, never the run."""
    lab = world.make()
    world.dp("CEN00001", SITE_SERVER, 2, 5 * DAY)
    for index, in lab.query("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'v_DistributionPoint_'"):
        lab.db.execute("DROP INDEX " + index)
    lab.db.execute("ALTER TABLE v_DistributionPoints RENAME COLUMN SMSSiteCode TO Elsewhere")
    lab.db.execute("ALTER TABLE v_DistributionPointDriveInfo RENAME COLUMN PercentFree TO Elsewhere")
    lab.db.execute("ALTER TABLE vSMS_DistributionDPStatus RENAME COLUMN MessageID TO Elsewhere")
    world.check("-v").is_(CRITICAL)
    with Server(world) as server:
        server.check("-v").is_(CRITICAL)


def test_the_page_has_the_words_of_every_message(world):
    page = os.path.join(daemons.TREE, "plugins", "check_sms_dps.md")
    with open(page, encoding="utf-8") as file:
        rows = re.findall(r"^\| (\d{4}) \| (.*?) \| (done|progress|waiting|failure) \|$", file.read(), re.M)
    with open(os.path.join(daemons.TREE, "common", "sitedb", "dp_message.c"), encoding="utf-8") as file:
        assert [number for number, _, _ in rows] == re.findall(r"^    \{(\d{4}), DP_MESSAGE_", file.read(), re.M)
    lab = world.make()
    for number, _, _ in rows:
        world.dp("CEN0" + number, SITE_SERVER, 3, 5 * DAY)
        lab.dp_message("CEN0" + number, SITE_SERVER, 4, int(number), HOUR)
    lab.commit()
    items = world.check("-v").items
    assert [(item["message"], item["words"]) for item in sorted(items, key=lambda item: item["package"])] == [row[:2] for row in rows]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("tds", [False, True])
def test_the_survey_is_a_page_of_numbers(world, product, tds):
    lab = world.demo(product=product)
    names = {name for name, in lab.query("SELECT Name FROM SMSPackages UNION SELECT PkgID FROM SMSPackages UNION SELECT ServerName FROM v_Site")}
    if tds:
        with Server(world, deny=["v_DistributionPointDriveInfo"]) as server:
            answer = server.check("--survey")
    else:
        answer = world.check("--survey")
    assert answer.code == UNKNOWN and "Survey of the distribution points of site CEN, no check" in answer.first
    assert not any(name in answer.text for name in names), answer
    assert re.search(r"^  failed \(3\) +old version +", answer.text, re.M) and re.search(r"^Sites: 7, active 6", answer.text, re.M), answer
    assert "looked at: 101; targeted without a status row 0," in answer.text
    assert world.remembered() == {}
    if product in ("cm2012", "cb"):
        assert re.search(r"^  2371 +in progress +\(2\) +1  waiting: waiting for prestaged content$", answer.text, re.M), answer
        assert re.search(r"^  IsPullDP 0 +MaintenanceMode (0|NULL) +IsActive 1 +10$", answer.text, re.M), answer
        assert ("GRANT SELECT ON v_DistributionPointDriveInfo TO" in answer.text) == tds
    else:
        assert answer.text.count("not there") >= 3


def test_the_survey_counts_what_is_told(world):
    told(world)
    answer = world.check("--survey")
    assert "targeted without a status row 1, installed with an error as newest message 1, rows of DPs that moved to another site 1\n" in answer.text, answer


WORDS = {"behind": "old version", "unexpected": "unknown state", "no_status": "no status row", "message_error": "installed with an error",
         "moved": "row of a DP that moved"}
TOLD_WORDS = {"waits for prestaged content": "prestaged", "targeted, but has no status row": "no_status",
              "installed, but its newest message is an error": "message_error",
              "row of a DP that has the package from another site now": "moved"}


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_check_agrees_with_the_oracle(world, product, strict, seed):
    with sitedb.Lab(os.path.join(world.folder, "site.db"), product=product) as lab:
        sitedb_dps.build(lab, seed)
    world.lab = lab = sitedb.Lab(os.path.join(world.folder, "site.db"), product=product, now=lab.now)
    arguments = ["-v"] + ["--strict"] * strict
    agrees(world.check(*arguments), sitedb_judge.judge_dps(lab.db, lab.now, strict))
    with Server(world) as server:
        agrees(server.check(*arguments), sitedb_judge.judge_dps(lab.db, lab.now, strict))


def agrees(answer, verdict):
    expected = {(item.package, item.server, item.site): item for item in verdict.items}
    found = {(item["package"], item["server"], item["site"]): item for item in answer.items}
    assert {key: item["kind"] for key, item in found.items()} == {key: WORDS.get(item.kind, item.kind) for key, item in expected.items()}, answer
    assert answer.value("examined") == verdict.examined
    for key, item in found.items():
        assert item["age"] in durations(expected[key].age_s or 0, 60), (item, expected[key])
        assert (item["maintenance"] is not None) == (key[1] in verdict.maintenance)
        assert item["state"] == "OK" or key[1] not in verdict.maintenance
        assert item["free"] == (str(verdict.full[key[1]]) if key[1] in verdict.full else None)
    told = sorted((re.match(r"(.*?): (\S+)", line)[2], re.search(r" on (\S+?), site (\S+)", line)[1], TOLD_WORDS[line.split(":")[0]])
                  for line in answer.notes)
    assert told == sorted((one.package, one.server, one.kind) for one in verdict.told), answer
    failed = sum(item.cls == "failed" for item in verdict.items)
    assert answer.values("failed", "pending") == (failed, len(verdict.items) - failed)
    assert ("not active: " in answer.verdict) == bool(verdict.inactive), answer
    if verdict.inactive:
        name, count = re.search(r"not active: (\S+) \((\d+) package", answer.verdict).groups()
        assert verdict.inactive[name] == int(count)


def test_what_the_check_of_packages_remembers_stands_in_the_line(world):
    """The three programs lead to one place: case of a site that lacks what its DP lacks."""
    lab = world.make(product="sms2003")
    world.package("CEN00001", version=3, age_s=20 * DAY)
    for site, server in (("S02", "S021"), ("S03", "S031")):
        world.dp("CEN00001", server, 1, 4 * DAY, version=2, site=site)
    lab.status("CEN00001", "S02", 1, 3, 4 * DAY)
    lab.status("CEN00001", "S03", 2, 3, 4 * DAY)
    lab.status("CEN00000", "S01", 2, 1, 4 * DAY)
    lab.commit()
    question = "; has the site got it? check_sms_packages --package=CEN00001 --child-site=S02; if that says in sync"
    assert question in world.check().is_(CRITICAL).item("CEN00001", "S021")["advice"], "that check has never run"
    packages.World.check(world, program=packages.PLUGIN, form=packages.Answer)
    answer = world.check().is_(CRITICAL)
    assert re.search(r"; site S02 has not got it either \(check_sms_packages: sent, not received, seen since \d{4}-\d\d-\d\d \d\d:\d\d UTC\):"
                     r" cure that first, despool.log on S021$", answer.item("CEN00001", "S021")["advice"]), answer
    assert "; has the site got it?" in answer.item("CEN00001", "S031")["advice"], "not remembered is not in sync"
    assert question in world.check(later=30 * HOUR).item("CEN00001", "S021")["advice"], "a day old is no word"
    for path in packages.state_files(world.state):
        if "check_sms_packages" in path:
            with open(path, "r+b") as file:
                file.write(b"\0" * 4096)
    assert question in world.check().is_(CRITICAL).item("CEN00001", "S021")["advice"], "damaged"


def test_json_has_what_the_line_says(world):
    lab = world.make()
    for package in ("CEN00001", "CEN00002"):
        world.dp(package, SITE_SERVER, 1, 5 * DAY)
        lab.dp_message(package, SITE_SERVER, 2, 8204, 4 * DAY)
    lab.dp_properties(SITE_SERVER, "S02", pull=True)
    lab.dp_drive(SITE_SERVER, "S02", 4)
    lab.commit()
    done = subprocess.run([world.plugin["program"]] + world.arguments("--output=json"), env=world.env, capture_output=True, check=False)
    items = json.loads(done.stdout)["items"]
    assert [(one["message"], one["message_class"], one["pull_dp"], one["maintenance_mode"], one["inactive"], one["drive_percent_free"])
            for one in items] == [("the content is being transferred", "progress", True, False, False, 4)] * len(items), items
    assert items[0]["standstill_packages"] == 2


@pytest.mark.parametrize("folder, told", [("S02", True), ("SMS_S02", True), ("S021", True), ("s021.corp.example", True), ("S03", False),
                                          ("S0211", False), ("logs", False)])
def test_what_the_check_of_the_logs_remembers_stands_in_the_line(world, folder, told):
    lab = world.make(product="sms2003")
    lab.site("S02", server="S021")
    world.package("CEN00001", version=3, age_s=20 * DAY)
    world.dp("CEN00001", "S021", 1, 4 * DAY, version=2)
    child = despool.Child(os.path.join(world.folder, folder))
    child.state = world.state
    child.write(child.tell("article", package="CEN00001"))
    child.check("--site=S02").is_(CRITICAL)
    advice = world.check().is_(CRITICAL).item("CEN00001", "S021")["advice"]
    found = re.search(r"; at site S02 the base version \(PCK file\) is missing since \d{4}-\d\d-\d\d \d\d:\d\d UTC \(check_sms_despool", advice)
    assert bool(found) == told and ("has the site got it?" in advice) != told, advice
    assert "base version" not in world.check(later=30 * HOUR).item("CEN00001", "S021")["advice"], "a day old is no word"
    for path in packages.state_files(world.state):
        if "check_sms_despool" in path:
            with open(path, "r+b") as file:
                file.write(b"\0" * 4096)
    assert "has the site got it?" in world.check().is_(CRITICAL).item("CEN00001", "S021")["advice"], "damaged"
