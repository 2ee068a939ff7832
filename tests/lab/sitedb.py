#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a site database of SMS 2003 ... current branch as a SQLite file or as T-SQL text.

    lab = Lab("site.db", product="sms2003")      # makes it, or opens it where it exists
    lab.site("S02", parent="CEN")
    lab.package("CEN0000E", "Office 2003 SP3", version=3, source_date_age_s=4 * DAY)
    lab.target("CEN0000E", "S02")
    lab.status("CEN0000E", "S02", status=1, version=3, age_s=4 * DAY)
    lab.commit()

Ages are seconds before `lab.now`; None is NULL and NEVER is the product's own "never".
"""

import os
import sqlite3
import sys

import sitedb_schema as schema
from sitedb_schema import NEVER, nal_path

HOUR = 3600
DAY = 86400

INSTALL_STATUS = {
    0: "Package Installation complete", 1: "Waiting to install package",
    2: "Retrying package installation", 3: "Package Installation failed",
    4: "Waiting to remove package", 5: "Retrying package removal", 6: "Package removal failed",
    7: "Content updating", 8: "Content monitoring",
}

SUMMARIZED = ("v_PackageStatusDetailSumm", "v_DistributionPoint", "v_PackageStatusDistPointsSumm")


class Lab:
    """One site database: the owning site's, `site`."""

    def __init__(self, path, product=None, now=None, site=None, without=()):
        schema.check_names(without)
        self.path = os.fspath(path)
        self.now = schema.parse_now(now)
        fresh = not os.path.exists(self.path) or os.path.getsize(self.path) == 0
        self.db = sqlite3.connect(self.path)
        # Python opens the transaction at the first write, so an idle lab locks nobody out.
        self.db.execute("PRAGMA synchronous=OFF")
        if fresh:
            self.db.execute("BEGIN")
            self._create(product or "sms2003", site or "CEN", tuple(without))
            self.db.commit()
        kept = dict(self.db.execute("SELECT k, v FROM _lab"))
        self.product, self.owner = kept["product"], kept["site"]
        self.without = tuple(filter(None, kept["without"].split(",")))
        for asked, found, name in ((product, self.product, "product"), (site, self.owner, "site")):
            if asked is not None and asked != found:
                raise ValueError(f"{self.path} was made with {name} {found}, not {asked}")
        self.columns = {table: [name for name, _ in spec]
                        for table, spec in schema.columns(self.product, self.without).items()}
        self._touched = set()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.commit()
        self.close()

    def _create(self, product, site, without):
        if product not in schema.PRODUCTS:
            raise ValueError(f"no such product: {product} (one of {', '.join(schema.PRODUCTS)})")
        for table, spec in schema.columns(product, without).items():
            parts = [f"{name} {kind}" + (" COLLATE NOCASE" if kind.startswith("nvarchar") else "")
                     + (" NOT NULL" if f"{table}.{name}" in schema.KEYS else "") for name, kind in spec]
            self.db.execute(f"CREATE TABLE {table} ({', '.join(parts)})")
        for view, (table, spec) in schema.views(product, without).items():
            parts = ", ".join(f"{source} AS {name}" for name, source in spec)
            self.db.execute(f"CREATE VIEW {view} AS SELECT {parts} FROM {table}")
        self.create_indexes(schema.columns(product, without))
        self.db.execute("CREATE TABLE _lab (k TEXT PRIMARY KEY, v TEXT)")
        self.db.executemany("INSERT INTO _lab VALUES (?, ?)", (
            ("product", product), ("site", site), ("without", ",".join(without))))

    def create_indexes(self, spec=None):
        spec = spec or schema.columns(self.product, self.without)
        for name, table, parts, unique in schema.INDEXES:
            if set(parts) <= {column for column, _ in spec.get(table, ())}:
                self.db.execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX IF NOT EXISTS {name}"
                                f" ON {table} ({', '.join(parts)})")

    def drop_indexes(self):
        for name, *_ in schema.INDEXES:
            self.db.execute(f"DROP INDEX IF EXISTS {name}")

    def date(self, age_s):
        """The text of a date `age_s` seconds ago; None and NEVER pass as said above."""
        if age_s is None:
            return None
        return schema.NEVER_TEXT if age_s == NEVER else schema.date_text(self.now - age_s)

    def insert(self, table, **values):
        """One row; columns that this product does not have are left out."""
        have = self.columns.get(table)
        if have is None:
            return
        names = [name for name in values if name in have]
        self.db.execute(f"INSERT INTO {table} ({', '.join(names)})"
                        f" VALUES ({', '.join('?' * len(names))})", [values[n] for n in names])

    def _update(self, table, where, key, **values):
        """Number of rows changed; 0 where the table does not exist."""
        have = self.columns.get(table)
        if have is None:
            return 0
        names = [name for name in values if name in have]
        if not names:
            return 0
        sets = ", ".join(f"{name} = ?" for name in names)
        return self.db.execute(f"UPDATE {table} SET {sets} WHERE {where}",
                               [values[n] for n in names] + list(key)).rowcount

    def query(self, sql, *parameters):
        return self.db.execute(sql, parameters).fetchall()

    def default_server(self, site):
        """`S021` up to 2007, `S021.corp.example` from 2012."""
        return f"{site}1" + (".corp.example" if schema.has_fqdn(self.product) else "")

    def server_of(self, site):
        found = self.query("SELECT ServerName FROM v_Site WHERE SiteCode = ?", site) \
            if "ServerName" in self.columns.get("v_Site", ()) else []
        return found[0][0] if found else self.default_server(site)

    def site(self, code, name=None, parent=None, status=1, type=None, server=None):
        """Adds a site or changes it. Type 1 secondary, 2 primary, 4 CAS."""
        owner = code == self.owner
        version, build = schema.SITE_VERSIONS[self.product]
        values = {
            "SiteName": name or f"Site {code}",
            "ReportingSiteCode": parent if parent is not None else ("" if owner else self.owner),
            "Status": status, "Type": type if type is not None else (2 if owner else 1),
            "ServerName": server or self.default_server(code),
            "Version": version, "BuildNumber": build,
        }
        if not self._update("v_Site", "SiteCode = ?", (code,), **values):
            self.insert("v_Site", SiteCode=code, **values)

    def package(self, id, name=None, version=1, source_site=None, comp_size_kb=51200, size_kb=None,
                source_date_age_s=30 * DAY, action=0, store_pkg_flag=2, package_type=0,
                stored_version=None, icon=None, priority=2):
        """Adds a package or changes it. store_pkg_flag 1: no source; action 3: being deleted; priority 1: high."""
        values = {
            "Name": id if name is None else name, "Version": "", "Manufacturer": "",
            "Description": "", "SourceSite": source_site or self.owner, "SourceVersion": version,
            "StoredPkgVersion": version if stored_version is None else stored_version,
            "Source": f"\\\\{self.default_server(self.owner)}\\Source$\\{id}",
            "SourceSize": size_kb if size_kb is not None else comp_size_kb * 3 // 2,
            "SourceCompSize": comp_size_kb, "SourceDate": self.date(source_date_age_s),
            "Action": action, "StorePkgFlag": store_pkg_flag, "Icon": icon,
            "PackageType": package_type, "Priority": priority,
        }
        if not self._update("SMSPackages", "PkgID = ?", (id,), **values):
            self.insert("SMSPackages", PkgID=id, **values)

    def update_package(self, package, version=None, age_s=0):
        """The administrator updates the package: a new wanted version, nothing sent yet."""
        self._update("SMSPackages", "PkgID = ?", (package,), SourceDate=self.date(age_s),
                     SourceVersion=version or self.wanted(package) + 1)

    def wanted(self, package):
        found = self.query("SELECT SourceVersion FROM SMSPackages WHERE PkgID = ?", package)
        if not found:
            raise KeyError(f"no such package: {package}")
        return found[0][0]

    def _source_site(self, package):
        found = self.query("SELECT SourceSite FROM SMSPackages WHERE PkgID = ?", package)
        return found[0][0] if found else self.owner

    def target(self, package, site, servers=None, status=0, refreshed_age_s=30 * DAY, peer=False):
        """Targets the package at DPs of the site (default: one, its site server)."""
        for server in self._servers(site, servers):
            values = {"SourceSite": self._source_site(package), "Status": status,
                      "LastRefreshTime": self.date(refreshed_age_s), "IsPeerDP": int(peer)}
            nal = nal_path(site, server)
            if not self._update("v_DistributionPoint", "PackageID = ? AND ServerNALPath = ?",
                                (package, nal), **values):
                self.insert("v_DistributionPoint", PackageID=package, ServerNALPath=nal,
                            SiteCode=site, **values)
        self._touched.add(package)

    def untarget(self, package, site, servers=None):
        """The DPs no longer have the package; the Type 1 row stays, as in the product."""
        sql, key = "PackageID = ? AND SiteCode = ?", [package, site]
        if servers is not None:
            nals = [nal_path(site, server) for server in self._servers(site, servers)]
            sql += f" AND ServerNALPath IN ({', '.join('?' * len(nals))})"
            key += nals
        for table in ("v_DistributionPoint", "v_PackageStatusDistPointsSumm"):
            if table in self.columns:
                self.db.execute(f"DELETE FROM {table} WHERE {sql}", key)
        self._touched.add(package)

    def _servers(self, site, servers):
        if servers is None:
            return [self.server_of(site)]
        return [servers] if isinstance(servers, str) else list(servers)

    def status(self, package, site, status, version, age_s=0, server=None, add=False, type=1):
        """Writes the site's row in PkgStatus; `add` makes a duplicate instead of changing it."""
        server = server or self.server_of(site)
        values = {"Status": status, "SourceVersion": version, "UpdateTime": self.date(age_s)}
        if not add and self._update(
                "PkgStatus", "ID = ? AND Type = ? AND SiteCode = ? AND PkgServer = ?",
                (package, type, site, server), **values):
            return
        short = server.split(".")[0] if type == 1 else server.rstrip("\\").rsplit("\\", 1)[-1]
        rank = self.query("SELECT COALESCE(MAX(rowid), 0) FROM PkgStatus")[0][0]
        self.insert("PkgStatus", ID=package, Type=type, SiteCode=site, PkgServer=server,
                    Location=f"\\\\{short}\\SMSPKGE$\\{package}\\" if type == 2
                    else f"\\\\{short}\\E$\\SMSPKG\\{package}.PCK",
                    ShareName="", Personality=0, State=0, HTTPUrl="", SigURL="", SigLocation="",
                    PKID=(1 << 56) + 1 + rank, **values)

    def no_status(self, package, site):
        """Takes every Type 1 row of the pair away: never sent."""
        self.db.execute("DELETE FROM PkgStatus WHERE ID = ? AND Type = 1 AND SiteCode = ?",
                        (package, site))

    def dp_site(self, server):
        found = self.query("SELECT SiteCode FROM v_DistributionPoint WHERE ServerNALPath LIKE ?"
                           " ESCAPE '!' LIMIT 1", f'%]\\\\{server}\\')
        if not found:
            raise KeyError(f"no DP on {server}: target a package there first")
        return found[0][0]

    def dp_state(self, package, server, state, version=None, age_s=0, copied_age_s=None, site=None):
        """The summarizer's row of one DP (and its Type 2 row, where State is 0 or 1)."""
        site = site or self.dp_site(server)
        version = self.wanted(package) if version is None else version
        nal = nal_path(site, server)
        if copied_age_s is None and state == 0:
            copied_age_s = age_s
        values = {"SourceSite": self._source_site(package), "SourceVersion": version,
                  "State": state, "InstallStatus": INSTALL_STATUS.get(state, ""),
                  "LastCopied": self.date(NEVER if copied_age_s is None else copied_age_s),
                  "SummaryDate": self.date(age_s)}
        if not self._update("v_PackageStatusDistPointsSumm", "PackageID = ? AND ServerNALPath = ?",
                            (package, nal), **values):
            self.insert("v_PackageStatusDistPointsSumm", PackageID=package, SiteCode=site,
                        ServerNALPath=nal, **values)
        if state in (0, 1):
            self.status(package, site, 3 if state == 0 else 0, version, age_s, server=nal, type=2)
        self._touched.add(package)

    def dp_message(self, package, server, state, message_id, age_s=0, site=None):
        """2012+: the DP's last message (1 ok, 2 in progress, 4 error; 2371 prestaged content)."""
        site = site or self.dp_site(server)
        nal = nal_path(site, server)
        values = {"MessageState": state, "MessageID": message_id, "LastUpdateDate": self.date(age_s)}
        if not self._update("vSMS_DistributionDPStatus", "PackageID = ? AND NALPath = ?",
                            (package, nal), **values):
            self.insert("vSMS_DistributionDPStatus", PackageID=package, NALPath=nal, SiteCode=site,
                        Name=server, **values)

    def dp_properties(self, server, site, pull=False, prestaging=False, maintenance=False,
                      active=True):
        """2012+: the DP's own row in v_DistributionPoints."""
        values = {"IsPullDP": int(pull), "PreStagingAllowed": int(prestaging),
                  "MaintenanceMode": int(maintenance), "IsActive": int(active)}
        if not self._update("v_DistributionPoints", "ServerName = ?", (server,), **values):
            self.insert("v_DistributionPoints", ServerName=server, NALPath=nal_path(site, server),
                        SMSSiteCode=site, **values)

    def dp_drive(self, server, site, percent_free, drive="E", total_kb=200 << 20):
        """2012+: a drive of the DP in v_DistributionPointDriveInfo."""
        nal = nal_path(site, server)
        values = {"SiteCode": site, "BytesTotal": total_kb, "BytesFree": total_kb * percent_free // 100,
                  "PercentFree": percent_free, "Status": 0}
        if not self._update("v_DistributionPointDriveInfo", "NALPath = ? AND Drive = ?", (nal, drive), **values):
            self.insert("v_DistributionPointDriveInfo", NALPath=nal, Drive=drive, **values)

    def deploy(self, package, sites, servers=None, status=2, version=None, age_s=29 * DAY):
        """A healthy pair at each site: targeted, in sync, installed on the DPs.

        servers: {site: [server, ...]}; a site that is not in it has one DP, its site server.
        """
        version = self.wanted(package) if version is None else version
        for site in sites:
            names = self._servers(site, (servers or {}).get(site))
            self.target(package, site, names)
            self.status(package, site, status, version, age_s)
            for server in names:
                self.dp_state(package, server, 0, version, age_s, site=site)

    def repair(self, package, site, server=None):
        """The 2007 recipe's UPDATE; returns how many rows it changed."""
        return self._update(
            "PkgStatus", "ID = ? AND Type = 1 AND SiteCode = ? AND PkgServer = ?",
            (package, site, server or self.server_of(site)), Status=2, SourceVersion=0)

    def arrive(self, package, site, version=None, age_s=0):
        """The content is stored at the site and installed on its DPs."""
        version = self.wanted(package) if version is None else version
        when = self.date(age_s)
        if not self._update("PkgStatus", "ID = ? AND Type = 1 AND SiteCode = ?", (package, site),
                            Status=2, SourceVersion=version, UpdateTime=when):
            self.status(package, site, 2, version, age_s)
        self._update("PkgStatus", "ID = ? AND Type = 2 AND SiteCode = ?", (package, site),
                     Status=3, SourceVersion=version, UpdateTime=when)
        self._update("v_PackageStatusDistPointsSumm", "PackageID = ? AND SiteCode = ?",
                     (package, site), State=0, InstallStatus=INSTALL_STATUS[0],
                     SourceVersion=version, LastCopied=when, SummaryDate=when)
        self._touched.add(package)

    def age_all(self, seconds):
        """Makes every date of the database older, as if so much time had passed since."""
        for table, spec in schema.columns(self.product, self.without).items():
            for name, kind in spec:
                if kind == "datetime":
                    self.db.execute(
                        f"UPDATE {table} SET {name} = strftime('%Y-%m-%d %H:%M:%f', {name}, ?)"
                        f" WHERE {name} >= '1990'", (f"-{seconds} seconds",))

    def summarize(self, packages=None):
        """Rewrites v_PackageStatusDetailSumm from the DPs' rows."""
        if any(name.split(".")[0] in SUMMARIZED for name in self.without
               if name != "v_DistributionPoint.Status"):
            return
        for package in packages if packages is not None else [None]:
            only, key = ("", ()) if package is None else (" WHERE d.PackageID = ?", (package,))
            self.db.execute("DELETE FROM v_PackageStatusDetailSumm"
                            + only.replace("d.", ""), key)
            counts = ", ".join(f"SUM(CASE WHEN s.State = {n} THEN 1 ELSE 0 END)" for n in (0, 2, 3))
            self.db.execute(
                "INSERT INTO v_PackageStatusDetailSumm (PackageID, SiteCode, SourceSite,"
                " SourceVersion, Targeted, Installed, Retrying, Failed, SummaryDate)"
                " SELECT d.PackageID, d.SiteCode, MAX(d.SourceSite), MAX(s.SourceVersion),"
                f" COUNT(*), {counts}, MAX(s.SummaryDate) FROM v_DistributionPoint d"
                " LEFT JOIN v_PackageStatusDistPointsSumm s ON s.PackageID = d.PackageID"
                " AND s.ServerNALPath = d.ServerNALPath"
                f"{only} GROUP BY d.PackageID, d.SiteCode", key)

    def commit(self):
        self.summarize(sorted(self._touched))
        self._touched.clear()
        self.db.commit()

    def dump_tsql(self, out, views=True, rows_per_batch=200):
        """T-SQL for SQL Server 2000 and later, batches ended by GO. `out`: a path or a text file."""
        import sitedb_tsql
        if hasattr(out, "write"):
            sitedb_tsql.dump(self, out, views, rows_per_batch)
        else:
            with open(out, "w", encoding="utf-8") as file:
                sitedb_tsql.dump(self, file, views, rows_per_batch)

    def close(self):
        self.db.close()


if __name__ == "__main__":
    import sitedb_cli
    sys.exit(sitedb_cli.main())
