# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool on what administrators met and told in public: the wordings are the programs' own, sites and packages ours."""

import logs
import pytest
from despool import CRITICAL, DAY, HOUR, OK, WARNING, Child

RECEIVE = "E:\\SMS\\inboxes\\despoolr.box\\receive"
STATMSG = ('STATMSG: ID=%d SEV=%s LEV=M SOURCE="SMS Server" COMP="%s" SYS=SRV01.corp.example SITE=CEN PID=924 TID=5204 GMTDATE=Tue Nov 24 '
           '22:36:30.986 2026 ISTR0="%s" ISTR1="%s" ISTR2="" ISTR3="" NUMATTRS=1 AID0=400 AVAL0="%s"')
NAL = '["Display=\\\\SRV07.corp.example\\"]MSWNET:["SMS_SITE=S02"]\\\\SRV07.corp.example\\'
NO_COPY = ".PCK from the owning site"


def tell(tmp_path, product, lines, options=(), **form):
    """The answer to logs in which the components live and the lines repeat: (log, text, first age, last age, step, thread)."""
    child = Child(tmp_path, product, **form)
    child.write(child.alive(), *[child.every(*line) for line in lines], gap_s=None)
    return child, child.check("--site=S02", *options)


def quoted(text, mark):
    return text.replace("'", mark)


# ---- waiting


@pytest.mark.parametrize("product", ["sms2003", "sccm2007"])
@pytest.mark.parametrize("words", ["The compressed files for package %s hasn't arrived from site CEN yet, will retry later.",
                                   "~The compressed files for package %s hasn\u2019t arrived from site CEN yet, will retry later.",
                                   "The compressed files for the package '%s' haven't arrived from site CEN yet"])
def test_compressed_files_that_have_not_arrived(tmp_path, product, words):
    packages = ["CEN00113", "CEN00011", "CEN0011B", "CEN00114"]
    _, answer = tell(tmp_path, product, [("distmgr", words % package, 5 * DAY, 1200, HOUR, 2508 + 4 * i) for i, package in enumerate(packages)] +
                     [("despool", ["Created retry instruction for job 0002DF38", "Despooler failed to execute the instruction, error code = 8"],
                       5 * DAY, 1200, 300, 3816)])
    answer.is_(CRITICAL, "4 stalled")
    assert {item["package"] for item in answer.items if item["kind"] == "waiting"} == set(packages), answer


@pytest.mark.parametrize("first, second", [("StoredPkgVersion", "SourceVersion"), ("SourceVersion", "StoredPkgVersion")])
@pytest.mark.parametrize("words", ["The contents for the package CEN00113 hasn't arrived from site CEN yet, will retry later.",
                                   "The compressed files for package CEN00113 hasn't arrived from site CEN yet, will retry later."])
def test_stored_and_source_version_close_in_either_order(tmp_path, first, second, words):
    ends = ["%s (1) of package CEN00113. %s in database is 1." % (name, name) for name in (first, second)]
    _, answer = tell(tmp_path, "sccm2007", [("distmgr", words, 5 * DAY, 2 * DAY), ("distmgr", ends, 2 * DAY - 600, 2 * DAY - 600)])
    assert answer.is_(OK, "nothing stalled").values("waiting") == (0,)


def test_a_definition_that_never_comes_is_no_missing_content(tmp_path):
    for product, words, others in (("cb", "database replication", "sched.log"), ("sms2003", "distmgr.box\\INCOMING", "rcmctrl")):
        child, answer = tell(tmp_path / product, product, [("despool", [
            "Executing instruction of type MICROSOFT|SMS|MINIJOBINSTRUCTION|PACKAGE",
            "Received package CEN00026 version 1. Compressed file -  E:\\SMSPKG\\CEN00026.PCK.1 as %s\\PKGj3uib.TRY" % RECEIVE,
            "This package[CEN00026]'s information hasn't arrived yet for this version [1]. Retry later ...",
            "Created retry instruction for job 00000E2A", "Despooler failed to execute the instruction, error code = 12"],
            3 * DAY + HOUR, 900, 300, 3816)])
        item = answer.is_(CRITICAL, "the definition is not here").item("CEN00026")
        assert item["kind"] == "waiting" and "the content is here, its definition is not" in item["facts"], answer
        assert words in item["advice"] and others not in answer.text and NO_COPY not in answer.text, answer


# ---- failing


