# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario "order": one package lost among others that arrive, one huge copy that makes others wait, one silent site.

The four days before `lab.now`, for a check that ran all the time: `hours()` gives the moments, `go()` brings the database to
the next one. UpdateTime is the moment of each change.
"""

HOUR = 3600
FIRST = -100  # hours before now

SITES = (("S02", "Branch office Oslo", "CEN"), ("S03", "Branch office Bergen", "CEN"), ("S05", "Branch office Tromsø", "CEN"),
         ("S51", "Ship MS Polaris", "S05"), ("S52", "Ship MS Lofoten", "S05"))
PACKAGES = (("CEN00012", "Office 2003 SP3", 122880, 2), ("CEN00031", "Adobe Reader 8.1.1", 34816, 2), ("CEN00040", "SAP GUI 7.10", 409600, 2),
            ("CEN00044", "Lotus Notes 7.0.2", 204800, 2), ("CEN00847", "Windows Vista Enterprise x64 image", 8388608, 3))
SENT, HERE = 1, 2

# (hours before now, package, site, Status, SourceVersion)
EVENTS = (
    (-80, "CEN00044", "S05", SENT, 1), (-80, "CEN00044", "S51", SENT, 1), (-79, "CEN00031", "S05", SENT, 1), (-78, "CEN00040", "S52", SENT, 1),
    (-62, "CEN00847", "S03", SENT, 0), (-60, "CEN00031", "S03", SENT, 1), (-40, "CEN00040", "S03", SENT, 1),
    (-31, "CEN00012", "S02", SENT, 1), (-28, "CEN00031", "S02", SENT, 1), (-26, "CEN00031", "S02", HERE, 2),
    (-20, "CEN00040", "S02", SENT, 1), (-14, "CEN00040", "S02", HERE, 2), (-9, "CEN00044", "S02", SENT, 1), (-4, "CEN00044", "S02", HERE, 2),
)


def hours(step=2):
    return range(FIRST, 0, step)


def build(lab):
    lab.site("CEN", "Central Site", type=2)
    for code, name, parent in SITES:
        lab.site(code, name, parent=parent)
    now, lab.now = lab.now, lab.now + FIRST * HOUR
    for package, name, size_kb, priority in PACKAGES:
        lab.package(package, name, 2, source_date_age_s=0, comp_size_kb=size_kb, priority=priority)
        lab.deploy(package, [code for code, _, _ in SITES], age_s=0)
    lab.now = now
    lab.commit()


def go(lab, after, until):
    """What happened after one hour (None: from the beginning) and up to another, hours before now."""
    now = lab.now
    for when, package, site, status, version in EVENTS:
        if (after is None or when > after) and when <= until:
            lab.now = now + when * HOUR
            lab.status(package, site, status, version)
    lab.now = now
    lab.commit()
