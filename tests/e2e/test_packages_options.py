# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, ini files and what is refused: always one line, exit 3, and what would be right."""

import os
import re
import subprocess

import pytest
from packages import CRITICAL, PLUGIN, Server, UNKNOWN, WARNING, run


@pytest.mark.parametrize("arguments, texts", [
    (["--bogus"], ["--bogus", "did you mean --logs?"]),
    (["--frobnicate"], ["--frobnicate", "--help"]),
    (["-X"], ["-X"]),
    (["extra"], ["'extra'"]),
    (["-w"], ["--warning", "RANGE"]),
    (["--warning="], ["--warning"]),
    (["-w", "5x"], ["--warning", "'5x'", "s, m, h, d and w"]),
    (["-w", "10h:5h"], ["'10h:5h'", "smaller one first"]),
    (["-c", "1h:2h:3h"], ["--critical"]),
    (["-c", "@"], ["--critical"]),
    (["-c", "-5"], ["--critical"]),
    (["--failed-warning=abc"], ["--failed-warning", "'abc'"]),
    (["--failed-critical=99999999999999999999d"], ["--failed-critical"]),
    (["-t", "0"], ["--timeout", "1 to 3600"]),
    (["-t", "3601"], ["--timeout", "1 to 3600"]),
    (["-t", "5:fine"], ["'5:fine'", "critical or unknown"]),
    (["-t", "5:ok"], ["--timeout", "'5:ok'"]),
    (["-t", "5s"], ["--timeout", "'5s'"]),
    (["--known=:2026-01-01"], ["--known", "package"]),
    (["--known=CEN00001@"], ["--known", "'@'"]),
    (["--known=CEN00001@S02:2026-02-30"], ["--known", "2026-02-30", "YYYY-MM-DD"]),
    (["--known=CEN00001@S02@S03"], ["--known", "'CEN00001@S02@S03' has more than one '@'"]),
    (["--known=CEN0001"], ["--known", "'CEN0001'", "three characters of a site code and five hexadecimal digits"]),
    (["--known=CEN00002,CEN*@S02:2199-12-31"], ["--known", "'CEN*@S02:2199-12-31'", "three characters of a site code and five hexadecimal digits"]),
    (["--known=CEN00001:tomorrow"], ["--known", "tomorrow"]),
    (["--min-rate=5"], ["--min-rate", "'5'", "2GB/h"]),
    (["--min-rate=0GB/h"], ["--min-rate", "0"]),
    (["--min-rate=S02=2GB/d"], ["--min-rate", "2GB/d"]),
    (["--min-rate==2GB/h"], ["--min-rate"]),
    (["--rule=newest"], ["--rule", "'newest'", "version or recipe"]),
    (["--db-clock=gmt"], ["--db-clock", "'gmt'", "utc, local or ignore"]),
    (["--encryption=yes"], ["--encryption", "off, request or require"]),
    (["-H", "127.0.0.1", "-d", "x", "--tds-version=auto"], ["--tds-version=auto", "7.1", "7.4"]),
    (["-H", "127.0.0.1", "-d", "x", "--tds-version=7.5"], ["--tds-version=7.5"]),
    (["-H", "127.0.0.1", "-d", "x", "--tds-version="], ["tds-version"]),
    (["--max-items=-1"], ["--max-items", "0 and 1000"]),
    (["--max-items=many"], ["--max-items", "'many'"]),
    (["-p", "0"], ["--port", "1 and 65535"]),
    (["-H", "h", "-d", "x", "--dsn=y"], ["--hostname", "--dsn"]),
    ([], ["--hostname", "--dsn", "--connect"]),
    (["-H", "127.0.0.1", "-d", "x", "-u", "me"], ["password", "me", "--password-file"]),
    (["--password=geheim"], ["--password", "ini file", "--password-file"]),
    (["--KRB5CCNAME=x"], ["KRB5CCNAME"]),
    (["--extra-opts=@/nonexistent/x.ini"], ["/nonexistent/x.ini", "No such file"]),
    (["-H", "127.0.0.1", "-d", "x", "-u", "me", "--password-file=/nonexistent/p"], ["/nonexistent/p", "No such file"]),
])
def test_bad_options_are_one_line_that_says_what_would_be_right(tmp_path, arguments, texts):
    answer = run("--state-dir=%s" % tmp_path, *arguments)
    answer.fails(*texts)
    assert answer.seconds < 2.5 and not os.listdir(tmp_path)


