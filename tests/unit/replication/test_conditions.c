// SPDX-License-Identifier: GPL-3.0-or-later
#include "../dice.h"
#include "../logstory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* 15 June 2016 00:00 UTC */
#define BEGIN INT64_C(1465948800)
#define P     "CEN00001"

/*
 * A story in one string: `10h D7 w3/2` is ten hours after the begin, distmgr's thread 7, "requires a newer
 * version (3) ... current version is 2". The messages: w waiting, c contents not arrived, k compressed files
 * not arrived, i information not arrived, s superseded, p Processing (SourceVersion/StoredVersion), v
 * StoredPkgVersion, V SourceVersion, r received, b base missing, S Stored Package, e error code, n nothing of
 * interest; d deleted, h one instruction was executed, z a thread exits, B despooling threads busy, G a pass that
 * went well without attributes. `10h+60` adds minutes; `10h+60x24` repeats the line every hour until hour 24.
 */
static void message_of(const char *code, struct text *out)
{
    int a = 0, b = 0;
    sscanf(code + 1, "%d/%d", &a, &b);
    switch (code[0]) {
    case 'w':
        text_addf(out,
                  "Package " P
                  " requires a newer version (%d) of source files and the new compressed files haven't "
                  "arrived yet, current version is %d.",
                  a, b);
        break;
    case 'c':
        text_add(out,
                 "The contents for the package " P " hasn't arrived from site CEN yet, will retry later.");
        break;
    case 'k':
        text_add(out, "The compressed files for package " P
                      " hasn't arrived from site CEN yet, will retry later.");
        break;
    case 'i':
        text_addf(
            out,
            "This package[" P "]'s information hasn't arrived yet for this version [%d]. Retry later ...", a);
        break;
    case 's':
        text_addf(out,
                  "A newer version (%d) of package " P
                  " has already arrived, delete the replication file X.PKG for version %d .",
                  a, b);
        break;
    case 'p':
        text_addf(out, "Processing package " P " (SourceVersion:%d;StoredVersion:%d)", a, b);
        break;
    case 'v':
        text_addf(out, "StoredPkgVersion (%d) of package " P ". StoredPkgVersion in database is 1.", a);
        break;
    case 'V':
        text_addf(out, "SourceVersion (%d) of package " P ". SourceVersion in database is 1.", a);
        break;
    case 'r':
        text_addf(out, "Received package " P " version %d", a);
        break;
    case 'b':
        text_add(out, "CCompress::Open: Failed to open E:\\SMSPKG\\" P " (2)");
        break;
    case 'S':
        text_addf(out, "Stored Package " P ". Stored Package Version = %d", a);
        break;
    case 'q': /* another package's stored version */
        text_add(out, "StoredPkgVersion (1) of package CEN0000F. StoredPkgVersion in database is 1.");
        break;
    case 'f': /* a failure that names the package */
        text_add(out,
                 "STATMSG: ID=2302 SEV=E LEV=M SOURCE=\"SMS Server\" NUMATTRS=1 AID0=400 AVAL0=\"" P "\"");
        break;
    case 'g': /* a pass that went well */
        text_add(out,
                 "STATMSG: ID=2301 SEV=I LEV=M SOURCE=\"SMS Server\" NUMATTRS=1 AID0=400 AVAL0=\"" P "\"");
        break;
    case 'G': /* the same without attributes */
        text_add(out, "STATMSG: ID=2301 SEV=I LEV=M SOURCE=\"SMS Server\" ISTR0=\"Drivers\" ISTR1=\"" P
                      "\" ISTR2=\"\" NUMATTRS=0");
        break;
    case 'd':
        text_add(out, "Successfully deleted the package " P);
        break;
    case 'h':
        text_add(out, "Despooler successfully executed one instruction.");
        break;
    case 'z':
        text_add(out, "Exiting package processing thread for package " P ".");
        break;
    case 'B':
        text_addf(out, "Used %d out of %d despooling threads", a, b);
        break;
    case 'm':
        text_addf(out,
                  "SMS Despooler failed to merge delta to the compressed package \"" P
                  "\". The operating system reported error %d: text",
                  a);
        break;
    case 'x':
        text_add(out, "Cannot find valid public key for key exchange instruction coming from site S03");
        break;
    case 'o':
        text_add(out, "Signature checked out OK for instruction coming from site S03, proceed with it");
        break;
    case 'u':
        text_addf(out, "Currently using %d out of %d allowed package processing threads.", a, b);
        break;
    case 't': /* put off: so many days from the begin */
        text_addf(
            out,
            "Instruction D:\\SMS\\despoolr.box\\receive\\sni00001.sni won't be processed till %02d/%02d/%d 18:04:37 Eastern Daylight Time",
            6, 15 + a % 10, 2016 + a / 10);
        break;
    case 'e':
        text_add(out, "Despooler failed to execute the instruction, error code = 12");
        break;
    default:
        text_add(out, "Sleep 3600 seconds...");
    }
}

