// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stall_words.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "check/advice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *words, *advice;
} causes[CAUSE_FAMILIES] = {
    [CAUSE_DISK_FULL] = {"the disk is full",
                         "free space on the drives of SMSPKG and of the content library (a merge needs twice "
                         "the size of the package); the server tries again by itself"},
    [CAUSE_MEMORY] = {"not enough memory or disk space",
                      "free disk space first (a merge needs twice the size of the package), then look at the "
                      "memory of the server and restart SMS_EXECUTIVE"},
    [CAUSE_IN_USE] = {"a file is in use by another program",
                      "exclude SMSPKG, despoolr.box and the package source from antivirus and backup; close "
                      "what holds the file"},
    [CAUSE_NOT_FOUND] =
        {"a file or folder is not there",
         "look for the path of the line; if content is missing at this site, have the package "
         "sent again from its source site"},
    [CAUSE_RIGHTS] = {"access denied",
                      "give the computer account of the site server the rights on the path of the line"},
    [CAUSE_LOGON] = {"the logon is refused",
                     "look at the account that the site server uses there: password, lock-out, expiry"},
    [CAUSE_NETWORK] =
        {"the network path is not reachable",
         "can the site server open \\\\SERVER\\admin$ of the line? server down, name, firewall"},
    [CAUSE_DAMAGED] = {"a file is damaged",
                       "look at the disk, then have the package sent again from its source site"},
    [CAUSE_SOURCE] = {"its source directory is gone",
                      "restore the source directory, give each package a source directory of its own "
                      "(KB3121616), then update its distribution points"},
    [CAUSE_IIS6] = {"the distribution point lacks IIS 6 compatibility",
                    "on the distribution point: Install-WindowsFeature Web-Metabase, Web-WMI (KB4509132)"},
    [CAUSE_ABORTED] =
        {"the operation was aborted",
         "the component was stopped in it, and where it repeats it hangs in its stop: restart "
         "SMS_EXECUTIVE (the service, not the component alone), then update the package, a send that "
         "was aborted is not tried again"},
    [CAUSE_WMI] = {"WMI fails",
                   "on the server of the line: winmgmt /verifyrepository, restart Winmgmt, at a distribution "
                   "point mofcomp smsdpprov.mof (SMS_DP$\\sms\\bin); has the site server rights in its WMI?"},
    [CAUSE_HASH] =
        {"content does not match its hash",
         "validate the content at the distribution point and redistribute it; if it fails again, update "
         "the package from its source"},
    [CAUSE_CERTIFICATE] =
        {"a certificate or key is not accepted",
         "look at the certificate of the distribution point (expiry, chain, revocation), renew or "
         "import it in the properties of the distribution point, after a site recovery too"},
    [CAUSE_INTERNET] = {"the Internet address is not reachable",
                        "can the site server open the address of the line? proxy, firewall, DNS, TLS"},
    [CAUSE_DATABASE] = {"the site database is not reachable",
                        "is SQL Server running, and reachable from the site server? name, port, firewall"},
    [CAUSE_SOURCE_AWAY] =
        {"the server of the package source is not reachable",
         "can the site server open the source folder of the package? its server down, renamed, "
         "firewall"},
    [CAUSE_LIBRARY_AWAY] =
        {"the content library is not reachable",
         "it is one cause for all packages: can the site server open the share of its content "
         "library? its server down, name, firewall"},
    [CAUSE_DP_DISK_FULL] =
        {"the disk of the distribution point is full",
         "free space on the drives of the distribution point of the line; the server tries again "
         "by itself"},
    [CAUSE_PXE_DRIVE] = {"no drive for the boot image",
                         "is there a NO_SMS_ON_DRIVE.SMS on the drive of the content library? remove it and "
                         "redistribute the boot image (KB2794136)"},
    [CAUSE_SITE_GONE] = {"a site in its definition does not exist any more",
                         "delete the .PKG file in distmgr.box\\INCOMING that stands a few lines before (KB "
                         "Q319189); the package itself is well"},
    [CAUSE_PROGRAM] =
        {"its program is not here, and a task sequence refers to it",
         "send this package to this site, or refresh it: the task sequences wait for its definition"},
    [CAUSE_PROGRAMS_DELETED] =
        {"its programs are deleted at this site",
         "a distribution point was added at a site two levels below the owner, from a site "
         "between: update SMS, change the package at its owner (KB837658)"},
};