FAILURES = {
    "source gone": ('The source directory "\\\\SRV01\\source\\Updates\\SCEP\\bfdc178c" for package "CEN00015" does not exist.', "its source directory is gone"),
    "source not to be read": (["Taking package snapshot for package CEN00015 from source \\\\PS1\\SRC",
                               "~The source directory \\\\PS1\\SRC doesn't exist or the SMS service cannot access it, Win32 last error = 5",
                               "~Failed to take snapshot of package CEN00015"], "access denied (error 5)"),
    "source in use": (["Taking package snapshot for package CEN00015 from source \\\\PS1\\SRC",
                       "Error 32: The process cannot access the file because it is being used by another process."], "in use by another program"),
    "IIS 6": (["DP Thread: Attempting to add or update package CEN00015 on DP " + NAL, "CWmi::PutObject(): PutInstance() failed. - 0x80041013",
               "ERROR CreateApplicationPool: Failed with error = IDispatch error #3603",
               "ERROR CreateVirtualDirectory: Failed to update virtual directory SMS_DP_SMSPKG$. error = IDispatch error #3603",
               "vdHelper.CreateVirtualDirectory() - Failed to CreateVirtualDirectory SMS_DP_SMSPKG$ for DP SRV07. Will retry in 5 seconds"],
              "lacks IIS 6 compatibility"),
    "network": (["Processing package CEN00015 (SourceVersion:4;StoredVersion:4)",
                 "Failed to make a network connection to \\\\SRV07.CORP.EXAMPLE\\ADMIN$ (0x35).~", "~Cannot establish connection to %s. Error = 53" % NAL,
                 "Error occurred. Performing error cleanup prior to returning."], "network path is not reachable (error 53)"),
    "2302": (["Processing package CEN00015 (SourceVersion:1;StoredVersion:1)",
              STATMSG % (2302, "E", "SMS_DISTRIBUTION_MANAGER", "Drivers", "CEN00015", "CEN00015")], "2302, failed to process the package"),
    "disk full": (["Failed to write package CEN00015 to E:\\SMSPKG, Win32 error = 112"], "the disk is full (error 112)"),
    "boot image": (["Processing package CEN00015 (SourceVersion:2;StoredVersion:2)", "CContentDefinition::TotalFileSizes failed; 0x80070003",
                    "ExpandPXEImage failed; 0x80070003", "Error occurred. Performing error cleanup prior to returning."],
                   "no drive for the boot image (error 3)"),
    "aborted": (["Processing package CEN00015 (SourceVersion:2;StoredVersion:2)", "CreatePackageBundle failed; 0x800704d3"],
                "the operation was aborted (error 1235)"),
    "WMI": (["Processing package CEN00015 (SourceVersion:2;StoredVersion:2)", "CContentDefinition::AddFile failed; 0x80041002"],
            "WMI fails (error 0x80041002)"),
    "hash": (["Processing package CEN00015 (SourceVersion:2;StoredVersion:2)", "CContentDefinition::AddFile failed; 0x80091007"],
             "content does not match its hash (error 0x80091007)"),
    "an HRESULT of nobody": (["Processing package CEN00015 (SourceVersion:2;StoredVersion:2)", "CContentDefinition::AddFile failed; 0x80131500"],
                             "the same failure again and again (error 0x80131500)"),
    "source server away": (["Taking package snapshot for package CEN00015 from source \\\\PS1\\SRC",
                            "~The source directory \\\\PS1\\SRC doesn't exist or the SMS service cannot access it, Win32 last error = 53"],
                           "the server of the package source is not reachable (error 53)"),
    "library away": (["Processing package CEN00015 (SourceVersion:4;StoredVersion:3)", "CFileLibrary::AddFile failed; 0x80070035"],
                     "the content library is not reachable (error 53)"),
    "distribution point full": (["DP Thread: Attempting to add or update package CEN00015 on DP " + NAL,
                                 "Failed to copy signature file to \\\\DP1\\SMSSIG$\\CEN00015.4.tar, error code = 112"],
                                "the disk of the distribution point is full (error 112)"),
    "program of a task sequence": (["Failed to insert SMS Program ID 3 because the referenced program CEN00015-Setup is not present in the PkgPrograms "
                                    "table. Will try later."], "its program is not here, and a task sequence refers to it"),
    "programs deleted": (["Package CEN00015 program Setup no longer exists, delete it"], "its programs are deleted at this site"),
    "site gone": (["Processing incoming file C:\\SMS\\inboxes\\distmgr.box\\INCOMING\\RD5L85BW.PKG.", "Updated replicated package info for package CEN00015",
                   "SQL Msg #99901> This SiteCode (SEC) does not exist in the parent table, Sites.~",
                   "Cannot update the package server %s for package CEN00015, error = 3" % NAL], "delete the .PKG file in distmgr.box\\INCOMING"),
    "package server": (["Cannot update the package server %s for package CEN00015, error = 8" % NAL],
                       "delete the package's .PCK and .PKG here, and add it again"),
    "package program": (["Cannot update the package program for package CEN00015 in the package source, error = 40"],
                        "the number is no error of Windows: the lines before it name what is missing"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_that_comes_again_and_again(tmp_path, name):
    lines, words = FAILURES[name]
    child, answer = tell(tmp_path, "cb", [("distmgr", lines, 2 * DAY, 1200, 1800, 5204)])
    item = answer.is_(WARNING).item("CEN00015")
    assert item["kind"] == "failing" and words in answer.text and NO_COPY not in answer.text, answer
    assert answer.values("waiting", "broken") == (1, 0)
    # A whole pass that went well ends it.
    success = STATMSG % (2301, "I", "SMS_DISTRIBUTION_MANAGER", "Drivers", "CEN00015", "CEN00015")
    child.files["distmgr"].append(child.every("distmgr", success, 300, 300))
    assert "ended: CEN00015 failing: it went well now" in child.check("-v").is_(OK).text


@pytest.mark.parametrize("line, words", [
    ("*** [08001][53][Microsoft][SQL Server Native Client 11.0]Named Pipes Provider: Could not open a connection to SQL Server [53].",
     "the site database is not reachable"),
    ("Failed to decrypt cert PFX data", "renew or import it in the properties of the distribution point"),
    ("CHttpConnection::Connect failed; 0x80072ee2", "the Internet address is not reachable (error 12002)")])
def test_a_failure_of_no_package_tells_its_cause(tmp_path, line, words):
    _, answer = tell(tmp_path, "cb", [("distmgr", line, 4 * DAY, 1200, 1800, 5204)])
    assert words in answer.is_(CRITICAL, "1 stalled: distmgr failing").text and "admin$" not in answer.text, answer


def test_a_deadlock_is_run_again(tmp_path):
    line = ("*** [40001][1205][Microsoft][SQL Server Native Client 11.0][SQL Server]Transaction (Process ID 78) was deadlocked on lock resources with "
            "another process and has been chosen as the deadlock victim. Rerun the transaction.")
    tell(tmp_path, "cb", [("distmgr", line, 5 * DAY, 1200, 3 * HOUR, 5204)])[1].is_(OK, "nothing stalled")


def test_a_number_that_is_no_error_of_windows_does_not_hide_the_wait(tmp_path):
    lines = ["Package CEN00015 requires a newer version (2) of source files and the new compressed files hasn't arrived yet, current version is 1, skip E:\\X.PKG",
             "Cannot update the package CEN00015 in the package source, error = 8"]
    _, answer = tell(tmp_path, "sms2003", [("distmgr", lines, 4 * DAY, 1200)])
    item = answer.is_(CRITICAL).item("CEN00015")
    assert "is the parent sending it?" in item["advice"] and "memory" not in item["facts"], answer


def test_a_status_message_of_a_delta_without_its_base(tmp_path):
    message = STATMSG.replace('ISTR1="%s"', 'ISTR1="2"') % (4402, "E", "SMS_DESPOOLER", "CEN00112", "CEN00112")
    _, answer = tell(tmp_path, "cb", [("despool", ["Received package CEN00112 version 3", message], 2 * DAY, 900, 300, 3816)])
    assert answer.is_(CRITICAL).item("CEN00112")["kind"] == "base_missing", answer


def test_failures_within_the_hour_and_once_are_no_trouble(tmp_path):
    lines, _ = FAILURES["2302"]
    tell(tmp_path, "cb", [("distmgr", lines, 3 * DAY, 3 * DAY - 3000, 600, 5204)], ["-w", "1h"])[1].is_(OK, "nothing stalled")


@pytest.mark.parametrize("error, words", [("112: There is not enough space on the disk.", "the disk is full (error 112)"),
                                          ("1: Incorrect function.", "the disk is full (error 1)"),
                                          ("8: Not enough storage is available to process this command.", "not enough memory or disk space (error 8)"),
                                          ("5: Access is denied.", "access denied (error 5)"),
                                          ("32: The process cannot access the file", "in use by another program (error 32)")])
@pytest.mark.parametrize("by", ["SMS Despooler", "Despooler"])
def test_a_delta_that_cannot_be_merged_is_not_always_a_missing_base(tmp_path, error, words, by):
    lines = ["Received package CEN00112 version 13",
             '%s failed to merge delta to the compressed package "CEN00112". The operating system reported error %s' % (by, error)]
    _, answer = tell(tmp_path, "sccm2007", [("despool", lines, 2 * DAY, 900, 300, 3816)])
    item = answer.is_(WARNING).item("CEN00112")
    assert item["kind"] == "failing" and words in item["facts"] and "copy CEN00112.PCK" not in answer.text, answer


@pytest.mark.parametrize("version, number, kind, words", [
    (3, 32, "failing", "in use by another program (error 32)"), (3, 5, "failing", "access denied (error 5)"),
    (3, 112, "failing", "the disk is full (error 112)"), (3, 2, "base_missing", ""), (33, 32, "base_missing", ""), (32, 32, "base_missing", ""),
    (None, 32, "base_missing", "")])
def test_a_number_behind_a_base_that_can_be_no_version(tmp_path, version, number, kind, words):
    lines = ["CCompress::Open: Failed to open E:\\SMSPKG\\CEN00112.PCK (%d)" % number]
    if version is not None:
        lines.insert(0, "Received package CEN00112 version %d" % version)
    _, answer = tell(tmp_path, "sms2003", [("despool", lines, 2 * DAY, 1200, 300, 3816)])
    item = answer.item("CEN00112")
    assert item["kind"] == kind and words in item["facts"] and ("copy CEN00112.PCK" in answer.text) == (kind == "base_missing"), answer


def test_a_missing_base_on_a_full_disk_is_not_filled_further(tmp_path):
    child = Child(tmp_path, "sms2003")
    child.write(child.alive(), child.tell("article"), child.every("distmgr", "Failed to write package CEN00001 to E:\\SMSPKG, Win32 error = 112",
                                                                  3 * DAY, 1200), gap_s=None)
    item = child.check().is_(CRITICAL).item("CEN00001")
    assert "base_missing" in item["kind"] and "copy CEN00001.PCK" not in item["advice"] and "free space" in item["advice"]


def test_a_share_that_is_not_empty_is_harmless(tmp_path):
    lines = ["~Start deleting the package CEN00018...", "~The package share directory D:\\PKGS is not empty, cannot remove the share PKGS."]
    tell(tmp_path, "sms2003", [("distmgr", lines, 3 * DAY, 1200, HOUR, 1700)])[1].is_(OK, "nothing stalled")


# ---- the site as a whole


REFUSALS = ["~Cannot find valid public key for key exchange instruction coming from site S03",
            "Cannot find a public key for instruction %s\\ds_1vfda.ist incoming from site S03, retry it later" % RECEIVE,
            STATMSG % (4404, "E", "SMS_DESPOOLER", "S03", "", "")]


@pytest.mark.parametrize("line", REFUSALS)
def test_instructions_of_a_site_are_refused(tmp_path, line):
    child, answer = tell(tmp_path, "sms2003", [("despool", [
        "Verifying signature for instruction %s\\ds_1vfda.ist of type MICROSOFT|SMS|MINIJOBINSTRUCTION|TRANSFER" % RECEIVE, line,
        "~Retry the instruction (%s\\ds_1vfda.ist) because this site does not allow untrusted child sites." % RECEIVE], 2 * DAY, 300, 300, 1900)])
    item = answer.is_(CRITICAL, "S03", "public key").item("S03")
    assert item["kind"] == "site" and answer.values("waiting", "broken") == (0, 1)
    assert child.check("--site=S02", "--known=@S03").is_(OK, "nothing else stalled", "; 1 known").item("S03")["state"] == "known"
    child.check("--site=S02", "--known=@S04,CEN00001@S03").is_(CRITICAL, "S03")
    child.files["despool"].append(child.every(
        "despool", "Signature checked out OK for instruction coming from site S03, proceed with the instruction execution.", 60, 60))
    child.check().is_(OK)


@pytest.mark.parametrize("product, words", [("cb", "~Currently using 3 out of 3 allowed package processing threads."),
                                            ("sms2003", "Used 3 out of 3 allowed processing threads.")])
def test_all_processing_threads_are_busy(tmp_path, product, words):
    child = Child(tmp_path, product)
    begin = []
    for n in range(3):
        thread = 2364 + 8 * n
        started = "~Started package processing thread for package 'CEN0003%d', thread ID = 0x%X (%d)" % (n, thread, thread)
        begin += child.every("distmgr", started if product == "cb" else "Starting package processing thread,thread ID = %X" % thread,
                             31 * HOUR, 31 * HOUR, thread=4824)
        begin += child.every("distmgr", "Start updating the package CEN0003%d..." % n, 31 * HOUR - 60, 31 * HOUR - 60, thread=thread)
    busy = child.every("distmgr", words, 30 * HOUR, 1800, 1800, 4824)
    child.write(child.alive(), begin, busy, gap_s=None)
    answer = child.check()
    item = answer.is_(WARNING, "all processing threads are busy").item("threads")
    assert item["kind"] == "site" and all("CEN0003%d" % n in item["line"] for n in range(3)), answer
    child.check("-w", "2d").is_(OK, "nothing stalled")
    child.files["distmgr"].append(child.every("distmgr", words.replace("3 out", "2 out"), 60, 60))
    child.check().is_(OK, "nothing stalled")


@pytest.mark.parametrize("log, words, subject", [
    ("distmgr", "~Failed to process package CEN00041 after 12 retries, will retry 88 more times", "CEN00041"),
    ("distmgr", "Unable to read the signature of package ID = CEN00041, error = 87", "CEN00041"),
    ("distmgr", "Could not frobnicate SRVDP0001 for content 'CEN00041'.", "CEN00041"),
    ("distmgr", "ERROR: cannot lock package: CEN00041", "CEN00041"),
    ("distmgr", "DPConnection::ConnectWMIEx() - Failed to connect to SRVDP0001, error = 0x800706ba", "distmgr"),
    ("distmgr", "SnapshotPackage() of package CEN00041 failed. Error = 0x80070003.", "CEN00041"),
    ("distmgr", ["~Processing package CEN00041 (SourceVersion:2;StoredVersion:1)", "CreateFolder failed; 0x80070003", "~Exiting package processing thread."], "CEN00041"),
    ("distmgr", ["ExpandPXEImage: CEN00041, 16778240", "CContentDefinition::TotalFileSizes failed; 0x80070003"], "CEN00041"),
    ("distmgr", "*** [42000][229][Microsoft][SQL Native Client]SELECT permission was denied", "distmgr"),
    ("distmgr", 'STATMSG: ID=2391 SEV=E LEV=M SOURCE="SMS Server" COMP="SMS_DISTRIBUTION_MANAGER" SYS=S021 SITE=S02 ISTR0="SRV1" NUMATTRS=0', "distmgr"),
    ("distmgr", 'Distribution Manager failed to process package "Office" (package ID = CEN00041).', "CEN00041"),
    ("distmgr", "Insufficient disk space on drive E: for package CEN00041", "CEN00041"),
    ("despool", "CFileLibrary::AddFile failed; 0x80070570", "despooler"),
    ("distmgr", ["Start updating the package CEN00041...", "Failed to find a valid drive on the distribution point X"], "CEN00041"),
    ("despool", "Failed to open E:\\SMS\\inboxes\\despoolr.box\\receive\\ds_1abcd.pkg", "despooler"),
    ("despool", "Cannot take up the instruction of content CEN00041 now", "CEN00041"),
    ("despool", 'STATMSG: ID=4499 SEV=E LEV=M SOURCE="SMS Server" COMP="SMS_DESPOOLER" SYS=S021 SITE=S02 ISTR0="" NUMATTRS=0', "despooler"),
])
def test_a_failure_in_words_that_are_not_known(tmp_path, log, words, subject):
    child, answer = tell(tmp_path, "cb", [(log, words, 4 * DAY, 1800, 1800, 6128)])
    assert answer.is_(CRITICAL, "1 stalled: %s failing for " % subject).item(subject)["kind"] == "failing"
    _, calm = tell(tmp_path / "over", "cb", [(log, words, 4 * DAY, 2 * DAY, 1800, 6128)])
    calm.is_(OK, "nothing stalled")
    _, once = tell(tmp_path / "once", "cb", [(log, words, 4 * DAY, 4 * DAY, 1800, 6128)])
    once.is_(OK, "nothing stalled")


@pytest.mark.parametrize("words", ["It failed; 0 retries", "Finished, error = 0", "hr = 0x00000000", "an error=-like sign", "Found package CEN00041; nothing failed", "The content CEN00041 cannot be older",
                                   "Nothing fails for a packageCEN00041x"])
def test_what_names_no_package_or_no_failure_is_none(tmp_path, words):
    tell(tmp_path, "cb", [("distmgr", words, 4 * DAY, 1800, 1800, 6128)])[1].is_(OK, "nothing stalled")


def test_what_ended_many_times_is_one_line(tmp_path):
    """Threads that were busy and free again, day after day: a first run reads all of it at once."""
    child = Child(tmp_path, "cb")
    lines = [child.every("distmgr", "~Currently using %d out of 3 allowed package processing threads." % used, age, age, thread=4824)
             for day in range(1, 8) for used, age in ((3, day * DAY), (3, day * DAY - HOUR), (2, day * DAY - 2 * HOUR))]
    child.write(child.alive(), *lines, gap_s=None)
    ended = [line for line in child.check("-v").is_(OK).lines if line.startswith("ended: ")]
    assert ended == ["ended: threads site: it went well now (7 times)"], ended


@pytest.mark.parametrize("date", ["05/13/2031 18:04:37 Eastern Daylight Time", "13.05.2031 18:04:37 Mitteleurop\u00e4ische Sommerzeit", "2031-05-13 18:04"])
@pytest.mark.parametrize("mark", ["'", "\u2019"])
def test_an_instruction_that_is_put_off_for_years(tmp_path, date, mark):
    line = quoted("~Instruction C:\\Program Files\\SMS\\inboxes\\despoolr.box\\receive\\sni00001.sni won't be processed till " + date, mark)
    _, answer = tell(tmp_path, "sms2003", [("despool", line, 4 * DAY, 900, 1800, 6128)])
    item = answer.is_(CRITICAL, "an instruction is put off").item("sni00001")
    assert item["kind"] == "site" and "2031" in item["line"], answer


def test_a_deleted_package_is_wanted_no_more(tmp_path):
    child, answer = tell(tmp_path, "sccm2007", [
        ("distmgr", "The compressed files for package CEN00113 hasn't arrived from site CEN yet, will retry later.", 5 * DAY, DAY),
        ("distmgr", "StoredPkgVersion (1) of package CEN00001. StoredPkgVersion in database is 1.", 6 * DAY, 6 * DAY)])
    answer.is_(CRITICAL, "1 stalled")
    child.files["distmgr"].append(child.every("distmgr", "Successfully deleted the package CEN00113", 300, 300))
    assert "ended: CEN00113 waiting: the package was deleted at this site" in child.check("-v").is_(OK).text


def test_superseded_is_preloaded_or_reset(tmp_path):
    line = "A newer version (15) of package CEN00113 has already arrived, delete the replication file D:\\SMS\\X.PKG for version 12 ."
    _, answer = tell(tmp_path, "sccm2007", [("distmgr", line, 5 * DAY, 1200)])
    item = answer.is_(CRITICAL).item("CEN00113")
    assert item["kind"] == "superseded" and "/UpdateStoredPkgVersion" in item["advice"] and "sms_reset_package" in item["advice"], answer
    assert "is the parent sending it" not in answer.text


def test_a_despooler_that_is_busy_but_works(tmp_path):
    busy = ("despool", "Used 3 out of 3 despooling threads", 30 * HOUR, 1800, 1800, 4824)
    tell(tmp_path / "stuck", "sms2003", [busy])[1].is_(WARNING, "all despooling threads are busy")
    done = ("despool", "Despooler successfully executed one instruction.", 30 * HOUR - 600, 1200, 1800, 3816)
    tell(tmp_path / "works", "sms2003", [busy, done])[1].is_(OK, "nothing stalled")


# ---- the logs that tell why


def with_why(tmp_path, name, component, lines):
    """A package waits for two days; the parent's log tells why. (text, age) each."""
    child = Child(tmp_path, "cb")
    child.write(child.alive(), child.tell("waiting", package="CEN00019", age_s=2 * DAY), gap_s=None)
    why = logs.LogFile(child.path(name), "F1")
    why.append([logs.Record(child.now - age, name, component, 5744, text) for text, age in lines])
    return child, ["--log=" + child.path(one) for one in ("despool", "distmgr", name)]


SENDING = "Sending thread starting for Job: 12771, package: CEN00019, Version: 3, Priority: 2, server: SRV07, DPPriority: 200"
FAILED = "~ Sending failed. Failure count = 24, Restart time = 12/4/2014 6:14:27 AM Eastern Standard Time"


@pytest.mark.parametrize("name, component, lines, words", [
    ("PkgXferMgr", "SMS_PACKAGE_TRANSFER_MANAGER", [(SENDING, 2 * HOUR), (FAILED, 2 * HOUR), (SENDING, HOUR), (FAILED, HOUR)],
     ["package transfer manager: 2 lines since ", "Failure count = 24"]),
    ("PkgXferMgr", "SMS_PACKAGE_TRANSFER_MANAGER", [(SENDING, HOUR), ("Address is closed for priority 2 jobs, stop sending[E:\\SCCMContentLib]", HOUR)],
     ["package transfer manager: ", "healthy, it waits for its window"]),
    ("sender", "SMS_LAN_SENDER", [("Finished sending SWD package CEN00019 version 3 to site S02", HOUR)],
     ["sender: ", "Finished sending SWD package CEN00019 version 3 to site S02"]),
    ("sched", "SMS_SCHEDULER", [("Send Request 202SQCS1 JobID: 00000E2A DestSite: S02 FinalSite: State: Pending Status: Action: None Total size: 204864k "
                                 "Remaining: 104864k Heartbeat: 12:23 Start: 12:00 Finish: 12:00 Retry: SWD PkgID: CEN00019 SWD Pkg Version: 3", HOUR)],
     ["scheduler: ", "Remaining: 104864k"])])
def test_the_cause_stands_in_the_line_of_the_item(tmp_path, name, component, lines, words):
    child, arguments = with_why(tmp_path, name, component, lines)
    for run in range(2):  # also from the memory
        item = child.check(*arguments).is_(WARNING, "1 stalled: CEN00019 waiting").item("CEN00019")
        assert all(word in item["advice"] for word in words), item


def test_the_logs_that_tell_why_raise_no_alarm_and_are_no_sign_of_life(tmp_path):
    child, arguments = with_why(tmp_path, "PkgXferMgr", "SMS_PACKAGE_TRANSFER_MANAGER",
                                [(line.replace("CEN00019", "CEN000AA"), age) for age in range(3 * DAY, 0, -1800) for line in (SENDING, FAILED)])
    assert [item["package"] for item in child.check(*arguments).items] == ["CEN00019"]
    child.forget()
    child.write(child.alive(last_s=26 * HOUR), gap_s=None)
    answer = child.check(*arguments).is_(WARNING, "no log was written for 26 h")
    assert answer.value("log_age") >= 26 * HOUR


CONNECT = "~Cannot connect to server %sSRV at remote site %s, won't try send requests going to site %s for an hour or until there are no active send requests"
REMOTE_FILE = "Cannot create/open the remote file \\\\S02SRV\\SMS_SITE\\2_4O7PRI.PCK, Win32 error = 32."


@pytest.mark.parametrize("lines, words", [
    ([(CONNECT % (("S02",) * 3), age) for age in (3 * HOUR, 2 * HOUR, HOUR)], "sender: 3 lines since "),
    ([(REMOTE_FILE, 2 * HOUR)], "Win32 error = 32."),
    ([(REMOTE_FILE, 2 * HOUR), (CONNECT % (("S02",) * 3), HOUR)], "at remote site S02"),
    ([(CONNECT % (("S02",) * 3), 9 * HOUR), (CONNECT % (("S02",) * 3), HOUR)], "sender: 20"),
    ([("Finished sending SWD package CEN00019 version 3 to site S02", 2 * HOUR), (CONNECT % (("S02",) * 3), HOUR)], "at remote site S02"),
    ([(CONNECT % (("S02",) * 3), 2 * HOUR), ("Finished sending SWD package CEN00019 version 3 to site S02", HOUR)], "Finished sending"),
    ([(CONNECT % (("S77",) * 3), HOUR)], None),  # another site
    ([(CONNECT % (("S02",) * 3), 8 * HOUR)], None)])  # long over
def test_a_link_that_is_down_stands_at_what_waits(tmp_path, lines, words):
    child, arguments = with_why(tmp_path, "sender", "SMS_LAN_SENDER", lines)
    for run in range(2):  # also from the memory
        answer = child.check(*arguments, "--site=S02").is_(WARNING, "1 stalled: CEN00019 waiting")
        assert ("; sender: " in answer.text) == (words is not None) and (words or "") in answer.item("CEN00019")["advice"], answer
    assert len(child.check(*arguments, "--site=S02", "-v").items) == 1


def test_nothing_was_looked_for_in_the_logs_that_only_tell_why(tmp_path):
    child, arguments = with_why(tmp_path, "PkgXferMgr", "SMS_PACKAGE_TRANSFER_MANAGER",
                                [("PullDP has no capacity. Restart time = 14/06/2018 06:56:25", age) for age in range(4 * DAY, 0, -HOUR)])
    child.write(child.alive(), gap_s=None)
    verdict = child.check(*arguments).is_(OK, "nothing stalled in despool.log, distmgr.log").verdict
    assert "PkgXferMgr" not in verdict


# ---- threads that come to another package, components that start anew


@pytest.mark.parametrize("taken_up", [
    ["~Starting package processing thread, thread ID = 0x1658 (5720)", STATMSG % (2300, "I", "SMS_DISTRIBUTION_MANAGER", "Other", "CEN00077", "CEN00077")],
    ["~Starting package processing thread, thread ID = 0x1658 (5720)", "No action specified for the package CEN00077."],
    ["No action specified for the package CEN00077, however there may be package server changes for this package."],
])
def test_a_thread_that_comes_to_another_package_is_at_that_one(tmp_path, taken_up):
    """The failures are CEN00077's, and what went well of the package that the thread had before does not end them."""
    before = ["Start updating the package CEN00001...", STATMSG % (2301, "I", "SMS_DISTRIBUTION_MANAGER", "Office", "CEN00001", "CEN00001")]
    after = taken_up + ["Failed to make a network connection to \\\\SRV07\\ADMIN$ (0x35).~", "~Cannot establish connection to %s. Error = 53" % NAL, "Error occurred."]
    child = Child(tmp_path, "sccm2007")
    child.write(child.alive(), child.every("distmgr", before, 60 * HOUR, 1800, HOUR, 5720), child.every("distmgr", after, 60 * HOUR - 900, 900, HOUR, 5720), gap_s=None)
    answer = child.check("--site=S02")
    assert [(item["package"], item["kind"]) for item in answer.items] == [("CEN00077", "failing")], answer
    assert answer.code == WARNING and "the network path is not reachable" in answer.text, answer


@pytest.mark.parametrize("log, busy, component", [("distmgr", "~Currently using 3 out of 3 allowed package processing threads.", "SMS_DISTRIBUTION_MANAGER"),
                                                  ("despool", "~Used 3 out of 3 despooling threads", "SMS_DESPOOLER")])
def test_a_component_that_starts_has_no_busy_threads(tmp_path, log, busy, component):
    """The restart that the advice asks for ends what it is for; without it the threads are busy still."""
    for restart in (False, True):
        child = Child(tmp_path / str(restart), "cb")
        more = [child.every(log, "SMS_EXECUTIVE started %s as thread ID 3648 (0xE40)." % component, 5 * HOUR, 5 * HOUR, HOUR, 3648)] if restart else []
        child.write(child.alive(), child.every(log, busy, 40 * HOUR, 5.5 * HOUR, 600), *more, gap_s=None)
        answer = child.check("--site=S02")
        assert answer.code == (OK if restart else WARNING), answer


@pytest.mark.parametrize("date", ["5/13/2031 11:31:54 AM E. Europe Daylight Time", "13/05/2574 11:31:54 SE Asia Standard Time"])
def test_an_instruction_that_is_taken_up_is_put_off_no_more(tmp_path, date):
    put_off = "Instruction %s\\sni00001.sni won't be processed till %s" % (RECEIVE, date)
    for taken in (False, True):
        child = Child(tmp_path / str(taken), "sccm2007")
        more = [child.every("despool", "~Found ready instruction sni00001.sni", 5 * HOUR, 5 * HOUR)] if taken else []
        child.write(child.alive(), child.every("despool", put_off, 4 * DAY, 6 * HOUR, 600), *more, gap_s=None)
        answer = child.check("--site=S02")
        assert answer.code == (OK if taken else CRITICAL), answer


def test_a_retry_in_the_buddhist_era_is_no_wrong_clock(tmp_path):
    """A Thai server writes the year 543 years ahead: a retry in five minutes is one."""
    import time
    child = Child(tmp_path, "cb")
    records = []
    for age in range(30 * HOUR, 600, -HOUR):
        when = time.gmtime(child.now - age + 300)
        date = "%d/%d/%d %02d:%02d:%02d SE Asia Standard Time" % (when.tm_mday, when.tm_mon, when.tm_year + 543, when.tm_hour, when.tm_min, when.tm_sec)
        records += child.every("despool", "Instruction %s\\ds_0004.sni won't be processed till %s" % (RECEIVE, date), age, age)
    child.write(child.alive(), records, gap_s=None)
    child.check("--site=S02").is_(OK, "nothing stalled")


def test_a_package_that_another_thread_is_at_does_not_fail(tmp_path):
    _, answer = tell(tmp_path, "cb", [("distmgr", "Package CEN00041 is currently being processed by another thread.", 80 * HOUR, 900)])
    answer.is_(OK, "nothing stalled")


@pytest.mark.parametrize("code, words", [("20", "exclude SMSPKG, despoolr.box and the package source from antivirus and backup"), ("5", "give the computer account of the site server the rights")])
def test_a_base_that_is_locked_is_not_copied_over(tmp_path, code, words):
    number = int(code, 16)
    _, answer = tell(tmp_path, "sccm2007", [("despool", [
        "Received package CEN00041 version 3. Compressed file -  E:\\SMSPKG\\CEN00041.PCK.3 as %s\\PKGj3uib.TRY" % RECEIVE,
        "CCompress::Open: Failed to open E:\\SMSPKG\\CEN00041.PCK (%d)" % number, "Despooler failed to execute the instruction, error code = " + code],
        3 * DAY, 900, 300, 3816)])
    item = answer.item("CEN00041")
    assert words in item["advice"] and "copy CEN00041.PCK" not in item["advice"], answer


def test_the_repair_of_a_stored_version_can_be_pasted(tmp_path):
    _, answer = tell(tmp_path, "sccm2007", [("distmgr", "A newer version (15) of package CEN00041 has already arrived, delete the replication file E:\\X.PKG for version 12.",
                                             4 * DAY, 900)])
    assert "(PreloadPkgOnSite.exe CEN00041 /UpdateStoredPkgVersion 12)" in answer.item("CEN00041")["advice"], answer


HEALTHY_PASS = ["~Processing package CEN00041 (SourceVersion:4;StoredVersion:4)",
                "No action specified for the package CEN00041, however there may be package server changes for this package.",
                "~Successfully updated the package server status for %s for package CEN00041, Status 3" % NAL,
                STATMSG % (2330, "I", "SMS_DISTRIBUTION_MANAGER", "CEN00041", NAL, "CEN00041"), "~Exiting package processing thread for package CEN00041."]


@pytest.mark.parametrize("others", (False, True))
@pytest.mark.parametrize("cured_s, states", ((12 * HOUR, (OK, CRITICAL)), (28 * HOUR, (OK, OK)), (5 * DAY, (OK, OK))))
def test_a_healthy_pass_without_a_line_of_success_ends_what_failed(tmp_path, cured_s, states, others):
    """Of 2012 and later: a pass that has nothing to do prints no 2301. Others' 2301 ask for more: a day of passes without a failure."""
    child = Child(tmp_path, "cb")
    failing = ["DP Thread: Attempting to add or update package CEN00041 on DP %s" % NAL, "~Cannot establish connection to %s. Error = 53" % NAL]
    more = [child.every("distmgr", STATMSG % (2301, "I", "SMS_DISTRIBUTION_MANAGER", "Office", "CEN00001", "CEN00001"), 8 * DAY, 1800, 6 * HOUR, 3000)] if others else []
    child.write(child.alive(9 * DAY), child.every("distmgr", failing, 8 * DAY, cured_s, 1800, 5204), child.every("distmgr", HEALTHY_PASS, cured_s - 1200, 900, 6 * HOUR, 5208),
                *more, gap_s=None)
    assert child.check("--site=S02").code == states[others]


@pytest.mark.parametrize("log, lines", [
    ("distmgr", "~DPConnection::ConnectWMI() - Failed to connect to SRVDP0001, error = 0x800706ba"),
    ("despool", ["Cannot create temp storage E:\\SMS\\temp", "Despooler failed to execute the instruction, error code = 3"]),
])
@pytest.mark.parametrize("options", ((), ("--known=CEN00005",)))
def test_a_package_that_waits_does_not_hide_what_has_a_cause_of_its_own(tmp_path, log, lines, options):
    waits = "Package CEN00005 requires a newer version (3) of source files and the new compressed files haven't arrived yet, current version is 2, skip D:\\X.PKG"
    _, answer = tell(tmp_path, "cb", [("distmgr", waits, 5 * DAY, 900, 1800, 2600), (log, lines, 4 * DAY, 600, 1800, 7000)], options)
    answer.is_(CRITICAL)
    assert any(item["package"] in ("distmgr", "despooler") and item["state"] != "OK" for item in answer.items), answer
