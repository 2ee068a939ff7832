# SPDX-License-Identifier: GPL-3.0-or-later
"""Site databases of any size, made inside SQLite; the trouble is spread evenly over the pairs."""

import random
from collections import namedtuple

from sitedb_demo import Expected
from sitedb_schema import has_fqdn, nal_path

HOUR = 3600
DAY = 86400

# What the findings are, in turn: kind, class, Status, version relative to the wanted one (None:
# 0), age of the row, age of the DP's refresh.
PairKind = namedtuple("PairKind", "kind cls status behind age_s refreshed_age_s")
PAIR_KINDS = (
    PairKind("sent", "pending", 1, 0, 4 * DAY, 30 * DAY),
    PairKind("behind", "pending", 2, 1, 20 * DAY, 30 * DAY),
    PairKind("sent", "pending", 1, 0, 3 * HOUR, 30 * DAY),
    PairKind("failed", "failed", 5, 0, 2 * DAY, 30 * DAY),
    PairKind("failed", "failed", 4, 0, 1800, 30 * DAY),
    PairKind("never_sent", "pending", None, None, None, 5 * DAY),
    PairKind("never_sent", "pending", 6, 0, 30 * DAY, 5 * DAY),
    PairKind("resend", "pending", 2, None, 10 * DAY, 30 * DAY),
    PairKind("unexpected", "pending", 7, 0, 7 * DAY, 30 * DAY),
)
NEVER_SENT = 5
SOURCE_AGE_S = 15 * DAY
WANTED = 3