/* What to do about a failure whose code says nothing, by how its line begins. */
static const struct {
    const char *beginning, *advice;
} own_advice[] = {
    {"Cannot update the package server ",
     "does a line before it name a site that does not exist (SQL Msg #99901)? then delete the .PKG file in "
     "distmgr.box\\INCOMING that stands there (KB Q319189); else take the distribution point of the line out of the "
     "package, delete the package's .PCK and .PKG here, and add it again (Tao Yang 2011)"},
    {"Cannot update the package ",
     "the number is no error of Windows: the lines before it name what is missing at this site (a program of another "
     "package, a site)"},
};

/* KB Q267977, Q319189 and their like; the console shows the same numbers. */
static const struct {
    int id;
    const char *words;
} status_messages[] = {
    {2302, "failed to process the package"},
    {2321, "failed to decompress the package"},
    {2323, "failed to reach a distribution point"},
    {2328, "failed to copy the package to a distribution point"},
    {2370, "failed to install a distribution point"},
    {4402, "failed to merge a delta to the compressed package"},
    {4404, "no valid public key for the sending site"},
};

static bool is_kind(const struct stall *stall, enum condition_kind kind)
{
    return (stall->kind_bits & 1u << kind) != 0;
}

static bool is_subject(const struct stall *stall, const char *subject)
{
    return strcmp(stall->package, subject) == 0;
}

/* @despooler and @distmgr: failures of which nothing tells the package */
static bool is_component(const struct stall *stall)
{
    return stall->package[0] == REPLICATION_SUBJECT && is_kind(stall, CONDITION_FAILING);
}

static bool is_folder(const struct stall *stall)
{
    return stall->pck_expected > 0;
}

static const char of_no_package[] = "failures that name no package";

void stall_add_why(const struct stall *stall, struct text *text)
{
    if (is_folder(stall))
        text_add(text, "most base files are gone");
    else if (is_kind(stall, CONDITION_SITE))
        text_add(text, is_subject(stall, REPLICATION_THREADS)      ? "all processing threads are busy"
                       : is_subject(stall, REPLICATION_DESPOOLING) ? "all despooling threads are busy"
                       : stall->put_off                            ? "an instruction is put off"
                                        : "its instructions are refused, no public key");
    else if (stall->cause.family != CAUSE_UNKNOWN)
        text_add(text, causes[stall->cause.family].words);
    else if (is_component(stall))
        text_add(text, of_no_package);
    else if (is_kind(stall, CONDITION_BASE_MISSING))
        text_add(text, "the base file is gone");
    else if (stall->definition)
        text_add(text, "the definition is not here");
}

/* It is waited for although the site's database has it: the content was deleted there. */
static bool is_denied(const struct stall *stall)
{
    return is_kind(stall, CONDITION_WAITING) && stall->wanted > 0 && stall->held >= stall->wanted;
}

/* "... for version 12 ." of a file that the site throws away. @return 0: the line does not tell */
static int64_t version_thrown_away(const struct stall *stall)
{
    static const char words[] = "for version ";
    const char *said = is_kind(stall, CONDITION_SUPERSEDED) ? strstr(stall->line, words) : NULL;
    return said != NULL ? strtoll(said + strlen(words), NULL, 10) : 0;
}

static void add_versions(const struct stall *stall, struct text *text)
{
    const int64_t sent = version_thrown_away(stall);
    if (sent > 0) {
        text_addf(text, "throws away version %" PRId64 " that is sent, for %" PRId64 " has arrived", sent,
                  stall->wanted);
        return;
    }
    if (is_denied(stall)) {
        text_addf(text, "wants version %" PRId64 ", which its database calls stored", stall->wanted);
        return;
    }
    if (stall->wanted > 0)
        text_addf(text, "wants version %" PRId64, stall->wanted);
    else
        text_add(text, "wanted version not said");
    if (stall->held > 0)
        text_addf(text, ", has %" PRId64, stall->held);
}

/* A HRESULT is looked up by its hexadecimal form, an error of Windows by its number. */
static void add_code(int64_t code, struct text *text)
{
    text_addf(text, code > 0xFFFF ? " (error 0x%08" PRIX64 ")" : " (error %" PRId64 ")", code);
}

