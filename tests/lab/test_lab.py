# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own tests: what it makes is what it says."""

import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import odbc  # noqa: E402
import sitedb_bulk  # noqa: E402
import sitedb_cli  # noqa: E402
import sitedb_demo  # noqa: E402
import sitedb_dps  # noqa: E402
import sitedb_judge  # noqa: E402
import sitedb_schema as schema  # noqa: E402
from sitedb import DAY, HOUR, NEVER, Lab  # noqa: E402

NOW = 1191240000.0  # 1 Oct 2007 12:00 UTC


def demo(path, **options):
    lab = Lab(path, now=NOW, **options)
    sitedb_demo.build(lab)
    return lab


def plain(items):
    return [(item.package, item.site, item.kind, item.cls,
             None if item.age_s is None else round(item.age_s), item.status, item.version)
            for item in items]


@pytest.mark.parametrize("product", schema.PRODUCTS)
def test_demo_contains_what_it_expects(tmp_path, product):
    lab = demo(tmp_path / "site.db", product=product)
    verdict = sitedb_judge.judge(lab.db, "CEN", NOW)
    assert plain(verdict.items) == plain(sitedb_demo.expected())
    assert verdict.examined == sitedb_demo.EXAMINED


@pytest.mark.parametrize("product, without", [
    ("sms2003", ["v_Site.Status"]), ("sms2003", ["v_DistributionPoint.Status"]),
    ("cb", ["SMSPackages.PackageType"]), ("cb", ["v_Site.Status", "v_DistributionPoint.Status"]),
])
def test_demo_without_columns(tmp_path, product, without):
    lab = demo(tmp_path / "site.db", product=product, without=without)
    assert plain(sitedb_judge.judge(lab.db, "CEN", NOW).items) == plain(
        sitedb_demo.expected(without))


def test_demo_dps(tmp_path):
    lab = demo(tmp_path / "site.db", product="cb")
    targets = {(r[0], r[1]) for r in lab.query(
        "SELECT PackageID, ServerNALPath FROM v_DistributionPoint WHERE Status <> 3"
        " AND IsPeerDP = 0")}
    active = {r[0] for r in lab.query("SELECT SiteCode FROM v_Site WHERE Status = 1")}
    wanted = dict(lab.query("SELECT PkgID, SourceVersion FROM SMSPackages WHERE Action <> 3"))
    found = []
    for package, site, nal, state, version, date in lab.query(
            "SELECT PackageID, SiteCode, ServerNALPath, State, SourceVersion, SummaryDate"
            " FROM v_PackageStatusDistPointsSumm"):
        if (package, nal) in targets and site in active and package in wanted and (
                state in (1, 2, 3, 7, 8) or state == 0 and version < wanted[package]):
            found.append((package, site, nal.split("\\\\")[2].rstrip("\\"), state, version,
                          "failed" if state == 3 else "pending",
                          round(NOW - schema.epoch_of(date))))
    assert sorted(found) == sorted(tuple(row) for row in sitedb_demo.expected_dps(lab))


@pytest.mark.parametrize("product", schema.PRODUCTS)
def test_product_variant(tmp_path, product):
    lab = demo(tmp_path / "site.db", product=product)
    have = {name for name, in lab.query("SELECT name FROM sqlite_master WHERE type <> 'index'")}
    modern = schema.has_fqdn(product)
    assert ("vSMS_DistributionDPStatus" in have) == modern
    assert ("PackageType" in lab.columns["SMSPackages"]) == (product != "sms2003")
    assert ("IsPeerDP" in lab.columns["v_DistributionPoint"]) == (product != "sms2003")
    assert {"v_Package", "v_PackageStatusRootSummarizer"} <= have
    assert all("SourceCompSize" not in row for row in lab.query("PRAGMA table_info(v_Package)"))
    server = lab.query("SELECT DISTINCT PkgServer FROM PkgStatus WHERE SiteCode = 'S02'"
                       " AND Type = 1 AND ID = 'CEN00001'")
    assert server == [("S021.corp.example" if modern else "S021",)]
    if modern:
        (low, kind), = lab.query("SELECT MIN(PKID), typeof(MAX(PKID)) FROM PkgStatus")
        assert low > 1 << 53 and kind == "integer"


