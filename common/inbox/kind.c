// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/kind.h"

#include "files/location.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOUR 3600

/* Microsoft's own prerequisite check wants no file older than a day in despoolr.box\receive and schedule.box\requests
 * (Learn, "List of prerequisite checks": Backlogged inboxes). */
#define QUICK                                                                                                \
    {                                                                                                        \
        .silent_warning_s = 2 * HOUR, .silent_critical_s = 6 * HOUR, .left_warning_s = 6 * HOUR,             \
        .left_critical_s = 24 * HOUR                                                                         \
    }
/* A request comes back here while its site cannot be reached. */
#define REQUESTS                                                                                             \
    {                                                                                                        \
        .silent_warning_s = 24 * HOUR, .silent_critical_s = 72 * HOUR, .left_warning_s = 12 * HOUR,          \
        .left_critical_s = 24 * HOUR                                                                         \
    }
/* From Friday noon to Monday midnight is 84 hours. */
#define SLOW                                                                                                 \
    {                                                                                                        \
        .silent_warning_s = 84 * HOUR, .silent_critical_s = 96 * HOUR, .left_warning_s = 84 * HOUR,          \
        .left_critical_s = 96 * HOUR                                                                         \
    }

#define ANTIVIRUS "exclude the inboxes from antivirus (KB327453)"

/* Whose work waits, and where it tells of it. */
#define SCHEDULER .component = "the scheduler (SMS_SCHEDULER)", .log = "sched.log"
#define DESPOOLER .component = "the despooler (SMS_DESPOOLER)", .log = "despool.log"
#define DISTRIBUTION_MANAGER                                                                                 \
    .component = "the distribution manager (SMS_DISTRIBUTION_MANAGER)", .log = "distmgr.log"
#define REPLICATION_MANAGER                                                                                  \
    .component = "the replication manager (SMS_REPLICATION_MANAGER)", .log = "replmgr.log"
/* Anything in it may wait for days. */
#define BEHIND_AN_ADDRESS .slow = "*", .slow_reason = "the address of its site may be closed by a schedule"

const struct inbox_patience inbox_slow_patience = SLOW;