/* @param only  'D' or 'S': the lines of that log; 0: all, in one */
static struct text log_of(const char *lines, char only)
{
    struct line {
        int64_t minute;
        int order;
        char component, code[16];
        unsigned thread;
    };
    static struct line all[4000];
    int count = 0;
    char *copy = strdup(lines), *rest = NULL;
    for (char *one = strtok_r(copy, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest)) {
        int hour = 0, step = 0, until = 0, taken = 0;
        struct line line = {0};
        if (sscanf(one, " %dh+%dx%d %c%u %15s", &hour, &step, &until, &line.component, &line.thread,
                   line.code) == 6) {
            for (int64_t minute = hour * 60; minute <= until * 60 && count < 4000; minute += step) {
                line.minute = minute;
                line.order = count;
                all[count++] = line;
            }
        } else if (sscanf(one, " %dh+%d %c%u %15s%n", &hour, &step, &line.component, &line.thread, line.code,
                          &taken) == 5 ||
                   (step = 0,
                    sscanf(one, " %dh %c%u %15s", &hour, &line.component, &line.thread, line.code) == 4)) {
            line.minute = hour * 60 + step;
            line.order = count;
            all[count++] = line;
        } else {
            fail_msg("\"%s\" is no line", one);
        }
    }
    free(copy);
    /* by time, stable; a step of repeats may end after what follows it in the string */
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && all[j - 1].minute > all[j].minute; j--) {
            struct line swap = all[j];
            all[j] = all[j - 1];
            all[j - 1] = swap;
        }
    struct text log = {0};
    for (int i = 0; i < count; i++) {
        if (only != 0 && all[i].component != only)
            continue;
        message_of(all[i].code, &log);
        int64_t day = all[i].minute / 1440;
        text_addf(&log, "  $$<%s><%02d-%02d-2016 %02d:%02d:00.%03d+00><thread=%u (0x%X)>\r\n",
                  all[i].component == 'S' ? "SMS_DESPOOLER" : "SMS_DISTRIBUTION_MANAGER", day < 16 ? 6 : 7,
                  (int)(day < 16 ? 15 + day : day - 15), (int)(all[i].minute / 60 % 24),
                  (int)(all[i].minute % 60), i % 1000, all[i].thread, all[i].thread);
    }
    return log;
}

/* The package of the stories, and what concerns the whole site. */
static void tell_condition(const struct condition *it, struct text *out)
{
    if (it->package[0] == REPLICATION_SUBJECT)
        text_addf(out, "%s ", it->package);
    else if (strcmp(it->package, P) != 0)
        return;
    text_addf(out, "%lld/%lld", (long long)it->wanted, (long long)it->held);
    for (int kind = 0; kind < CONDITION_KINDS; kind++) {
        const struct condition_sign *sign = &it->sign[kind];
        if (sign->last_s != 0)
            text_addf(out, " %s%s %lldm..%lldm x%lld", condition_kind_name((enum condition_kind)kind),
                      sign->open ? "" : "?", (long long)(sign->first_s - BEGIN) / 60,
                      (long long)(sign->last_s - BEGIN) / 60, (long long)sign->repeats);
    }
}

static void outcome_of(const struct story *story, struct text *out)
{
    static const char *const ends[] = {"stored",    "not_repeated", "received", "forgotten",
                                       "succeeded", "deleted",      "by_hand"};
    for (size_t i = 0; i < story->set.ending_count; i++)
        text_addf(out, "%s %s; ", condition_kind_name(story->set.endings[i].kind),
                  ends[story->set.endings[i].how]);
    for (size_t i = 0; i < story->set.count; i++)
        tell_condition(&story->set.items[i], out);
}

