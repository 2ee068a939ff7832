// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/event.h"

#include "../logstory.h"
#include "base/packageid.h"
#include "replication/templates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define D REPLICATION_DISTMGR
#define S REPLICATION_DESPOOL
#define C REPLICATION_SCHEDULER
#define L REPLICATION_SENDER
#define X REPLICATION_TRANSFER

static const struct log_progress nothing_before;

static bool read_line(struct replication_ties *ties, enum replication_component component, uint32_t thread,
                      const char *message, int64_t time_s, struct replication_event *event)
{
    struct log_record record = {.watched = (int)component, .thread = thread, .message = message};
    record.message_length = strlen(message);
    record.several_lines = strchr(message, '\n') != NULL;
    record.stamp.ms = time_s * 1000;
    record.before = &nothing_before;
    return replication_read(ties, &record, time_s, event);
}

static void tell(struct replication_ties *ties, enum replication_component component, uint32_t thread,
                 const char *message, int64_t time_s, struct text *out)
{
    struct replication_event event;
    text_cut(out, 0);
    if (read_line(ties, component, thread, message, time_s, &event))
        story_tell_event(&event, out);
}

static void wordings(void **state)
{
    (void)state;
    static const struct {
        enum replication_component component;
        const char *message, *told;
    } cases[] = {
        {D,
         "Package CEN00001 requires a newer version (3) of source files and the new compressed "
         "files hasn't arrived yet, current version is 2, skip E:\\SMS\\INCOMING\\ABCDEFGH.PKG",
         "waiting CEN00001 wanted 3 held 2"},
        {D,
         "Package 61000012 requires a newer version (3) of source files and the new "
         "compressed files haven't arrived yet, current version is 1, skip E:\\X.PKG",
         "waiting 61000012 wanted 3 held 1"},
        {D,
         "Package CEN00001 requires a newer version (3) of source files and the new "
         "compressed files haven\xE2\x80\x99t arrived yet, current version is 2.",
         "waiting CEN00001 wanted 3 held 2"},
        {D,
         "Package CEN00001 requires a newer\nversion (3) of source files and the new compressed files "
         "haven't\narrived "
         "yet, current version is 2.",
         "waiting CEN00001 wanted 3 held 2"},
        {D, "Package 'CEN00001' requires a newer version (3) of source files and the new",
         "waiting CEN00001 wanted 3"},
        {D,
         "Package W_M0200024 requires a newer version (12) of source files and "
         "the new compressed files haven't arrived yet, current version is 0",
         "waiting W_M0200024 wanted 12"},
        {D,
         "Package CEN00001 requires a newer version (2) of source files and "
         "the new compressed files haven't arrived yet, current version is 2.",
         "stored CEN00001 wanted 2 held 2"},
        {D, "Package CEN00001 requires a newer version () of source files", ""},
        {D, "Package CEN0001 requires a newer version (2) of source files", ""},
        {D, "Package contents requires a newer version (2) of source files", ""},
        {D, "Package CEN00001 requires a newer version (99999999999999999999) of source files", ""},
        {S, "Package CEN00001 requires a newer version (3) of source files", ""},
        {D, "The contents for the package CEN00001 hasn't arrived from site CEN yet, will retry later.",
         "waiting CEN00001"},
        {D, "The compressed files for package CEN00113 hasn't arrived from site CEN yet, will retry later.",
         "waiting CEN00113"},
        {D, "The compressed files for the package 'CEN00113' haven\xE2\x80\x99t arrived from site CEN yet",
         "waiting CEN00113"},
        {D, "The compressed files for package CEN00113 were sent", ""},
        {S, "The compressed files for package CEN00113 hasn't arrived from site CEN yet", ""},
        {D, "The content for package \"CEN00001\" has not arrived from site CEN yet", "waiting CEN00001"},
        {D, "The contents for the package CEN00001 haven\xE2\x80\x99t arrived from site CEN yet",
         "waiting CEN00001"},
        {D,
         "A newer version (15) of package xxx000B6 has already arrived, "
         "delete the replication file D:\\SCCM\\X.PKG for version 12 .",
         "superseded xxx000B6 wanted 12 held 15"},
        {D,
         "A newer version (15) of package CEN000B6 has already arrived, "
         "delete the replication file D:\\X.PKG for version 12.",
         "superseded CEN000B6 wanted 12 held 15"},
        {D, "Processing package CEN00001 (SourceVersion:10;StoredVersion:9)",
         "stored CEN00001 wanted 10 held 9"},
        {D, "StoredPkgVersion (9) of package CEN00001. StoredPkgVersion in database is 8.",
         "stored CEN00001 held 9"},
        {D, "SourceVersion (9) of package CEN00001. SourceVersion in database is 9.",
         "wanted CEN00001 wanted 9"},
        {D, "Cannot update the package CEN00001 in the package source, error = 8", "failure CEN00001"},
        {D,
         "Cannot update the package server "
         "[\"Display=\\\\S\\\"]MSWNET:[\"SMS_SITE=X\"]\\\\S\\ for package CEN00001, error = 3",
         "failure CEN00001"},
        {D,
         "STATMSG: ID=2302 SEV=E LEV=M SOURCE=\"SMS Server\" "
         "ISTR0=\"\" NUMATTRS=1 AID0=400 AVAL0=\"CEN00001\"",
         "failure CEN00001"},
        {D, "STATMSG: ID=2300 SEV=I LEV=M SOURCE=\"SMS Server\" AVAL0=\"CEN00001\"", "pass CEN00001"},
        {D, "Error occurred.", "failure @distmgr"},
        {D, "Failed to add content 7f3c1a0b-1da1-4A0E-A328-3FD2AC9F5011 to the library for package CEN00001",
         "failure CEN00001"},
        {D, "Failed to add the file a.exe in content 01C39B5C-4DA1-4A0E-A328-3FD2AC9F500F. Error 0x80041002",
         "failure @distmgr"},
        {D, "CWmi::Connect(): ConnectServer(Namespace) failed. - 0x800706ba", "failure @distmgr"},
        {D, "ConnectServer(Namespace) failed. - 0x0", ""},
        {D, "The number of files that failed: 12", ""},
        {D, "CopyFileExW of the content, error 0x800704d3", "failure @distmgr"},
        {D, "hr = 0x80070005", ""},
        {D, "Retrying package CEN00001, error 0x80070005 was returned", "failure CEN00001"},
        {D, "The returned value is 0x80070005 of package CEN00001 now", ""},
        {D, "Package CEN00001 content hash verification failed", "failure CEN00001"},
        {D, "Package CEN00001 was sent", ""},
        {D, "SnapshotPackage, hr = 0x80070005", "failure @distmgr"},
        {S, "failed to open C:\\SMS\\00000012.ins WIN32 ERROR = 32", "failure @despooler"},
        {D, "StoredPkgVersion (0) of package CEN00001. StoredPkgVersion in database is 0.",
         "stored CEN00001"},
        {D, "Cannot update the package program for package CEN00001 in the package source, error = 40",
         "failure CEN00001"},
        {D,
         "Failed to insert SMS Program ID 3 because the referenced program CEN0002A-Install Office is not present in "
         "the PkgPrograms table. Will try later.",
         "failure CEN0002A"},
        {D, "Package CEN00001 program Install Office no longer exists, delete it", "failure CEN00001"},
        {D, "SQL Msg #99901> This SiteCode (SEC) does not exist in the parent table, Sites.",
         "failure @distmgr"},
        {D,
         "*** [40001][1205][Microsoft][SQL Server Native Client 11.0][SQL Server]Transaction (Process ID 78) was "
         "deadlocked on lock resources with another process and has been chosen as the deadlock victim.",
         ""},
        {D, "*** [42000][1222][Microsoft][SQL Server]Lock request time out period exceeded.",
         "failure @distmgr"},
        {D, "Updated replicated package info for package CEN00001", "progress CEN00001"},
        {S, "Received package CEN00001 version 3", "received CEN00001 wanted 3"},
        {S,
         "Received package CEN00001 version 3. Compressed file "
         "-  E:\\SMSPKG\\CEN00001.PCK.3 as E:\\x\\ds_s76nc.pkg",
         "received CEN00001 wanted 3"},
        {S, "CCompress::Open: Failed to open X:\\SMSPKG\\CEN00001 (2)", "base_missing CEN00001"},
        {S, "CCompress::Open: Failed to open X:\\SMSPKG\\CEN00001.PCK (2)", "base_missing CEN00001"},
        {S, "CCompress::Open: Failed to open \\\\SRV\\smspkge$\\61000012.pck", "base_missing 61000012"},
        {S, "CCompress::Open: Failed to open X:\\SMSPKG\\CEN00001.DLT.3 (2)", "failure @despooler"},
        {S, "CCompress::Open: Failed to open X:\\SMSPKG\\CEN00001.PCK.3 (2)", "failure @despooler"},
        {S, "CCompress::Open: Failed to open X:\\SMS\\despoolr.box\\receive\\CEN00001.TRY (32)",
         "failure @despooler"},
        {S,
         "SMS Despooler failed to merge delta to the compressed "
         "package \"CEN00001\". The operating system reported error 2",
         "base_missing CEN00001"},
        {S, "This package[CEN00001]'s information hasn't arrived yet for this version [1]. Retry later ...",
         "waiting CEN00001 wanted 1"},
        {S,
         "This package[CEN00001  ]'s information hasn't arrived yet for this version [10]. Retry later ...",
         "waiting CEN00001 wanted 10"},
        {S,
         "This package[CEN00001]\xE2\x80\x99s information "
         "haven\xE2\x80\x99t arrived yet for this version [1]",
         "waiting CEN00001 wanted 1"},
        {S, "Stored Package CEN00001. Stored Package Version = 1", "stored CEN00001 held 1"},
        {S,
         "Package CEN00001 (version 0) exists in the distribution "
         "source, save the newer version (version 1).",
         "progress CEN00001 wanted 1"},
        {S, "STATMSG: ID=4402 SEV=E LEV=M ISTR0=\"CEN00001\" ISTR1=\"2\" ISTR2=\"\"",
         "base_missing CEN00001"},
        {S, "STATMSG: ID=4402 SEV=E LEV=M ISTR0=\"CEN00001\" ISTR1=\"3\"", "base_missing CEN00001"},
        {S, "STATMSG: ID=4402 SEV=E LEV=M ISTR0=\"CEN00001\" ISTR1=\"32\" AVAL0=\"CEN00001\"",
         "failure CEN00001"},
        {S, "STATMSG: ID=4400 SEV=I LEV=M ISTR0=\"CEN00001\" ISTR1=\"\\\\S\\E$\\SMSPKG\\CEN00001.PCK\"",
         "progress CEN00001"},
        {S, "Cannot find the package file. we'll fail the job (Job ID = 00001ABC Package ID = CEN00001)",
         "failure CEN00001"},
        {S, "Despooler failed to execute the instruction, error code = 12", "failure @despooler"},
        {S, "Despooler failed to execute the instruction, error code = cb", ""},
        {S, "Despooler failed to execute the instruction, error code = 38A", ""},
        {S, "Cannot create temp storage", "failure @despooler"},
        {S, "Cannot decompress instruction file", "failure @despooler"},
        {S, "Waiting for ready instruction file....", ""},
        {L,
         "Cannot connect to server \\\\DSSMS at remote site MS1, won't try send requests going to site MS1 for an hour or until "
         "there are no active send requests.",
         "link_down @>MS1"},
        {L, "Cannot create/open the remote file \\\\S02SRV\\SMS_SITE\\2_4O7PRI.PCK, Win32 error = 32.",
         "link_down @>"},
        {L, "Cannot connect to the server", ""},
        {D, "The source directory \"//name/source/Updates\" for package \"CEN00015\" does not exist.",
         "failure CEN00015"},
        {D, "Failed to take snapshot of package CEN00015", "failure CEN00015"},
        {D, "Cannot update the package CEN00001 in the package source, error = 8", "failure CEN00001"},
        {D, "STATMSG: ID=2328 SEV=E LEV=M NUMATTRS=2 AID0=404 AVAL0=\"[x]\" AID1=400 AVAL1=\"CEN00041\"",
         "failure CEN00041"},
        {D, "STATMSG: ID=2302 SEV=E LEV=M ISTR0=\"Drivers\" ISTR1=\"CEN00041\" NUMATTRS=0",
         "failure CEN00041"},
        {D, "Successfully deleted the package CEN00041", "deleted CEN00041"},
        {D, "Exiting package processing thread for package CEN00041.", "started @threads"},
        {S, "Despooler successfully executed one instruction.", "executed @despooling"},
        {D, "STATMSG: ID=2301 SEV=I LEV=M ISTR0=\"Drivers\" ISTR1=\"CEN00041\" ISTR2=\"\" NUMATTRS=0",
         "success CEN00041"},
        {D, "STATMSG: ID=2301 SEV=I LEV=M ISTR1=\"CEN00041\" NUMATTRS=1 AID0=400 AVAL0=\"CEN00041\"",
         "success CEN00041"},
        {D, "SMS Distribution Manager failed to process package \"Drivers\" (package ID = CEN00041).",
         "failure CEN00041"},
        {D,
         "SMS Distribution Manager failed to decompress package BD100007 from D:\\SMSPKG\\BD100007.PCK to D:\\_S",
         "failure BD100007"},
        {D, "Used 3 out of 3 allowed processing threads.", "busy @threads wanted 3 held 3"},
        {D, "Used 0 out of 30 allowed processing threads.", "busy @threads wanted 30"},
        {D, "Currently using 3 out of 3 allowed package processing threads.",
         "busy @threads wanted 3 held 3"},
        {S, "Used 3 out of 3 despooling threads", "busy @despooling wanted 3 held 3"},
        {S, "Waiting for an available despooling thread", "busy @despooling"},
        {S, "Created a new despooling thread EE8", "started @despooling"},
        {S, "Cannot find valid public key for key exchange instruction coming from site S03", "refused @S03"},
        {S,
         "Cannot find a public key for instruction C:\\Program Files\\inboxes\\despoolr.box\\receive\\ds_1vfda.ist incoming from site S03, retry it later",
         "refused @S03"},
        {S, "Cannot find valid public key for key exchange instruction coming from site S0",
         "failure @despooler"},
        {S, "STATMSG: ID=4404 SEV=E LEV=M ISTR0=\"S03\" ISTR1=\"\" NUMATTRS=0", "refused @S03"},
        {S,
         "Signature checked out OK for instruction coming from site CS1, proceed with the instruction execution.",
         "accepted @CS1"},
        {S,
         "Instruction C:\\Program Files\\SMS\\despoolr.box\\receive\\r_g1bzte.sni won't be processed till 1/1/1970 12:16:40 AM",
         "put_off @r_g1bzte wanted 43160"},
        {S, "Instruction D:\\x\\sni00001.sni won\xE2\x80\x99t be processed till 31.01.1970 00:16",
         "put_off @sni00001 wanted 2591960"},
        {S, "Instruction D:\\x\\sni00001.sni won't be processed till 2/1/1970 00:16:40",
         "put_off @sni00001 wanted 86360"},
        {S, "Instruction D:\\x\\sni00001.sni won't be processed till 1970-12-31 00:16:40",
         "put_off @sni00001 wanted 31449560"},
        {S, "Instruction D:\\x\\sni00001 won't be processed till tomorrow", ""},
        {C,
         "Send Request 202SQCS1 JobID: 00000E2A DestSite: PS1 FinalSite: State: Pending Status: Action: None Total size: 204864k Remaining: 204864k Heartbeat: 12:23 Start: 12:00 Finish: 12:00 Retry: SWD PkgID: CEN00001 SWD Pkg Version: 3",
         "on_its_way CEN00001 wanted 3"},
        {L, "Finished sending SWD package CEN00001 version 3 to site S02", "sent CEN00001 wanted 3"},
        {X, "Finished sending SWD package CEN00001 version 3 to distribution point [x]",
         "sent CEN00001 wanted 3"},
        {X, "Sending failed. Failure count = 24, Restart time = 12/4/2014 6:14:27 AM Eastern Standard Time",
         ""},
        {D, "Finished sending SWD package CEN00001 version 3 to site S02", ""},
        {D, "torn line\n~StoredPkgVersion (9) of package CEN00001.", "stored CEN00001 held 9"},
        {D, "StoredPkgVersion (8) of pack\nStoredPkgVersion (9) of package CEN00001.",
         "stored CEN00001 held 9"},
        {D, "No action specified for the package CEN00001, however there may be package server changes.",
         "pass CEN00001"},
        {D, "Starting package processing thread, thread ID = 0x1658 (5720)", "started @threads"},
        {D, "Exiting package processing thread.", "started @threads"},
        {D, "SMS_EXECUTIVE started SMS_DISTRIBUTION_MANAGER as thread ID 3648 (0xE40).", "started @threads"},
        {S, "SMS_EXECUTIVE started SMS_DESPOOLER as thread ID 3648 (0xE40).", "started @despooling"},
        {S, "Found ready instruction sni00001.sni", "put_off @sni00001"},
        {S, "Instruction D:\\x\\sni00001.sni won't be processed till 13/05/2574 11:31:54",
         "put_off @sni00001 wanted 1936437260"},
        {S, "Signature verification failed for instruction coming from site CEN", "failure @despooler"},
        {D, "Package CEN00001 is currently being processed by another thread.", ""},
        {D, "", ""},
        {D, "Package", ""},
    };
    struct text told = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replication_ties ties = {0};
        tell(&ties, cases[i].component, 1, cases[i].message, 1000, &told);
        if (strcmp(text_string(&told), cases[i].told) != 0)
            fail_msg("\"%s\" tells \"%s\", not \"%s\"", cases[i].message, text_string(&told), cases[i].told);
    }
    text_free(&told);
}

