# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's name out of every shape of NAL path; what does not parse is shown cleaned, never dropped."""

import pytest
from dps import World
from packages import CRITICAL, DAY, WARNING


@pytest.fixture
def world(tmp_path):
    with World(tmp_path) as made:
        made.make()
        yield made


SHAPES = [
    (r'["Display=\\S021\"]MSWNET:["SMS_SITE=S02"]\\S021' + '\\', "S021"),
    (r'["Display=\\DP1.corp.example\"]MSWNET:["SMS_SITE=S02"]\\DP1.corp.example' + '\\', "DP1.corp.example"),
    (r'["Display=\\S021\Pkgs$\"]MSWNET:["SMS_SITE=S02"]\\S021\Pkgs$' + '\\', "S021\\Pkgs$"),
    (r'MSWNET:["SMS_SITE=S02"]\\S021' + '\\', "S021"),
    (r'MSWNET:["SMS_SITE=S02"]\\S021', "S021"),
    (r'MSWNET:\\S021' + '\\', "S021"),
    (r'["Display=\\Büro-Süd\"]MSWNET:["SMS_SITE=S02"]\\Büro-Süd' + '\\', "Büro-Süd"),
]
BROKEN = [
    ("", ""),
    ("S021", "S021"),
    (r'\\S021' + '\\', r'\\S021' + '\\'),
    (r'["Display=\\S021' + '\\', r'["Display=\\S021' + '\\'),
    (r'["Display=\\S021\"]OTHER:["SMS_SITE=S02"]\\S021' + '\\', r'["Display=\\S021\"]OTHER:["SMS_SITE=S02"]\\S021' + '\\'),
    ("MSWNET:\\\\S0|2\n1\\", "MSWNET:\\\\S0/2 1\\"),
    ("a\u202eb\x1b[31mc", "ab [31mc"),
    ("x" * 255, "x" * 97 + "..."),
    ("@/@", "@/@"),
    ("%_[", "%_["),
]


@pytest.mark.parametrize("nal, shown", SHAPES + BROKEN)
def test_each_shape(world, nal, shown):
    world.dp("CEN00001", "S021", 1, 2 * DAY, nal=nal)
    world.dp("CEN00002", "OTHER", 1, 2 * DAY)
    answer = world.check("-v").is_(WARNING)
    if shown:
        assert answer.shown == {("CEN00001", shown): "pending", ("CEN00002", "OTHER"): "pending"}
    else:
        assert answer.value("pending") == 2 and ' "Office" on , site S02' in answer.text
    assert len(world.remembered()) == 2
    # The second run finds its memory again, and what ended is found by its key.
    before = world.remembered()
    assert world.check("-v").value("pending") == 2 and world.remembered() == before
    world.lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0 WHERE PackageID = 'CEN00001'")
    world.check().is_(WARNING)
    assert list(world.remembered()) == ["dp/CEN00002@OTHER/S02"]


def test_keys_stay_unique(world):
    """A server that serves two sites, one with two shares, and paths that do not parse."""
    for number, (site, nal) in enumerate((
            ("S02", r'["Display=\\S021\"]MSWNET:["SMS_SITE=S02"]\\S021' + '\\'),
            ("S03", r'["Display=\\S021\"]MSWNET:["SMS_SITE=S03"]\\S021' + '\\'),
            ("S02", r'["Display=\\S021\A\"]MSWNET:["SMS_SITE=S02"]\\S021\A' + '\\'),
            ("S02", r'["Display=\\S021\B\"]MSWNET:["SMS_SITE=S02"]\\S021\B' + '\\'),
            ("S02", "broken one"), ("S02", "broken two"))):
        world.dp("CEN00001", "X%d" % number, 1, 5 * DAY, site=site, nal=nal)
    answer = world.check("-v").is_(CRITICAL, "CEN00001 pending on 6 DPs")
    assert answer.value("pending") == 6 and len(world.remembered()) == 6
    world.lab.db.execute("UPDATE v_PackageStatusDistPointsSumm SET State = 0 WHERE SiteCode = 'S03' OR ServerNALPath LIKE '%\\A\\'")
    assert world.check("-v").value("pending") == 4
    assert set(world.remembered()) == {"dp/CEN00001@S021/S02", "dp/CEN00001@S021\\B/S02", "dp/CEN00001@BROKEN ONE/S02",
                                       "dp/CEN00001@BROKEN TWO/S02"}


def test_the_same_server_in_another_case_is_one(world):
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    world.check()
    before = world.remembered()
    for table in ("v_DistributionPoint", "v_PackageStatusDistPointsSumm"):
        world.lab.db.execute("UPDATE %s SET ServerNALPath = LOWER(ServerNALPath), PackageID = LOWER(PackageID)" % table)
    answer = world.check("-v").is_(CRITICAL)
    assert answer.value("pending") == 1
    assert {key: row["first_seen"] for key, row in world.remembered().items()} == {
        key: row["first_seen"] for key, row in before.items()}


def test_server_globs_see_names_not_paths(world):
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    world.dp("CEN00002", "S022", 1, 5 * DAY, nal="broken S021 path")
    assert set(world.check("-v", "--server=S021").shown) == {("CEN00001", "S021")}
    assert set(world.check("-v", "--server=broken*").shown) == {("CEN00002", "broken S021 path")}
    assert set(world.check("-v", "--server=*s021*").shown) == {("CEN00001", "S021"), ("CEN00002", "broken S021 path")}


@pytest.mark.parametrize("name", ["a | b", "line\nbreak", "'; DROP TABLE x; --", "x" * 255, "😀 Größe", "\x1b[31mred", "a\u202eb", '"quoted"', None])
def test_names_of_packages(world, name):
    world.lab.package("CEN00001", "", 3)
    world.lab.db.execute("UPDATE SMSPackages SET Name = ? WHERE PkgID = 'CEN00001'", (name,))
    world.dp("CEN00001", "S021", 1, 5 * DAY)
    answer = world.check().is_(CRITICAL)
    assert len(answer.items) == 1 and answer.items[0]["kind"] == "pending"
