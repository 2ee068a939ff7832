# SPDX-License-Identifier: GPL-3.0-or-later
"""What a database can hold, as a plugin under NRPE meets it: an empty environment, no locale."""


import pytest
from packages import CRITICAL, DAY, HOUR, OK, WARNING, Server, durations
from sitedb_schema import NEVER

NAMES = [
    ("pipe | perf=1", "pipe / perf=1"),
    ("two\nlines\r\nand more", "two lines and more"),
    ("tab\tbell\x07esc\x1b[31mdel\x7fc1\x9b31m", "tab bell esc [31mdel c1 31m"),
    ("quotes \" ' ` $(reboot) \\ ; & < > %s %n", "quotes \" ' ` $(reboot) \\ ; & ‹ › %s %n"),
    ("  blanks \u00a0\u2028 inside  ", "blanks inside"),
    ("emoji \U0001f4e6\U0001f69a", "emoji \U0001f4e6\U0001f69a"),
    ("Größe Łódź 日本語 Ελληνικά", "Größe Łódź 日本語 Ελληνικά"),
    ("right\u202eto left\u2066", "rightto left"),
    ("combining e\u0301", "combining e\u0301"),
    ("x" * 255, "x" * 77 + "..."),
    ("ü" * 255, "ü" * 38 + "..."),
    ("\U0001f4e6" * 127, "\U0001f4e6" * 19 + "..."),
    ("", None),
    (None, None),
    ("::label=1;2;3", "::label=1;2;3"),
]


@pytest.mark.parametrize("over", ["sqlite", "7.1", "7.4"])
def test_names_of_packages_and_sites(world, over):
    lab = world.make()
    for number, (name, _) in enumerate(NAMES):
        world.stuck("CEN%05X" % number, "S02", age_s=4 * DAY + number * HOUR, name=name or "")
        lab.db.execute("UPDATE SMSPackages SET Name = ? WHERE PkgID = ?", (name, "CEN%05X" % number))
    lab.db.execute("UPDATE v_Site SET SiteName = ?, ServerName = ? WHERE SiteCode = 'S02'",
                   ("Oslo | Bergen\n\U0001f6a2", "S02\n|1"))
    lab.commit()
    if over == "sqlite":
        answer = world.check("-v")
    else:
        with Server(world) as server:
            answer = server.check("-v", "--tds-version=" + over)
    answer.is_(CRITICAL)
    assert len(answer.items) == len(NAMES) and len(answer.causes) == 1
    for number, (name, shown) in enumerate(NAMES):
        item = answer.item("CEN%05X" % number, "S02")
        assert item["name"] == shown, (name, item)
        assert item["site_name"] == "Oslo / Bergen \U0001f6a2"


@pytest.mark.parametrize("raw", ["EDA080", "61ED", "FF", "C0AF", "F4908080", "80", "E2 82", "61 ED B0 80 62"])
def test_bytes_that_are_no_utf8_cost_that_name_and_never_the_run(world, raw):
    lab = world.make()
    world.stuck()
    world.stuck("CEN00002", "S03", name="Fine ü")
    lab.db.execute("UPDATE SMSPackages SET Name = CAST(X'%s' AS TEXT) WHERE PkgID = 'CEN00001'" % raw.replace(" ", ""))
    lab.commit()
    answer = world.check().is_(CRITICAL, "2 stuck")
    # What the driver makes of the bytes is its own; Answer has read all of the output as UTF-8 without control characters.
    answer.item("CEN00001", "S02")
    assert answer.item("CEN00002", "S03")["name"] == "Fine ü"


@pytest.mark.parametrize("version", ["7.1", "7.4"])
def test_unpaired_surrogates_from_a_sql_server(world, version):
    lab = world.make()
    world.stuck(name="X")
    world.stuck("CEN00002", "S03", name="Fine ü")
    # The server sends each UTF-16 unit as it is: NCHAR(55357) is half of an emoji.
    lab.db.execute("UPDATE SMSPackages SET Name = 'half ' || CAST(X'EDA0BD' AS TEXT) || ' end' WHERE PkgID = 'CEN00001'")
    lab.commit()
    with Server(world) as server:
        answer = server.check("--tds-version=" + version)
        answer.is_(CRITICAL, "2 stuck")
        assert answer.item("CEN00002", "S03")["name"] == "Fine ü"
        assert answer.item("CEN00001", "S02")["name"].startswith("half")
        assert not server.tds.requests("exception")


NULLABLE = ["SMSPackages.Name", "SMSPackages.SourceCompSize", "SMSPackages.SourceDate", "SMSPackages.Action",
            "SMSPackages.StorePkgFlag", "SMSPackages.PackageType", "v_DistributionPoint.Status",
            "v_DistributionPoint.LastRefreshTime", "PkgStatus.Status", "PkgStatus.SourceVersion", "PkgStatus.UpdateTime",
            "PkgStatus.PkgServer", "v_Site.SiteName", "v_Site.ServerName", "v_Site.ReportingSiteCode",
            "SMSPackages.SourceVersion"]


