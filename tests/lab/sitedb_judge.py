# SPDX-License-Identifier: GPL-3.0-or-later
"""The design's table for `check_sms_packages` (rule version) in plain Python, row by row.

An oracle for tests: slow, without joins, and written without a look at any other implementation.
"""

from collections import namedtuple

import sitedb_schema as schema

Item = namedtuple("Item", "package site kind cls age_s status version wanted")
Verdict = namedtuple("Verdict", "items examined")


def _rows(db, table):
    cursor = db.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def _plausible(text, now):
    """The date as seconds, or None where it is none: NULL, before 1990, in the future."""
    when = schema.epoch_of(text)
    if when is None or text < "1990" or when > now:
        return None
    return when


def _latest(*dates):
    known = [date for date in dates if date is not None]
    return max(known) if known else None


def _kind(row, wanted):
    if row is None or row["Status"] == 6:
        return "never_sent"
    status, version = row["Status"], row["SourceVersion"]
    if status in (0, 2, 3) and version >= wanted:
        return None
    if version == 0:
        return "resend"
    if status in (4, 5):
        return "failed"
    if status == 1:
        return "sent"
    if status in (0, 2, 3):
        return "behind"
    return "unexpected"


def judge(db, owner, now, packages=None):
    """The items that are not healthy, in order of package and site, and the pairs examined."""
    sites = {row["SiteCode"].casefold(): row for row in _rows(db, "v_Site")}
    targets, deciding = {}, {}
    for row in _rows(db, "v_DistributionPoint"):
        if row.get("Status") == 3:
            continue
        key = row["PackageID"].casefold(), row["SiteCode"].casefold()
        targets.setdefault(key, []).append(row)
    for row in _rows(db, "PkgStatus"):
        if row["Type"] != 1:
            continue
        key = row["ID"].casefold(), row["SiteCode"].casefold()
        rank = (row["SourceVersion"], row["UpdateTime"] or "")
        if key not in deciding or rank > deciding[key][0]:
            deciding[key] = rank, row
    items, examined = [], 0
    for package in _rows(db, "SMSPackages"):
        if packages is not None and package["PkgID"] not in packages:
            continue
        if (package["SourceSite"].casefold() != owner.casefold() or package["Action"] == 3
                or package["StorePkgFlag"] == 1 or package.get("PackageType") == 4):
            continue
        for code, site in sites.items():
            key = package["PkgID"].casefold(), code
            if code == owner.casefold() or key not in targets or site.get("Status", 1) != 1:
                continue
            examined += 1
            row = deciding[key][1] if key in deciding else None
            kind = _kind(row, package["SourceVersion"])
            if kind is None:
                continue
            source = _plausible(package["SourceDate"], now)
            refreshed = _latest(*(_plausible(dp["LastRefreshTime"], now)
                                  for dp in targets[key] if "LastRefreshTime" in dp))
            if kind == "never_sent":
                start = None if refreshed is None else _latest(source, refreshed)
            elif kind == "resend":
                start = None
            else:
                updated = _plausible(row["UpdateTime"], now)
                if updated is None and source is not None:
                    # An undated row of a DP added today: SourceDate alone would exaggerate.
                    updated = refreshed
                start = _latest(source, updated)
            items.append(Item(package["PkgID"], site["SiteCode"], kind,
                              "failed" if kind == "failed" else "pending",
                              None if start is None else now - start,
                              row["Status"] if row else None,
                              row["SourceVersion"] if row else None, package["SourceVersion"]))
    return Verdict(sorted(items, key=lambda item: (item.package, item.site)), examined)