/* A message of a template's pattern, with something in each field. */
static void example(const char *pattern, struct text *out)
{
    text_cut(out, 0);
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at != '{') {
            text_add_bytes(out, at, 1);
            continue;
        }
        text_add(out, at[1] == 'P'   ? "CEN0001F"
                      : at[1] == 'B' ? "E:\\SMSPKG\\CEN0001F"
                      : at[1] == 'S' ? "S02"
                      : at[1] == 'F' ? "C:\\SMS\\despoolr.box\\ds_1vfda.sni"
                      : at[1] == 'D' ? "05/13/2031 18:04:37"
                      : at[1] == 'N' ? " anything of package ID = CEN0001F"
                      : at[1] == '*' ? "any thing"
                                     : "2345");
        at += 2;
    }
}

static void every_template_is_reached(void **state)
{
    (void)state;
    struct text message = {0};
    for (size_t i = 0; i < template_count; i++) {
        example(templates[i].pattern, &message);
        if (i > 0 && templates[i - 1].pattern[0] > templates[i].pattern[0])
            fail_msg("\"%s\" is out of order", templates[i].pattern);
        for (int component = 0; component < REPLICATION_COMPONENTS; component++) {
            struct template_match match;
            bool found =
                template_find((enum replication_component)component, message.bytes, message.length, &match);
            bool mine = (templates[i].components & 1u << component) != 0;
            if (!mine && found && strcmp(match.template->pattern, templates[i].pattern) == 0)
                continue; /* another component says the same */
            if (!mine && found && match.template->source == NULL)
                continue; /* of another component it is a failure in words that nobody has shown */
            if (found != mine || (found && match.template->kind != templates[i].kind))
                fail_msg("\"%s\" is taken for \"%s\"", text_string(&message),
                         found ? match.template->pattern : "");
            /* cut anywhere it may be nothing or a shorter form, but never crash */
            for (size_t length = 0; length < message.length; length++)
                template_find((enum replication_component)component, message.bytes, length, &match);
        }
    }
    text_free(&message);
}

