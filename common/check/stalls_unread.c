// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/stalls_unread.h"

#include "base/sanitize.h"
#include "files/location.h"

#include <inttypes.h>
#include <string.h>

/* The first line has a budget: a few names stand for many. */
enum { SHOWN_NAMES = 5, NAME_BYTES = 64 };

/* What a failure says behind the place that it is about; all of it where it names another (a share). */
static const char *behind_place(const struct logset_log *log)
{
    const size_t length = strlen(log->location);
    return strncmp(log->failure.text, log->location, length) == 0 ? log->failure.text + length
                                                                  : log->failure.text;
}

/* Are two logs away for the same reason? */
static bool has_cause(const struct logset_log *log, const struct logset_log *cause)
{
    return log->failed && strcmp(behind_place(log), behind_place(cause)) == 0;
}

static bool folder_has_cause(const struct stallreport *report, const struct logset_log *cause)
{
    return report->no_folder != NULL && strcmp(report->no_folder->text, cause->failure.text) == 0;
}

static bool same_folder(const char *one, const char *other)
{
    const size_t length = (size_t)(location_name(one) - one);
    return length == (size_t)(location_name(other) - other) && strncmp(one, other, length) == 0;
}

/* What keeps several from being read, as a server or a file with the password does, is told once. */
static void add_failure(const struct stallreport *report, const struct logset_log *cause,
                        struct text *verdict)
{
    const char *names[LOG_MERGE_LOGS + 1];
    const char *reason = behind_place(cause);
    const bool placed = reason != cause->failure.text;
    size_t count = 0;
    for (size_t i = 0; i < report->logs->count && count < LOG_MERGE_LOGS; i++)
        if (has_cause(&report->logs->logs[i], cause))
            names[count++] = placed && !same_folder(report->logs->logs[i].location, cause->location)
                                 ? report->logs->logs[i].location
                                 : location_name(report->logs->logs[i].location);
    if (folder_has_cause(report, cause))
        names[count++] = "--pck";
    if (count > 1 && placed) { /* the first with its folder, the others by name */
        text_addf(verdict, "%s, ", cause->location);
        text_add_clean_list(verdict, names + 1, count - 1, SHOWN_NAMES, NAME_BYTES);
    } else if (count > 1) {
        text_add_clean_list(verdict, names, count, SHOWN_NAMES, NAME_BYTES);
        text_add(verdict, ": ");
    }
    text_addf(verdict, "%s; ", count > 1 ? reason : cause->failure.text);
}

static void add_unread(const struct stallreport *report, const struct logset_log *log, struct text *verdict)
{
    if (log->failed)
        add_failure(report, log, verdict);
    else if (log->others[0] != '\0')
        text_addf(verdict, "%s is the log of %s: give despool.log and distmgr.log of the child site; ",
                  location_name(log->location), log->others);
    else if (log->undated > 0)
        text_addf(
            verdict,
            "%s: the dates of its new records are in a form that is not known, \"%s\": please report this form; ",
            location_name(log->location), log->stamp);
    else if (log->status.size_bytes == 0)
        text_addf(verdict, "%s is empty: is logging of this component switched on?; ", log->location);
    else {
        text_addf(verdict, "%s has no record of an SMS or ConfigMgr log in %" PRId64 " bytes", log->location,
                  log->status.size_bytes);
        if (log->beginning[0] != '\0')
            text_addf(verdict,
                      ", but \"%s\": it looks like one, but its dates are in a form that is not known; "
                      "please report this form; ",
                      log->beginning);
        else
            text_add(verdict, ": is it the right file, or --encoding?; ");
    }
}

static bool is_told(const struct logset *set, size_t log)
{
    for (size_t i = 0; i < log; i++)
        if (has_cause(&set->logs[i], &set->logs[log]))
            return true;
    return false;
}

static bool folder_is_told(const struct stallreport *report)
{
    for (size_t i = 0; i < report->logs->count; i++)
        if (report->logs->logs[i].failed && folder_has_cause(report, &report->logs->logs[i]))
            return true;
    return false;
}

/* Among others that could be read. */
static void add_undated(const struct logset_log *log, struct text *verdict)
{
    if (log->undated > 0 && !logset_is_unread(log))
        text_addf(verdict,
                  "%" PRId64
                  " records of %s are not read, their dates are in a form that is not known, \"%s\"; ",
                  log->undated, location_name(log->location), log->stamp);
}

/* Its note says since when. */
static void add_lost(const struct logset *set, struct text *verdict)
{
    const char *names[LOG_MERGE_LOGS];
    size_t count = 0;
    for (size_t i = 0; i < set->count && count < LOG_MERGE_LOGS; i++)
        if (logset_has_lost(&set->logs[i]))
            names[count++] = location_name(set->logs[i].location);
    if (count == 0)
        return;
    text_add(verdict, "records of ");
    text_add_clean_list(verdict, names, count, SHOWN_NAMES, NAME_BYTES);
    text_add(verdict, " may be lost, what they told is not known; ");
}

void stallreport_add_unread(const struct stallreport *report, struct text *verdict)
{
    enum { SHOWN = 2 };
    const struct logset *set = report->logs;
    size_t causes = 0;
    for (size_t i = 0; i < set->count; i++)
        if (logset_is_unread(&set->logs[i]) && !(set->logs[i].failed && is_told(set, i)) && causes++ < SHOWN)
            add_unread(report, &set->logs[i], verdict);
    if (causes > SHOWN)
        text_addf(verdict, "and %zu more like these; ", causes - SHOWN);
    if (report->no_folder != NULL && !folder_is_told(report))
        text_addf(verdict, "%s; ", report->no_folder->text);
    for (size_t i = 0; i < set->count; i++)
        add_undated(&set->logs[i], verdict);
    add_lost(set, verdict);
}