void stall_add_facts(const struct stall *stall, struct text *text)
{
    const bool versions =
        (stall->kind_bits & ~(1u << CONDITION_FAILING | 1u << CONDITION_SITE)) != 0 || stall->pck_missing;
    if (is_kind(stall, CONDITION_SITE)) {
        if (is_subject(stall, REPLICATION_THREADS) || is_subject(stall, REPLICATION_DESPOOLING))
            text_addf(text, "all %s threads are busy and the queue waits",
                      is_subject(stall, REPLICATION_THREADS) ? "package processing" : "despooling");
        else if (stall->put_off)
            text_add(text, "an instruction is put off far beyond a retry, see the date in the line");
        else
            text_addf(text, "instructions from site %s are refused: no valid public key", stall->package + 1);
        return;
    }
    if (is_folder(stall)) {
        text_addf(text, "%" PRId64 " of %" PRId64 " base files are gone, so it is one cause",
                  stall->pck_all_missing, stall->pck_expected);
        return;
    }
    if (versions)
        add_versions(stall, text);
    if (stall->definition)
        text_add(text, ", the content is here, its definition is not");
    if (stall->given_up)
        text_addf(text, "%sgiven up after 100 tries", versions ? ", " : "");
    if (is_component(stall))
        text_add(text, of_no_package);
    if (stall->cause.family != CAUSE_UNKNOWN)
        text_addf(text, "%s%s", versions || is_component(stall) || stall->given_up ? ", " : "",
                  causes[stall->cause.family].words);
    else if (!versions && !is_component(stall) && !stall->given_up)
        text_add(text, "the same failure again and again");
    if (stall->cause.code != 0 && (stall->cause.family != CAUSE_UNKNOWN || !versions))
        add_code(stall->cause.code, text);
}

void stall_add_line(const struct stall *stall, struct text *text)
{
    enum { SHOWN = 200 };
    static const char status_message[] = "STATMSG: ID=";
    if (stall->line[0] == '\0')
        return;
    if (strncmp(stall->line, status_message, strlen(status_message)) == 0) {
        const int id = atoi(stall->line + strlen(status_message));
        text_addf(text, ": status message %d", id);
        for (size_t i = 0; i < sizeof status_messages / sizeof *status_messages; i++)
            if (status_messages[i].id == id)
                text_addf(text, ", %s", status_messages[i].words);
        return;
    }
    text_add(text, ": \"");
    text_add_clean(text, stall->line, SHOWN);
    text_add(text, "\"");
}

static void add_site_advice(const struct stall *stall, struct text *text)
{
    if (is_subject(stall, REPLICATION_THREADS))
        text_add(text, "; look what the packages of the line wait for (WMI of a distribution point), restart "
                       "SMS_DISTRIBUTION_MANAGER; if the queue moves, allow more threads");
    else if (is_subject(stall, REPLICATION_DESPOOLING))
        text_add(text, "; restart SMS_EXECUTIVE (KB Q260366, Q304381)");
    else if (stall->put_off)
        text_add(text,
                 "; set the clock of the server right, restart SMS_DESPOOLER, else take the file out of "
                 "despoolr.box\\receive and have it sent again (KB Q172899)");
    else
        text_addf(text,
                  "; exchange the public keys of %s and this site (preinst.exe, the file into "
                  "inboxes\\hman.box); what was tried 100 times is dropped and must be sent again",
                  stall->package + 1);
}

static void add_definition_advice(const struct stall *stall, const struct stall_place *place,
                                  struct text *text)
{
    if (place->local_stamps)
        text_addf(text,
                  "; the .PKG of %s has not come to inboxes\\distmgr.box\\INCOMING: look at replmgr.log and "
                  "at the inboxes of this site and its parent",
                  stall->item.package);
    else
        text_addf(text,
                  "; look at the database replication of this site (Replication Link Analyzer, rcmctrl.log); "
                  "on Configuration Manager 2007 at the .PKG of %s in distmgr.box",
                  stall->item.package);
}

static void add_reset_advice(const struct stall *stall, const struct stall_place *place, struct text *text)
{
    if (place->site == NULL || !advice_command(place->options, ADVICE_RESET, "; else on the owning site ",
                                               stall->item.package, place->site, text))
        text_add(text, "; else reset it at the owning site (sms_reset_package)");
}

static void add_copy_advice(const struct stall *stall, const struct stall_place *place, struct text *text)
{
    const char *package = stall->item.package;
    text_addf(text, "; copy %s.PCK from the owning site to this site's SMSPKG folder and preload it",
              package);
    if (advice_command(place->options, ADVICE_PRELOAD, " (", package, NULL, text))
        text_add(text, ")");
    add_reset_advice(stall, place, text);
    text_add(text, ", then refresh its distribution points");
    advice_command(place->options, ADVICE_CLOSE, "; if that is done and no log will show it: ", package, NULL,
                   text);
}

