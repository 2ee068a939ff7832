# SPDX-License-Identifier: GPL-3.0-or-later
"""Distribution points in every state that the checks tell apart, for every product, with the truth beside them.

    truth = sitedb_dps.build(lab, seed)

The truth is written down while the database is made; sitedb_judge.judge_dps finds it out by itself from the tables.
"""

import random
from collections import namedtuple

from sitedb_schema import PRODUCTS

HOUR = 3600
DAY = 86400

# kind is the code that the check keeps in its memory; age_s None: the database has no date for it.
DpTruth = namedtuple("DpTruth", "package site server kind cls age_s")
Truth = namedtuple("Truth", "items strict told examined maintenance inactive full")

KINDS = {1: ("pending", "pending"), 2: ("retrying", "pending"), 3: ("failed", "failed"), 7: ("updating", "pending"),
         8: ("validation_failed", "failed"), 9: ("unexpected", "pending"), None: ("unexpected", "pending")}
SITES = ("CEN", "S01", "S02", "S03", "S09")
MESSAGES = ((2302, 4), (2391, 4), (2357, 2), (2372, 2), (8204, 2), (2383, 4), (999, 2))


def build(lab, seed=1, packages=12):
    """Fills an empty lab whose owning site is CEN; S09 is not active."""
    chance = random.Random(seed)
    modern = PRODUCTS.index(lab.product) >= PRODUCTS.index("cm2012")
    tail = ".corp.example" if modern else ""
    for code in SITES:
        lab.site(code, "Site " + code, status=2 if code == "S09" else 1)
    servers = {code: ["%s%d%s" % (code, number, tail) for number in (1, 2, 3)] for code in SITES}
    truth = Truth([], [], [], [0], set(), {}, {})
    maintenance, inactive = _properties(lab, chance, servers, truth, modern)
    for number in range(packages):
        package = "CEN%05X" % (number + 1)
        source_age_s = chance.choice((2 * HOUR, 3 * DAY, 40 * DAY))
        no_source = chance.random() < 0.1
        lab.package(package, "Paket %d" % number, 5, source_date_age_s=source_age_s, store_pkg_flag=1 if no_source else 2)
        for site in SITES:
            for server in servers[site]:
                active = site != "S09"
                count = _one(lab, chance, truth, package, site, server, source_age_s, no_source, modern, active, servers)
                if active and server in inactive:
                    truth.inactive[server] = truth.inactive.get(server, 0) + count
    truth.maintenance.update(maintenance)
    lab.commit()
    return truth._replace(items=sorted(truth.items), strict=sorted(truth.strict, key=lambda one: one[:4]),
                          told=sorted(truth.told), examined=truth.examined[0])


def _properties(lab, chance, servers, truth, modern):
    maintenance, inactive = set(), set()
    for site in SITES:
        for server in servers[site]:
            rest, idle, free = chance.random() < 0.15, chance.random() < 0.15, chance.choice((3, 9, 10, 60))
            lab.dp_properties(server, site, pull=chance.random() < 0.3, maintenance=rest, active=not idle, prestaging=True)
            lab.dp_drive(server, site, 70, "C")
            lab.dp_drive(server, site, free, "E")
            if rest and lab.product == "cb":
                maintenance.add(server)
            if idle and modern:
                inactive.add(server)
            if free < 10 and modern:
                truth.full[server] = free
    return maintenance, inactive


def _one(lab, chance, truth, package, site, server, source_age_s, no_source, modern, active, servers):
    """One package on one DP; returns how often it is targeted there."""
    fate = chance.choice(("state", "state", "state", "installed", "old", "nothing", "missing", "error", "moved", "removal",
                          "leaving", "prestaged"))
    age_s = chance.choice((HOUR, 30 * HOUR, 5 * DAY, 50 * DAY))
    message_age_s = chance.choice((600, 2 * DAY))
    message = chance.choice(MESSAGES)
    if fate == "nothing":
        return 0
    if fate == "removal":
        lab.dp_state(package, server, chance.choice((4, 5, 6)), 4, age_s, site=site)
        return 0
    if fate == "moved":
        # The row is left over; the same server has the package from another site.
        lab.dp_state(package, server, 3, 4, age_s, site=site)
        other = next(code for code in SITES[1:4] if code != site)
        lab.target(package, other, server)
        lab.dp_state(package, server, 0, 5, age_s, site=other)
        truth.examined[0] += 1
        if active and not no_source:
            _strict(truth, package, site, server, "moved", "pending", None)
        return 0
    lab.target(package, site, server, status=3 if fate == "leaving" else 0, refreshed_age_s=age_s)
    if fate == "leaving":
        lab.dp_state(package, server, 1, 4, age_s, site=site)
        return 0
    if fate == "missing":
        if active and not no_source:
            _strict(truth, package, site, server, "no_status", "pending", min(age_s, source_age_s))
        return 1
    truth.examined[0] += active and not (no_source and fate in ("prestaged", "state"))
    active = active and not no_source
    if fate == "installed":
        lab.dp_state(package, server, 0, chance.choice((5, 6)), age_s, site=site)
        lab.dp_message(package, server, 1, 2330, message_age_s, site=site)
    elif fate == "old":
        lab.dp_state(package, server, 0, 4, age_s, site=site)
        if active:
            _item(truth, package, site, server, "behind", "pending", min(age_s, source_age_s))
    elif fate == "error":
        lab.dp_state(package, server, 0, 5, age_s, site=site)
        lab.dp_message(package, server, 4, 2391, message_age_s, site=site)
        if active and modern:
            _strict(truth, package, site, server, "message_error", "pending", message_age_s)
    elif fate == "prestaged":
        state = chance.choice((1, 2, 3))
        lab.dp_state(package, server, state, 4, age_s, site=site)
        lab.target(package, site, server, refreshed_age_s=max(age_s, message_age_s))
        lab.dp_message(package, server, 2, 2371, message_age_s, site=site)
        if active and modern and state != 3:
            truth.told.append((package, site, server, "prestaged"))
        elif active:
            _item(truth, package, site, server, *KINDS[state], min(age_s, source_age_s))
    else:
        state = chance.choice((1, 1, 2, 3, 7, 8, 9, None))
        lab.dp_state(package, server, state, chance.choice((4, 5)), age_s, site=site)
        lab.dp_message(package, server, message[1], message[0], message_age_s, site=site)
        if active:
            _item(truth, package, site, server, *KINDS[state], min(age_s, source_age_s))
    return 1


def _item(truth, package, site, server, kind, cls, age_s):
    truth.items.append(DpTruth(package, site, server, kind, cls, age_s))


def _strict(truth, package, site, server, kind, cls, age_s):
    truth.strict.append(DpTruth(package, site, server, kind, cls, age_s))
    truth.told.append((package, site, server, kind))


