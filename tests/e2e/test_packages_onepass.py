# SPDX-License-Identifier: GPL-3.0-or-later
"""The one pass over the pairs against two independent ones, on databases that chance has made."""

import os
import random
import re
import subprocess
import time

import pytest

import odbc
import packages
import two_pass
from sitedb_schema import date_text
from two_pass import Arrival, Filter, Pair

PROBE = os.path.join(packages.BUILD, "tests", "e2e", "pair_probe")
PACKAGES = ["CEN%05X" % number for number in range(1, 13)] + ["cen000ff", "OTH00001"]
SITES = ["S%02d" % number for number in range(1, 8)]
DAY = 86400


def scatter(lab, dice, mark):
    """Rows that nothing promises: doubled, in any case, without dates, of sites and packages that are not there."""
    db, some = lab.db, dice.choice

    def any_case(word):
        return some((word, word, word, word.lower(), word.upper()))

    def any_date():
        if dice.random() < 0.2:
            return some((None, "1980-01-01 00:00:00.000", date_text(lab.now + 3 * DAY), date_text(lab.now + DAY / 2)))
        return date_text(mark + dice.randrange(-5, 6) + some((0, 0, 0.003, 0.5, 0.997)))
    for site in SITES:
        lab.site(site, status=some((1, 1, 1, 1, 2)))
    for package in PACKAGES:
        lab.package(package, version=some((1, 2, 3, 3)), source_site="OTH" if package.startswith("OTH") else lab.owner,
                    action=some((0, 0, 0, None, 3)), store_pkg_flag=some((2, 2, None, 1)), package_type=some((0, 0, None, 4)))
    db.execute("UPDATE SMSPackages SET SourceVersion = NULL WHERE PkgID = 'CEN00002' AND ?", (dice.random() < 0.3,))
    db.execute("UPDATE SMSPackages SET SourceVersion = 0 WHERE PkgID = 'CEN00003' AND ?", (dice.random() < 0.3,))
    for package in PACKAGES:
        db.execute("UPDATE SMSPackages SET Priority = ? WHERE PkgID = ?", (some((1, 2, 3, None)), package))
    for package in PACKAGES + ["CEN0DEAD"]:
        for site in SITES + ["X99", lab.owner]:
            for _ in range(some((0, 1, 1, 1, 2, 3))):
                db.execute("INSERT INTO v_DistributionPoint (PackageID, ServerNALPath, SiteCode, SourceSite, Status, LastRefreshTime)"
                           " VALUES (?, 'nal', ?, 'CEN', ?, ?)", (any_case(package), any_case(site), some((0, 0, 0, 1, None, 3)), any_date()))
            healthy = dice.random() < 0.5
            for number in range(some((0, 1, 1, 1, 1, 2, 3))):
                status = some((0, 2, 3)) if healthy else some((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4711, None))
                version = some((3, 3, 4)) if healthy else some((0, 1, 2, 3, None))
                db.execute("INSERT INTO PkgStatus (ID, Type, SiteCode, PkgServer, Status, SourceVersion, UpdateTime) VALUES (?, ?, ?, ?, ?, ?, ?)",
                           (any_case(package), some((1, 1, 1, 1, 2)), any_case(site), "SRV%d" % number, status, version, any_date()))
    lab.commit()