/* The site believes that it holds the newer version, and throws away what comes. */
static void add_superseded_advice(const struct stall *stall, const struct stall_place *place,
                                  struct text *text)
{
    const char *package = stall->item.package;
    text_addf(text, "; is the content of %s really here? preload it with /UpdateStoredPkgVersion", package);
    if (advice_command(place->options, ADVICE_PRELOAD, " (", package, NULL, text)) {
        text_add(text, " /UpdateStoredPkgVersion");
        const int64_t sent = version_thrown_away(stall);
        if (sent > 0) /* that of the parent's file: a higher one is what makes the site throw it away */
            text_addf(text, " %" PRId64, sent);
        text_add(text, ")");
    }
    add_reset_advice(stall, place, text);
}

/* MS Learn, resend compressed copy: the content is missing at a site that the database calls installed. */
static void add_denied_advice(const struct stall *stall, const struct stall_place *place, struct text *text)
{
    text_addf(
        text,
        "; was the content of %s deleted at this site? have its compressed copy sent again from the site above",
        stall->item.package);
    add_reset_advice(stall, place, text);
}

void stall_add_way(const struct stall *stall, struct text *text)
{
    enum { SHOWN = 160 };
    char instant[32];
    const char *colon = strchr(stall->way, ':');
    const bool closed = strstr(stall->way, "Address is closed") != NULL;
    if (colon == NULL)
        return;
    text_addf(text, "; %.*s: ", (int)(colon - stall->way), stall->way);
    if (stall->way_count > 1)
        text_addf(text, "%" PRId64 " lines since %s, the last: ", stall->way_count,
                  instant_format(stall->way_first_s, instant, sizeof instant));
    else
        text_addf(text, "%s: ", instant_format(stall->way_first_s, instant, sizeof instant));
    text_add(text, "\"");
    text_add_clean(text, colon + 2, SHOWN);
    text_add(text, closed ? "\", healthy, it waits for its window" : "\"");
}

/* Nobody tries it again: what stands behind it is told first, for that is to be mended before. */
static void add_again(const struct stall *stall, struct text *text)
{
    if (stall->given_up)
        text_addf(text, "; then have %s sent again from the site above: nothing tries it any more",
                  stall->item.package);
}

static void add_component_advice(const struct stall *stall, struct text *text)
{
    const bool despooler = is_subject(stall, REPLICATION_DESPOOLER);
    text_addf(text, "; look what stands before this line in %s.log, and at the status messages of %s",
              despooler ? "despool" : "distmgr",
              replication_components[despooler ? REPLICATION_DESPOOL : REPLICATION_DISTMGR]);
}

static void add_failing_advice(const struct stall *stall, struct text *text)
{
    for (size_t i = 0; i < sizeof own_advice / sizeof *own_advice; i++)
        if (strncmp(stall->line, own_advice[i].beginning, strlen(own_advice[i].beginning)) == 0) {
            text_addf(text, "; %s", own_advice[i].advice);
            return;
        }
    text_addf(text, "; look what stands before this line in the log, and at the status messages of %s",
              stall->item.package);
}

void stall_add_advice(const struct stall *stall, const struct stall_place *place, struct text *text)
{
    const bool full = stall->cause.family == CAUSE_DISK_FULL || stall->cause.family == CAUSE_MEMORY;
    /* The file is there: to copy over what is open, or may not be opened, helps nobody. */
    const bool there =
        !stall->pck_missing && (stall->cause.family == CAUSE_IN_USE || stall->cause.family == CAUSE_RIGHTS);
    if (is_folder(stall))
        text_add(
            text,
            "; is the folder of --pck the right one? was it moved to another drive, or emptied by a clean-up or an "
            "antivirus? bring the files back from a backup; send nothing again before that is known");
    else if (is_kind(stall, CONDITION_SITE))
        add_site_advice(stall, text);
    else if (is_kind(stall, CONDITION_BASE_MISSING) && !full && !there)
        add_copy_advice(stall, place, text);
    else if (stall->cause.family != CAUSE_UNKNOWN)
        text_addf(text, "; %s", causes[stall->cause.family].advice);
    else if (stall->definition)
        add_definition_advice(stall, place, text);
    else if (is_denied(stall))
        add_denied_advice(stall, place, text);
    else if (is_kind(stall, CONDITION_SUPERSEDED))
        add_superseded_advice(stall, place, text);
    else if (is_component(stall))
        add_component_advice(stall, text);
    else if (is_kind(stall, CONDITION_FAILING) && !is_kind(stall, CONDITION_WAITING))
        add_failing_advice(stall, text);
    else
        text_addf(text,
                  "; is the parent sending it? look for %s in sched.log and sender.log of the parent "
                  "(antivirus on schedule.box, KB936465)",
                  stall->item.package);
    add_again(stall, text);
}