static void threads_are_at_a_package(void **state)
{
    (void)state;
    static const struct {
        enum replication_component component;
        uint32_t thread;
        int64_t time_s;
        const char *message, *told;
    } cases[] = {
        {D, 4824, 10, "Started package processing thread for package 'CEN00001', thread ID = 0xAAC (2732)",
         "started @threads"},
        {D, 2732, 11, "Error occurred.", "failure CEN00001 tied"},
        {D, 5812, 11, "DP Thread: Attempting to add or update package CEN0000A on DP [\"Display=\\\\DP1\\\"]",
         ""},
        {D, 5812, 11, "Error occurred.", "failure CEN0000A tied"},
        {D, 2732, 11,
         "DP thread for package CEN0000A with thread handle 0000000000003E2C and thread ID 5812 ended.", ""},
        {D, 5812, 12, "Failed to make a network connection to \\\\newdp9.corp.example\\ADMIN$ (0x35).",
         "failure @NEWDP9"},
        {D, 5812, 13, "Error occurred.", "failure @NEWDP9"},
        {D, 5816, 13, "Error occurred.", "failure @distmgr"},
        {D, 5812, 99, "Error occurred.", "failure @distmgr"},
        {D, 5812, 99, "Error = 53 on \\\\S02", "failure @distmgr"},
        {D, 5820, 99, "Error = 53 on \\\\SMSDISTPOINT-01\\x", "failure @MSDISTPOINT-01"},
        {D, 5820, 99, "Error = 53 on \\\\SMSDISTPOINT-02\\x", "failure @MSDISTPOINT-02"},
        {D, 2732, 12, "Processing package CEN00001 (SourceVersion:2;StoredVersion:1)",
         "stored CEN00001 wanted 2 held 1"},
        {D, 2736, 12, "Processing package CEN00002 (SourceVersion:7;StoredVersion:0)",
         "stored CEN00002 wanted 7"},
        {D, 2732, 13,
         "The contents for the package CEN00001 hasn't arrived from site CS1 yet, will retry later.",
         "waiting CEN00001 wanted 2 held 1"},
        {D, 2736, 13,
         "The contents for the package CEN00001 hasn't arrived from site CS1 yet, will retry later.",
         "waiting CEN00001"},
        {D, 2736, 14, "Error occurred.", "failure CEN00001 tied"},
        {S, 2732, 14, "Despooler failed to execute the instruction, error code = 12", "failure @despooler"},
        {D, 4824, 15, "Starting package processing thread,thread ID = AAC", "started @threads"},
        {D, 2732, 15, "Error occurred.", "failure @distmgr"},
        {D, 2736, 15 + 86400, "Error occurred. Performing error cleanup prior to returning.",
         "failure @distmgr"},
        {S, 3816, 20, "Received package CEN00003 version 4", "received CEN00003 wanted 4"},
        {S, 3816, 21, "CCompress::Open: Failed to open X:\\SMSPKG\\CEN00003 (2)",
         "base_missing CEN00003 wanted 4"},
        {S, 3816, 21, "STATMSG: ID=4400 SEV=I LEV=M ISTR0=\"CEN00003\" ISTR1=\"\"", "stored CEN00003 held 4"},
        {S, 3816, 22, "Despooler failed to execute the instruction, error code = 12",
         "failure CEN00003 tied"},
        {S, 3816, 23, "Executing instruction of type MICROSOFT|SMS|MINIJOBINSTRUCTION|INVENTORY", ""},
        {S, 3816, 24, "Despooler failed to execute the instruction, error code = 12", "failure @despooler"},
        {X, 5744, 24,
         "Sending thread starting for Job: 12771, package: CEN00019, Version: 8, Priority: 2, server: SRV07, DPPriority: 200",
         ""},
        {X, 5744, 24,
         "Address is closed for priority 2 jobs, stop sending[E:\\SCCMContentLib\\FileLib\\2F08]",
         "on_its_way CEN00019 tied"},
        {X, 5744, 24,
         "Sending failed. Failure count = 1, Restart time = 3/15/2016 8:30:08 AM Mountain Daylight Time",
         "on_its_way CEN00019 tied"},
        {X, 5748, 24,
         "Sending failed. Failure count = 1, Restart time = 3/15/2016 8:30:08 AM Mountain Daylight Time", ""},
        {S, 3816, 25, "Received package CEN00003 version 4", "received CEN00003 wanted 4"},
        {S, 3816, 26, "CCompress::Open: Failed to open X:\\SMSPKG\\CEN00004 (2)", "base_missing CEN00004"},
    };
    struct replication_ties ties = {0};
    struct text told = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tell(&ties, cases[i].component, cases[i].thread, cases[i].message, cases[i].time_s, &told);
        if (strcmp(text_string(&told), cases[i].told) != 0)
            fail_msg("%zu: \"%s\" tells \"%s\", not \"%s\"", i, cases[i].message, text_string(&told),
                     cases[i].told);
    }
    text_free(&told);
}

