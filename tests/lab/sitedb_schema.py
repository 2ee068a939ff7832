# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site database of each product looks like, as far as the checks read it."""

import calendar
import time

PRODUCTS = ("sms2003", "sccm2007", "cm2012", "cb")

# The date the product writes for "never".
NEVER = "never"
NEVER_TEXT = "1970-04-10 06:35:00.000"

# table -> [(column, SQL Server type, first product that has it)]
TABLES = {
    "SMSPackages": [
        ("PkgID", "nvarchar(8)", "sms2003"),
        ("Name", "nvarchar(255)", "sms2003"),
        ("Version", "nvarchar(64)", "sms2003"),
        ("Manufacturer", "nvarchar(255)", "sms2003"),
        ("Description", "nvarchar(512)", "sms2003"),
        ("SourceSite", "nvarchar(4)", "sms2003"),
        ("SourceVersion", "int", "sms2003"),
        ("StoredPkgVersion", "int", "sms2003"),
        ("Source", "nvarchar(255)", "sms2003"),
        ("SourceSize", "int", "sms2003"),
        ("SourceCompSize", "int", "sms2003"),
        ("SourceDate", "datetime", "sms2003"),
        ("Action", "int", "sms2003"),
        ("StorePkgFlag", "int", "sms2003"),
        ("Icon", "image", "sms2003"),
        ("Priority", "int", "sms2003"),
        ("PackageType", "int", "sccm2007"),
    ],
    "PkgStatus": [
        ("ID", "nvarchar(8)", "sms2003"),
        ("Type", "int", "sms2003"),
        ("SiteCode", "nvarchar(3)", "sms2003"),
        ("PkgServer", "nvarchar(255)", "sms2003"),
        ("Status", "int", "sms2003"),
        ("SourceVersion", "int", "sms2003"),
        ("UpdateTime", "datetime", "sms2003"),
        ("Location", "nvarchar(255)", "sms2003"),
        ("ShareName", "nvarchar(255)", "sms2003"),
        ("Personality", "int", "sms2003"),
        ("State", "int", "sms2003"),
        ("HTTPUrl", "nvarchar(255)", "sccm2007"),
        ("SigURL", "nvarchar(255)", "sccm2007"),
        ("SigLocation", "nvarchar(255)", "sccm2007"),
        ("PKID", "bigint", "cm2012"),
    ],
    "v_DistributionPoint": [
        ("PackageID", "nvarchar(8)", "sms2003"),
        ("ServerNALPath", "nvarchar(255)", "sms2003"),
        ("SiteCode", "nvarchar(3)", "sms2003"),
        ("SourceSite", "nvarchar(4)", "sms2003"),
        ("Status", "int", "sms2003"),
        ("LastRefreshTime", "datetime", "sms2003"),
        ("IsPeerDP", "int", "sccm2007"),
    ],
    "v_Site": [
        ("SiteCode", "nvarchar(3)", "sms2003"),
        ("SiteName", "nvarchar(200)", "sms2003"),
        ("ReportingSiteCode", "nvarchar(3)", "sms2003"),
        ("Status", "int", "sms2003"),
        ("Type", "int", "sms2003"),
        ("ServerName", "nvarchar(255)", "sms2003"),
        ("Version", "nvarchar(32)", "sms2003"),
        ("BuildNumber", "int", "sms2003"),
    ],
    "v_PackageStatusDistPointsSumm": [
        ("PackageID", "nvarchar(8)", "sms2003"),
        ("SiteCode", "nvarchar(3)", "sms2003"),
        ("ServerNALPath", "nvarchar(255)", "sms2003"),
        ("SourceSite", "nvarchar(4)", "sms2003"),
        ("SourceVersion", "int", "sms2003"),
        ("State", "int", "sms2003"),
        ("InstallStatus", "nvarchar(255)", "sms2003"),
        ("LastCopied", "datetime", "sms2003"),
        ("SummaryDate", "datetime", "sms2003"),
    ],
    "v_PackageStatusDetailSumm": [
        ("PackageID", "nvarchar(8)", "sms2003"),
        ("SiteCode", "nvarchar(3)", "sms2003"),
        ("SourceSite", "nvarchar(4)", "sms2003"),
        ("SourceVersion", "int", "sms2003"),
        ("Targeted", "int", "sms2003"),
        ("Installed", "int", "sms2003"),
        ("Retrying", "int", "sms2003"),
        ("Failed", "int", "sms2003"),
        ("SummaryDate", "datetime", "sms2003"),
    ],
    "vSMS_DistributionDPStatus": [
        ("PackageID", "nvarchar(8)", "cm2012"),
        ("SiteCode", "nvarchar(3)", "cm2012"),
        ("NALPath", "nvarchar(255)", "cm2012"),
        ("Name", "nvarchar(255)", "cm2012"),
        ("MessageState", "int", "cm2012"),
        ("MessageID", "int", "cm2012"),
        # The view's own column (SDK page SMS_DistributionDPStatus); LastStatusTime is SMS_DPStatusDetails'.
        ("LastUpdateDate", "datetime", "cm2012"),
    ],
    "v_DistributionPoints": [
        ("ServerName", "nvarchar(255)", "cm2012"),
        ("NALPath", "nvarchar(255)", "cm2012"),
        ("SMSSiteCode", "nvarchar(3)", "cm2012"),
        ("IsPullDP", "int", "cm2012"),
        ("PreStagingAllowed", "int", "cm2012"),
        ("MaintenanceMode", "int", "cb"),
        ("IsActive", "int", "cm2012"),
    ],
    # SDK page SMS_DistributionPointDriveInfo; sizes in KB.
    "v_DistributionPointDriveInfo": [
        ("NALPath", "nvarchar(255)", "cm2012"),
        ("SiteCode", "nvarchar(3)", "cm2012"),
        ("Drive", "nvarchar(3)", "cm2012"),
        ("BytesTotal", "bigint", "cm2012"),
        ("BytesFree", "bigint", "cm2012"),
        ("PercentFree", "int", "cm2012"),
        ("Status", "int", "cm2012"),
    ],
}

