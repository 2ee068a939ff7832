// SPDX-License-Identifier: GPL-3.0-or-later
#include "sitedb/package_dp.h"

#include "base/number.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

/* v_PackageStatusDistPointsSumm.State */
enum {
    STATE_INSTALLED = 0,
    STATE_PENDING = 1,
    STATE_RETRYING = 2,
    STATE_FAILED = 3,
    STATE_REMOVAL_PENDING = 4,
    STATE_REMOVAL_RETRYING = 5,
    STATE_REMOVAL_FAILED = 6,
    STATE_UPDATING = 7,
    STATE_VALIDATION_FAILED = 8
};

enum { MESSAGE_WAITING_FOR_PRESTAGED = 2371, MESSAGE_STATE_ERROR = 4 };

/* The message and the order that it answers are dated by two programs. */
enum { SAME_ORDER_S = 3600 };

const char *dp_kind_name(enum dp_kind kind)
{
    static const char *const names[DP_KIND_COUNT] = {
        [DP_INSTALLED] = "installed",
        [DP_PENDING] = "pending",
        [DP_RETRYING] = "retrying",
        [DP_FAILED] = "failed",
        [DP_UPDATING] = "updating",
        [DP_VALIDATION_FAILED] = "validation_failed",
        [DP_BEHIND] = "behind",
        [DP_REMOVAL_PENDING] = "removal_pending",
        [DP_REMOVAL_RETRYING] = "removal_retrying",
        [DP_REMOVAL_FAILED] = "removal_failed",
        [DP_UNEXPECTED] = "unexpected",
        [DP_PRESTAGED] = "prestaged",
        [DP_NO_STATUS] = "no_status",
        [DP_MESSAGE_ERROR] = "message_error",
        [DP_MOVED] = "moved",
    };
    return names[kind];
}

bool dp_kind_is_failed(enum dp_kind kind)
{
    return kind == DP_FAILED || kind == DP_VALIDATION_FAILED || kind == DP_REMOVAL_FAILED;
}

bool dp_kind_is_told(enum dp_kind kind, bool strict)
{
    return kind == DP_PRESTAGED ||
           (!strict && (kind == DP_NO_STATUS || kind == DP_MESSAGE_ERROR || kind == DP_MOVED));
}

bool dp_kind_is_removal(enum dp_kind kind)
{
    return kind == DP_REMOVAL_PENDING || kind == DP_REMOVAL_RETRYING || kind == DP_REMOVAL_FAILED;
}

bool dp_is_removed(const struct dp *dp)
{
    return dp_kind_is_removal(dp->kind) && !dp->targeted_again;
}

enum dp_kind dp_judge(const struct dp *dp)
{
    if (!dp->has_state)
        return DP_UNEXPECTED;
    switch (dp->state) {
    case STATE_INSTALLED:
        return dp->held >= 0 && dp->held < dp->package->wanted ? DP_BEHIND
               : dp->message_state == MESSAGE_STATE_ERROR      ? DP_MESSAGE_ERROR
                                                               : DP_INSTALLED;
    case STATE_PENDING:
        return DP_PENDING;
    case STATE_RETRYING:
        return DP_RETRYING;
    case STATE_FAILED:
        return DP_FAILED;
    case STATE_REMOVAL_PENDING:
        return DP_REMOVAL_PENDING;
    case STATE_REMOVAL_RETRYING:
        return DP_REMOVAL_RETRYING;
    case STATE_REMOVAL_FAILED:
        return DP_REMOVAL_FAILED;
    case STATE_UPDATING:
        return DP_UPDATING;
    case STATE_VALIDATION_FAILED:
        return DP_VALIDATION_FAILED;
    default:
        return DP_UNEXPECTED;
    }
}

bool dp_message_speaks(const struct dp *dp)
{
    const bool older = dp->message_date > 0 && dp->refreshed > dp->message_date + SAME_ORDER_S;
    return dp->message_id != 0 && !older &&
           !(dp->message_id == MESSAGE_WAITING_FOR_PRESTAGED && dp->server->network_only);
}

