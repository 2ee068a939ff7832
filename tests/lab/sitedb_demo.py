# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario "demo": every kind of trouble, and everything that looks like trouble and is none."""

from collections import namedtuple

from sitedb_schema import NEVER, PRODUCTS

HOUR = 3600
DAY = 86400

# age_s: the age from the database's own dates (UTC), None where it has none.
Expected = namedtuple("Expected", "package site kind cls age_s status version")
ExpectedDp = namedtuple("ExpectedDp", "package site server state version cls age_s")

SITES = (  # code, name, parent, status, type, further DPs
    ("CEN", "Central Site", "", 1, 2, ("CENFS",)),
    ("PR1", "Düsseldorf", "CEN", 1, 2, ("PR1FS",)),
    ("S02", "Branch office Oslo", "CEN", 1, 1, ()),
    ("S03", "Branch office Łódź", "PR1", 1, 1, ("S03FS",)),
    ("S04", "Ship MS Nordnorge (satellite)", "PR1", 1, 1, ()),
    ("S05", "Branch office Tromsø", "CEN", 1, 1, ()),
    ("S09", "Branch office Bergen (closed)", "CEN", 2, 1, ()),
)
# (package, child site) pairs that are looked at, with every column present.
EXAMINED = 64
CHILDREN = ("PR1", "S02", "S03", "S04", "S05")


def servers(lab):
    """{site: [its DPs]}, the site server first."""
    tail = ".corp.example" if lab.server_of("CEN").endswith(".corp.example") else ""
    return {code: [lab.server_of(code)] + [name + tail for name in more]
            for code, _, _, _, _, more in SITES}


def build(lab):
    """Fills an empty lab, whose owning site must be CEN."""
    if lab.owner != "CEN":
        raise ValueError(f"the demo's owning site is CEN, not {lab.owner}")
    for code, name, parent, status, type, _ in SITES:
        lab.site(code, name, parent=parent, status=status, type=type)
    dps = servers(lab)
    for site, names in dps.items():
        for server in names:
            lab.dp_properties(server, site, prestaging=server == dps["S03"][1])
    _trouble(lab, dps)
    _dp_trouble(lab, dps)
    _no_trouble(lab, dps)
    lab.commit()