# Of a primary key: never NULL.
KEYS = ("SMSPackages.PkgID", "v_Site.SiteCode")

# view -> (the table behind it, [(column, column of the table, first product)])
VIEWS = {
    "v_Package": ("SMSPackages", [
        ("PackageID", "PkgID", "sms2003"),
        ("Name", "Name", "sms2003"),
        ("Version", "Version", "sms2003"),
        ("Manufacturer", "Manufacturer", "sms2003"),
        ("Description", "Description", "sms2003"),
        ("SourceSite", "SourceSite", "sms2003"),
        ("SourceVersion", "SourceVersion", "sms2003"),
        ("StoredPkgVersion", "StoredPkgVersion", "sms2003"),
        ("PkgSourcePath", "Source", "sms2003"),
        ("SourceDate", "SourceDate", "sms2003"),
        ("PackageType", "PackageType", "sccm2007"),
        ("PkgSourceFlag", "StorePkgFlag", "sms2003"),
        ("ActionInProgress", "Action", "sms2003"),
    ]),
    "v_PackageStatusRootSummarizer": ("SMSPackages", [
        ("PackageID", "PkgID", "sms2003"),
        ("Name", "Name", "sms2003"),
        ("SourceSite", "SourceSite", "sms2003"),
        ("SourceVersion", "SourceVersion", "sms2003"),
        ("SourceSize", "SourceSize", "sms2003"),
        ("SourceCompressedSize", "SourceCompSize", "sms2003"),
        ("SourceDate", "SourceDate", "sms2003"),
    ]),
}

INDEXES = (
    ("SMSPackages_PK", "SMSPackages", ("PkgID",), True),
    ("PkgStatus_Type", "PkgStatus", ("Type", "ID", "SiteCode"), False),
    ("PkgStatus_ID", "PkgStatus", ("ID", "SiteCode", "Type"), False),
    ("v_DistributionPoint_I", "v_DistributionPoint", ("PackageID", "SiteCode"), False),
    ("v_DistributionPoint_NAL", "v_DistributionPoint", ("PackageID", "ServerNALPath"), False),
    ("v_DistPointsSumm_I", "v_PackageStatusDistPointsSumm", ("PackageID", "ServerNALPath"), False),
    ("v_Site_PK", "v_Site", ("SiteCode",), True),
)

SITE_VERSIONS = {
    "sms2003": ("2.50.4160.2000", 4160),
    "sccm2007": ("4.00.6487.2000", 6487),
    "cm2012": ("5.00.7958.1000", 7958),
    "cb": ("5.00.9122.1000", 9122),
}


def has_fqdn(product):
    """From 2012 on PkgServer and the NAL paths carry the full DNS name."""
    return PRODUCTS.index(product) >= PRODUCTS.index("cm2012")


def columns(product, without=()):
    """table -> [(column, type)] of this product, less what `without` names."""
    gone = {name.casefold() for name in without}
    rank = PRODUCTS.index(product)
    result = {}
    for table, spec in TABLES.items():
        if table.casefold() in gone:
            continue
        kept = [(name, kind) for name, kind, first in spec
                if PRODUCTS.index(first) <= rank and f"{table}.{name}".casefold() not in gone]
        if kept:
            result[table] = kept
    return result


def views(product, without=()):
    """view -> (table, [(column, column of the table)]) of this product."""
    gone = {name.casefold() for name in without}
    rank = PRODUCTS.index(product)
    present = columns(product, without)
    result = {}
    for view, (table, spec) in VIEWS.items():
        if view.casefold() in gone or table not in present:
            continue
        real = {name for name, _ in present[table]}
        result[view] = (table, [(name, source) for name, source, first in spec
                                if PRODUCTS.index(first) <= rank and source in real
                                and f"{view}.{name}".casefold() not in gone])
    return result


def check_names(without):
    """Refuses names that no product has: a typo must not make a test pass."""
    known = set()
    for table, spec in TABLES.items():
        known.add(table.casefold())
        known.update(f"{table}.{name}".casefold() for name, _, _ in spec)
    for view, (_, spec) in VIEWS.items():
        known.add(view.casefold())
        known.update(f"{view}.{name}".casefold() for name, _, _ in spec)
    for name in without:
        if name.casefold() not in known:
            raise ValueError(f"no such table, view or column: {name}")


def nal_path(site, server):
    """The NAL path of a distribution point, as the product writes it."""
    return f'["Display=\\\\{server}\\"]MSWNET:["SMS_SITE={site}"]\\\\{server}\\'


def date_text(epoch):
    """Seconds since the epoch as datetime text (UTC), three digits of fraction."""
    millis = round(epoch * 1000)
    whole = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(millis // 1000))
    return f"{whole}.{millis % 1000:03d}"


def epoch_of(text):
    """The way back; None for NULL."""
    if text is None:
        return None
    seconds = calendar.timegm(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S"))
    return seconds + (float("0" + text[19:]) if len(text) > 19 else 0)


def parse_now(text):
    """`--now`: seconds since the epoch, or ISO 8601 (UTC unless it has an offset)."""
    if text is None:
        return time.time()
    if isinstance(text, (int, float)):
        return float(text)
    try:
        return float(text)
    except ValueError:
        pass
    import datetime
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp()
