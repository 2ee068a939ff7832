# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own tests of the logs: the stories' lines are there, in time order, in every form."""

import calendar
import datetime
import os
import re
import sys
import zoneinfo

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import logs  # noqa: E402
from logs import DAY, HOUR  # noqa: E402

NOW = 1191240000.0  # 1 Oct 2007 12:00 UTC
START = NOW - 4 * DAY
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

F1 = re.compile(r"^(.*?)  \$\$<([^<>]*)><(\d\d)-(\d\d)-(\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3})"
                r"([+-]\d{2,3})><thread=(\d+) \(0x[0-9A-F]+\)>$")
F2 = re.compile(r"^(.*?)  \$\$<([^<>]*)><\w{3} (\w{3}) +(\d+) (\d+):(\d\d):(\d\d)\.(\d{3}) (\d{4})"
                r" ([^<>]*)><thread=(\d+) \(0x[0-9A-F]+\)>$")
F4 = re.compile(r'^<!\[LOG\[(.*)\]LOG\]!><time="(\d\d):(\d\d):(\d\d)\.(\d{3})([+-]\d{2,3})"'
                r' date="(\d\d)-(\d\d)-(\d{4})" component="([^"]*)" context="" type="1"'
                r' thread="(\d+)" file="[^"]*">$')


def read(path, encoding="utf-8"):
    with open(path, "rb") as file:
        return file.read().decode(encoding)


def utc(year, month, day, hour, minute, second, millis, bias=0):
    return calendar.timegm((int(year), int(month), int(day), int(hour), int(minute), int(second))
                           ) + int(millis) / 1000 + int(bias) * 60


def parse(line, form):
    """(UTC seconds, component, text), as the grammar says and without the writer's help."""
    if form == "F1":
        text, component, month, day, year, *clock, bias, _ = F1.match(line).groups()
        return utc(year, month, day, *clock, bias), component, text
    if form == "F2":
        text, component, month, day, *clock, year, zone, _ = F2.match(line).groups()
        months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
        local = datetime.datetime(int(year), months.index(month) + 1, int(day), *map(int, clock[:3]),
                                  tzinfo=BERLIN)
        assert zone == f"W. Europe {'Daylight' if local.dst() else 'Standard'} Time"
        return local.timestamp() + int(clock[3]) / 1000, component, text
    text, *clock, bias, month, day, year, component, _ = F4.match(line).groups()
    return utc(year, month, day, *clock, bias), component, text


def article_logs(tmp_path, product="sms2003", stories=None, **options):
    site = logs.Site(product)
    story = logs.article(site, start=START, now=NOW)
    return story, logs.write(tmp_path, stories(site) if stories else [story], site, NOW, **options)


def test_article_to_the_letter(tmp_path):
    story, files = article_logs(tmp_path, gap_s=None)
    texts = [parse(line, "F2") for line in read(files["despool"].path).split("\r\n")[:-1]]
    assert [text for _, _, text in texts][-2:] == [
        "Received package CEN00001 version 3",
        "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00001 (2)"]
    repeats = [parse(line, "F2") for line in read(files["distmgr"].path).splitlines()
               if "requires" in line]
    assert {text for _, _, text in repeats} == {
        "Package CEN00001 requires a newer version (3) of source files and the new compressed"
        " files haven't arrived yet, current version is 2."}
    assert len(repeats) == story.outcome.repeats == 96
    assert repeats[0][0] == pytest.approx(START + 10, abs=1)
    assert repeats[-1][0] == pytest.approx(story.outcome.last, abs=0.001)


@pytest.mark.parametrize("product, text", [
    ("sms20", "hasn't arrived yet, current version is 2, skip E:\\SMS\\inboxes\\"),
    ("sccm2007", "haven't arrived yet, current version is 2."),
    ("cm2012", "The contents for the package CEN00001 hasn't arrived from site CEN yet,"),
    ("cb", "Processing package CEN00001 (SourceVersion:3;StoredVersion:2)"),
])
def test_wording_of_the_version(tmp_path, product, text):
    _, files = article_logs(tmp_path, product, gap_s=None)
    assert read(files["distmgr"].path).count(text) == 96


@pytest.mark.parametrize("form", ["F1", "F2", "F4"])
@pytest.mark.parametrize("encoding", sorted(logs.ENCODINGS))
def test_forms_and_encodings(tmp_path, form, encoding):
    codec, mark = logs.ENCODINGS[encoding]
    story, files = article_logs(tmp_path, form=form, encoding=encoding, gap_s=1800)
    for name, log in files.items():
        with open(log.path, "rb") as file:
            content = file.read()
        assert content.startswith(mark)
        lines = content[len(mark):].decode(codec).split("\r\n")
        assert lines.pop() == ""
        records = [parse(line, form) for line in lines]
        times = [when for when, _, _ in records]
        assert times == sorted(times) and times[-1] <= NOW
        own = [(when, text) for when, _, text in records if "CEN00001" in text]
        assert own == [(pytest.approx(r.time, abs=0.001), r.text)
                       for r in story.records if r.log == name and "CEN00001" in r.text]
        assert os.path.getmtime(log.path) == pytest.approx(times[-1], abs=0.001)


@pytest.mark.parametrize("form, line", [
    ("F2", r"Waiting\.  \$\$<SMS_DESPOOLER><Mon Oct 1 9:05:06\.007 2007 Central Daylight Time>"
           r"<thread=225 \(0xE1\)>"),
    ("F3", r"Waiting\.~   \$\$<SMS_DESPOOLER><Mon Oct 01 09:05:06 2007~><thread=E1>"),
    ("F5", r"Waiting\.\tSMS_DESPOOLER\t10/1/2007 9:05:06 AM\t225 \(0x00E1\)"),
    ("F1", r"Waiting\.  \$\$<SMS_DESPOOLER><10-01-2007 09:05:06\.007\+300><thread=225 \(0xE1\)>"),
])
def test_line_form(tmp_path, form, line):
    log = logs.LogFile(tmp_path / "despool.log", form, zone="America/Chicago", newline="lf",
                       padded=False)
    at = calendar.timegm((2007, 10, 1, 14, 5, 6)) + 0.007
    log.append([logs.Record(at, "despool", "SMS_DESPOOLER", 225, "Waiting.")])
    assert re.fullmatch(line + "\n", read(log.path))


