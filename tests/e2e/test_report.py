# SPDX-License-Identifier: GPL-3.0-or-later
"""sms-report: one page from the checks' JSON and memory. What it shows in a real browser: tests/consoles/test_report_browser.py."""
import html.parser
import json
import os
import re
import sqlite3
import subprocess

import pytest

import daemons

REPORT = os.path.join(daemons.CONFIG, "report", "sms-report")
NASTY = '<script>alert(1)</script>"\'&|\x07</title></svg><img src=x onerror=alert(1)> --> CEN00001'
SITES = "# a comment\nCEN - Central\nS02 CEN Oslo\nS03 S02 %s\nS04 S03 Ship\nS05 CEN\n" % NASTY.replace("\x07", "")


def item(package, site, state="CRITICAL", **more):
    return {"state": state, "package": package, "place": site, "site": site, "kind": "sent", "class": "pending", "stuck": state != "OK", "new": False,
            "known": False, "known_until": None, "age_s": 345600, "first_seen": 1795301568, "last_moved_s": 90000, "size_bytes": 188743680,
            "allowance_s": 0, "text": "%s: %s at %s: sent" % (state, package, site), **more}


def result(*items, state="CRITICAL", check="SMS PACKAGES", **more):
    return {"check": check, "state": state, "exit_code": 2, "verdict": "%d stuck" % len(items), "perfdata": {}, "notes": [], "items": list(items), **more}


def report(folder, results, *arguments, sites=SITES):
    for number, one in enumerate(results):
        (folder / ("%d.json" % number)).write_text(json.dumps(one) if isinstance(one, dict) else one, encoding="utf-8")
    (folder / "sites").write_text(sites, encoding="utf-8")
    done = subprocess.run(["/usr/bin/python3", "-B", REPORT, "--sites=%s" % (folder / "sites"), *arguments,
                           *["%s" % (folder / ("%d.json" % number)) for number in range(len(results))]],
                          capture_output=True, text=True, timeout=60, check=False)
    return done


def page(folder, results, *arguments, **more):
    done = report(folder, results, *arguments, **more)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout


class Elements(html.parser.HTMLParser):
    """What a browser would make of it: elements with their attributes, and that each is closed where it should be."""
    VOID = ("meta", "line", "circle", "rect", "path", "th", "tr")

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.comments = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open and self.open.pop() == tag, tag

    def handle_comment(self, data):
        self.comments.append(data)