def _trouble(lab, dps):
    # The article's case: version 3 was sent four days ago and never stored.
    lab.package("CEN00001", "Office 2003 SP3", 3, comp_size_kb=122880,
                source_date_age_s=4 * DAY + HOUR, icon=bytes(range(256)) * 3)
    lab.deploy("CEN00001", ("CEN",) + CHILDREN, dps, age_s=3 * DAY)
    lab.status("CEN00001", "S02", 1, 3, 4 * DAY)
    lab.dp_state("CEN00001", dps["S02"][0], 1, 2, 4 * DAY, 40 * DAY)

    lab.package("CEN00002", "Java Runtime 1.5.0_12", 5, comp_size_kb=15360,
                source_date_age_s=6 * DAY)
    lab.deploy("CEN00002", CHILDREN, dps, age_s=5 * DAY)
    lab.status("CEN00002", "S03", 2, 4, 40 * DAY)
    for server in dps["S03"]:
        lab.dp_state("CEN00002", server, 0, 4, 40 * DAY)

    lab.package("CEN00003", "Adobe Reader 8.1.1", 2, comp_size_kb=34816,
                source_date_age_s=4 * HOUR)
    lab.deploy("CEN00003", CHILDREN, dps, age_s=2 * HOUR)
    lab.status("CEN00003", "S04", 1, 2, 3 * HOUR)
    lab.dp_state("CEN00003", dps["S04"][0], 1, 1, 3 * HOUR, 40 * DAY)

    lab.package("CEN00004", "SAP GUI 7.10", 7, comp_size_kb=409600, source_date_age_s=9 * DAY)
    lab.deploy("CEN00004", CHILDREN, dps, age_s=8 * DAY)
    lab.status("CEN00004", "S05", 5, 7, 2 * DAY)
    lab.dp_state("CEN00004", dps["S05"][0], 3, 6, 2 * DAY, 60 * DAY)

    lab.package("CEN00005", "Symantec AntiVirus 10.1 definitions", 112, comp_size_kb=10240,
                source_date_age_s=20 * HOUR)
    lab.deploy("CEN00005", CHILDREN, dps, age_s=18 * HOUR)
    lab.status("CEN00005", "S03", 4, 112, 1800)
    for server in dps["S03"]:
        lab.dp_state("CEN00005", server, 2, 111, 1800, 2 * DAY)

    lab.package("CEN00006", "Microsoft .NET Framework 3.5", 1, comp_size_kb=201728,
                source_date_age_s=50 * DAY)
    lab.deploy("CEN00006", ("PR1", "S03"), dps, age_s=49 * DAY)
    lab.target("CEN00006", "S02", refreshed_age_s=2 * DAY)
    lab.status("CEN00006", "S02", 6, 1, 30 * DAY)
    lab.target("CEN00006", "S04", refreshed_age_s=5 * DAY)
    lab.target("CEN00006", "S05", refreshed_age_s=HOUR)
    for site, age_s in (("S02", 2 * DAY), ("S04", 5 * DAY), ("S05", HOUR)):
        lab.dp_state("CEN00006", dps[site][0], 1, 0, age_s)

    lab.package("CEN00007", "Bürosoftware Zürich – Größenänderung 2.0", 4, comp_size_kb=71680,
                source_date_age_s=12 * DAY)
    lab.deploy("CEN00007", CHILDREN, dps, age_s=11 * DAY)
    lab.status("CEN00007", "S02", 1, 4, 10 * DAY)
    lab.repair("CEN00007", "S02")
    lab.dp_state("CEN00007", dps["S02"][0], 1, 3, 11 * DAY, 90 * DAY)

    lab.package("CEN00008", "1С:Предприятие 8.1", 2, comp_size_kb=184320,
                source_date_age_s=12 * DAY)
    lab.deploy("CEN00008", CHILDREN, dps, age_s=11 * DAY)
    lab.status("CEN00008", "S03", 7, 2, 7 * DAY)
    lab.status("CEN00008", "S04", None, 2, None)
    lab.status("CEN00008", "S05", 9, 2, NEVER)

    # Healthy at 150 MB/h, and not to be told from a stall without --min-rate.
    lab.package("CEN0000F", "Windows Vista Enterprise x64 image", 1, comp_size_kb=4194304,
                source_date_age_s=31 * HOUR)
    lab.deploy("CEN0000F", ("PR1", "S02"), dps, age_s=28 * HOUR)
    lab.target("CEN0000F", "S04", refreshed_age_s=31 * HOUR)
    lab.status("CEN0000F", "S04", 1, 1, 30 * HOUR)
    lab.dp_state("CEN0000F", dps["S04"][0], 1, 0, 30 * HOUR)


def _dp_trouble(lab, dps):
    # The site has stored it; one of its DPs does not get it.
    lab.package("CEN00012", "Citrix ICA Client 10.2", 6, comp_size_kb=8192,
                source_date_age_s=3 * DAY)
    lab.deploy("CEN00012", CHILDREN, dps, age_s=3 * DAY - HOUR)
    lab.dp_state("CEN00012", dps["PR1"][1], 3, 5, 26 * HOUR, 70 * DAY)
    lab.dp_state("CEN00012", dps["S03"][1], 2, 5, 10 * HOUR, 70 * DAY)
    lab.dp_message("CEN00012", dps["PR1"][1], 4, 2302, 26 * HOUR)
    lab.dp_message("CEN00012", dps["S03"][1], 2, 2371, 10 * HOUR)