# Of a DP: State, version relative to the wanted one, age.
DP_KINDS = ((1, 1, 4 * DAY), (2, 1, 6 * HOUR), (3, 1, 2 * DAY), (1, 1, 2 * HOUR), (0, 1, 9 * DAY),
            (8, 0, 3 * DAY))

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def site_code(index):
    """S00, S01 ... SZZ, T00 ...: 36 * 36 codes a letter."""
    head = "STUVWXYZABDEFGHIJKLMNOPQR"[index // 1296]
    return head + DIGITS[index // 36 % 36] + DIGITS[index % 36]


def package_id(owner, index):
    return f"{owner}{index + 1:05X}"


def spread(count, total):
    """`count` different numbers below total, by chance: evenly they would all be of one site. The same in every call."""
    if count > total:
        raise ValueError(f"{count} findings do not fit into {total} pairs")
    return sorted(random.Random(count).sample(range(total), count))


def expected(lab, packages, sites, findings):
    """What check_sms_packages finds in such a database, in order of package and site."""
    result = []
    for rank, pair in enumerate(spread(findings, packages * sites)):
        kind = PAIR_KINDS[rank % len(PAIR_KINDS)]
        if kind.kind == "resend":
            age_s = None
        elif kind.kind == "never_sent":
            age_s = min(kind.refreshed_age_s, SOURCE_AGE_S)
        else:
            age_s = min(kind.age_s, SOURCE_AGE_S)
        version = None if kind.status is None else 0 if kind.behind is None else WANTED - kind.behind
        result.append(Expected(package_id(lab.owner, pair // sites), site_code(pair % sites),
                               kind.kind, kind.cls, age_s, kind.status, version))
    return sorted(result, key=lambda item: (item.package, item.site))


def build(lab, packages, sites, dps=None, findings=0, dp_findings=0, summary="none", type2=False):
    """Fills an empty lab: `sites` child sites, `dps` DPs in all, each package on every DP.

    summary: rows of v_PackageStatusDistPointsSumm: all, findings (State 0 rows left out), none.
    """
    dps = sites if dps is None else dps
    if dps < sites:
        raise ValueError(f"{sites} child sites need at least {sites} DPs, not {dps}")
    if packages > 0xFFFFF or sites > 25 * 1296:
        raise ValueError("too many packages or sites for their codes")
    if lab.owner in map(site_code, range(sites)):
        raise ValueError(f"the owning site's code {lab.owner} is also a child site's")
    if dp_findings and summary == "none":
        summary = "findings"
    db = lab.db
    db.commit()
    for pragma in ("journal_mode=OFF", "cache_size=-262144", "locking_mode=EXCLUSIVE",
                   "temp_store=MEMORY"):
        db.execute(f"PRAGMA {pragma}")
    lab.drop_indexes()
    db.execute("BEGIN")
    _sites(lab, sites)
    _parts(lab, packages, sites, dps, findings)
    _packages(lab)
    _targets(lab)
    _pairs(lab)
    _dps(lab, packages, dps, dp_findings, summary, type2)
    lab.create_indexes()
    lab.commit()
    for table in ("pkg", "child", "dp", "pair_kind", "finding"):
        db.execute(f"DROP TABLE temp.{table}")
    db.commit()
    db.execute("PRAGMA locking_mode=NORMAL")
    db.execute("PRAGMA journal_mode=DELETE")
    db.execute("ANALYZE")
    db.commit()


def _sites(lab, sites):
    """Every twelfth child site is a primary; the eleven after it report to it."""
    lab.site(lab.owner, "Central Site", type=2)
    parent = lab.owner
    for index in range(sites):
        code = site_code(index)
        primary = index % 12 == 0
        if primary:
            parent = code
        lab.site(code, f"Site {code}", parent=lab.owner if primary else parent,
                 type=2 if primary else 1)


def _parts(lab, packages, sites, dps, findings):
    """The axes of the product: packages, child sites, DPs, and where the trouble is."""
    db = lab.db
    tail = ".corp.example" if has_fqdn(lab.product) else ""
    db.execute("CREATE TEMP TABLE pkg (p INTEGER PRIMARY KEY, id TEXT)")
    db.executemany("INSERT INTO pkg VALUES (?, ?)",
                   ((p, package_id(lab.owner, p)) for p in range(packages)))
    db.execute("CREATE TEMP TABLE child (s INTEGER PRIMARY KEY, code TEXT, server TEXT)")
    db.executemany("INSERT INTO child VALUES (?, ?, ?)", (
        (s, site_code(s), lab.default_server(site_code(s))) for s in range(sites)))
    db.execute("CREATE TEMP TABLE dp (d INTEGER PRIMARY KEY, s INTEGER, code TEXT, nal TEXT)")
    db.executemany("INSERT INTO dp VALUES (?, ?, ?, ?)", (
        (d, d % sites, site_code(d % sites), nal)
        for d in range(dps)
        for nal in [nal_path(site_code(d % sites), f"{site_code(d % sites)}{d // sites + 1}{tail}")]))
    db.execute("CREATE TEMP TABLE pair_kind"
               " (n INTEGER PRIMARY KEY, status INT, version INT, at TEXT, refreshed TEXT)")
    db.executemany("INSERT INTO pair_kind VALUES (?, ?, ?, ?, ?)", (
        (n, kind.status, 0 if kind.behind is None else WANTED - kind.behind,
         lab.date(kind.age_s), lab.date(kind.refreshed_age_s))
        for n, kind in enumerate(PAIR_KINDS)))
    db.execute("CREATE TEMP TABLE finding (pair INTEGER PRIMARY KEY, n INTEGER)")
    db.executemany("INSERT INTO finding VALUES (?, ?)", (
        (pair, rank % len(PAIR_KINDS))
        for rank, pair in enumerate(spread(findings, packages * sites))))


def _fill(lab, table, source, **values):
    """INSERT ... SELECT of the columns that this product has; a value is an SQL expression."""
    if table not in lab.columns:
        return
    names = [name for name in lab.columns[table] if name in values]
    lab.db.execute(f"INSERT INTO {table} ({', '.join(names)})"
                   f" SELECT {', '.join(values[name] for name in names)} FROM {source}")


def _quoted(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def _packages(lab):
    _fill(lab, "SMSPackages", "pkg", PkgID="id", Name="printf('Application %05d', p + 1)",
          Version="''", Manufacturer="''", Description="''", SourceSite=_quoted(lab.owner),
          SourceVersion=str(WANTED), StoredPkgVersion=str(WANTED), Source="''",
          SourceSize="30000 + p % 1000 * 300", SourceCompSize="20000 + p % 1000 * 200",
          SourceDate=_quoted(lab.date(SOURCE_AGE_S)), Action="0", StorePkgFlag="2",
          PackageType="0")


def _targets(lab):
    count = lab.query("SELECT COUNT(*) FROM child")[0][0]
    _fill(lab, "v_DistributionPoint",
          f"pkg CROSS JOIN dp LEFT JOIN finding f ON f.pair = pkg.p * {count} + dp.s"
          " LEFT JOIN pair_kind k ON k.n = f.n",
          PackageID="pkg.id", ServerNALPath="dp.nal", SiteCode="dp.code",
          SourceSite=_quoted(lab.owner), Status="0",
          LastRefreshTime=f"COALESCE(k.refreshed, {_quoted(lab.date(30 * DAY))})", IsPeerDP="0")


def _pairs(lab):
    count = lab.query("SELECT COUNT(*) FROM child")[0][0]
    _fill(lab, "PkgStatus",
          f"pkg CROSS JOIN child LEFT JOIN finding f ON f.pair = pkg.p * {count} + child.s"
          f" LEFT JOIN pair_kind k ON k.n = f.n WHERE f.n IS NULL OR f.n <> {NEVER_SENT}",
          ID="pkg.id", Type="1", SiteCode="child.code", PkgServer="child.server",
          Status="CASE WHEN f.n IS NULL THEN 2 ELSE k.status END",
          SourceVersion=f"CASE WHEN f.n IS NULL THEN {WANTED} ELSE k.version END",
          UpdateTime=f"CASE WHEN f.n IS NULL THEN {_quoted(lab.date(14 * DAY))} ELSE k.at END",
          Location="''", ShareName="''", Personality="0", State="0", HTTPUrl="''", SigURL="''",
          SigLocation="''", PKID=f"{1 << 56} + 1 + pkg.p * {count} + child.s")


def _dps(lab, packages, dps, findings, summary, type2):
    if type2:
        _fill(lab, "PkgStatus", "pkg CROSS JOIN dp", ID="pkg.id", Type="2", SiteCode="dp.code",
              PkgServer="dp.nal", Status="3", SourceVersion=str(WANTED),
              UpdateTime=_quoted(lab.date(14 * DAY)), Location="''", ShareName="''",
              Personality="0", State="0", HTTPUrl="''", SigURL="''", SigLocation="''",
              PKID=f"{1 << 57} + 1 + pkg.p * {dps} + dp.d")
    if summary == "none":
        return
    db = lab.db
    db.execute("DELETE FROM finding")
    db.executemany("INSERT INTO finding VALUES (?, ?)", (
        (pair, rank % len(DP_KINDS)) for rank, pair in enumerate(spread(findings, packages * dps))))
    db.execute("DELETE FROM pair_kind")
    db.executemany("INSERT INTO pair_kind VALUES (?, ?, ?, ?, NULL)", (
        (n, state, WANTED - behind, lab.date(age_s))
        for n, (state, behind, age_s) in enumerate(DP_KINDS)))
    healthy = _quoted(lab.date(14 * DAY))
    if summary == "all":
        source = (f"pkg CROSS JOIN dp LEFT JOIN finding f ON f.pair = pkg.p * {dps} + dp.d"
                  " LEFT JOIN pair_kind k ON k.n = f.n")
    else:
        source = (f"finding f JOIN pkg ON pkg.p = f.pair / {dps} JOIN dp ON dp.d = f.pair % {dps}"
                  " JOIN pair_kind k ON k.n = f.n")
    _fill(lab, "v_PackageStatusDistPointsSumm", source, PackageID="pkg.id", SiteCode="dp.code",
          ServerNALPath="dp.nal", SourceSite=_quoted(lab.owner),
          SourceVersion=f"COALESCE(k.version, {WANTED})", State="COALESCE(k.status, 0)",
          InstallStatus="''", LastCopied=healthy, SummaryDate=f"COALESCE(k.at, {healthy})")


def expected_dps(lab, packages, sites, dps, findings):
    """[(package, site, server, State, version, age_s)] of the DP findings."""
    tail = ".corp.example" if has_fqdn(lab.product) else ""
    result = []
    for rank, pair in enumerate(spread(findings, packages * dps)):
        state, behind, age_s = DP_KINDS[rank % len(DP_KINDS)]
        code = site_code(pair % dps % sites)
        result.append((package_id(lab.owner, pair // dps), code,
                       f"{code}{pair % dps // sites + 1}{tail}", state, WANTED - behind, age_s))
    return sorted(result)
