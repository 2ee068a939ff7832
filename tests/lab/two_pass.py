# SPDX-License-Identifier: GPL-3.0-or-later
"""The pairs of `check_sms_packages` in two passes: the statements of version 1.0.0, and plain Python behind them.

An oracle for the one pass that the program makes, and what its speed is compared with.
"""

import calendar
import time
from collections import namedtuple

Filter = namedtuple("Filter", "packages exclude_packages sites exclude_sites", defaults=((), (), (), ()))
Pair = namedtuple("Pair", "package site kind wanted held has_status status rows priority refreshed stamp server")
Arrival = namedtuple("Arrival", "package site version updated priority")

TARGETS = (" FROM SMSPackages p JOIN (SELECT PackageID, SiteCode{refreshed} FROM v_DistributionPoint WHERE COALESCE(Status, 0) <> 3{dp_filter}"
           " GROUP BY PackageID, SiteCode) d ON d.PackageID = p.PkgID JOIN v_Site s ON s.SiteCode = d.SiteCode AND s.Status = 1")
PACKAGES = (" WHERE p.SourceSite = ? AND d.SiteCode <> p.SourceSite AND COALESCE(p.Action, 0) <> 3 AND COALESCE(p.StorePkgFlag, 0) <> 1"
            "{package_type}")
COUNT = "SELECT COUNT(*) AS Examined" + TARGETS + PACKAGES
ROWS = ("SELECT p.PkgID, p.Name, d.SiteCode, COALESCE(p.SourceVersion, 0) AS Wanted, p.SourceCompSize, p.SourceDate, d.Refreshed, 0 AS Ended,"
        " r.Status, r.SourceVersion AS Held, r.UpdateTime, r.PkgServer, CASE WHEN r.ID IS NULL THEN 0 ELSE 1 END AS HasRow" + TARGETS +
        " LEFT JOIN (SELECT ID, SiteCode, MAX(CASE WHEN Status IN (0, 2, 3) AND SourceVersion > 0 THEN SourceVersion ELSE -1 END)"
        " AS HealthyVersion, SUM(CASE WHEN Status IN (0, 2, 3) AND SourceVersion > 0 THEN 0 ELSE 1 END) AS OtherRows"
        " FROM PkgStatus WHERE Type = 1 GROUP BY ID, SiteCode) t ON t.ID = p.PkgID AND t.SiteCode = d.SiteCode"
        " LEFT JOIN PkgStatus r ON r.Type = 1 AND r.ID = p.PkgID AND r.SiteCode = d.SiteCode" + PACKAGES +
        " AND (t.ID IS NULL OR t.HealthyVersion < p.SourceVersion OR t.OtherRows > 0) ORDER BY p.PkgID, d.SiteCode")
REFRESHED = ", MAX(CASE WHEN LastRefreshTime <= strftime('%Y-%m-%d %H:%M:%f', 'now') THEN LastRefreshTime END) AS Refreshed"
RECIPE = " FROM SMSPackages p JOIN PkgStatus r ON r.ID = p.PkgID AND r.Type = 1 WHERE p.SourceSite = ? AND r.SiteCode <> p.SourceSite{row_filter}"


def _in(column, include, exclude, values):
    text = ""
    for word, names in (("IN", include), ("NOT IN", exclude)):
        if names:
            text += " AND %s %s (%s)" % (column, word, ", ".join("?" * len(names)))
            values.extend(names)
    return text


def _has_package_type(db):
    return any(row[1] == "PackageType" for row in db.execute("PRAGMA table_info(SMSPackages)"))


def statement(db, form, owner, filter=Filter()):
    """-> (SQL, parameters)"""
    values = []
    package, site = ("r.ID", "r.SiteCode") if "{row_filter}" in form else ("PackageID", "SiteCode")
    text = _in(package, filter.packages, filter.exclude_packages, values) + _in(site, filter.sites, filter.exclude_sites, values)
    parts = dict(refreshed=REFRESHED if form is ROWS else "", dp_filter=text, row_filter=text,
                 package_type=" AND COALESCE(p.PackageType, 0) <> 4" if _has_package_type(db) else "")
    return form.format(**parts), [owner] + values if "{row_filter}" in form else values + [owner]


def count(db, rule, owner, filter):
    form = COUNT if rule == "version" else "SELECT COUNT(*)" + RECIPE
    return db.execute(*statement(db, form, owner, filter)).fetchone()[0]