def _no_trouble(lab, dps):
    lab.package("CEN00009", "WinZip 9.0 (being deleted)", 2, action=3)
    lab.deploy("CEN00009", ("S03",), dps)
    lab.target("CEN00009", "S02", status=3)
    lab.status("CEN00009", "S02", 1, 2, 10 * DAY)
    lab.dp_state("CEN00009", dps["S02"][0], 4, 2, 10 * DAY)

    lab.package("CEN0000A", "Local commands (no source)", 1, comp_size_kb=0, store_pkg_flag=1)
    lab.target("CEN0000A", "S02")

    if PRODUCTS.index(lab.product) >= PRODUCTS.index("sccm2007"):
        lab.package("CEN0000B", "Install Windows XP SP2 (task sequence)", 8, comp_size_kb=0,
                    package_type=4)
        lab.target("CEN0000B", "S02")
        lab.status("CEN0000B", "S02", 1, 8, 15 * DAY)
        # A branch DP may wait for ever by design; its site has the content.
        branch = "S05WKS7" + (".corp.example" if "." in dps["S05"][0] else "")
        lab.target("CEN00012", "S05", servers=branch, peer=True)
        lab.dp_state("CEN00012", branch, 1, 0, 20 * DAY, site="S05")

    lab.package("CEN0000C", "MSXML 4.0 SP2", 3)
    lab.deploy("CEN0000C", ("PR1", "S02", "S03"), dps)
    lab.target("CEN0000C", "S05", status=3, refreshed_age_s=20 * DAY)
    lab.status("CEN0000C", "S05", 1, 3, 8 * DAY)
    lab.dp_state("CEN0000C", dps["S05"][0], 4, 2, 8 * DAY)

    lab.package("CEN0000D", "Lotus Notes 7.0.2", 2)
    lab.deploy("CEN0000D", ("PR1", "S02"), dps)
    lab.target("CEN0000D", "S09")
    lab.status("CEN0000D", "S09", 1, 2, 20 * DAY)
    lab.dp_state("CEN0000D", dps["S09"][0], 1, 1, 20 * DAY, 80 * DAY)

    # Duplicates: the row of the site's own server decides, then the highest version, then the newest date.
    lab.package("CEN0000E", "Visio Viewer 2007", 3, comp_size_kb=12288, source_date_age_s=5 * DAY)
    lab.deploy("CEN0000E", CHILDREN, dps, age_s=4 * DAY)
    lab.status("CEN0000E", "S02", 5, 1, 100 * DAY, server="OLDS02", add=True)
    lab.status("CEN0000E", "S03", 1, 3, 5 * DAY, server="OLDS03", add=True)
    lab.status("CEN0000E", "S04", 2, 2, 60 * DAY, server="OLDS04", add=True)
    lab.status("CEN0000E", "S04", 1, 3, 26 * HOUR)

    # 0, 2 and 3 are healthy at the wanted version or above it; codes compare without case.
    lab.package("CEN00011", "Windows Installer 3.1", 8, comp_size_kb=2560)
    lab.deploy("CEN00011", CHILDREN, dps)
    lab.status("CEN00011", "S02", 0, 8, 29 * DAY)
    lab.status("CEN00011", "S03", 3, 8, 29 * DAY)
    lab.status("CEN00011", "S05", 2, 9, 29 * DAY)
    lab.db.execute("UPDATE PkgStatus SET SiteCode = 's04' WHERE ID = 'CEN00011'"
                   " AND SiteCode = 'S04' AND Type = 1")

    # The owning site's own row is not a child site's, whatever it says.
    lab.package("CEN00010", "SMS Administrator Console", 2)
    lab.deploy("CEN00010", ("CEN", "PR1"), dps)
    lab.status("CEN00010", "CEN", 1, 2, 30 * DAY)

    lab.package("PR100001", "Druckertreiber Düsseldorf", 4, source_site="PR1")
    lab.deploy("PR100001", ("PR1", "S03"), dps)
    lab.status("PR100001", "S03", 1, 4, 9 * DAY)
    lab.dp_state("PR100001", dps["S03"][0], 1, 3, 9 * DAY, 50 * DAY)


