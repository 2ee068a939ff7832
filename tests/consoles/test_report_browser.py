# SPDX-License-Identifier: GPL-3.0-or-later
"""sms-report's page in a real browser (Debian's chromium), light and dark; the screenshots are kept."""
import os
import re
import shutil
import subprocess

import pytest

import daemons
import test_report

CHROMIUM = "/usr/bin/chromium"


def chromium(folder, *arguments):
    return subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--virtual-time-budget=2000",
                           "--window-size=1200,1700", "--user-data-dir=%s" % os.path.join(folder, "profile"), *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False, env={"PATH": "/usr/bin:/bin", "HOME": folder})


@pytest.fixture(scope="module")
def made():
    """(folder, page) of the demo's hierarchy, whose names are hostile enough, and one that would run a script."""
    if not os.path.exists(CHROMIUM):
        pytest.skip("the page cannot be seen here: %s is missing" % CHROMIUM)
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        site = daemons.Site(folder)
        with site.lab() as lab:
            lab.package("CEN000FF", "<script>document.title='run'</script>", version=2, source_date_age_s=9 * daemons.DAY)
            lab.deploy("CEN000FF", ("S02",), age_s=9 * daemons.DAY)
            lab.status("CEN000FF", "S02", 1, 2, 8 * daemons.DAY)
        sites = daemons.write(os.path.join(folder, "sites"), "CEN - Central\nS02 CEN Oslo\nS03 S02 Bergen\nS04 S03 Ship\nS05 CEN Troms\u00f8\n")
        page = os.path.join(folder, "index.html")
        code, _ = daemons.run([os.path.join(daemons.CONFIG, "report", "sms-report-update")], environment={
            "PATH": "/usr/bin:/bin", "SMS_PLUGINS": daemons.PLUGINS, "SMS_INI": site.ini, "SMS_MEMORY": site.state, "SMS_SITES": sites, "SMS_PAGE": page})
        assert code == 0
        yield folder, page


def test_the_browser_sees_what_was_written_and_runs_nothing(made):
    folder, page = made
    seen = chromium(folder, "--dump-dom", "file://" + page).stdout.decode("utf-8", "replace")
    assert "<title>CRITICAL: Package replication</title>" in seen, "a script of a package's name was run"
    assert "first broken hop" in seen and "<script" not in seen
    test_report.Elements(re.sub(r"^.*?<!DOCTYPE", "<!DOCTYPE", seen, flags=re.S).replace("<tbody>", "").replace("</tbody>", ""))


@pytest.mark.parametrize("name,scheme", [("light", 1), ("dark", 0)])
def test_a_screenshot_of_either_scheme(made, name, scheme):
    folder, page = made
    shot = os.path.join(folder, name + ".png")
    done = chromium(folder, "--blink-settings=preferredColorScheme=%d" % scheme, "--screenshot=" + shot, "file://" + page)
    assert os.path.exists(shot) and os.path.getsize(shot) > 20000, done.stderr.decode("utf-8", "replace")[-2000:]
    if os.environ.get("SMS_ARTEFACTS"):
        shutil.copy(shot, os.path.join(os.environ["SMS_ARTEFACTS"], "report-%s.png" % name))
    assert corner(shot) == (name == "light")


def corner(path):
    """Whether the page's first pixel is a light one (PNG without interlace, 8 bits, RGB or RGBA)."""
    import struct
    import zlib
    data = open(path, "rb").read()
    colour_type = data[25]
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    row = zlib.decompressobj().decompress(packed, 16)
    assert colour_type in (2, 6)
    # The first pixel of the first row has no neighbour: every filter leaves it as it is.
    return sum(row[1:4]) > 3 * 128
