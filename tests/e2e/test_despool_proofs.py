# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no proof, and what ends when: the database's word, what was given up, who is silent because nothing is to be done."""
import pytest

from despool import CRITICAL, DAY, HOUR, OK, UNKNOWN, Child

P = "CEN00113"
WAITS = "The contents for the package %s hasn't arrived from site CEN yet, will retry later." % P
STORED = "StoredPkgVersion (%d) of package " + P + ". StoredPkgVersion in database is %d."
SOURCE = "SourceVersion (%d) of package " + P + ". SourceVersion in database is %d."


def passes(child, first_s, last_s, source, stored, waits=True, step_s=HOUR):
    """Whole passes of the distribution manager over the package, each in a thread of its own."""
    lines = ["Processing package %s (SourceVersion:%d;StoredVersion:%d)" % (P, source, stored)]
    lines += [WAITS] if waits else []
    lines += [STORED % (stored, stored), SOURCE % (source, source), "Exiting package processing thread for package %s." % P]
    return child.every("distmgr", lines, first_s, last_s, step_s, 4452)


def told(tmp_path, *lines, product="cb", options=(), alive=True):
    child = Child(tmp_path, product)
    child.write(*([child.alive()] if alive else []), *(make(child) for make in lines), gap_s=None)
    return child, child.check("--site=S02", *options)


# ---- the database's word


def test_a_first_content_that_never_comes(tmp_path):
    """"StoredPkgVersion (0)" says that nothing is stored."""
    _, answer = told(tmp_path, lambda child: passes(child, 4 * DAY, 1200, 3, 0))
    item = answer.is_(CRITICAL, "1 stalled: %s waiting for 4 d" % P).item(P)
    assert (item["wanted"], item["held"]) == ("3", None), answer


def test_a_content_that_the_database_calls_stored_and_each_pass_asks_for(tmp_path):
    child, answer = told(tmp_path, lambda child: passes(child, 4 * DAY, 1200, 3, 3))
    item = answer.is_(CRITICAL, "1 stalled: %s waiting for 4 d" % P).item(P)
    assert "wants version 3, which its database calls stored" in answer.text and "deleted at this site" in item["advice"], answer
    child.files["despool"].append(child.every("despool", ["Received package %s version 3" % P, "Stored Package %s. Stored Package Version = 3" % P], 600, 600))
    child.check("--site=S02").is_(OK, "nothing stalled")


def test_a_package_that_is_wanted_no_more(tmp_path):
    """It was taken off the site while it waited: passes do not ask for it, and nothing proves anything."""
    child, answer = told(tmp_path, lambda child: passes(child, 5 * DAY, 4 * DAY, 2, 1), lambda child: passes(child, 4 * DAY - 2 * HOUR, 600, 2, 1, waits=False),
                         options=["-v"])
    answer.is_(OK, "nothing stalled")
    assert "ended: %s waiting: no longer repeated, not proven" % P in answer.text, answer


def test_an_owner_that_was_restored_wants_a_lower_version(tmp_path):
    _, answer = told(tmp_path, lambda child: passes(child, 6 * DAY, 5 * DAY, 9, 5), lambda child: passes(child, 5 * DAY - 2 * HOUR, 600, 5, 5, waits=False))
    answer.is_(OK, "nothing stalled")


def test_versions_behind_a_failure_are_no_pass(tmp_path):
    """A distribution point is gone; the product tries it 100 times and gives it up, and each try ends with the versions."""
    failing = ["Started package processing thread for package '%s', thread ID = 0x1164 (4452)" % P, "Failed to copy package %s to the DP, error code = 53" % P,
               STORED % (3, 3), SOURCE % (3, 3)]
    _, answer = told(tmp_path, lambda child: child.every("distmgr", failing, 5 * DAY, 3 * DAY, 1800, 4452),
                     lambda child: child.every("distmgr", 'STATMSG: ID=2301 SEV=I LEV=M AVAL0="CEN00001"', 5 * DAY, 600, 6 * HOUR, 4456))
    answer.is_(CRITICAL, "1 stalled: %s failing for 5 d" % P)


# ---- given up


@pytest.mark.parametrize("lines, kind", [
    (["Received package %s version 3" % P, "This package[%s]'s information hasn't arrived yet for this version [3]. Retry later ..." % P], "waiting"),
    (["Received package %s version 3" % P, "Despooler failed to execute the instruction, error code = 5"], "failing")])