def test_unknown_name_to_leave_out(tmp_path):
    with pytest.raises(ValueError, match="v_Site.Statu"):
        Lab(tmp_path / "site.db", without=["v_Site.Statu"])


def test_existing_database_changes(tmp_path):
    path = tmp_path / "site.db"
    demo(path).close()

    def kinds(lab, site="S02"):
        items = sitedb_judge.judge(lab.db, "CEN", lab.now, {"CEN00001"}).items
        return [(item.kind, item.age_s) for item in items if item.site == site]

    with Lab(path, now=NOW + HOUR) as lab:
        assert kinds(lab) == [("sent", 4 * DAY + HOUR)]
        assert lab.repair("CEN00001", "S02", server="ELSEWHERE") == 0
        assert lab.repair("CEN00001", "S02") == 1
        assert kinds(lab) == [("resend", None)]
        lab.arrive("CEN00001", "S02")
        assert kinds(lab) == []
        lab.update_package("CEN00001")
        assert kinds(lab) == [("behind", 0)]
        lab.status("CEN00001", "S02", 5, 4, NEVER)
        assert kinds(lab) == [("failed", 0)]
        lab.untarget("CEN00001", "S02")
        assert kinds(lab) == []
        lab.target("CEN00001", "S02", refreshed_age_s=DAY)
        lab.no_status("CEN00001", "S02")
        lab.package("CEN00001", "Office 2003 SP3", 3)
        assert kinds(lab) == [("never_sent", DAY)]
        lab.age_all(2 * DAY)
        assert kinds(lab) == [("never_sent", 3 * DAY)]
    with Lab(path, now=NOW + HOUR) as lab:
        assert kinds(lab) == [("never_sent", 3 * DAY)]
    with pytest.raises(ValueError, match="product"):
        Lab(path, product="cb")


def test_idle_lab_locks_nobody_out(tmp_path):
    lab = demo(tmp_path / "site.db")
    lab.query("SELECT COUNT(*) FROM PkgStatus")
    other = sqlite3.connect(tmp_path / "site.db", timeout=0)
    other.execute("UPDATE PkgStatus SET SourceVersion = 0 WHERE ID = 'CEN00001' AND SiteCode ="
                  " 'S02' AND Type = 1")
    other.commit()
    assert "resend" in [i.kind for i in sitedb_judge.judge(lab.db, "CEN", NOW, {"CEN00001"}).items]


def test_detail_summary_counts(tmp_path):
    lab = demo(tmp_path / "site.db")
    row, = lab.query("SELECT Targeted, Installed, Retrying, Failed FROM v_PackageStatusDetailSumm"
                     " WHERE PackageID = 'CEN00012' AND SiteCode = 'PR1'")
    assert row == (2, 1, 0, 1)


TOKEN = re.compile(r"N?'(?:[^']|'')*'|0x[0-9A-F]*|-?\d+|\w+|[(),]|\s+")


@pytest.mark.parametrize("product", schema.PRODUCTS)
@pytest.mark.parametrize("views", [True, False])
def test_tsql(tmp_path, product, views):
    lab = demo(tmp_path / "site.db", product=product)
    lab.package("CEN000FF", "O'Neill''s tool", 1)
    out = io.StringIO()
    lab.dump_tsql(out, views=views)
    copy = sqlite3.connect(":memory:")
    for batch in out.getvalue().split("\nGO\n")[:-1]:
        if batch.startswith("CREATE VIEW"):
            assert ";" not in batch and batch.count("CREATE") == 1
        for statement in re.split(r"\n(?=INSERT|CREATE)", batch):
            tokens = TOKEN.findall(statement)
            assert "".join(tokens) == statement
            if statement.startswith("SET"):
                continue
            assert statement.count("VALUES") <= 1
            copy.execute("".join(
                token[1:] if token.startswith("N'") else f"X'{token[2:]}'"
                if token.startswith("0x") else token for token in tokens))
    names = list(lab.columns) + list(schema.views(product))
    for name in names:
        original = [tuple(value.replace(" ", "T") if isinstance(value, str) and re.match(
            r"\d{4}-\d\d-\d\d ", value) else value for value in row)
            for row in lab.query(f"SELECT * FROM {name}")]
        assert copy.execute(f"SELECT * FROM {name}").fetchall() == original, name