bool dp_waits_for_prestaged(const struct dp *dp)
{
    const bool pending = dp->kind == DP_PENDING || dp->kind == DP_RETRYING || dp->kind == DP_UPDATING;
    return dp->message_id == MESSAGE_WAITING_FOR_PRESTAGED && pending && dp_message_speaks(dp) &&
           !dp_message_state_is_error(dp->message_state);
}

int64_t dp_database_start(const struct dp *dp)
{
    if (dp->kind == DP_MESSAGE_ERROR)
        return dp->message_date;
    /* An installed row is as old as its version: only the date of the new one tells since when it is an old one. */
    if (dp->summarized == 0 || dp->kind == DP_MOVED || dp->targeted_again ||
        (dp->kind == DP_BEHIND && dp->package->source_date == 0))
        return 0;
    if (dp_kind_is_removal(dp->kind))
        return dp->summarized;
    /* A failure that is still the newest message was not over since, however often the row was reported. */
    const bool fails_since = dp_message_speaks(dp) && dp_message_state_is_error(dp->message_state) &&
                             dp->message_date > 0 && dp->message_date < dp->summarized;
    return larger(fails_since ? dp->message_date : dp->summarized,
                  larger(dp->package->source_date, dp->refreshed));
}

int64_t dp_ordered_anew(const struct dp *dp)
{
    enum { UPDATE_S = 3600 }; /* the distribution manager comes to the package within the hour */
    return dp->refreshed > dp->package->source_date + UPDATE_S ? dp->refreshed : 0;
}

bool dp_message_state_is_error(int64_t state)
{
    /* 4 is error in databases, 3 in the SDK page of the WMI class SMS_DistributionDPStatus. */
    return state == 3 || state == MESSAGE_STATE_ERROR;
}

const struct dp *dp_list_next_told(const struct dp_list *list, size_t *at)
{
    if (*at < list->told_count)
        return &list->told[(*at)++];
    while (*at < list->told_count + list->count) {
        const struct dp *dp = &list->dps[(*at)++ - list->told_count];
        if (dp->kind == DP_PRESTAGED)
            return dp;
    }
    return NULL;
}

const char *dp_message_state_name(int64_t state)
{
    static const char *const names[] = {NULL, "ok", "in progress", "error", "error"};
    return state >= 0 && state < (int64_t)(sizeof names / sizeof *names) ? names[state] : NULL;
}

bool dp_server_matches(const struct string_list *globs, const char *place)
{
    enum { FLAGS = FNM_CASEFOLD | FNM_NOESCAPE }; /* a '\' parts the server from its share */
    char server[256];
    size_t length = strcspn(place, "\\");
    if (length >= sizeof server)
        length = sizeof server - 1;
    memcpy(server, place, length);
    server[length] = '\0';
    for (size_t i = 0; i < globs->count; i++)
        if (fnmatch(globs->strings[i], server, FLAGS) == 0 || fnmatch(globs->strings[i], place, FLAGS) == 0)
            return true;
    return globs->count == 0;
}

void dp_add_like_pattern(const char *glob, bool literal, struct text *pattern)
{
    text_add(pattern, "%");
    /* A path that did not parse was cleaned: what it had before is not known. */
    if (literal && (strpbrk(glob, " \"[]:") != NULL || strstr(glob, "...") != NULL))
        return;
    for (const char *c = glob; *c != '\0' && !pattern->failed; c++) {
        if (*c == '[' && !literal && strchr(c + 1, ']') != NULL) {
            text_add(pattern, "%");
            /* "[]a]" holds a ']': the last one is behind whatever this set may be. */
            c = strrchr(c, ']');
        } else if (isalnum((unsigned char)*c) || *c == '-' || *c == '.') {
            text_add_bytes(pattern, c, 1);
        } else if (pattern->bytes[pattern->length - 1] != '%') {
            text_add(pattern, "%");
        }
    }
    if (!pattern->failed && pattern->bytes[pattern->length - 1] != '%')
        text_add(pattern, "%");
}
