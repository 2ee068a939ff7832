/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPAIR_REPAIR_H
#define SMS_REPAIR_REPAIR_H

#include "base/failure.h"
#include "odbc/odbc.h"
#include "repair/journal_entry.h"
#include "sitedb/package_site.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a repair is about, and whether it may be done. The repair sets a child site's row in PkgStatus back,
 * so that the product sends the whole package again ("Delta package replication problems in SMS
 * 2003", Windows Management User Group, October 2007; Microsoft, "Advanced troubleshooting tips"). Plain values without pointers:
 * they cross from the worker, which has the connection, to the parent, which has the journal and the
 * terminal.
 */

enum repair_style {
    REPAIR_STYLE_RECIPE, /* Status = 2 and SourceVersion = 0: the 2007 recipe */
    REPAIR_STYLE_VERSION /* SourceVersion = 0 alone: Microsoft's later text */
};

/* By rule version (sitedb/package_site.h). */
enum repair_trouble { REPAIR_IN_TROUBLE, REPAIR_IN_SYNC, REPAIR_NOT_TARGETED };

enum { REPAIR_MOST_ROWS = 4 }; /* that are shown; one is what a repair wants */

struct repair_package {
    bool exists;
    char id[16], name[256], source_site[8]; /* as the database writes them */
    int64_t wanted;                         /* SourceVersion */
    int64_t size_bytes;                     /* compressed; 0 unknown */
};

struct repair_site {
    bool exists;
    char code[8], name[128], server[256];
    char path[256]; /* "CEN / PR1 / S02" */
};

/* What was read. */
struct repair_view {
    char server[256], database[128]; /* for the journal: the server's own name where it tells one */
    char owner[8];                   /* the owning site */
    char known_sites[256];           /* for one who mistyped the code */
    struct repair_package package;
    struct repair_site site;
    bool names_dp;        /* the PkgServer that was given is a distribution point's (Type 2) */
    int64_t row_count;    /* Type 1 rows of the package at the site */
    int64_t dp_row_count; /* Type 2 rows */
    struct row_image rows[REPAIR_MOST_ROWS];
    bool torn; /* the row changed between two of the questions */
    enum repair_trouble trouble;
    char kind[16];        /* "sent" */
    char others[256];     /* other sites in trouble with the package: "PR1 (sent), S04 (behind)" */
    char stuck_parent[8]; /* the nearest site above that is in trouble, too; "" none */
    int64_t age_s;        /* of the trouble, by the database; -1 not known */
    int64_t
        future_s; /* how far a date of the row or the package lies in the future: age_s is then not known; 0 */
    int64_t watched_s;      /* since check_sms_packages saw it first; -1 not known */
    char not_watched[512];  /* why not */
    struct row_image after; /* what the row is to become; valid with one row */
    bool set_status;        /* false: SourceVersion alone changes */
    char sql[2048];         /* the UPDATE with its values, for display */
    char look[512];         /* a SELECT that shows the row */
};

struct repair_rules {
    int64_t min_age_s;
    bool force;     /* lifts the guards of age and health, no other */
    int64_t recent; /* repairs at the site within the last hour, from the journal */
    int64_t max_per_hour;
    const struct row_image *left; /* an undo: the row as the entry left it; NULL for a repair */
};

enum repair_lock {
    REPAIR_READ,
    REPAIR_LOCK /* wait for others' transactions on these rows, and keep them out */
};

/* What is to be repaired; texts borrowed. */
struct repair_target {
    const char *package;
    const char *site;       /* the child site's code, or NULL */
    const char *pkg_server; /* the article's form, or NULL; one of both is given */
    enum repair_style style;
    enum pair_clock clock;
    enum repair_lock lock;        /* REPAIR_LOCK: a transaction that may still end on the row is waited for */
    const struct row_image *undo; /* an undo: the row is to become this; NULL for a repair */
};

struct repair_request {
    const struct odbc_settings *settings; /* borrowed, as all below */
    const char *owner;                    /* owning site or NULL */
    const char *state_directory, *journal_directory;
    struct repair_target target; /* for an undo: filled from the entry */
    struct repair_rules rules;   /* recent and left are filled here */
    bool apply;
    int64_t undo_entry; /* 0: a repair */
    int64_t timeout_s;  /* of each worker */
    int verbosity;
    /* Show what will be done and ask a person; NULL: nobody is asked. @return whether it may be done */
    bool (*confirm)(const struct repair_request *request, const struct repair_view *view);
};

enum repair_result {
    REPAIR_RESULT_SHOWN,
    REPAIR_RESULT_REFUSED,
    REPAIR_RESULT_DONE,
    REPAIR_RESULT_ROLLED_BACK,
    REPAIR_RESULT_UNKNOWN /* the outcome is not known, or the database could not be read */
};

struct repair_report {
    enum repair_result result;
    bool has_view, asked; /* was the person asked, and so has seen the view? */
    bool barred;          /* refused, and no --force lifts it: what would be done is not shown */
    struct repair_view view;
    struct failure message; /* why, what is known of the database, what an undo put back; else "" */
    int64_t entry;          /* of the journal, 0 none was written */
    struct failure
        journal; /* what had to be said about the journal or entries in it that were open; "" nothing */
};

/** @return the older of both ages, -1 when none is known */
int64_t repair_age(const struct repair_view *view);

enum repair_permit {
    REPAIR_PERMITTED,
    REPAIR_NEEDS_FORCE, /* age or health: a person may know better, and wants to see what it would do */
    REPAIR_BARRED       /* nothing lifts it, or the remedy is another one: what it would do misleads */
};

/** @return whether the repair may be done; if not, with the reason and what to do instead */
enum repair_permit repair_guard(const struct repair_view *view, const struct repair_rules *rules,
                                struct failure *refusal);

/** @return 0 when the row is still what was shown, or -1 */
int repair_guard_unchanged(const struct row_image *shown, int64_t row_count, const struct row_image *now,
                           struct failure *refusal);

#endif