static void stories(void **state)
{
    (void)state;
    static const struct {
        const char *name, *lines, *outcome;
    } cases[] = {
        {"nothing is stored, each pass says",
         "0h+60x96 D7 p3/0, 0h+60x96 D7 c, 0h+60x96 D7 v0, 0h+60x96 D7 V3", "3/0 waiting 0m..5760m x96"},
        {"the database calls it stored, each pass says that it is not here",
         "0h+60x24 D7 p3/3, 0h+60x24 D7 c, 0h+60x24 D7 v3, 0h+60x24 D7 V3", "3/3 waiting 0m..1440m x24"},
        {"... where only the end of the pass tells versions", "0h+60x24 D7 k, 0h+60x24 D7 v3, 0h+60x24 D7 V3",
         "waiting stored; 3/3 waiting 60m..1440m x23"},
        {"... until the despooler has stored it",
         "0h+60x24 D7 p3/3, 0h+60x24 D7 c, 0h+60x24 D7 v3, 25h S5 r3, 25h S5 S3", "waiting stored; "},
        {"passes that do not ask for it any more",
         "0h D7 q, 0h+60x9 D7 p2/1, 0h+60x9 D7 c, 10h+60x20 D7 p2/1",
         "waiting not_repeated; 2/1 waiting? 0m..540m x9"},
        {"the owner was restored: a lower version is wanted, and here",
         "0h D7 q, 0h+60x3 D7 p9/7, 0h+60x3 D7 c, 12h D7 v7, 12h D7 V7", "waiting stored; "},
        {"... and its base was missing", "0h D7 v7, 1h S5 r9, 1h S5 b, 12h D7 v7, 12h D7 V7",
         "base_missing stored; "},
        {"two versions are waited for", "0h+60x24 D7 w3/2, 0h+60x24 D7 w4/2, 25h D7 v3",
         "4/3 waiting 0m..1440m x49"},
        {"tried 100 times and dropped", "0h+5x8 S5 r1, 0h+5x8 S5 e, 9h+60x40 S6 n",
         "0/0 failing 0m..480m x96"},
        {"... where others went well", "0h S6 h, 1h+5x4 S5 r1, 1h+5x4 S5 e, 5h+60x40 S6 h",
         "0/0 failing 60m..240m x36"},
        {"information, 100 times", "0h+5x8 S5 r1, 0h+5x8 S5 i1, 9h+60x40 S6 n", "1/0 waiting 0m..480m x96"},
        {"a higher version came", "0h D7 v1, 1h+60x3 S5 r2, 1h+60x3 S5 e, 5h D7 v2", "failing succeeded; "},
        {"versions behind a failure are no pass", "0h D8 g, 1h+60x9 D7 f, 1h+60x9 D7 v1, 10h+60x40 D7 n",
         "0/1 failing 60m..540m x8"},
        {"an instruction with the wanted version went well", "0h D7 q, 0h+60x24 D7 w3/2, 25h S5 r3, 25h S5 h",
         "waiting stored; "},
        {"... with an older one", "0h D7 q, 0h+60x24 D7 w3/2, 25h S5 r2, 25h S5 h",
         "3/2 waiting 0m..1440m x24"},
        {"... and the base is here", "0h S5 r3, 0h S5 b, 2h S5 r3, 2h S5 h", "base_missing stored; "},
        {"two late copies of a day", "0h D7 q, 0h D7 s5/4, 22h D7 s5/4, 0h+60x60 D7 n",
         "superseded not_repeated; "},
        {"two failures of one day", "0h D7 f, 20h D7 f, 0h+60x49 D7 n", "0/0 failing 0m..1200m x1"},
        {"two failures of one day are over the day after", "0h D7 f, 20h D7 f, 0h+60x51 D7 n",
         "failing not_repeated; "},
        {"what waits in the other log hides no failure", "0h+60x3 D7 w3/2, 0h+60x3 S5 e",
         "3/2 waiting 0m..180m x3@despooler 0/0 failing 0m..180m x3"},
        {"received again, and fails in the next line", "0h S7 r3, 0h S7 b, 6h S7 r3, 6h S7 e, 8h D7 n",
         "3/0 base_missing 0m..0m x0 failing? 360m..360m x0"},
        {"one waiting line", "0h D7 w3/2", "3/2 waiting 0m..0m x0"},
        {"the article, without proof lines", "0h S5 r3, 0h S5 b, 0h+60x96 D7 w3/2",
         "3/2 waiting 0m..5760m x96 base_missing 0m..0m x0"},
        {"proof by despool", "0h+60x24 D7 w3/2, 25h S5 r3, 25h+1 S5 S3", "waiting stored; "},
        {"proof by StoredPkgVersion", "0h+60x24 D7 w3/2, 25h D5 v3", "waiting stored; "},
        {"proof by Processing", "0h+60x24 D7 w3/2, 25h D5 p3/3", "waiting stored; "},
        {"an old stored version is no proof", "0h+60x24 D7 w3/2, 25h D5 v2, 25h D5 p3/2",
         "3/2 waiting 0m..1440m x24"},
        {"received alone closes nothing", "0h+60x24 D7 w3/2, 25h S5 r3", "3/2 waiting 0m..1440m x24"},
        {"wanted rises: the old version proves nothing", "0h+60x24 D7 w3/2, 25h+60x48 D7 w4/2, 49h S5 S3",
         "4/3 waiting 1500m..2880m x23"},
        {"updated daily, each time late: what is missing now",
         "0h D7 w2/1, 20h D7 w2/1, 24h D7 w3/1, 29h D7 w3/1, 30h S5 S2, 31h D7 w3/2",
         "3/2 waiting 1440m..1860m x2"},
        {"the arrival is told by the next waiting line", "0h+60x24 D7 w3/2, 25h+60x48 D7 w4/3",
         "4/3 waiting 1500m..2880m x24"},
        {"none of them came", "0h D7 w2/1, 24h D7 w3/1, 48h D7 w4/1", "4/1 waiting 0m..2880m x2"},
        {"wanted rises by two", "0h D7 w3/1, 1h D7 w5/1, 2h S5 S5", "waiting stored; "},
        {"a stored version beyond wanted", "0h D7 w3/1, 2h S5 S7", "waiting stored; "},
        {"the stale line after the proof", "0h D7 w3/2, 1h S5 S3, 1h+5 D7 w3/2", "waiting stored; "},
        {"still waiting long after a proof", "0h D7 w3/2, 1h S5 S3, 3h D7 w3/2",
         "waiting stored; 3/2 waiting 180m..180m x0"},
        {"the next version after a proof", "0h D7 w3/2, 1h S5 S3, 1h+5 D7 w4/3",
         "waiting stored; 4/3 waiting 65m..65m x0"},
        {"current is wanted", "0h D7 w3/2, 1h D7 w3/3", "waiting stored; "},
        {"SourceVersion raises what is open", "0h D7 w3/2, 1h D7 V4, 2h S5 S3", "4/3 waiting 60m..60m x0"},
        {"SourceVersion opens nothing", "1h D7 V4, 2h D7 p4/3", ""},
        {"contents, version by the thread", "0h D7 p2/1, 0h D7 c, 5h D7 p2/1, 5h D7 c, 8h D9 p2/2",
         "waiting stored; "},
        {"contents without version, old StoredPkgVersion", "0h D7 v1, 1h D7 e, 2h D8 c, 3h D7 v1",
         "0/1 waiting 120m..120m x0 failing? 60m..60m x0"},
        {"no version, then StoredPkgVersion and SourceVersion", "0h+60x24 D7 c, 25h D7 v1, 25h D7 V1",
         "waiting stored; "},
        {"no version, SourceVersion and then StoredPkgVersion", "0h+60x24 D7 k, 25h D7 V1, 25h D7 v1",
         "waiting stored; "},
        {"the same in 2007", "0h+60x24 D7 k, 25h D7 v1, 25h D7 V1", "waiting stored; "},
        {"the pass that waits ends with the old version", "0h+60x3 D7 k, 0h+60x3 D7 v1, 0h+60x3 D7 V2",
         "2/1 waiting 0m..180m x3"},
        {"the source version of before", "0h D7 v1, 1h+60x3 D7 k, 3h D7 V1", "1/1 waiting 60m..180m x2"},
        {"stored before the last waiting line is no proof", "0h D7 v1, 1h D7 V1, 2h D8 k",
         "0/1 waiting 120m..120m x0"},
        {"compressed files, SMS 2003: repeats stop", "0h+60x24 D7 k, 24h+60x29 D7 n",
         "waiting not_repeated; 0/0 waiting? 0m..1440m x24"},
        {"compressed files: repeats stop for half a day", "0h+60x24 D7 k, 24h+60x37 D7 n",
         "waiting not_repeated; "},
        {"repeated every six hours: never over", "0h+60x30 D7 n, 0h D7 k, 6h D7 k, 12h D7 k, 18h D7 k",
         "waiting not_repeated; 0/0 waiting 0m..1080m x3"},
        {"the next day's version is another matter", "0h+60x30 D7 n, 0h D7 k, 24h D7 k",
         "waiting not_repeated; waiting not_repeated; 0/0 waiting? 1440m..1440m x0"},
        {"... by its number", "0h+60x14 D7 n, 0h D7 w3/2, 10h D7 w4/3",
         "waiting not_repeated; waiting not_repeated; 4/3 waiting? 600m..600m x0"},
        {"in bursts, six hours apart",
         "0h+60x24 D7 n, 0h D7 f, 0h+20 D7 f, 6h D7 f, 6h+20 D7 f, 12h D7 f, 12h+20 D7 f",
         "0/0 failing 0m..740m x5"},
        {"failures once a day", "0h+60x80 D7 n, 0h D7 f, 24h D7 f, 48h D7 f", "0/0 failing 0m..2880m x2"},
        {"failures every two days are single ones", "0h+60x99 D7 n, 0h D7 f, 48h D7 f", ""},
        {"instructions fail before their package is known", "0h+60x3 S5 e",
         "@despooler 0/0 failing 0m..180m x3"},
        {"one of them failed", "0h S5 e", "@despooler 0/0 failing? 0m..0m x0"},
        {"... and others went well: the same one fails again", "0h+60x3 S5 e, 0h+60x3 S6 h",
         "@despooler 0/0 failing 0m..180m x3"},
        {"... no longer", "0h+60x3 S5 e, 3h+60x40 S6 h", "failing not_repeated; "},
        {"two of two days have nothing in common", "0h+60x40 S6 n, 0h S5 e, 20h S5 e", ""},
        {"no pass over a package ends them", "0h+60x3 S5 e, 4h D7 g", "@despooler 0/0 failing 0m..180m x3"},
        {"one failure", "0h D7 f", "0/0 failing? 0m..0m x0"},
        {"failures within the hour", "0h D7 f, 0h+59 D7 f", "0/0 failing? 0m..59m x1"},
        {"failures an hour apart", "0h D7 f, 1h D7 f", "0/0 failing 0m..60m x1"},
        {"failures with a success between", "0h D7 f, 0h+30 D7 g, 1h D7 f", "0/0 failing? 60m..60m x0"},
        {"a success ends it", "0h+60x9 D7 f, 10h D7 g", "failing succeeded; "},
        {"versions prove nothing of a failure", "0h+60x9 D7 f, 9h D7 p1/1, 9h D7 v1, 9h D7 V1, 9h+60x14 D7 n",
         "failing not_repeated; 1/0 failing? 0m..540m x9"},
        {"where passes tell that they went well, silence ends nothing", "0h+60x9 D8 f, 9h D7 q, 30h D7 n",
         "0/0 failing 0m..540m x9"},
        {"failures are no waiting", "0h+60x3 D7 w3/2, 0h+60x3 D8 f, 4h S5 S3",
         "waiting stored; 3/2 failing 0m..180m x3"},
        {"a detail of what waits is no failure of its own", "0h+60x3 S5 r1, 0h+60x3 S5 i1, 0h+60x3 S5 e",
         "1/0 waiting 0m..180m x3"},
        {"a tied failure of its own", "0h+60x3 S5 r1, 0h+60x3 S5 e", "0/0 failing 0m..180m x3"},
        {"the despooler stored it", "0h+60x3 S5 r1, 0h+60x3 S5 e, 4h S5 r1, 4h S5 S1", "failing succeeded; "},
        {"a merge without its base", "0h S5 m2", "0/0 base_missing 0m..0m x0"},
        {"a merge on a full disk", "0h+60x3 S5 m112", "0/0 failing 0m..180m x3"},
        {"a merge, incorrect function", "0h+60x3 S5 m1", "0/0 failing 0m..180m x3"},
        {"a merge, access denied", "0h+60x3 S5 m5", "0/0 failing 0m..180m x3"},
        {"a site is refused", "0h+5x3 S5 x", "@S03 0/0 site 0m..180m x36"},
        {"a site is refused, then accepted", "0h+5x3 S5 x, 4h S6 o", "site succeeded; "},
        {"a site is refused, then nothing for a day: what is dropped did not come",
         "0h+5x3 S5 x, 4h+60x29 S6 n", "@S03 0/0 site 0m..180m x36"},
        {"a site is refused, then nothing for a night", "0h+5x3 S5 x, 4h+60x14 S6 n",
         "@S03 0/0 site 0m..180m x36"},
        {"all threads busy", "0h+30x9 D7 u3/3", "@threads 0/0 site 0m..540m x18"},
        {"all threads busy, then one is free", "0h+30x9 D7 u3/3, 10h D7 u2/3", "site succeeded; "},
        {"threads that are free", "0h+30x9 D7 u2/3", ""},
        {"put off for years", "0h+30x9 S7 t30", "@sni00001 0/0 site 0m..540m x18"},
        {"put off for some hours", "0h S7 t0", ""},
        {"put off for years, then tried", "0h+30x9 S7 t30, 10h S7 t1", "site succeeded; "},
        {"all threads busy, then one exits", "0h+30x9 D7 u3/3, 10h D8 z", "site succeeded; "},
        {"despooling threads busy", "0h+30x9 S7 B3/3", "@despooling 0/0 site 0m..540m x18"},
        {"despooling threads busy, but they work", "0h+30x9 S7 B3/3, 10h S8 h", "site succeeded; "},
        {"a thread was free before they were busy", "0h S8 h, 1h+30x9 S7 B3/3",
         "@despooling 0/0 site 60m..540m x16"},
        {"deleted while it waits", "0h D7 q, 0h+60x24 D7 w3/2, 25h D7 d", "waiting deleted; "},
        {"deleted without its base", "0h S7 r3, 0h S7 b, 9h D7 d", "base_missing deleted; "},
        {"deleted while it fails", "0h+60x9 D7 f, 10h D7 d", "failing deleted; "},
        {"deleted, but not really", "0h+60x24 D7 w3/2, 25h D7 d, 26h D7 w3/2",
         "waiting deleted; 3/2 waiting 1560m..1560m x0"},
        {"deleted, and sent anew: the old stored version proves nothing",
         "0h D7 v5, 1h D7 d, 2h D7 s3/2, 4h D7 s3/2", "3/0 superseded 120m..240m x1"},
        {"an instruction that went well ends what its thread failed at",
         "0h+60x3 S5 r1, 0h+60x3 S5 e, 4h S5 r1, 4h S5 h", "failing succeeded; "},
        {"... of another package", "0h+60x3 S5 r1, 0h+60x3 S5 e, 4h S6 h", "0/0 failing 0m..180m x3"},
        {"... of the other log", "0h+60x3 D7 f, 4h S5 r1, 4h S5 h", "0/0 failing 0m..180m x3"},
        {"a success without attributes ends it", "0h+60x9 D7 f, 10h D7 G", "failing succeeded; "},
        {"information, healed by the retry", "0h S5 r1, 0h S5 i1, 0h S5 e, 0h+5 S6 r1, 0h+6 S6 S1",
         "waiting stored; "},
        {"2003: repeats stop, component goes on", "0h+60x24 D7 w3/2, 24h+60x29 D7 n",
         "waiting not_repeated; 3/2 waiting? 0m..1440m x24"},
        {"2003: not long enough", "0h+60x24 D7 w3/2, 24h+60x27 D7 n", "3/2 waiting 0m..1440m x24"},
        {"2003: three times the longest gap", "0h+60x2 D7 n, 0h D7 w3/2, 3h D7 w3/2, 3h+60x11 D7 n",
         "3/2 waiting 0m..180m x1"},
        {"2003: three times the longest gap is over", "0h+60x2 D7 n, 0h D7 w3/2, 3h D7 w3/2, 3h+60x13 D7 n",
         "waiting not_repeated; 3/2 waiting? 0m..180m x1"},
        {"2003: another component goes on", "0h+60x24 D7 w3/2, 24h+60x48 S7 n", "3/2 waiting 0m..1440m x24"},
        {"2003: the service was stopped", "0h+60x24 D7 w3/2, 90h D7 n", "3/2 waiting 0m..1440m x24"},
        {"2003: stopped, and repeats again", "0h+60x24 D7 w3/2, 90h D7 n, 91h D7 w3/2",
         "3/2 waiting 0m..5460m x25"},
        {"2007: no proof, so it stays", "0h D7 q, 0h+60x24 D7 w3/2, 24h+60x48 D7 n",
         "3/2 waiting 0m..1440m x24"},
        {"forgotten after two weeks", "0h D7 q, 1h D7 w3/2, 338h D7 q", "waiting forgotten; "},
        {"not yet forgotten", "0h D7 q, 1h D7 w3/2, 336h D7 q", "3/2 waiting 60m..60m x0"},
        {"base missing is never forgotten", "0h S7 b, 800h S7 n", "0/0 base_missing 0m..0m x0"},
        {"base missing is not closed by silence", "0h S7 b, 0h+60x99 S7 n", "0/0 base_missing 0m..0m x0"},
        {"base missing, proof", "0h S7 r3, 0h S7 b, 9h S7 S3", "base_missing stored; "},
        {"base missing, proof of an older version", "0h S7 r3, 0h S7 b, 9h S7 S2",
         "3/2 base_missing 0m..0m x0"},
        {"base missing, received again, no failure", "0h S7 r3, 0h S7 b, 9h S7 r3, 9h+59 D7 n, 10h+1 D7 n",
         "base_missing received; "},
        {"base missing, received again, too early to tell", "0h S7 r3, 0h S7 b, 9h S7 r3, 9h+59 D7 n",
         "3/0 base_missing 0m..0m x0"},
        {"base missing, received again, fails again", "0h S7 r3, 0h S7 b, 9h S7 r3, 9h+20 S7 b, 12h D7 n",
         "3/0 base_missing 0m..560m x1"},
        {"base missing, an older version is received", "0h S7 r3, 0h S7 b, 9h S7 r2, 12h D7 n",
         "3/0 base_missing 0m..0m x0"},
        {"superseded once", "0h D7 s15/12", "15/0 superseded? 0m..0m x0"},
        {"superseded twice within the hour", "0h D7 s15/12, 0h+59 D7 s15/12", "15/0 superseded? 0m..59m x1"},
        {"superseded an hour apart", "0h D7 s15/12, 1h D7 s15/12", "15/0 superseded 0m..60m x1"},
        {"superseded, but the despooler stored it", "0h S7 S15, 1h D7 s15/12, 9h D7 s15/12", ""},
        {"superseded by the word of the database, a late copy", "0h D7 v15, 1h D7 s15/12, 9h D7 s15/12",
         "15/15 superseded? 60m..540m x1"},
        {"superseded by the word of the database, the whole day",
         "0h D7 v15, 1h+60x26 D7 s15/12, 1h+60x26 D7 v15", "15/15 superseded 60m..1560m x25"},
        {"... until the version is set right and comes",
         "0h D7 v15, 1h+60x26 D7 s15/12, 1h+60x26 D7 v15, 27h D7 v12, 28h D7 v15", "superseded stored; "},
        {"superseded, stored is older", "0h D7 v11, 1h D7 s15/12, 9h D7 s15/12",
         "15/11 superseded 60m..540m x1"},
        {"superseded, then stored", "0h D7 v11, 1h D7 s15/12, 9h D7 s15/12, 10h D7 v15",
         "superseded stored; "},
        {"a candidate ends without a word", "0h D7 s15/12, 0h+60x27 D7 n", ""},
        {"all kinds of one package", "0h S7 r3, 0h S7 b, 1h D7 w3/2, 2h D7 s3/2, 4h D7 s3/2",
         "3/2 waiting 60m..60m x0 base_missing 0m..0m x0 superseded 120m..240m x1"},
        {"one proof closes all", "0h S7 r3, 0h S7 b, 1h D7 w3/2, 2h D7 s3/2, 4h D7 s3/2, 5h D7 p3/3",
         "waiting stored; base_missing stored; superseded stored; "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int logs = 1; logs <= 2; logs++)
            for (size_t piece = 0; piece < 1000; piece += 333) {
                struct text one = log_of(cases[i].lines, logs == 1 ? 0 : 'S'),
                            other = log_of(cases[i].lines, 'D');
                struct story story;
                story_begin(&story, logs, "auto");
                story_grow(&story, 0, text_string(&one), one.length);
                if (logs == 2)
                    story_grow(&story, 1, text_string(&other), other.length);
                story_run(&story, piece);
                struct text got = {0};
                outcome_of(&story, &got);
                if (strcmp(text_string(&got), cases[i].outcome) != 0)
                    fail_msg("%s, %d logs, pieces of %zu: \"%s\", not \"%s\"", cases[i].name, logs, piece,
                             text_string(&got), cases[i].outcome);
                text_free(&got);
                story_end(&story);
                text_free(&one);
                text_free(&other);
            }
}

/* The other log comes in the next run. */
static void late_events(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first, *second, *outcome;
    } cases[] = {
        {"a waiting line older than the proof does not reopen", "5h S5 S3", "0h+60x4 D7 w3/2", ""},
        {"a late proof closes", "0h+60x4 D7 w3/2", "4h+30 S5 S3", "waiting stored; "},
        {"a late proof of before the last lines", "0h+60x9 D7 w3/2", "4h+30 S5 S3",
         "3/2 waiting 270m..540m x9"},
        {"a late failure of before the proof", "5h S5 S3", "4h S5 r3, 4h S5 b", ""},
        {"a late superseded", "5h S5 S15", "4h D5 s15/12, 6h D5 s15/12", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text one = log_of(cases[i].first, 0), other = log_of(cases[i].second, 0);
        struct story story;
        story_begin(&story, 2, "auto");
        story_grow(&story, 0, text_string(&one), one.length);
        story_run(&story, 0);
        story_grow(&story, 1, text_string(&other), other.length);
        story_run(&story, 0);
        struct text got = {0};
        outcome_of(&story, &got);
        if (strcmp(text_string(&got), cases[i].outcome) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].name, text_string(&got), cases[i].outcome);
        text_free(&got);
        story_end(&story);
        text_free(&one);
        text_free(&other);
    }
}