def test_nothing_of_a_check_becomes_markup(tmp_path):
    nasty = item(NASTY, "S03", kind=NASTY, text=NASTY, place=NASTY)
    text = page(tmp_path, [result(nasty, verdict=NASTY, notes=[NASTY], check=NASTY), result(nasty)], "--title=" + NASTY.replace("\x07", ""))
    elements = Elements(text)
    assert not elements.comments and not {"script", "img", "iframe", "link", "a"} & {tag for tag, _ in elements.found}
    assert not [name for _, attributes in elements.found for name in attributes if name.startswith("on") or name in ("src", "href")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "\x07" not in text
    assert "http://" not in text and "https://" not in text and "url(" not in text


def test_the_first_broken_hop_is_marked_and_what_lies_below_is_told(tmp_path):
    text = page(tmp_path, [result(item("CEN00001", "S02"), item("CEN00002", "S03"), item("CEN00002", "S04"), item("CEN00003", "S05", "WARNING"))])
    sites = dict(re.findall(r"<li><b>(\w+)</b> (.*?)(?=<li>|</ul>)", text, re.S))
    assert "first broken hop" in sites["S02"] and "below" not in sites["S02"]
    assert "below the broken hop S02" in sites["S03"] and "first broken" not in sites["S03"]
    assert "below the broken hop S02" in sites["S04"]
    assert "broken hop" not in sites["S05"] and "WARNING" in sites["S05"]
    assert "broken hop" not in sites["CEN"] and "OK" in sites["CEN"]


HOPS = [
    ("a DP is no link", [result(item("CEN00001", "S02", place="S021"), check="SMS DPS")], "S02 CRITICAL"),
    ("known is no break", [result(item("CEN00001", "S02", known=True))], "S02 OK"),
    ("a ring of parents", [result(item("CEN00001", "AAA"))], "AAA CRITICAL hop"),
    ("a site that is not in the file", [result(item("CEN00001", "XYZ"))], "XYZ CRITICAL hop"),
]


@pytest.mark.parametrize("name,results,expected", HOPS, ids=[one[0] for one in HOPS])
def test_hops(tmp_path, name, results, expected):
    text = page(tmp_path, results, sites=SITES + "AAA BBB\nBBB AAA\n")
    code = expected.split()[0]
    line = re.search(r"<li><b>%s</b>(.*?)(?=<li>|</li>)" % code, text, re.S).group(1)
    assert expected.split()[1] in line and ("first broken hop" in line) == ("hop" in expected), line
    assert len(re.findall(r"<li><b>%s</b>" % code, text)) == 1


def test_the_queue_shows_every_package_with_its_size_oldest_first(tmp_path):
    text = page(tmp_path, [result(item("CEN00001", "S02", age_s=10, size_bytes=10), item("CEN00002", "S02", age_s=99, size_bytes=8 * 1024 ** 3))])
    label = re.search(r'aria-label="queue: (.*?)"', text).group(1)
    assert label == "CEN00002 8.0 GB, CEN00001 10 B"
    flex = [int(one) for one in re.findall(r"flex:(\d+) 1 0", text)]
    assert flex[0] > 900 and flex[1] == 1


def test_the_state_is_told_without_colour(tmp_path):
    text = page(tmp_path, [result(item("CEN00001", "S02"), item("CEN00002", "S02", "WARNING"), item("CEN00003", "S02", "OK"))])
    for shape, word in (("\u2716", "CRITICAL"), ("\u25b2", "WARNING"), ("\u25cf", "OK")):
        assert "%s %s<" % (shape, word) in text
    assert "prefers-color-scheme: dark" in text and "color-scheme: light dark" in text


def test_the_memory_gives_the_life(tmp_path):
    memory = tmp_path / "state"
    memory.mkdir()
    path = memory / "check_sms_packages-0123456789abcdef.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE item(key TEXT PRIMARY KEY, kind TEXT, progress TEXT, first_seen INTEGER, attempt_since INTEGER, last_progress INTEGER)")
        database.execute("INSERT INTO item VALUES ('version/CEN00001@S02', 'sent', '', 1000000, 0, 1500000)")
        database.execute("CREATE TABLE order_item(key TEXT, sent INTEGER, over INTEGER, any_priority INTEGER)")
        database.execute("INSERT INTO order_item VALUES ('version/CEN00001@S02', 1100000, 0, 1200000)")
        database.execute("CREATE TABLE order_site(code TEXT, last INTEGER)")
        database.execute("INSERT INTO order_site VALUES ('S02', 1300000)")
    before = path.read_bytes()
    text = page(tmp_path, [result(item("CEN00001", "S02"))], "--memory=%s" % memory)
    svg = re.search(r"<svg.*?</svg>", text, re.S).group(0)
    assert "last arrival" in text and "<rect class=mark" in svg and "\u2716</text>" in svg
    assert path.read_bytes() == before and sorted(os.listdir(memory)) == [path.name]
    without = re.search(r"<svg.*?</svg>", page(tmp_path, [result(item("CEN00001", "S02"))]), re.S).group(0)
    assert "<rect class=mark" not in without


def test_long_lists_have_an_end(tmp_path):
    many = [item("CEN%05X" % number, "S02") for number in range(3000)]
    text = page(tmp_path, [result(*many)])
    assert len(re.findall("<g><title>", text)) == 60 and "+2940 more" in text
    Elements(text)


BAD = [
    ("no JSON", ["SMS PACKAGES OK - fine"], "0.json:"),
    ("something else", ['{"a": 1}'], "is not what a check writes"),
    ("empty", [""], "0.json:"),
]


@pytest.mark.parametrize("name,results,words", BAD, ids=[one[0] for one in BAD])
def test_what_is_no_result_ends_in_one_line_and_keeps_the_old_page(tmp_path, name, results, words):
    old = tmp_path / "index.html"
    old.write_text("old")
    done = report(tmp_path, results, "--output=%s" % old)
    assert done.returncode == 1 and words in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert old.read_text() == "old"
    assert not [one for one in os.listdir(tmp_path) if one.startswith(".sms-report")]


def test_a_damaged_memory_is_named(tmp_path):
    (tmp_path / "m.sqlite3").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    done = report(tmp_path, [result(item("CEN00001", "S02"))], "--memory=%s" % (tmp_path / "m.sqlite3"))
    assert done.returncode == 1 and "m.sqlite3" in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_update_script_makes_a_page_of_the_real_checks():
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        site = daemons.Site(folder)
        sites = daemons.write(os.path.join(folder, "sites"), "CEN - Central\nS02 CEN Oslo\n")
        made = os.path.join(folder, "index.html")
        code, output = daemons.run([os.path.join(daemons.CONFIG, "report", "sms-report-update")], environment={
            "PATH": "/usr/bin:/bin", "SMS_PLUGINS": daemons.PLUGINS, "SMS_INI": site.ini, "SMS_MEMORY": site.state, "SMS_SITES": sites, "SMS_PAGE": made})
        assert code == 0, output
        text = daemons.read(made)
        assert "SMS PACKAGES" in text and "SMS DPS" in text and "CEN00001" in text and "first broken hop" in text
        assert oct(os.stat(made).st_mode & 0o777) == "0o644"
        Elements(text)
