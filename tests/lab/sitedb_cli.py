# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of sitedb.py."""

import argparse
import os
import sys
import time

import sitedb_bulk
import sitedb_demo
import sitedb_schema as schema
from sitedb import Lab


def parser():
    p = argparse.ArgumentParser(prog="sitedb.py", description="Makes a site database.")
    p.add_argument("database", help="the SQLite file to make (an existing one is replaced)")
    p.add_argument("--product", choices=schema.PRODUCTS, default="sms2003")
    p.add_argument("--site", default="CEN", help="code of the owning site (sizes only)")
    p.add_argument("--without", action="append", default=[], metavar="TABLE[.COLUMN]")
    p.add_argument("--now", help="epoch or ISO 8601; every date is made relative to it")
    p.add_argument("--tsql", metavar="FILE", help="also write it as T-SQL (- is stdout)")
    p.add_argument("--tsql-views-as-tables", action="store_true")
    p.add_argument("--packages", type=int, help="make a size instead of the demo: packages")
    p.add_argument("--sites", type=int, default=20, help="child sites")
    p.add_argument("--dps", type=int, help="DPs in all, spread over the child sites (one each)")
    p.add_argument("--findings", type=int, default=0, help="(package, site) pairs in trouble")
    p.add_argument("--dp-findings", type=int, default=0, help="(package, DP) pairs in trouble")
    p.add_argument("--summary", choices=("all", "findings", "none"), default="none",
                   help="rows of the DP summarizer")
    p.add_argument("--type2", action="store_true", help="PkgStatus rows of the DPs too")
    p.add_argument("--expected", action="store_true",
                   help="print what check_sms_packages should find (rule version)")
    return p


def main(argv=None):
    options = parser().parse_args(argv)
    for name in (options.database, options.database + "-journal"):
        if os.path.exists(name):
            os.unlink(name)
    started = time.monotonic()
    try:
        lab = Lab(options.database, options.product, options.now, options.site, options.without)
        if options.packages is None:
            sitedb_demo.build(lab)
        else:
            sitedb_bulk.build(lab, options.packages, options.sites, options.dps, options.findings,
                              options.dp_findings, options.summary, options.type2)
    except ValueError as error:
        print(f"sitedb.py: {error}", file=sys.stderr)
        return 3
    if options.tsql:
        lab.dump_tsql(sys.stdout if options.tsql == "-" else options.tsql,
                      views=not options.tsql_views_as_tables)
    if options.tsql != "-":
        for table in ("SMSPackages", "v_Site", "PkgStatus", "v_DistributionPoint",
                      "v_PackageStatusDistPointsSumm"):
            if table in lab.columns:
                print(f"{table}: {lab.query(f'SELECT COUNT(*) FROM {table}')[0][0]} rows")
        print(f"{options.database}: {os.path.getsize(options.database)} bytes,"
              f" {time.monotonic() - started:.1f} s")
    if options.expected:
        if options.packages is None:
            found = sitedb_demo.expected(options.without)
        else:
            found = sitedb_bulk.expected(lab, options.packages, options.sites, options.findings)
        for item in found:
            print(f"{item.package} {item.site} {item.kind} {item.cls}"
                  f" {'-' if item.age_s is None else item.age_s}")
    lab.close()
    return 0