@pytest.mark.parametrize("over", ["sqlite", "7.1", "7.4"])
def test_null_everywhere_it_can_be(world, over):
    lab = world.demo(product="sccm2007")
    expected = {"SMSPackages.SourceVersion": None, "PkgStatus.SourceVersion": None, "PkgStatus.Status": None}

    def check():
        if over == "sqlite":
            return world.check("-v")
        return server.check("-v", "--tds-version=" + over)
    with Server(world) as server:
        pairs = {(item["package"], item["site"]) for item in check().items}
        for name in NULLABLE:
            table, column = name.split(".")
            saved = lab.query("SELECT rowid, %s FROM %s" % (column, table))
            lab.db.execute("UPDATE %s SET %s = NULL" % (table, column))
            lab.commit()
            answer = check()
            assert answer.code in (OK, WARNING, CRITICAL), "%s %s" % (name, answer)
            found = {(item["package"], item["site"]) for item in answer.items}
            if name not in expected and name not in ("SMSPackages.Action", "SMSPackages.StorePkgFlag", "SMSPackages.PackageType"):
                if name == "v_DistributionPoint.Status":
                    assert found == pairs | {("CEN0000C", "S05")}, answer
                else:
                    assert found == pairs, "%s %s" % (name, answer)
            if name == "PkgStatus.Status":
                kinds = {item["kind"] for item in answer.items}
                assert kinds == {"unexpected", "never_sent"} and ", Status NULL" in answer.text, answer
            if name == "PkgStatus.SourceVersion":
                assert answer.value("pending") + answer.value("failed") == answer.value("examined")
                assert ", has no version" in answer.text
            lab.db.executemany("UPDATE %s SET %s = ? WHERE rowid = ?" % (table, column), [(v, k) for k, v in saved])
            lab.commit()
        assert {(item["package"], item["site"]) for item in check().items} == pairs


def test_sites_whose_status_is_null_are_not_active(world):
    lab = world.make()
    world.stuck()
    world.stuck("CEN00002", "S03")
    world.check().is_(CRITICAL)
    lab.db.execute("UPDATE v_Site SET Status = NULL WHERE SiteCode = 'S02'")
    answer = world.check()
    assert [item["site"] for item in answer.items] == ["S03"]
    assert "S02" in answer.verdict and "version/CEN00001@S02" in world.remembered()


def test_duplicate_rows_are_only_counted(world):
    lab = world.make()
    world.stuck(age_s=4 * DAY)
    for copy in range(5):
        lab.status("CEN00001", "S02", 1, 3, 4 * DAY, server="COPY%d" % copy, add=True)
        lab.status("CEN00001", "S02", 2, 1, 90 * DAY, server="OLD%d" % copy, add=True)
    lab.db.execute("INSERT INTO v_DistributionPoint SELECT * FROM v_DistributionPoint")
    lab.commit()
    answer = world.check().is_(CRITICAL, "1 stuck")
    assert answer.values("pending", "examined", "outstanding") == (1, 1, 51200 * 1024)
    assert answer.item("CEN00001", "S02")["rows"] == "11"


@pytest.mark.parametrize("wanted, held, kind", [
    (3, 2 ** 31 + 5, "sent"), (3, 2 ** 53 + 1, "sent"), (3, 2 ** 62, "sent"), (3, -1, "sent"), (2 ** 31 + 6, 2 ** 31 + 5, "sent")])
def test_versions_beyond_an_int(world, wanted, held, kind):
    lab = world.make()
    world.stuck()
    lab.db.execute("UPDATE SMSPackages SET SourceVersion = ?", (wanted,))
    lab.db.execute("UPDATE PkgStatus SET SourceVersion = ?", (held,))
    lab.commit()
    item = world.check().item("CEN00001", "S02")
    # -1 is how a missing version is kept; no product writes it.
    assert item["kind"] == kind and item["wanted"] == str(wanted) and item["held"] in (str(held), "no version")
    lab.db.execute("UPDATE PkgStatus SET Status = 2")
    lab.commit()
    assert world.check().value("pending") == (1 if held < wanted else 0)


def test_a_version_that_is_no_number_is_no_version(world):
    lab = world.make()
    world.stuck()
    lab.db.execute("UPDATE PkgStatus SET SourceVersion = 'three'")
    lab.commit()
    assert world.check().item("CEN00001", "S02")["held"] == "no version"