def expected(without=()):
    """What `check_sms_packages` finds with the default rule, in order of package and site.

    A column left out takes its filter away, so the findings behind it appear.
    """
    gone = {name.casefold() for name in without}
    found = [
        Expected("CEN00001", "S02", "sent", "pending", 4 * DAY, 1, 3),
        Expected("CEN00002", "S03", "behind", "pending", 6 * DAY, 2, 4),
        Expected("CEN00003", "S04", "sent", "pending", 3 * HOUR, 1, 2),
        Expected("CEN00004", "S05", "failed", "failed", 2 * DAY, 5, 7),
        Expected("CEN00005", "S03", "failed", "failed", 1800, 4, 112),
        Expected("CEN00006", "S02", "never_sent", "pending", 2 * DAY, 6, 1),
        Expected("CEN00006", "S04", "never_sent", "pending", 5 * DAY, None, None),
        Expected("CEN00006", "S05", "never_sent", "pending", HOUR, None, None),
        Expected("CEN00007", "S02", "resend", "pending", None, 2, 0),
        Expected("CEN00008", "S03", "unexpected", "pending", 7 * DAY, 7, 2),
        Expected("CEN00008", "S04", "unexpected", "pending", 12 * DAY, None, 2),
        Expected("CEN00008", "S05", "unexpected", "pending", 12 * DAY, 9, 2),
        Expected("CEN0000E", "S04", "sent", "pending", 26 * HOUR, 1, 3),
        Expected("CEN0000F", "S04", "sent", "pending", 30 * HOUR, 1, 1),
    ]
    if "v_distributionpoint.status" in gone:
        found.append(Expected("CEN0000C", "S05", "sent", "pending", 8 * DAY, 1, 3))
    if "v_site.status" in gone:
        found.append(Expected("CEN0000D", "S09", "sent", "pending", 20 * DAY, 1, 2))
    if "smspackages.packagetype" in gone:
        found.append(Expected("CEN0000B", "S02", "sent", "pending", 15 * DAY, 1, 8))
    return sorted(found, key=lambda item: (item.package, item.site))


def expected_dps(lab):
    """The summarizer's rows that are trouble: State 1, 2, 3, 7, 8, or 0 with an old version.

    All sites of the database, packages of other owners too; DPs and packages being removed,
    branch DPs and inactive sites left out.
    """
    dps = servers(lab)
    rows = [
        ("CEN00001", "S02", 0, 1, 2, "pending", 4 * DAY),
        ("CEN00002", "S03", 0, 0, 4, "pending", 40 * DAY),
        ("CEN00002", "S03", 1, 0, 4, "pending", 40 * DAY),
        ("CEN00003", "S04", 0, 1, 1, "pending", 3 * HOUR),
        ("CEN00004", "S05", 0, 3, 6, "failed", 2 * DAY),
        ("CEN00005", "S03", 0, 2, 111, "pending", 1800),
        ("CEN00005", "S03", 1, 2, 111, "pending", 1800),
        ("CEN00006", "S02", 0, 1, 0, "pending", 2 * DAY),
        ("CEN00006", "S04", 0, 1, 0, "pending", 5 * DAY),
        ("CEN00006", "S05", 0, 1, 0, "pending", HOUR),
        ("CEN00007", "S02", 0, 1, 3, "pending", 11 * DAY),
        ("CEN00012", "PR1", 1, 3, 5, "failed", 26 * HOUR),
        ("CEN00012", "S03", 1, 2, 5, "pending", 10 * HOUR),
        ("CEN0000F", "S04", 0, 1, 0, "pending", 30 * HOUR),
        ("PR100001", "S03", 0, 1, 3, "pending", 9 * DAY),
    ]
    return [ExpectedDp(package, site, dps[site][rank], state, version, cls, age_s)
            for package, site, rank, state, version, cls, age_s in rows]