@pytest.mark.parametrize("argument", [
    "--connect=Driver=SQLite3;PWD=x", "--connect=Driver=SQLite3;pwd=x", "--connect=Driver=x;Password=y",
    "--connect=Driver=x; PassWord = y", "--dsn=SMS;PWD=x"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(argument):
    answer = run(*(argument, "--site=CEN"))
    answer.fails("ps shows it", "--password-file")
    assert "=x" not in answer.first and "= y" not in answer.first


def test_help_and_version_exit_3():
    answer = subprocess.run([PLUGIN, "--help"], env={}, cwd="/", capture_output=True, text=True)
    assert answer.returncode == UNKNOWN and answer.stderr == ""
    for option in ("--warning", "--critical", "--failed-warning", "--failed-critical", "--known", "--extra-opts", "--state-dir",
                   "--max-items", "--timeout", "--hostname", "--port", "--database", "--user", "--password-file", "--driver",
                   "--tds-version", "--encryption", "--tls-ca", "--dsn", "--connect", "--site", "--package",
                   "--exclude-package", "--child-site", "--exclude-site", "--rule", "--min-rate", "--db-clock", "--survey"):
        assert re.search(r"^ +(-., )?%s\b" % option, answer.stdout, re.M), option
    for arguments in (["-V"], ["--version"]):
        answer = subprocess.run([PLUGIN] + arguments, env={}, cwd="/", capture_output=True, text=True)
        assert answer.returncode == UNKNOWN and re.match(r"check_sms_packages .*\d+\.\d+", answer.stdout), answer


def ini(folder, text, mode=0o640, name="site.ini"):
    path = os.path.join(os.fspath(folder), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def test_everything_is_settable_in_the_ini_file(world):
    """Debian's NRPE passes no arguments and an empty environment."""
    world.demo()
    path = ini(world.folder, """
# a comment
[check_sms_packages]
connect=Driver=SQLite3;Database=%s
ODBCSYSINI = %s
state-dir=%s
site=CEN
warning=36h
critical=5d12h
failed-warning=3d
failed-critical = 4d
known = CEN00008, CEN00006@S04:2199-12-31
known = CEN00002@S03
exclude-package=CEN00001
child-site=S02,S03,S04,S05
exclude-site=S05
min-rate=S04=200MB/h
min-rate=2GB/h
rule=version
db-clock=utc
max-items=3
timeout=20:critical

[other]
nonsense
""" % (world.database, world.odbc, world.state))
    answer = run("--extra-opts=@" + path)
    answer.is_(WARNING, '1 stuck: CEN00006 "Microsoft .NET Framework 3.5" at S02 Branch office Oslo: never sent', "4 known")
    assert answer.perf["oldest"].endswith("s;129600;475200") and answer.perf["oldest_failed"].endswith("s;259200;345600")
    assert len(answer.items) == 3 and answer.lines[-1].startswith("+")
    assert not any(item["package"] == "CEN00001" for item in run("--extra-opts=@" + path, "-v").items)
    # The command line wins.
    assert run("--extra-opts=@" + path, "-c", "30h").code == CRITICAL


def test_a_service_names_its_own_section(world):
    world.make()
    world.stuck()
    path = ini(world.folder, "[oslo]\nchild-site=S02\n[bergen]\nchild-site=S03\n")
    world.check("--extra-opts=oslo@" + path).is_(CRITICAL)
    world.check("--extra-opts=bergen@" + path).is_(UNKNOWN, "nothing to look at")


def test_the_standard_search_of_the_ini_file(world):
    world.make()
    world.stuck()
    ini(world.folder, "[check_sms_packages]\nchild-site=S03\n", name="monitoring-plugins.ini")
    world.check("--extra-opts=", env={"NAGIOS_CONFIG_PATH": world.folder}).is_(UNKNOWN, "nothing to look at")
    path = ini(world.folder, "[check_sms_packages]\nchild-site=S02\n", name="mine.ini")
    world.check("--extra-opts=", env={"MP_CONFIG_FILE": path}).is_(CRITICAL)


@pytest.mark.parametrize("text, line, texts", [
    ("[check_sms_packages]\nsite=CEN\nwarnign=5\n", 3, ["warnign", "did you mean warning?"]),
    ("[check_sms_packages]\nwarning=5x\n", 2, ["'5x'"]),
    ("[check_sms_packages]\nrule\n", 2, ["rule"]),
    ("[check_sms_packages]\nhelp=1\n", 2, ["help"]),
    ("[check_sms_packages]\nextra-opts=@x\n", 2, ["extra-opts"]),
])
def test_a_bad_key_or_value_names_file_and_line(world, text, line, texts):
    world.make()
    path = ini(world.folder, text)
    answer = world.check("--extra-opts=@" + path).fails(path, *texts)
    assert re.search(r"%s(:| line )%d\b" % (re.escape(path), line), answer.first), answer


def test_an_unknown_section_lists_nothing_secret_and_names_the_file(world):
    world.make()
    path = ini(world.folder, "[check_sms_dps]\npassword=Streng-Geheim\n")
    answer = world.check("--extra-opts=@" + path).fails(path, "check_sms_packages")
    assert "Geheim" not in answer.text


@pytest.mark.parametrize("mode, fine", [(0o600, True), (0o640, True), (0o644, False), (0o606, False), (0o666, False)])
@pytest.mark.parametrize("key", ["password=Streng-Geheim", "connect=Driver=SQLite3;Database={};PWD=Streng-Geheim",
                                 "connect=Driver=SQLite3;Database={};password=Streng-Geheim"])
def test_a_file_with_a_secret_must_not_be_readable_by_others(world, mode, fine, key):
    world.make()
    world.stuck()
    text = "[check_sms_packages]\nsite=CEN\nstate-dir=%s\n%s\n" % (world.state, key.format(world.database))
    if "connect" not in key:
        text += "connect=Driver=SQLite3;Database=%s\n" % world.database
    path = ini(world.folder, text, mode)
    answer = run("--extra-opts=@" + path, "-vvv", env=world.env)
    assert b"Streng-Geheim" not in answer.stdout + answer.stderr
    if fine:
        # sqliteodbc takes no password; what matters here is that the file was accepted.
        assert "every user" not in answer.first
    else:
        answer.fails(path, "chmod o-rwx")


def test_a_file_without_a_secret_may_be_readable_by_all(world):
    world.make()
    world.stuck()
    world.check("--extra-opts=@" + ini(world.folder, "[check_sms_packages]\nchild-site=S02\n", 0o644)).is_(CRITICAL)


@pytest.mark.parametrize("mode", [0o644, 0o604])
def test_a_password_file_must_not_be_readable_by_others(tmp_path, mode):
    path = ini(tmp_path, "Streng-Geheim\n", mode, "password")
    answer = run("-H", "127.0.0.1", "-p", "1", "-d", "SMS_CEN", "-u", "me", "--password-file=" + path)
    answer.fails(path)
    assert "Geheim" not in answer.text


def test_unknown_site_and_package(world):
    world.demo()
    world.check("--site=ZZZ").fails("--site=ZZZ", "CEN, PR1, S02, S03, S04, S05, S09")
    world.check("--child-site=S02,ABC").fails("--child-site=ABC", "CEN, PR1")
    world.check("--package=CEN00001,CEN99999").fails("--package=CEN99999", "SMSPackages")
    world.check("--package=PR100001").fails("PR100001", "PR1", "owning site")
    world.check("--package=x' OR '1'='1").fails("no such package")


def test_the_owning_site_must_be_known(world):
    world.make()
    # sqliteodbc's database is a file's path, no SMS_xxx.
    answer = run(world.connect, "--state-dir=" + world.state, env=world.env)
    answer.fails("--site=CODE", "SMS_xxx")


def test_verbosity(world):
    world.demo()
    plain = world.check()
    assert len(plain.items) < 14 and plain.lines[-1].startswith("+")
    one = world.check("-v")
    assert len(one.items) == 14 and not one.lines[-1].startswith("+") and one.stderr == b""
    two = world.check("-vv").stderr.decode()
    for text in ("--warning=24h (default)", "--site=CEN (command line)", "SQLite 3.", "server clock", "answered after"):
        assert text in two, text
    assert "SELECT" not in two
    three = world.check("-vvv").stderr.decode()
    assert "SELECT p.PkgID" in three and "FROM v_Site" in three
    assert "CEN00001" not in three, "values are bound, never written into the SQL"


def test_all_outside_values_are_bound(world):
    world.demo()
    hostile = "CEN00001') OR ('1'='1"
    answer = world.check("-vvv", "--exclude-package=" + hostile, "--exclude-site=a';DROP TABLE PkgStatus--")
    assert answer.code == CRITICAL and b"DROP" not in re.sub(rb"--exclude-site=\S+.*", b"", answer.stderr)
    assert world.lab.query("SELECT COUNT(*) FROM PkgStatus")[0][0] > 0


def test_max_items(world):
    world.demo()
    for shown in (0, 1, 3):
        answer = world.check("--max-items=%d" % shown)
        assert len(answer.items) == shown and answer.lines[-1] == "+%d more" % (14 - shown)


def test_mp_state_path(world):
    world.make()
    world.stuck()
    other = os.path.join(world.folder, "other")
    os.mkdir(other, 0o755)
    run(world.connect, "--site=CEN", env=dict(world.env, MP_STATE_PATH=other)).is_(CRITICAL)
    assert os.listdir(other) and not os.listdir(world.state)


def test_survey(world):
    world.demo(product="sccm2007")
    answer = subprocess.run([PLUGIN] + world.arguments("--survey"), env=world.env, cwd="/", capture_output=True, text=True)
    assert answer.returncode == UNKNOWN and answer.stderr == ""
    text = answer.stdout
    assert text.startswith("SMS PACKAGES UNKNOWN - Survey of site CEN, no check")
    counts = dict(((status.strip(), relation), int(count)) for status, relation, count in re.findall(
        r"^  (.{18}) (\S+ version|version 0) +(\d+)$", text, re.M))
    rows = world.lab.query("SELECT r.Status, r.SourceVersion, p.SourceVersion FROM PkgStatus r JOIN SMSPackages p ON"
                           " p.PkgID = r.ID WHERE r.Type = 1 AND p.SourceSite = 'CEN' AND r.SiteCode <> 'CEN'")
    assert sum(counts.values()) == len(rows)
    assert counts[("sent (1)", "wanted version")] == sum(status == 1 and held == wanted for status, held, wanted in rows)
    assert counts[("received (2)", "version 0")] == 1 and counts[("unknown (7)", "wanted version")] == 1
    matched = sum(status not in (None, 0) and held > 0 for status, held, _ in rows)
    assert "Rule recipe matches %d of %d rows: healthy rows match it too" % (matched, len(rows)) in text
    assert "SMSPackages.PackageType              there" in text and "active 6; S09 has status 2" in text
    assert not os.listdir(world.state)


@pytest.mark.parametrize("over", ["sqlite", "7.1"])
def test_survey_has_one_order(world, over):
    """Rows of equal count: the same order from every server and whatever was stored first."""
    shown = set()
    for backwards in (False, True):
        if world.lab is not None:
            world.lab.close()
            os.unlink(world.database)
        lab = world.make()
        for number, version in sorted(enumerate((0, 1, 2, 3, 4, None)), reverse=backwards):
            lab.package("CEN0000%d" % number, version=3)
            lab.target("CEN0000%d" % number, "S01")
            lab.status("CEN0000%d" % number, "S01", status=1, version=version)
        lab.commit()
        if over == "sqlite":
            text = run(world.connect, "--site=CEN", "--survey", env=world.env).text
        else:
            with Server(world) as server:
                text = server.check("--survey", "--tds-version=" + over).text
        shown.add(tuple(re.findall(r"^  sent \(1\) +(\S+ \S+)  +\d+$", text, re.M)))
    assert len(shown) == 1 and sorted(*shown) == ["newer version", "no version", "old version", "version 0", "wanted version"], shown


def test_survey_shows_which_clock_fits(world):
    lab = world.make()
    world.stuck(age_s=3600)
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = datetime(UpdateTime, '+2 hours')")
    lab.commit()
    answer = subprocess.run([PLUGIN] + world.arguments("--survey"), env=dict(world.env, TZ="ZZZ-2"), cwd="/",
                            capture_output=True, text=True)
    line = [line for line in answer.stdout.splitlines() if "PkgStatus.UpdateTime" in line][0]
    assert "ahead of" in line and "--db-clock=local" in line
    line = [line for line in answer.stdout.splitlines() if "SMSPackages.SourceDate" in line][0]
    assert "behind" in line and "--db-clock" not in line
    assert "UTC+120 min" in answer.stdout