static void by_hand(void **state)
{
    (void)state;
    struct text log = log_of("0h S7 r3, 0h S7 b, 1h D7 w3/2", 0), got = {0};
    struct story story;
    story_begin(&story, 1, "auto");
    story_grow(&story, 0, text_string(&log), log.length);
    story_run(&story, 0);
    assert_false(conditions_close(&story.set, "CEN00002", BEGIN));
    assert_true(conditions_close(&story.set, P, BEGIN));
    assert_false(conditions_close(&story.set, P, BEGIN));
    outcome_of(&story, &got);
    assert_string_equal(text_string(&got), "waiting by_hand; base_missing by_hand; ");
    text_free(&got);
    text_free(&log);
    story_end(&story);
}

static void causes(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *family;
        long long code;
    } cases[] = {
        {"Cannot write to output file, Win32 Error = 112", "disk_full", 112},
        {"Failed to write to the output file, Win32 Error = 13", "damaged", 13},
        {"SMS Despooler failed to merge delta to the compressed package \"" P
         "\". The operating system reported error 112: There is not enough space on the disk.",
         "disk_full", 112},
        {"Despooler failed to merge delta to the compressed package \"" P
         "\". The operating system reported error 1: Incorrect function.",
         "disk_full", 1},
        {"SMS Despooler failed to merge delta to the compressed package \"" P
         "\". The operating system reported error 2147942512: There is not enough space on the disk.",
         "disk_full", 112},
        /* the number of these is no error of Windows */
        {"Cannot update the package " P " in the package source, error = 8", "", 0},
        {"Cannot update the package server [\"Display=\\\\S\\\"]\\\\S\\ for package " P ", error = 3", "", 0},
        {"Cannot update the package program for package " P " in the package source, error = 40", "", 0},
        {"SQL Msg #99901> This SiteCode (SEC) does not exist in the parent table, Sites.", "site_gone", 0},
        {"Failed to insert SMS Program ID 3 because the referenced program " P
         "-Install Office is not present in the PkgPrograms table. Will try later.",
         "program", 0},
        {"Package " P " program Install no longer exists, delete it", "programs_deleted", 0},
        {"Despooler failed to execute the instruction, error code = 8", "memory", 8},
        {"Despooler failed to execute the instruction, error code = 70", "disk_full", 112},
        {"Despooler failed to execute the instruction, error code = 20", "in_use", 32},
        {"Despooler failed to execute the instruction, error code = 12", "", 18},
        {"Despooler failed to execute the instruction, error code = cb", "", 203},
        {"Despooler failed to execute the instruction, error code = C000000b", "", 0xC000000BLL},
        {"Error 32: The process cannot access the file because it is being used by another process.",
         "in_use", 32},
        {"failed to open X.ins WIN32 ERROR = 32", "in_use", 32},
        {"ExpandPXEImage failed; 0x80070003", "pxe_drive", 3},
        {"CContentDefinition::TotalFileSizes failed; 0x80070003", "not_found", 3},
        {"CreatePackageBundle failed; 0x800704d3", "aborted", 1235},
        {"Failed to copy " P ", Win32 error = 995", "aborted", 995},
        {"CWmi::PutObject(): PutInstance() failed. - 0x80041013", "wmi", 0x80041013},
        {"Failed to add the file x.cat in content " P ".4. Error 0x80041002", "wmi", 0x80041002},
        {"CContentBundle::ExtractContents failed; 0x80091007", "hash", 0x80091007},
        {"CreateCertificate failed; 0x80092004", "certificate", 0x80092004},
        {"CSendFileAction::SendContent failed; 0x800B0109", "certificate", 0x800B0109},
        {"Failed to open the connection, error = 2148204809", "certificate", 0x800B0109},
        {"CHttp::Connect failed; 0x8009030C", "logon", 0x8009030C},
        {"Failed to decrypt cert PFX data", "certificate", 0},
        {"CHttp::Connect failed; 0x80072EE2", "internet", 12002},
        {"CHttp::Connect failed; 0x80072F8F", "internet", 12175},
        {"Failed to send, error = 12029", "internet", 12029},
        {"Failed to send, error = 12176", "", 12176},
        {"*** [08001][53][Microsoft][SQL Server Native Client 11.0]Named Pipes Provider: Could not open a connection",
         "database", 0},
        {"*** [28000][18456][Microsoft][SQL Server]Login failed for user 'CORP\\SRV$'.", "logon", 0},
        {"*** Failed to connect to the SQL Server, connection type: SMS ACCESS.", "database", 0},
        {"CFileLibrary::AddFile failed; 0x80070035", "library_away", 53},
        {"Failed to find the content library \\\\NAS\\lib, error = 67", "library_away", 67},
        {"RDC:Failed to copy signature file to \\\\DP1\\SMSSIG$\\" P ".4.tar, error code = 112",
         "dp_disk_full", 112},
        {"Failed to copy " P " to \\\\DP1\\SMSPKGE$\\" P ", error = 112", "dp_disk_full", 112},
        {"Failed to write D:\\SMSPKG\\" P ".PCK, error = 112", "disk_full", 112},
        {"STATMSG: ID=4402 SEV=E LEV=M ISTR0=\"" P "\" ISTR1=\"112\" ISTR2=\"\"", "disk_full", 112},
        {"STATMSG: ID=4402 SEV=E LEV=M ISTR0=\"" P "\" ISTR1=\"1\" ISTR2=\"\"", "disk_full", 1},
        {"STATMSG: ID=4402 SEV=E LEV=M ISTR0=\"" P "\" ISTR1=\"32\" ISTR2=\"\"", "in_use", 32},
        {"thread 0x80 of 0x8A3 is busy", "", 0},
        {"CContentDefinition::TotalFileSizes failed; 0x8007052e", "logon", 1326},
        {"Failed to make a network connection to \\\\SRV07.CORP.EXAMPLE\\ADMIN$ (0x35).", "network", 53},
        {"Cannot establish connection to [\"Display=\\\\SRV07\\\"]MSWNET:[\"SMS_SITE=S02\"]\\\\SRV07\\. Error = 64",
         "network", 64},
        {"The source directory \\\\SRV01\\src doesn't exist or the SMS service cannot access it, Win32 last error = 5",
         "rights", 5},
        {"The source directory \\\\SRV01\\src doesn't exist or the SMS service cannot access it, Win32 last error = 53",
         "source_away", 53},
        {"The source directory \\\\SRV01\\src doesn't exist or the SMS service cannot access it, Win32 last error = 2",
         "source", 2},
        {"The source directory \"//name/source\" for package \"" P "\" does not exist.", "source", 0},
        {"ERROR CreateApplicationPool: Failed with error = IDispatch error #3603", "iis6", 0},
        {"CCompress::Open: Failed to open E:\\SMSPKG\\" P " (2)", "", 0},
        {"CCompress::Open: Failed to open E:\\SMSPKG\\" P ".PCK (32)", "in_use", 32},
        {"CCompress::Open: Failed to open E:\\SMSPKG\\" P ".PCK (33)", "in_use", 33},
        {"CCompress::Open: Failed to open E:\\SMSPKG\\" P ".PCK (5)", "rights", 5},
        {"CCompress::Open: Failed to open E:\\SMSPKG\\" P ".PCK (112)", "disk_full", 112},
        {"CCompress::Open: Failed to open E:\\SMSPKG\\" P ".PCK (32", "in_use", 32},
        {"CCompress::Open: Failed to open (", "", 0},
        {"Package " P " version 112", "", 0},
        {"error", "", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cause cause = cause_of_line(cases[i].line, strlen(cases[i].line));
        if (strcmp(cause_name(cause.family), cases[i].family) != 0 || cause.code != cases[i].code ||
            cause_find(cases[i].family) != cause.family)
            fail_msg("\"%s\": %s %lld, not %s %lld", cases[i].line, cause_name(cause.family),
                     (long long)cause.code, cases[i].family, cases[i].code);
        for (size_t length = 0; length < strlen(cases[i].line); length++)
            cause_of_line(cases[i].line, length); /* cut anywhere: never a crash */
    }
}