static void busy_threads_are_named(void **state)
{
    (void)state;
    struct replication_ties ties = {0};
    struct replication_event event;
    assert_true(read_line(
        &ties, D, 4, "Started package processing thread for package 'CEN00030', thread ID = 0x93C (2364)", 10,
        &event));
    assert_true(read_line(
        &ties, D, 4, "Started package processing thread for package 'CEN00031', thread ID = 0x944 (2372)", 11,
        &event));
    assert_true(read_line(
        &ties, D, 4, "Started package processing thread for package 'CEN00032', thread ID = 0x94C (2380)", 12,
        &event));
    assert_true(
        read_line(&ties, D, 2372, "Exiting package processing thread for package CEN00031.", 13, &event));
    assert_int_equal(event.kind, REPLICATION_STARTED);
    assert_true(read_line(
        &ties, D, 4, "Started package processing thread for package 'CEN00033', thread ID = 0x944 (2372)", 14,
        &event));
    assert_true(read_line(&ties, D, 4, "Currently using 3 out of 3 allowed package processing threads.",
                          15 + 9 * 86400, &event));
    assert_string_equal(
        event.line,
        "Currently using 3 out of 3 allowed package processing threads: CEN00033, CEN00032, CEN00030");
}

static void ties_are_bounded(void **state)
{
    (void)state;
    struct replication_ties ties = {0};
    struct replication_event event;
    for (uint32_t thread = 0; thread < 100000; thread++) {
        char message[64];
        snprintf(message, sizeof message, "Received package CEN%05X version 1", (unsigned)thread);
        assert_true(read_line(&ties, S, thread, message, 1000 + thread / 100, &event));
        assert_true(read_line(&ties, S, thread,
                              "Despooler failed to execute the instruction, error code = 12", 2000, &event));
        assert_memory_equal(event.package, message + 17, 8);
    }
}