def test_what_was_tried_100_times_did_not_come(tmp_path, lines, kind):
    child, answer = told(tmp_path, lambda child: child.every("despool", lines, 5 * DAY, 5 * DAY - 100 * 300, 300, 3816))
    item = answer.is_(CRITICAL, "1 stalled: %s %s for 5 d" % (P, kind), "1 broken").item(P)
    assert "given up after 100 tries" in item["facts"] and "then have %s sent again" % P in item["advice"], answer
    child.files["despool"].append(child.every("despool", ["Received package %s version 3" % P, "Stored Package %s. Stored Package Version = 3" % P,
                                                          "Despooler successfully executed one instruction."], 600, 600, HOUR, 3816))
    child.check("--site=S02").is_(OK, "nothing stalled")


def test_instructions_that_were_refused_and_dropped(tmp_path):
    """A hundred tries of five minutes, then silence; the key is still missing."""
    child, answer = told(tmp_path, lambda child: child.every("despool", "Cannot find valid public key for instruction coming from site S09", 5 * DAY,
                                                             5 * DAY - 100 * 300, 300, 3816))
    answer.is_(CRITICAL, "1 stalled: S09 site for 5 d")
    child.check("--site=S02", "--close=S08").is_(CRITICAL, "nothing was open for S08")
    child.check("--site=S02", "--close=S09").is_(OK, "closed S09 by hand")
    child.forget()
    child.files["despool"].append(child.every("despool", "Signature checked out OK for instruction coming from site S09, proceed with the instruction execution.", 60, 60))
    child.check("--site=S02").is_(OK, "nothing stalled")


# ---- what hides what


def test_a_known_package_hides_no_failure_of_the_site(tmp_path):
    """Every instruction fails, and a package that the team knows of waits."""
    _, answer = told(tmp_path, lambda child: child.every("despool", "Cannot decompress instruction file", 4 * DAY, 600, 600, 3816),
                     lambda child: child.every("distmgr", WAITS, 9 * DAY, 600, HOUR, 4452), options=["--known=" + P])
    answer.is_(CRITICAL, "1 stalled: despooler failing for 4 d", "1 known")


def test_a_younger_wait_hides_no_older_failure(tmp_path):
    _, answer = told(tmp_path, lambda child: child.every("despool", "Despooler failed to execute the instruction, error code = 8", 4 * DAY, 600, 600, 3816),
                     lambda child: child.every("distmgr", WAITS, 20 * HOUR, 600, HOUR, 4452))
    answer.is_(CRITICAL, "1 stalled: despooler failing for 4 d")


def test_distribution_points_that_fail_one_after_the_other(tmp_path):
    """Each is away for a night: nothing has failed for four days."""
    def away(name, days):
        return lambda child: child.every("distmgr", "Failed to make a network connection to \\\\%s\\ADMIN$ (0x35)." % name, days * DAY, (days - 0.5) * DAY, 1800, 4452)
    _, answer = told(tmp_path, away("DP01.corp.example", 4), away("DP02", 3), away("DP03", 2), away("DP04", 0.6))
    answer.is_(OK, "1 open, none too long: DP04 failing for 14 h")


def test_the_newest_line_of_what_fails_is_shown_with_its_cause(tmp_path):
    def failing(server, code, first_s, last_s):
        return lambda child: child.every("distmgr", ["Start updating the package %s..." % P, "Cannot establish connection to [\\\\%s\\]. Error = %d" % (server, code)],
                                         first_s, last_s, HOUR, 4452)
    _, answer = told(tmp_path, failing("DP01", 53, 5 * DAY, 3 * DAY), failing("DP77", 5, 3 * DAY - HOUR, 600))
    item = answer.is_(CRITICAL).item(P)
    assert "access denied (error 5)" in item["facts"] and "DP77" in item["line"], answer


# ---- words


@pytest.mark.parametrize("line", [
    "failed to open C:\\SMS\\inboxes\\despoolr.box\\receive\\00000012.ins WIN32 ERROR = 32", "CWmi::Connect(): ConnectServer(Namespace) failed. - 0x800706ba",
    "CopyFileExW of the content, error 0x800704d3", "The hash of the file does not match", "RDC:Failed to set access security on \\\\DP1\\SMSSIG$"])