def probe(connect, environment, rule, since, whole, newest, filter, quiet, quiet_since):
    command = [PROBE, connect, "CEN", rule, str(since), "01"[whole], "01"[newest], *(",".join(names) for names in filter), ",".join(quiet),
               str(quiet_since)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, (command, told.stdout, told.stderr)
    examined, pairs, arrivals, sites = None, [], [], {}
    for line in told.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word == "examined":
            examined = int(rest)
        elif word == "pair":
            package, site, kind, *numbers = rest.split(" ")
            server = numbers.pop()
            wanted, held, has_status, *others = map(int, numbers)
            pairs.append(Pair(package.casefold(), site.casefold(), kind, wanted, held, bool(has_status), *others, server))
        elif word == "arrival":
            package, site, *numbers = rest.split(" ")
            arrivals.append(Arrival(package.casefold(), site.casefold(), *map(int, numbers)))
        else:
            assert word == "site", line
            site, targeted, date = rest.split(" ")
            sites[site.casefold()] = int(targeted), int(date)
    return examined, sorted(pairs), sorted(arrivals), sites


def differences(found, expected):
    """Where two rows are alike but for their server, either may decide."""
    rows = {pair[:2]: pair for pair in expected}
    wrong = [(pair, rows.get(pair[:2])) for pair in found if pair[:2] not in rows or pair[:-1] != rows[pair[:2]][:-1]
             or (pair.server not in rows[pair[:2]].server if rows[pair[:2]].server else pair.server != "")]
    return wrong + [pair for pair in expected if pair[:2] not in {one[:2] for one in found}]


def compare(lab, connect, environment, dice, mark):
    now = int(time.time())
    filter = Filter(*(tuple(dice.sample(names, dice.choice((0, 0, 0, 1, 3)))) for names in (PACKAGES, PACKAGES, SITES, SITES)))
    rule = dice.choice(("version", "version", "version", "recipe"))
    whole = rule == "version" and dice.random() < 0.6
    since = dice.choice((0, mark, mark, mark - 2, mark - 1000 * DAY)) if rule == "version" else 0
    quiet = dice.sample(SITES, dice.choice((0, 0, 1, 3))) if since else ()
    quiet_since = since - dice.choice((1, 2, 4)) if quiet else since
    examined, pairs, arrivals, sites = probe(connect, environment, rule, since, whole, True, filter, quiet, quiet_since)
    read = filter._replace(packages=(), exclude_packages=()) if whole else filter
    what = (rule, since - mark if since else 0, whole, filter)
    assert examined == two_pass.count(lab.db, rule, "CEN", filter), what
    expected = two_pass.pairs(lab.db, rule, "CEN", read)
    assert not differences(pairs, expected) and len(pairs) == len(expected), what
    if rule == "version":
        late, _ = two_pass.arrivals(lab.db, "CEN", filter, quiet_since, now + DAY)
        others, all_sites = two_pass.arrivals(lab.db, "CEN", filter, since, now + DAY)
        quiet = {site.casefold() for site in quiet}
        all_arrivals = [arrival for arrival in late if arrival.site in quiet] + [arrival for arrival in others if arrival.site not in quiet]
        kept = [arrival for arrival in all_arrivals if whole or selects(filter, arrival.package)]
        assert set(arrivals) ^ set(kept) == set() and len(arrivals) == len(kept), what
        if whole:
            assert set(sites.items()) ^ set(all_sites.items()) == set(), what
    return len(pairs), len(arrivals)


def selects(filter, package):
    return ((not filter.packages or package in map(str.casefold, filter.packages))
            and package not in map(str.casefold, filter.exclude_packages))


@pytest.mark.parametrize("seed", range(12))
def test_one_pass_tells_what_two_passes_tell(world, seed):
    dice = random.Random(seed)
    lab = world.make(product=dice.choice(("sms2003", "cb")))
    mark = int(lab.now) - 1000
    scatter(lab, dice, mark)
    seen = [compare(lab, odbc.connect_string(lab.path), world.env, dice, mark) for _ in range(8)]
    assert any(pairs for pairs, _ in seen) and any(arrivals for _, arrivals in seen)


@pytest.mark.parametrize("version", ["7.1", "7.4"])
def test_one_pass_over_tds(world, version):
    dice = random.Random(version)
    lab = world.make()
    mark = int(lab.now) - 1000
    scatter(lab, dice, mark)
    with packages.Server(world) as server:
        connect = "Driver=FreeTDS;Server=127.0.0.1;Port=%d;Database=SMS_CEN;UID=probe;PWD=%s;TDS_Version=%s" % (
            server.tds.port, server.password, version)
        for _ in range(6):
            compare(lab, connect, world.env, dice, mark)
        assert not server.tds.requests("exception")


def test_pkgstatus_is_read_by_one_statement(world):
    """What has no row is read once more, by its keys."""
    world.demo()
    told = world.check("-vvv", "-v").stderr.decode()
    statements = [line for line in re.findall(r"^SQL of [^:]*: (.*)$", told, re.M) if "PkgStatus" in line]
    whole = [line for line in statements if not re.search(r"WHERE \(PackageID = \? AND SiteCode = \?( OR PackageID = \? AND SiteCode = \?)*\)", line)]
    assert len(whole) == 1 and len(statements) == 2, statements


ROWS = re.compile(r"the packages that are not in sync: (\d+) rows")


def test_a_run_reads_what_is_new(world):
    """One site to which nothing came for two days, and a refresh of everything within one second at the others."""
    lab = world.make()
    names = ["CEN%05X" % number for number in range(1, 41)]
    for name in names:
        lab.package(name, version=2, source_date_age_s=9 * DAY)
        for site in ("S02", "S03", "S04", "S05"):
            lab.target(name, site)
            lab.status(name, site, status=2, version=2, age_s=5 * DAY if site == "S02" else 2 * DAY)
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = ? WHERE SiteCode <> 'S02'", (date_text(int(lab.now) - 2 * DAY + 0.363),))
    lab.commit()
    rows = [int(ROWS.search(world.check("-vv").stderr.decode()).group(1)) for _ in range(4)]
    assert rows == [4] * 4, rows  # one a site: nothing was new after the first run, which sets the marks
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = ? WHERE ID = ? AND SiteCode IN ('S02', 'S04')", (date_text(lab.now), names[7]))
    lab.commit()
    rows = [int(ROWS.search(world.check("-vv").stderr.decode()).group(1)) for _ in range(2)]
    assert rows == [6, 4], rows


def test_any_number_of_sites_is_counted(world):
    lab = world.make()
    lab.package("CEN00001", version=2, source_date_age_s=9 * DAY)
    for number in range(700):
        site = "%s%02d" % ("ABDEFGH"[number // 100], number % 100)
        lab.site(site)
        lab.target("CEN00001", site)
        lab.status("CEN00001", site, status=1, version=2, age_s=4 * DAY)
    answer = world.check("-t", "60")
    assert answer.values("pending", "sites", "examined") == (700, 700, 700)


@pytest.mark.parametrize("over", ["sqlite", "7.1"])
def test_a_batch_of_look_ups_without_a_row(world, over):
    """A read that skips all rows of one batch of keys proves nothing; the keys of the other batch have ended."""
    lab = world.make()
    names = ["CEN%05X" % number for number in range(1, 131)]
    for name in names:
        lab.package(name, version=2, source_date_age_s=9 * DAY)
        lab.target(name, "S02")
        lab.status(name, "S02", status=1, version=2, age_s=4 * DAY)
    with packages.Server(world) as server:
        check = world.check if over == "sqlite" else lambda: server.check("--tds-version=" + over)
        assert check().value("pending") == 130
        keys = ["version/%s@S02" % name for name in names]
        assert sorted(key for key in world.remembered() if key in keys) == keys
        lab.db.execute("UPDATE PkgStatus SET Status = 2")
        for table, column in (("v_DistributionPoint", "PackageID"), ("PkgStatus", "ID")):
            lab.db.execute("DELETE FROM %s WHERE %s <= ?" % (table, column), (names[99],))
        lab.commit()
        answer = check()
        assert answer.code == packages.OK and answer.values("pending", "examined") == (0, 30)
        assert sorted(key for key in world.remembered() if key in keys) == keys[:100]
