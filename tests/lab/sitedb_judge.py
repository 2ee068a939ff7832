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
    if status in (4, 5):
        return "failed"
    if status not in (0, 1, 2, 3):
        return "unexpected"
    if version == 0:
        return "resend"
    return "sent" if status == 1 else "behind"


def _short(server):
    """A server's name without its domain."""
    return (server or "").split(".")[0].casefold()


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
        own = _short((sites.get(key[1]) or {}).get("ServerName"))
        rank = (own != "" and _short(row["PkgServer"]) == own, row["SourceVersion"], row["UpdateTime"] or "")
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


# ---- distribution points: the page of check_sms_dps in plain Python

DpItem = namedtuple("DpItem", "package site server kind cls age_s")
DpVerdict = namedtuple("DpVerdict", "items told examined maintenance inactive full")

STATES = {1: "pending", 2: "retrying", 3: "failed", 7: "updating", 8: "validation_failed",
          4: "targeted again but removal_pending", 5: "targeted again but removal_retrying", 6: "targeted again but removal_failed"}
FAILED_KINDS = ("failed", "validation_failed", STATES[6])


def _server(path):
    return path.rstrip("\\").rpartition("\\\\")[2]


def _without_site(path, code):
    return path.replace(f'="{code}"', "=").replace(f'={code}"', "=")


def _optional(db, table):
    return _rows(db, table) if db.execute(
        "SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE", (table,)).fetchone() else []


def _waits(message, refreshed, now, network_only):
    """For content that somebody must bring: said since it was ordered last, of a DP that may be prestaged."""
    said = _plausible(message["LastUpdateDate"], now)
    return (message["MessageID"] == 2371 and message["MessageState"] not in (3, 4) and message["NALPath"].casefold() not in network_only
            and (said is None or refreshed is None or said >= refreshed - 3600))


def judge_dps(db, now, strict=False):
    """What check_sms_dps finds by the database's own dates, and what it only tells."""
    active = {row["SiteCode"].casefold() for row in _rows(db, "v_Site") if row.get("Status", 1) == 1}
    packages = {row["PkgID"].casefold(): row for row in _rows(db, "SMSPackages")
                if row.get("PackageType") != 4}
    targets = {}
    for row in _rows(db, "v_DistributionPoint"):
        if row.get("Status") != 3 and row.get("IsPeerDP") != 1:
            targets[row["PackageID"].casefold(), row["ServerNALPath"].casefold(), row["SiteCode"].casefold()] = row
    messages = {}
    for row in _optional(db, "vSMS_DistributionDPStatus"):
        key = row["PackageID"].casefold(), row["NALPath"].casefold()
        if key not in messages or (row["LastUpdateDate"] or "") > (messages[key]["LastUpdateDate"] or ""):
            messages[key] = row
    network_only = {row["NALPath"].casefold() for row in _optional(db, "v_DistributionPoints") if row.get("PreStagingAllowed") == 0}
    items, told, examined, seen = [], [], 0, set()
    for row in _rows(db, "v_PackageStatusDistPointsSumm"):
        key = row["PackageID"].casefold(), row["ServerNALPath"].casefold(), row["SiteCode"].casefold()
        package = packages.get(key[0])
        if package is None or key[2] not in active or (row["State"] in (4, 5, 6) and key not in targets):
            continue
        if package["Action"] == 3 or package["StorePkgFlag"] == 1:  # never distributed: looked at where it is there
            examined += key in targets and row["State"] == 0
            continue
        found = DpItem(row["PackageID"], row["SiteCode"], _server(row["ServerNALPath"]), None, "pending", None)
        old = (row["SourceVersion"] or 0) < package["SourceVersion"]
        if key not in targets:
            elsewhere = any(_without_site(path, site.upper()) == _without_site(key[1], key[2].upper())
                            or _without_site(path, site) == _without_site(key[1], key[2])
                            for other, path, site in targets if other == key[0] and site != key[2])
            if elsewhere and (row["State"] != 0 or old):
                told.append(found._replace(kind="moved"))
            continue
        seen.add(key)
        examined += 1
        message = messages.get(key[:2])
        kind = ("behind" if old else "installed") if row["State"] == 0 else STATES.get(row["State"], "unexpected")
        source = _plausible(package["SourceDate"], now)
        changed = None if row["State"] in (4, 5, 6) else _plausible(row["SummaryDate"], now)
        refreshed = _plausible(targets[key].get("LastRefreshTime"), now)
        if message is not None and kind in ("pending", "retrying", "updating") and _waits(message, refreshed, now, network_only):
            told.append(found._replace(kind="prestaged"))
        elif kind == "installed":
            if message is not None and message["MessageState"] == 4:
                told.append(found._replace(kind="message_error", age_s=now - _plausible(message["LastUpdateDate"], now)))
        else:
            start = None if changed is None or (kind == "behind" and source is None) else _latest(source, changed)
            items.append(found._replace(kind=kind, cls="failed" if kind in FAILED_KINDS else "pending",
                                        age_s=None if start is None else now - _latest(start, refreshed)))
    for key, row in targets.items():
        package = packages.get(key[0])
        removal = any(other["State"] in (4, 5, 6) for other in _rows_of(db, row))
        if package is None or key in seen or key[2] not in active or package["Action"] == 3 or package["StorePkgFlag"] == 1 or removal:
            continue
        start = _latest(_plausible(package["SourceDate"], now), _plausible(row.get("LastRefreshTime"), now))
        told.append(DpItem(row["PackageID"], row["SiteCode"], _server(row["ServerNALPath"]), "no_status", "pending",
                           None if row.get("LastRefreshTime") is None else now - start))
    if strict:
        items += [one for one in told if one.kind != "prestaged"]
        told = [one for one in told if one.kind == "prestaged"]
    properties = _optional(db, "v_DistributionPoints")
    drives = {}
    for row in _optional(db, "v_DistributionPointDriveInfo"):
        if 0 <= row["PercentFree"] < 10:
            server = _server(row["NALPath"])
            drives[server] = min(row["PercentFree"], drives.get(server, 100))
    idle = {_server(row["NALPath"]): 0 for row in properties if row["IsActive"] == 0}
    for (_, path, site), row in targets.items():
        if _server(row["ServerNALPath"]) in idle and site in active and any(
                one["NALPath"].casefold() == path and one["IsActive"] == 0 for one in properties):
            idle[_server(row["ServerNALPath"])] += 1
    return DpVerdict(sorted(items, key=lambda one: one[:4]), sorted(told, key=lambda one: one[:4]), examined,
                     {_server(row["NALPath"]) for row in properties if row.get("MaintenanceMode") == 1},
                     {server: count for server, count in idle.items() if count}, drives)


def _rows_of(db, target):
    cursor = db.execute("SELECT State FROM v_PackageStatusDistPointsSumm WHERE PackageID = ? AND ServerNALPath = ?"
                        " AND SiteCode = ?", (target["PackageID"], target["ServerNALPath"], target["SiteCode"]))
    return [{"State": state} for state, in cursor]