static void lines_are_clean(void **state)
{
    (void)state;
    struct replication_ties ties = {0};
    struct replication_event event;
    char message[2000];
    int length =
        snprintf(message, sizeof message,
                 "Package CEN00001 requires a newer version (3) of source files|and\n\tthe \x01 new %s",
                 "compressed f\xC3\xBCles ");
    for (; length < 1900; length += 2)
        memcpy(message + length, "\xC3\xA4", 3);
    assert_true(read_line(&ties, D, 1, message, 1000, &event));
    assert_in_range(strlen(event.line), 290, REPLICATION_LINE - 1);
    assert_null(strpbrk(event.line, "|\n\t\x01"));
    assert_int_equal(strncmp(event.line, "Package CEN00001 requires a newer version (3) of source files", 61),
                     0);
}

static void package_ids(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool valid;
    } cases[] = {
        {"CEN0000E", true},   {"61000012", true},     {"W_M0200024", true},
        {"xxx000B6", true},   {"CEN000001", false},   {"CEN0000", false},
        {"contents", false},  {"CEN-0001", false},    {"Office2003", false},
        {"SRVDP0001", false}, {"SERVER01", false},    {"KB2794136", false},
        {"facadebe", false},  {"CEN0000G", false},    {"WIM02000X4", false},
        {"C_N00000EF", true}, {"CEN0000E012", false}, {"2265B1F5-4DA1-4A0E-A328-3FD2AC9F500F", false},
        {"", false},          {"CEN0000\xC3", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].id), found = package_id_length(cases[i].id, length);
        if ((found != 0 && found == length) != cases[i].valid)
            fail_msg("%s", cases[i].id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wordings),
        cmocka_unit_test(every_template_is_reached),
        cmocka_unit_test(threads_are_at_a_package),
        cmocka_unit_test(busy_threads_are_named),
        cmocka_unit_test(ties_are_bounded),
        cmocka_unit_test(lines_are_clean),
        cmocka_unit_test(package_ids),
    };
    return cmocka_run_group_tests_name("replication", tests, NULL, NULL);
}