def test_sizes(tmp_path):
    lab = Lab(tmp_path / "site.db", product="cb", now=NOW)
    sitedb_bulk.build(lab, 200, 30, 50, 100, 60, "all", True)
    verdict = sitedb_judge.judge(lab.db, "CEN", NOW)
    assert plain(verdict.items) == plain(sitedb_bulk.expected(lab, 200, 30, 100))
    assert verdict.examined == 6000 and len(verdict.items) == 100
    assert {item.kind for item in verdict.items} == {kind.kind for kind in sitedb_bulk.PAIR_KINDS}
    assert lab.query("SELECT Type, COUNT(*) FROM PkgStatus GROUP BY Type") == [
        (1, 6000 - 11), (2, 10000)]
    rows = lab.query("SELECT PackageID, SiteCode, ServerNALPath, State, SourceVersion, SummaryDate"
                     " FROM v_PackageStatusDistPointsSumm WHERE State <> 0 OR SourceVersion < 3")
    assert sorted((p, s, nal.split("\\\\")[2].rstrip("\\"), state, version,
                   round(NOW - schema.epoch_of(date))) for p, s, nal, state, version, date in rows
                  ) == sitedb_bulk.expected_dps(lab, 200, 30, 50, 60)


def test_command_line(tmp_path, capsys):
    path = str(tmp_path / "site.db")
    assert sitedb_cli.main([path, "--now", "2007-10-01T12:00:00Z", "--tsql", path + ".sql"]) == 0
    assert "18 rows" in capsys.readouterr().out
    assert "N'Java Runtime 1.5.0_12'" in open(path + ".sql", encoding="utf-8").read()
    assert plain(sitedb_judge.judge(sqlite3.connect(path), "CEN", NOW).items) == plain(
        sitedb_demo.expected())
    assert sitedb_cli.main([path, "--packages", "2", "--sites", "2", "--findings", "5"]) == 3


@pytest.mark.skipif(not shutil.which("isql") or not odbc.driver_path("libsqlite3odbc.so"),
                    reason="isql or the SQLite driver is not installed")
def test_opens_through_odbc(tmp_path):
    demo(tmp_path / "site.db", product="cb").close()
    env = dict(os.environ, **odbc.environment(tmp_path / "odbc"))
    answer = subprocess.run(
        ["isql", "-k", "-b", odbc.connect_string(tmp_path / "site.db"), "-d|"], env=env, text=True,
        input="SELECT COUNT(*), MIN(PKID) FROM PkgStatus WHERE Type = 1\n",
        capture_output=True, check=True).stdout
    assert re.search(r"\d+\|7205759403\d{7}", answer)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("product", schema.PRODUCTS)
def test_the_oracle_finds_the_truth_about_dps(tmp_path, product, seed):
    lab = Lab(tmp_path / "site.db", now=NOW, product=product)
    truth = sitedb_dps.build(lab, seed)

    def rounded(items):
        return [tuple(item[:5]) + (None if item.age_s is None else round(item.age_s),) for item in items]
    verdict = sitedb_judge.judge_dps(lab.db, NOW)
    assert rounded(verdict.items) == rounded(truth.items)
    assert [(one.package, one.site, one.server, one.kind) for one in verdict.told] == truth.told
    assert verdict.examined == truth.examined
    assert (verdict.maintenance, verdict.inactive, verdict.full) == (truth.maintenance, truth.inactive, truth.full)
    strict = sitedb_judge.judge_dps(lab.db, NOW, strict=True)
    assert rounded(strict.items) == rounded(sorted(truth.items + truth.strict, key=lambda one: one[:4]))