@pytest.mark.parametrize("over", ["sqlite", "7.1", "7.3"])
@pytest.mark.parametrize("source, updated, refreshed, age", [
    (4 * DAY, 2 * DAY, 30 * DAY, 2 * DAY),
    (2 * DAY, 4 * DAY, 30 * DAY, 2 * DAY),
    (4 * DAY, None, 30 * DAY, 4 * DAY),
    (4 * DAY, NEVER, 3 * DAY, 3 * DAY),
    (4 * DAY, -5 * HOUR, 5 * DAY, 4 * DAY),
    (4 * DAY, -100 * 365 * DAY, None, 4 * DAY),
    (None, 2 * DAY, 30 * DAY, 2 * DAY),
    (NEVER, NEVER, 2 * DAY, 0),
    (-DAY, None, None, 0),
    (None, None, None, 0),
    (14 * 365 * DAY, 13 * 365 * DAY, None, 13 * 365 * DAY),
])
def test_dates_of_1970_in_the_future_and_null(world, over, source, updated, refreshed, age):
    lab = world.make()
    world.stuck(age_s=source)
    lab.target("CEN00001", "S02", refreshed_age_s=refreshed)
    lab.status("CEN00001", "S02", 1, 3, updated)
    if over == "sqlite":
        answer = world.check()
    else:
        with Server(world) as server:
            answer = server.check("--tds-version=" + over)
    item = answer.item("CEN00001", "S02")
    assert item["age"] in durations(age), item
    plausible = updated is not None and updated != NEVER and updated > 0
    assert (item["moved"] in durations(updated)) if plausible else item["moved"] is None, item


def test_dates_that_are_no_dates(world):
    lab = world.make()
    world.stuck()
    for text in ("yesterday", "", "2026-13-45 99:99:99", "0000-00-00", "99999-01-01 00:00:00"):
        lab.db.execute("UPDATE PkgStatus SET UpdateTime = ?", (text,))
        lab.db.execute("UPDATE SMSPackages SET SourceDate = ?", (text,))
        lab.commit()
        answer = world.check()
        assert answer.item("CEN00001", "S02")["age"] in durations(0) | durations(2), (text, answer)


def bulk(lab, packages_count, sites_count):
    lab.db.executemany("INSERT INTO v_Site (SiteCode, SiteName, ReportingSiteCode, Status, Type, ServerName) VALUES (?, ?, 'CEN', 1, 1, ?)",
                       [("%03X" % (0xA00 + n), "Bulk %d" % n, "SRV%d" % n) for n in range(sites_count)])
    when = lab.date(4 * DAY)
    lab.db.executemany("INSERT INTO SMSPackages (PkgID, Name, SourceSite, SourceVersion, SourceSize, SourceCompSize, SourceDate,"
                       " Action, StorePkgFlag) VALUES (?, ?, 'CEN', 2, 10, 10, ?, 0, 2)",
                       [("CEN%05X" % n, "Package with a name of some length %d" % n, when) for n in range(packages_count)])
    lab.db.execute("INSERT INTO v_DistributionPoint (PackageID, ServerNALPath, SiteCode, SourceSite, Status, LastRefreshTime)"
                   " SELECT p.PkgID, s.ServerName, s.SiteCode, 'CEN', 0, ? FROM SMSPackages p, v_Site s WHERE s.SiteName LIKE 'Bulk %'",
                   (when,))
    lab.db.execute("INSERT INTO PkgStatus (ID, Type, SiteCode, PkgServer, Status, SourceVersion, UpdateTime)"
                   " SELECT PackageID, 1, SiteCode, ServerNALPath, 1, 2, ? FROM v_DistributionPoint", (when,))
    lab.commit()


@pytest.mark.parametrize("over", ["sqlite", "7.4"])
def test_ten_thousand_findings_stay_in_the_budget(world, over):
    lab = world.make()
    bulk(lab, 1000, 20)
    # Half of each package's sites, and of each site's packages, and one at each site is young: no cause stands for many.
    lab.db.executemany("UPDATE PkgStatus SET Status = 2 WHERE ID = ? AND SiteCode = ?",
                       [("CEN%05X" % package, "%03X" % (0xA00 + site)) for package in range(1000) for site in range(20) if (package + site) % 2])
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = ? WHERE ID >= ?", (lab.date(HOUR), "CEN%05X" % 998))
    lab.commit()

    def check(*arguments):
        if over == "sqlite":
            return world.check("-t", 60, *arguments)
        return server.check("-t", 60, *arguments)
    with Server(world) as server:
        for options in ((), ("--max-items=1000",), ("--known=CEN00000",)):
            answer = check(*options).is_(CRITICAL, "stuck")
            assert len(answer.stdout) < 4000, len(answer.stdout)
            shown = len(answer.items)
            assert shown >= 9 and answer.lines[-1] == "+%d more" % (10000 - shown)
        assert answer.values("pending", "known", "sites", "examined") == (9990, 10, 20, 20000)
        assert answer.value("outstanding") == 9990 * 10240
        assert len(world.remembered()) == 10000
        every = check("-v")
        assert len(every.items) == 10000
        if over == "sqlite":
            lab.db.execute("UPDATE PkgStatus SET Status = 2")
            check().is_(OK, "all 20000 package/site pairs of site CEN are in sync")
            assert world.remembered() == {}