def test_failures_in_other_words(tmp_path, line):
    log = "despool" if "despoolr" in line else "distmgr"
    _, answer = told(tmp_path, lambda child: child.every(log, line, 4 * DAY, 600, HOUR, 4452))
    answer.is_(CRITICAL, "1 stalled: ", "failing for 4 d")


def test_a_content_is_no_package(tmp_path):
    """Since 2012 the files of an update are contents with a GUID: the package is the one that the thread is at."""
    contents = ["2265B1F5-4DA1-4A0E-A328-3FD2AC9F500F", "01C39B5C-4DA1-4A0E-A328-3FD2AC9F5010", "7f3c1a0b-1da1-4A0E-A328-3FD2AC9F5011"]
    _, answer = told(tmp_path, *[lambda child, one=one, i=i: child.every(
        "distmgr", ["Start updating the package %s..." % P, "Failed to add the file setup96.exe in content %s. Error 0x80070070" % one], 4 * DAY - i * HOUR, 600,
        3 * HOUR, 4452) for i, one in enumerate(contents)])
    answer.is_(CRITICAL, "1 stalled: %s failing for 4 d, the disk is full" % P)


def test_a_thread_that_hangs_at_a_package(tmp_path):
    """Another one is free, so the queue moves."""
    def begins(child):
        return child.every("distmgr", ["Started package processing thread for package '%s', thread ID = 0x1164 (4452)" % P], 4 * DAY, 4 * DAY, HOUR, 4448) + \
            child.every("distmgr", ["Taking package snapshot for package %s from source" % P], 4 * DAY - 60, 4 * DAY - 60, HOUR, 4452)
    _, answer = told(tmp_path, begins, lambda child: child.every(
        "distmgr", ["Currently using 1 out of 3 allowed package processing threads.", "Package %s is currently being processed by another thread" % P],
        4 * DAY - HOUR, 600, HOUR, 4448))
    answer.is_(CRITICAL, "1 stalled: %s failing for 3 d" % P)


# ---- silence


IDLE = "~Waiting for ready instruction file...."


def idle(tmp_path, last=IDLE, *lines):
    child = Child(tmp_path, "cb")
    child.write(child.every("distmgr", "Sleep 3600 seconds...", 8 * DAY, 60, 1800), child.every("despool", IDLE, 8 * DAY, 62 * HOUR, 4 * HOUR),
                child.every("despool", last, 61 * HOUR, 61 * HOUR), *[child.every(*line) for line in lines], gap_s=None)
    return child.check("--site=S02")


def test_a_despooler_without_work_is_no_despooler_that_hangs(tmp_path):
    """A secondary site gets nothing over the weekend."""
    idle(tmp_path / "idle").is_(OK, "nothing stalled")
    idle(tmp_path / "done", "Despooler successfully executed one instruction.").is_(OK, "nothing stalled")
    idle(tmp_path / "busy", "Uncompressing E:\\SMSPKG\\CEN00042.PCK to E:\\SMSPKG\\CEN00042.PCK.temp").is_(CRITICAL, "the despooler is silent for 61 h")


def test_a_despooler_without_work_while_something_waits(tmp_path):
    idle(tmp_path, IDLE, ("distmgr", WAITS, 20 * HOUR, 600, HOUR, 4452)).is_(CRITICAL, "the despooler is silent for 61 h", "Waiting for ready instruction file")


# ---- not read yet


def test_what_is_not_read_yet_is_not_known(tmp_path):
    """The stall stands behind what the first run reads."""
    child = Child(tmp_path, "cb")
    child.write(child.every("distmgr", "Sleep 3600 seconds...", 13 * DAY, 60, 600), child.every("despool", IDLE, DAY, 60), passes(child, 5 * DAY, 600, 3, 2),
                gap_s=None)
    first = child.check("--site=S02", "--max-bytes=65536").is_(UNKNOWN, "nothing stalled in ", "catching up with distmgr.log, read up to ")
    assert "last written" not in first.verdict, first
    while "catching up" in (answer := child.check("--site=S02", "--max-bytes=65536")).verdict:
        pass
    answer.is_(CRITICAL, "1 stalled: %s waiting for 5 d" % P)