def date(text):
    """As stored, in whole seconds; 0: none."""
    return 0 if not text or text < "1990" else calendar.timegm(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S"))


def _kind(rule, wanted, rows):
    if rule == "recipe":
        return "recipe"
    if not rows:
        return "never_sent"
    held, _, status, _ = deciding(rows)
    if status in (0, 2, 3) and held is not None and held >= wanted:
        return "in_sync"
    if status == 6:
        return "never_sent"
    if held == 0 and status in (0, 1, 2, 3):
        return "resend"
    return {4: "failed", 5: "failed", 1: "sent", 0: "behind", 2: "behind", 3: "behind"}.get(status, "unexpected")


def deciding(rows):
    """Of (SourceVersion, UpdateTime, Status, it is of the site's server): that server's, the highest version, then the newest date, then the highest status."""
    return max(rows, key=lambda row: (row[3], -1 if row[0] is None else row[0], row[1], -1 if row[2] is None else row[2]))


def _short(server):
    """A server's name without its domain."""
    return (server or "").split(".")[0].casefold()


def pairs(db, rule, owner, filter):
    """Those in trouble, by the statement that read them in 1.0.0."""
    if rule == "recipe":
        form = ("SELECT p.PkgID, p.Name, r.SiteCode, COALESCE(p.SourceVersion, 0), p.SourceCompSize, p.SourceDate, NULL, 0, r.Status,"
                " r.SourceVersion, r.UpdateTime, r.PkgServer, 1" + RECIPE + " AND r.Status <> 0 AND r.SourceVersion > 0 ORDER BY p.PkgID, r.SiteCode")
    else:
        form = ROWS
    found = {}
    for row in db.execute(*statement(db, form, owner, filter)):
        found.setdefault((row[0].casefold(), row[2].casefold()), []).append(row)
    priorities = {key.casefold(): value for key, value in db.execute("SELECT PkgID, Priority FROM SMSPackages")}
    servers_of = {code.casefold(): _short(server) for code, server in db.execute("SELECT SiteCode, ServerName FROM v_Site") if server}
    result = []
    for key, rows in found.items():
        first = rows[0]
        own = [(row[9], (row[10] or "")[:19], row[8], _short(row[11]) == servers_of.get(key[1])) for row in rows if row[12]]
        kind = _kind(rule, first[3], own)
        if kind == "in_sync":
            continue
        held, updated, status, by_server = deciding(own) if own else (None, "", None, False)
        servers = {row[11] or "" for row in rows if own and (row[9], (row[10] or "")[:19], row[8], _short(row[11]) == servers_of.get(key[1]))
                   == (held, updated, status, by_server)}
        result.append(Pair(*key, kind, first[3], -1 if held is None else held, status is not None, status or 0, len(own),
                           priorities[key[0]] or 0, date(first[6]), date(updated), frozenset(servers)))
    return sorted(result)


def targets(db, owner, filter):
    """The pairs that rule version looks at, package by package and site by site."""
    fold = str.casefold
    kind = "PackageType" if _has_package_type(db) else "0"
    wanted = {fold(row[0]): row for row in db.execute("SELECT PkgID, SourceSite, Action, StorePkgFlag, Priority, %s FROM SMSPackages" % kind)}
    active = {fold(code) for code, status in db.execute("SELECT SiteCode, Status FROM v_Site") if status == 1}
    result = set()
    for package, site, status in db.execute("SELECT PackageID, SiteCode, Status FROM v_DistributionPoint"):
        key = fold(package), fold(site)
        row = wanted.get(key[0])
        if (row and fold(row[1]) == fold(owner) and key[1] != fold(owner) and key[1] in active and row[2] != 3 and row[3] != 1
                and row[5] != 4 and status != 3
                and (not filter.sites or key[1] in map(fold, filter.sites)) and key[1] not in map(fold, filter.exclude_sites)):
            result.add(key)
    return {key: wanted[key[0]][4] or 0 for key in result}


def arrivals(db, owner, filter, since, until):
    """-> ([Arrival], {site: (pairs, newest date)}): whatever the filter's packages."""
    looked_at = targets(db, owner, filter)
    found, sites = {}, {}
    for _, site in looked_at:
        sites.setdefault(site, [0, 0])[0] += 1
    for package, site, version, status, updated in db.execute("SELECT ID, SiteCode, SourceVersion, Status, UpdateTime FROM PkgStatus WHERE Type = 1"):
        key = package.casefold(), site.casefold()
        when = 0 if updated is None else calendar.timegm(time.strptime(updated[:19], "%Y-%m-%d %H:%M:%S"))
        if key not in looked_at or status not in (0, 2, 3) or not version or version < 0 or when > until:
            continue
        sites[key[1]][1] = max(sites[key[1]][1], date(updated))
        if since and when > since:
            before = found.get(key, (0, 0))
            found[key] = max(before[0], version), max(before[1], when)
    return sorted(Arrival(*key, *value, looked_at[key]) for key, value in found.items()), {site: tuple(value) for site, value in sites.items()}