@pytest.mark.parametrize("product", logs.ORDER)
@pytest.mark.parametrize("name", sorted(logs.STORIES))
def test_every_story(product, name):
    site = logs.Site(product)
    if name == "retry" and not site.since("cm2012"):
        with pytest.raises(ValueError):
            logs.retry(site, start=START, now=NOW)
        return
    story = logs.STORIES[name](site, package="CEN00ABC", start=START, now=NOW)
    assert all(START - 1 <= r.time <= NOW for r in story.records)
    assert any("CEN00ABC" in r.text for r in story.records)
    open_end = {"article": "base_missing", "waiting": "waiting", "superseded": "waiting",
                "disguised": "waiting"}
    assert story.outcome.condition == open_end.get(name)
    stored = [r for r in story.records if "Stored Package Version = " in r.text]
    assert bool(stored) == (open_end.get(name) is None and site.since("cm2012"))


def test_slow_package_goes_quiet_and_the_log_goes_on(tmp_path):
    _, files = article_logs(tmp_path, stories=lambda site: [
        logs.slow(site, start=START, now=NOW)])
    records = [parse(line, "F2") for line in read(files["distmgr"].path).splitlines()]
    repeats = [when for when, _, text in records if "requires a newer" in text]
    assert max(repeats) < START + DAY + 1
    after = [when for when, _, _ in records if when > START + DAY]
    assert len(after) > 100 and max(after) > NOW - 2 * HOUR


def test_rotation_in_the_middle(tmp_path):
    _, files = article_logs(tmp_path, rotate_at=NOW - 2 * DAY)
    for log in files.values():
        old, new = read(log.old_path).splitlines(), read(log.path).splitlines()
        assert parse(old[-1], "F2")[0] < NOW - 2 * DAY <= parse(new[0], "F2")[0]
    assert "CCompress::Open" in read(files["despool"].old_path)
    assert "CCompress::Open" not in read(files["despool"].path)


def test_rotation_by_size(tmp_path):
    _, files = article_logs(tmp_path, max_bytes=60000)
    log = files["distmgr"]
    assert 50000 < os.path.getsize(log.old_path) <= 60000 >= os.path.getsize(log.path)


def test_threads_interleave(tmp_path):
    _, files = article_logs(tmp_path, "cb", gap_s=None, stories=lambda site: [
        logs.article(site, "CEN00001", start=START, now=NOW, thread=3412),
        logs.article(site, "CEN00002", start=START + 0.005, now=NOW, thread=2732)])
    packages = re.findall(r"CEN0000[12]", read(files["distmgr"].path))
    assert packages[:6:1] == ["CEN00001", "CEN00002"] * 3


def test_growing_file(tmp_path):
    log = logs.open_logs(tmp_path, encoding="utf-16le-bom")["distmgr"]
    record = logs.Record(NOW, "distmgr", "SMS_DISTRIBUTION_MANAGER", 1, "Sleep 3600 seconds...")
    log.append([record])
    log.append_half(record)
    assert read(log.path, "utf-16").count("\n") == 1
    log.append([record])
    assert read(log.path, "utf-16") == log.encode([record] * 3).decode("utf-16-le")
    log.rotate(copy=True)
    assert os.path.getsize(log.path) == 0 < os.path.getsize(log.old_path)
    log.append([record])
    assert read(log.path, "utf-16") == log.encode([record]).decode("utf-16-le")


@pytest.mark.parametrize("form, product", [("F1", "cb"), ("F2", "sms2003"), ("F4", "cb")])
def test_big(tmp_path, form, product):
    path = tmp_path / "distmgr.log"
    lines, packages = logs.big(path, 8_000_000, logs.Site(product), form, NOW, zone=60,
                               label="W. Europe Standard Time")
    content = read(path).splitlines()
    assert len(content) == lines
    assert 7_000_000 < os.path.getsize(path) < 9_000_000
    words = "requires a newer" if product == "sms2003" else "hasn't arrived from site"
    relevant = [line for line in content if words in line]
    assert {re.search(r"CEN\w{5}", line)[0] for line in relevant} == set(packages)
    assert 0.002 < len(relevant) / lines < 0.02
    stamps = [re.search(r"(\w{3}) (\d\d) .*2007 W|(\d\d-\d\d)-2007", line)[0] for line in
              content[:: lines // 30]]
    assert len(set(stamps)) >= 3 and b"\x01" not in path.read_bytes()


def test_pair(tmp_path):
    files, outcomes = logs.pair(tmp_path, logs.Site("sms2003"), NOW)
    for log in files.values():
        assert 2_300_000 < os.path.getsize(log.path) < 2_900_000
    assert [outcome.condition for outcome in outcomes] == ["base_missing", None]


def test_command_line(tmp_path, capsys):
    assert logs.main([str(tmp_path), "--story", "article,slow", "--now", str(NOW), "--form", "F1",
                      "--package", "CEN0000E", "--start-age", "2d", "--repeat", "30m"]) == 0
    assert "CEN0000E" in capsys.readouterr().out
    assert read(tmp_path / "distmgr.log").count("CEN0000E requires") == 96
    assert logs.main([str(tmp_path), "--story", "nosuch"]) == 3