static void details(void **state)
{
    (void)state;
    struct text log = log_of("0h S7 r3, 0h S7 b, 0h S7 e, 1h D7 w3/2, 2h D7 w4/2, 3h S7 r4", 0);
    struct story story;
    story_begin(&story, 1, "auto");
    story_grow(&story, 0, text_string(&log), log.length);
    story_run(&story, 0);
    const struct condition *it = conditions_find(&story.set, P);
    assert_non_null(it);
    assert_true(condition_open(it));
    assert_int_equal(condition_kinds(it), 1u << CONDITION_WAITING | 1u << CONDITION_BASE_MISSING);
    assert_int_equal(condition_first_s(it), BEGIN);
    assert_int_equal(condition_last_s(it), BEGIN + 7200);
    assert_int_equal(condition_repeats(it), 1);
    assert_int_equal(it->last_progress_s, BEGIN + 3 * 3600);
    assert_int_equal(it->received_s, BEGIN + 3 * 3600);
    assert_string_equal(condition_failure(it),
                        "Despooler failed to execute the instruction, error code = 12");
    assert_string_equal(it->sign[CONDITION_BASE_MISSING].line,
                        "CCompress::Open: Failed to open E:\\SMSPKG\\" P " (2)");
    text_free(&log);
    story_end(&story);
}