static const struct inbox_kind kinds[] = {
    {
        .folder = "schedule.box/outboxes/?*",
        .component = "the sender (SMS_LAN_SENDER)",
        .log = "sender.log",
        .meaning = "send requests that a sender works through",
        .next = "is the sender running, the site reachable, its address open? see sender.log; " ANTIVIRUS,
        BEHIND_AN_ADDRESS,
        .carries_packages = true,
        .sources = "KB871161; Q212978; management pack for ConfigMgr 2012, schedule.box outboxes LAN backlog",
    },
    {
        .folder = "schedule.box/outboxes",
        .component = "the senders",
        .log = "sender.log",
        .meaning = "the outboxes of the senders, a folder each",
        .next = "watch the folders below it (--recursive)",
        BEHIND_AN_ADDRESS,
        .carries_packages = true,
        .sources = "KB871161",
    },
    {
        .folder = "schedule.box/requests",
        SCHEDULER,
        .meaning =
            "send requests before the scheduler gives them to a sender, and those that a sender gave back because "
            "it did not reach the site",
        .next = "look for the request in sched.log; " ANTIVIRUS,
        .patience = REQUESTS,
        .carries_packages = true,
        .sources =
            "KB871161; management pack for ConfigMgr 2007, schedule.box\\requests backlog; Learn, prerequisite "
            "checks",
    },
    {
        .folder = "schedule.box/tosend",
        .component = "the scheduler and the sender",
        .log = "sched.log and sender.log",
        .meaning = "instruction and package files of jobs that are not yet sent",
        .next = "find the job in sched.log; " ANTIVIRUS,
        BEHIND_AN_ADDRESS,
        .carries_packages = true,
        .sources = "Q212978; Q266195; Learn, Understand package actions",
    },
    {
        .folder = "schedule.box/uid",
        SCHEDULER,
        .meaning = "the two files that hold the next job's and the next request's number",
        .next = "nothing waits here; never delete them (Q266195)",
        .ignored = "*",
        .patience = QUICK,
        .sources = "Q266195",
    },
    {
        .folder = "schedule.box",
        SCHEDULER,
        .meaning = "jobs of the scheduler, each until all of it was sent",
        .next = "find the job in sched.log; " ANTIVIRUS,
        .skipped = "uid",
        BEHIND_AN_ADDRESS,
        .carries_packages = true,
        .sources = "KB871161; Q212978; Q264171",
    },
    {
        .folder = "despoolr.box/receive",
        DESPOOLER,
        .meaning = "what other sites sent and the despooler has not yet taken in",
        .next = "does despool.log still grow? restart SMS_EXECUTIVE if not; " ANTIVIRUS,
        .slow = "*.pck,*.try",
        .slow_reason = "a package is written here as long as its link is slow",
        .patience = QUICK,
        .carries_packages = true,
        .sources = "KB871161; Learn, Understand package actions and prerequisite checks; Q161043",
    },
    {
        .folder = "despoolr.box",
        DESPOOLER,
        .meaning = "the despooler's inbox; its work waits in receive",
        .next = "watch the folder receive below it (--recursive)",
        .patience = QUICK,
        .carries_packages = true,
        .sources = "KB871161",
    },
    {
        .folder = "distmgr.box/incoming",
        DISTRIBUTION_MANAGER,
        .meaning = "package definitions and status that other components left for the distribution manager",
        .next =
            "a .PKG stays until its compressed files came: look for its package in distmgr.log and despool.log; " ANTIVIRUS,
        .slow = "*.pkg",
        .slow_reason = "a .PKG waits for its compressed files, which may take days on a slow link",
        .patience = QUICK,
        .carries_packages = true,
        .sources = "Q245579; Q235788; Q319189; Learn, Components and threads for content distribution",
    },
    {
        .folder = "distmgr.box",
        DISTRIBUTION_MANAGER,
        .meaning = "notices that a package or a distribution point changed",
        .next = "are all of its threads busy? see distmgr.log; " ANTIVIRUS,
        .patience = QUICK,
        .carries_packages = true,
        .sources = "Learn, Components and threads for content distribution",
    },
    {
        .folder = "replmgr.box/outbound/?*",
        REPLICATION_MANAGER,
        .meaning = "data for other sites, before a job is made of it",
        .next = "does replmgr.log still grow? " ANTIVIRUS,
        .patience = QUICK,
        .carries_packages = true,
        .sources = "KB871161",
    },
    {
        .folder = "replmgr.box/outbound",
        REPLICATION_MANAGER,
        .meaning = "data for other sites by priority, in the folders high, normal and low",
        .next = "watch the folders below it (--recursive)",
        .patience = QUICK,
        .carries_packages = true,
        .sources = "KB871161",
    },
    {
        .folder = "replmgr.box/incoming",
        REPLICATION_MANAGER,
        .meaning = "data of other sites that the despooler took in, before its component gets it",
        .next = "does replmgr.log still grow? " ANTIVIRUS,
        .patience = QUICK,
        .carries_packages = true,
        .sources = "KB871161; Q323614; management pack for current branch, replmgr.box backlog",
    },
    {
        .folder = "replmgr.box/ready",
        REPLICATION_MANAGER,
        .meaning = "compressed data for other sites, until its job was sent",
        .next = "is the job still in schedule.box? see sched.log; " ANTIVIRUS,
        BEHIND_AN_ADDRESS,
        .carries_packages = true,
        .sources = "KB871161",
    },
    {
        .folder = "replmgr.box/history",
        REPLICATION_MANAGER,
        .meaning = "the last transaction numbers of each site",
        .next = "nothing waits here (Q320692)",
        .ignored = "*",
        .patience = QUICK,
        .sources = "Q320692",
    },
    {
        .folder = "replmgr.box",
        REPLICATION_MANAGER,
        .meaning = "the replication manager's inbox",
        .next = "does replmgr.log still grow? " ANTIVIRUS,
        .skipped = "history",
        .patience = QUICK,
        .carries_packages = true,
        .sources = "KB871161; Q320692",
    },
    {
        .folder = "inboxmgr.box",
        .component = "the inbox manager (SMS_INBOX_MANAGER)",
        .log = "inboxmgr.log",
        .meaning = "rules and data that are copied between inboxes and site systems",
        .next = "look for errors of copying in inboxmgr.log; " ANTIVIRUS,
        .patience = QUICK,
        .sources = "BackOffice Resource Kit, SMS 2.0 flowcharts: Inbox Manager",
    },
    {
        .folder = "?*",
        .component = "one that this check does not know",
        .log = "its log",
        .meaning = "files for a component of the site server",
        .next = "is that component running? see its status messages and log; " ANTIVIRUS,
        .skipped = "uid,history,bad*",
        .patience = QUICK,
        .sources = "KB871161; KB327453",
    },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

bool inbox_glob_matches(const char *glob, const char *name)
{
    return fnmatch(glob, name, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

bool inbox_glob_list_matches(const char *globs, const char *name)
{
    char glob[64];
    while (globs != NULL && *globs != '\0') {
        const size_t length = strcspn(globs, ",");
        if (length < sizeof glob) {
            memcpy(glob, globs, length);
            glob[length] = '\0';
            if (strcmp(glob, "*") == 0 || inbox_glob_matches(glob, name))
                return true;
        }
        globs += length + (globs[length] == ',');
    }
    return false;
}

bool inbox_is_temporary(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && strcasecmp(dot, ".tmp") == 0;
}

/* Its last `parts` parts with '/' between them; NULL when it has fewer. */
static const char *tail_of(const char *path, int parts)
{
    const char *at = path + strlen(path);
    while (at > path) {
        if (at[-1] == '/' && --parts == 0)
            return at;
        at--;
    }
    return parts == 1 ? at : NULL;
}

static bool ends_in(const char *path, const char *folder)
{
    int parts = 1;
    for (const char *at = folder; *at != '\0'; at++)
        parts += *at == '/';
    const char *tail = tail_of(path, parts);
    return tail != NULL && fnmatch(folder, tail, FNM_CASEFOLD | FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

const struct inbox_kind *inbox_kind_of(const char *location)
{
    char *path = location_decode(location);
    const struct inbox_kind *kind = &kinds[KINDS - 1];
    if (path == NULL)
        return kind;
    for (char *at = path; *at != '\0'; at++)
        if (*at == '\\')
            *at = '/';
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    for (int i = 0; i < KINDS - 1 && kind == &kinds[KINDS - 1]; i++)
        if (ends_in(path, kinds[i].folder))
            kind = &kinds[i];
    free(path);
    return kind;
}

const struct inbox_kind *inbox_kind_at(int index)
{
    return index >= 0 && index < KINDS ? &kinds[index] : NULL;
}