static void clock_set_back(void **state)
{
    (void)state;
    struct conditions set;
    conditions_init(&set, 14 * 86400);
    struct replication_event event = {.kind = REPLICATION_WAITING, .package = P, .wanted = 3, .held = 2};
    static const int64_t times[] = {10000, 13600, 9000, 12600, 16200};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        event.time_s = BEGIN + times[i];
        conditions_apply(&set, &event);
    }
    const struct condition_sign *sign = &conditions_find(&set, P)->sign[CONDITION_WAITING];
    assert_int_equal(sign->first_s, BEGIN + 9000);
    assert_int_equal(sign->last_s, BEGIN + 16200);
    assert_int_equal(sign->repeats, 4);
    assert_true(sign->longest_gap_s >= 0);
    conditions_free(&set);
}

/* A log that was made to exhaust memory: package after package. */
static void sets_are_bounded(void **state)
{
    (void)state;
    struct conditions set;
    conditions_init(&set, 14 * 86400);
    struct replication_event event = {.wanted = 3, .held = 2};
    for (unsigned i = 0; i < 100000; i++) {
        snprintf(event.package, sizeof event.package, "X%02u%05X", i % 100, i);
        event.time_s = BEGIN + i;
        event.newest_s = event.time_s - 1;
        event.kind = REPLICATION_STORED;
        conditions_apply(&set, &event);
        event.kind = REPLICATION_BASE_MISSING;
        if (i % 8 == 0)
            conditions_apply(&set, &event);
    }
    assert_int_equal(set.count, CONDITIONS_MOST);
    assert_int_equal(set.refused, 12500 - CONDITIONS_MOST);
    assert_in_range(set.stored_count, CONDITIONS_STORED / 2, CONDITIONS_STORED);
    assert_non_null(conditions_stored(&set, event.package));
    for (size_t i = 0; i < set.stored_count; i++)
        assert_ptr_equal(conditions_stored(&set, set.stored[i].package), &set.stored[i]);
    struct conditions again;
    conditions_init(&again, 14 * 86400);
    assert_int_equal(conditions_load(&again, set.items, set.count, set.stored, set.stored_count), 0);
    assert_int_equal(again.count, set.count);
    for (size_t i = 0; i < set.stored_count; i++)
        assert_int_equal(conditions_stored(&again, set.stored[i].package)->time_s, set.stored[i].time_s);
    assert_int_equal(conditions_load(&again, set.items, CONDITIONS_MOST + 1, NULL, 0), -1);
    conditions_free(&again);
    conditions_free(&set);
}

/* What ends by time ends at the same event, however it is looked for: each condition when it is due, or all
 * of them at every event. */
static void due_is_all(void **state)
{
    (void)state;
    uint64_t seed = 12;
    size_t ended = 0;
    for (int round = 0; round < 40; round++) {
        struct story due = {0}, all = {0};
        struct replication_event event = {.here = {true, true}};
        int64_t now_s = BEGIN;
        conditions_init(&due.set, 3 * 86400);
        conditions_init(&all.set, 3 * 86400);
        for (int i = 0; i < 2000; i++) {
            static const enum replication_kind kinds[] = {
                REPLICATION_WAITING,  REPLICATION_WAITING, REPLICATION_WAITING,    REPLICATION_BASE_MISSING,
                REPLICATION_RECEIVED, REPLICATION_FAILURE, REPLICATION_SUPERSEDED, REPLICATION_STORED};
            event.kind = kinds[dice_throw(&seed, round % 2 == 0 ? 7 : 8)];
            event.component = dice_throw(&seed, 2);
            event.newest_s = now_s;
            now_s += dice_throw(&seed, 10) == 0 ? dice_throw(&seed, 30000) : dice_throw(&seed, 300);
            event.time_s = now_s - dice_throw(&seed, 7) * dice_throw(&seed, 4000) / 6;
            event.written_before_s[event.component] = event.written_s;
            event.written_s = now_s - BEGIN;
            event.wanted = 2 + dice_throw(&seed, 3);
            event.held = 1 + dice_throw(&seed, 3);
            snprintf(event.package, sizeof event.package, "CEN%05X", (unsigned)dice_throw(&seed, 60));
            snprintf(event.line, sizeof event.line, "line %d", i);
            conditions_apply(&due.set, &event);
            assert_int_equal(conditions_load(&all.set, NULL, 0, NULL, 0), 0); /* as if they were new */
            conditions_apply(&all.set, &event);
            assert_int_equal(due.set.ending_count, all.set.ending_count);
        }
        struct text one = {0}, other = {0};
        story_tell(&due, &one);
        story_tell(&all, &other);
        assert_string_equal(text_string(&one), text_string(&other));
        ended += due.set.ending_count;
        text_free(&one);
        text_free(&other);
        story_end(&due);
        story_end(&all);
    }
    assert_true(ended > 2000);
}

/* A run that stops early keeps the order: what could not be applied yet is read again. */
static void held_back(void **state)
{
    (void)state;
    struct conditions set;
    conditions_init(&set, 0);
    struct log_merge *merge = log_merge_new(&set, 2);
    struct replication_event event = {.kind = REPLICATION_WAITING, .package = P, .wanted = 3, .start = 500};
    event.time_s = BEGIN + 100;
    assert_int_equal(log_merge_next(merge), 0);
    assert_int_equal(log_merge_add(merge, 0, &event), 0);
    event.start = 600;
    event.time_s = BEGIN + 90;
    assert_int_equal(log_merge_add(merge, 0, &event), 0);
    assert_int_equal(set.count, 0);
    assert_int_equal(log_merge_held(merge, 0), 500);
    assert_int_equal(log_merge_held(merge, 1), -1);
    assert_int_equal(log_merge_next(merge), 1);
    assert_int_equal(log_merge_reached(merge, 1, BEGIN + 99), 0);
    assert_int_equal(set.count, 0);
    assert_int_equal(log_merge_reached(merge, 1, BEGIN + 100), 0);
    assert_int_equal(log_merge_held(merge, 0), -1);
    assert_int_equal(conditions_find(&set, P)->sign[CONDITION_WAITING].repeats, 1);
    event.time_s = BEGIN + 200;
    assert_int_equal(log_merge_add(merge, 0, &event), 0);
    assert_int_equal(log_merge_held(merge, 0), 600);
    assert_int_equal(log_merge_ended(merge, 1), 0);
    assert_int_equal(log_merge_held(merge, 0), -1);
    assert_int_equal(log_merge_next(merge), 0);
    assert_int_equal(log_merge_ended(merge, 0), 0);
    assert_int_equal(log_merge_next(merge), -1);
    log_merge_free(merge);
    conditions_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories),          cmocka_unit_test(late_events), cmocka_unit_test(by_hand),
        cmocka_unit_test(causes),           cmocka_unit_test(details),     cmocka_unit_test(clock_set_back),
        cmocka_unit_test(sets_are_bounded), cmocka_unit_test(held_back),   cmocka_unit_test(due_is_all),
    };
    return cmocka_run_group_tests_name("conditions", tests, NULL, NULL);
}
