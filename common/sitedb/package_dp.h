/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SITEDB_PACKAGE_DP_H
#define SMS_SITEDB_PACKAGE_DP_H

#include "sitedb/dp_message.h"
#include "sitedb/sitedb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A package on a distribution point, as v_PackageStatusDistPointsSumm tells it. Facts: SDK pages of
 * SMS_PackageStatusDistPointsSummarizer, SMS_DistributionPoint and SMS_DistributionDPStatus.
 */

enum dp_kind {
    DP_INSTALLED,
    DP_PENDING,           /* State 1 */
    DP_RETRYING,          /* 2 */
    DP_FAILED,            /* 3 */
    DP_UPDATING,          /* 7 */
    DP_VALIDATION_FAILED, /* 8 */
    DP_BEHIND,            /* 0 with an old SourceVersion */
    DP_REMOVAL_PENDING,   /* 4 */
    DP_REMOVAL_RETRYING,  /* 5 */
    DP_REMOVAL_FAILED,    /* 6 */
    DP_UNEXPECTED,        /* any other code, NULL */
    DP_PRESTAGED,         /* pending, and waits for content that somebody must bring: no trouble */
    DP_NO_STATUS,         /* targeted, without a row of the summarizer */
    DP_MESSAGE_ERROR,     /* 0, and the newest message says error */
    DP_MOVED,             /* a row in trouble whose DP has the package from another site only */
    DP_KIND_COUNT
};

/* What many rows share; owned by the list. */
struct dp_package {
    const char *id, *name;
    int64_t wanted;      /* v_Package.SourceVersion; -1 unknown */
    int64_t size_bytes;  /* compressed; 0 unknown */
    int64_t source_date; /* UTC, 0 no date */
};

struct dp_server {
    const char *place; /* "S021": as shown (sitedb/nalpath.h) */
    const char *site;  /* SiteCode of the row */
    const char *path;  /* its NAL path, as it was met first */
    uint32_t number;   /* 0, 1, 2 ...: to count by */
    /* What dps_describe_servers found out, where it could look. */
    bool pull, maintenance, inactive;
    bool network_only;    /* never prestaged: v_DistributionPoints.PreStagingAllowed is 0 */
    bool listed, gone;    /* it is in v_DistributionPoints; it is not, and others of its site are */
    int64_t targeted;     /* packages that are to be on it; of an inactive one only */
    int64_t percent_free; /* of its fullest drive, where that is under DP_DRIVE_FULL; -1 */
    char drive[8];        /* that drive's name */
};

/* A drive with less free than this is worth a word: percent. */
enum { DP_DRIVE_FULL = 10 };

struct dp {
    const struct dp_package *package; /* borrowed from the list */
    const struct dp_server *server;
    enum dp_kind kind;
    bool targeted_again; /* a removal of what is to be on the DP: it was ordered again since */
    bool has_state;
    int64_t state;
    int64_t held;       /* SourceVersion of the row: never clears a fault; -1 for NULL */
    int64_t summarized; /* SummaryDate: the last change that was reported; UTC, 0 no date */
    int64_t
        refreshed; /* v_DistributionPoint.LastRefreshTime: it was ordered for the DP last; UTC, 0 no date */
    int64_t message_id; /* of the DP's newest message (2012 and later); 0 none */
    int64_t message_state;
    int64_t message_date; /* UTC, 0 no date */
};

struct dp_names; /* of packages and servers, by their text */

struct dp_list {
    struct dp
        *dps; /* owned; dp_list_free. What waits for prestaged content is among them, to be remembered */
    size_t count;
    struct dp *told; /* owned: no findings, but worth a word (dp_kind_is_told) */
    size_t told_count;
    struct dp_names *names; /* owned */
};

/* Views that only enrich the answer. */
enum dp_source {
    DP_MESSAGES,   /* vSMS_DistributionDPStatus: 2012 and later */
    DP_PROPERTIES, /* v_DistributionPoints: 2012 and later */
    DP_DRIVES,     /* v_DistributionPointDriveInfo: 2012 and later */
    DP_SIZES,      /* v_PackageStatusRootSummarizer.SourceCompressedSize */
    DP_ROOT_DATES, /* its SourceDate, where v_Package has none */
    DP_SOURCE_COUNT
};

enum dp_access {
    DP_NOT_ASKED,
    DP_READABLE,
    DP_NOT_THERE, /* this product has no such view or column */
    DP_DENIED,    /* the login may not read it */
    DP_NOT_NOW    /* it could not be tried: locked, ... */
};

struct dp_sources {
    enum dp_access access[DP_SOURCE_COUNT];
    const char *message_date;                     /* the column's name; static */
    bool pull, maintenance, inactive, prestaging; /* columns of v_DistributionPoints */
};

/* What is looked at beside the filter of packages and sites. */
struct dp_selection {
    const struct sitedb_filter *filter;
    const struct string_list *servers; /* globs on the server's name; borrowed */
    bool removals, branch_dps;
    bool rates;                /* --min-rate needs the packages' sizes */
    bool strict;               /* what no real database has proven yet is trouble too */
    bool lists;                /* it is listed by name */
    struct dp_sources sources; /* filled by dps_probe */
};

/* What was looked at, and how new it is. */
struct dp_evidence {
    int64_t examined;
    int64_t newest;           /* SummaryDate of the newest row; UTC, 0 no date */
    int64_t missing;          /* targeted, without a row of the summarizer */
    char missing_example[16]; /* one of their packages */
    int64_t missing_since;    /* the first order of them that still waits for its row; UTC, 0 no date */
    int64_t away;             /* targeted at sites that are not active: not looked at */
    char away_example[8];     /* the first of these sites, */
    bool away_more;           /* of several */
    struct text silent;       /* owned: sites asked for by --child-site that have no row at all */
    bool server_unknown;      /* no distribution point has a name that --server asks for */
};

/** @return "validation_failed"; static */
const char *dp_kind_name(enum dp_kind kind);

/** @return whether this kind is known to be broken, so that the thresholds of failed items count */
bool dp_kind_is_failed(enum dp_kind kind);

/** @return whether a removal: of what is to be removed, or (targeted_again) of what is to be there */
bool dp_kind_is_removal(enum dp_kind kind);

/** @return whether it is to be removed, which only --include-removals looks at */
bool dp_is_removed(const struct dp *dp);

/** @return whether a kind that is told and, but for --strict, no finding */
bool dp_kind_is_told(enum dp_kind kind, bool strict);

/** State decides. SourceVersion only tells that an installed version is an old one, a message that it is contradicted. */
enum dp_kind dp_judge(const struct dp *dp);

/**
 * @return whether the DP waits for content that somebody must bring (MessageID 2371): not a fault. Only of what is
 * pending, at a DP that may be prestaged ("Distribution points that have not been identified as prestaged ignore these
 * settings": Manage network bandwidth for content), and since it was ordered for the DP last: a message never clears a
 * failure, nor a wait that it does not speak of.
 */
bool dp_waits_for_prestaged(const struct dp *dp);

/**
 * Since when the database itself knows of the trouble: when the row last changed, never before the package's
 * source did, nor before it was ordered for the DP last. An error that is still the newest message was there all along. A removal of what is to be there again tells nothing.
 *
 * @return UTC seconds by the database's clock, 0 none
 */
int64_t dp_database_start(const struct dp *dp);

/**
 * When somebody ordered it anew for this DP: a repair. An update of the package orders it for all of them, and what is
 * updated daily and never comes still gets old: such an order, at the date of the source, is none.
 *
 * @return UTC seconds by the database's clock, 0 never
 */
int64_t dp_ordered_anew(const struct dp *dp);

/** @return whether the newest message speaks of the present: it is no older than the last order for the DP */
bool dp_message_speaks(const struct dp *dp);

/** @return whether a MessageState means an error */
bool dp_message_state_is_error(int64_t state);

/** @return "in progress" for a MessageState; static, NULL for other codes */
const char *dp_message_state_name(int64_t state);

/** @return whether one of the globs matches the name (without case); true for an empty list */
bool dp_server_matches(const struct string_list *globs, const char *place);

/**
 * Append a pattern of LIKE (with ESCAPE '!') that every NAL path matches whose place matches the glob, and
 * others: a superset for the server, for dp_server_matches to decide.
 *
 * @param literal  it is a place (sitedb/nalpath.h), not a glob
 */
void dp_add_like_pattern(const char *glob, bool literal, struct text *pattern);

/** Find or make the package of a row, the server of a row. @return NULL when memory ran out */
const struct dp_package *dp_package_named(struct dp_list *list, const struct dp_package *like);
const struct dp_server *dp_server_named(struct dp_list *list, const char *nal_path, const char *site);

/** The same, to fill in what dps_describe_servers finds out. */
struct dp_server *dp_server_described(struct dp_list *list, const char *nal_path, const char *site);

/** @return the server with this number, in the order in which they were found; NULL behind the last */
const struct dp_server *dp_server_at(const struct dp_list *list, size_t number);

/** @return how many servers there are: their numbers are below it */
size_t dp_server_count(const struct dp_list *list);

/** Find out which of the views that only enrich the answer can be read; -vv says so of those that cannot. */
void dps_probe(const struct sitedb *db, struct dp_selection *selection);

/** @return the next that is told at or after `*at` (advances it): those of list->told, then what waits for prestaged
 * content; NULL at the end; borrowed */
const struct dp *dp_list_next_told(const struct dp_list *list, size_t *at);

/** @return whether what would excuse an item could not be read: messages and DPs have views of their own */
bool dp_sources_are_blind(const struct dp_sources *sources);

/** @return whether this source was found readable */
bool dp_reads(const struct dp_sources *sources, enum dp_source source);

/** @return "v_DistributionPoints", and what is lost without it; static */
const char *dp_source_view(enum dp_source source);
const char *dp_source_loss(enum dp_source source);

/** @return whether the product is ConfigMgr 2012 or later, as far as its views tell */
bool dp_sources_are_modern(const struct dp_sources *sources);

/** Read the rows in trouble. Only findings cross the wire, and those waiting for prestaged content. */
int dps_read(const struct sitedb *db, const struct dp_selection *selection, struct dp_list *list,
             struct failure *failure);

/**
 * Find what is worth a word without being proven trouble: targeted DPs without a status row, installed ones with an
 * error as newest message, rows of DPs that moved to another site. They become findings when the selection is strict; the
 * first and the last are looked for only where somebody asks for names.
 */
int dps_read_unproven(const struct sitedb *db, const struct dp_selection *selection,
                      const struct dp_evidence *evidence, struct dp_list *list, struct failure *failure);

/** Fill in what is known of the servers themselves: kind, maintenance, inactive, full drives. */
int dps_describe_servers(const struct sitedb *db, const struct dp_selection *selection, struct dp_list *list,
                         struct failure *failure);

/* A package that was installed on a DP. */
struct dp_arrival {
    char package[16];
    const struct dp_server *server;
    int64_t version, copied; /* the date as it is stored */
};

struct dp_arrivals {
    struct dp_arrival *rows; /* owned; dp_arrivals_free */
    size_t count;
    size_t seen;   /* rows that were read */
    bool too_many; /* they are not complete */
};

/**
 * Read what was installed since a date (as it is stored).
 *
 * @param most    rows at most: a refresh of everything everywhere is no order to tell
 * @param wanted  by the number of the server; others are left out
 */
int dps_read_arrivals(const struct sitedb *db, const struct dp_selection *selection, int64_t since,
                      size_t most, const bool *wanted, size_t wanted_count, struct dp_list *list,
                      struct dp_arrivals *arrivals, struct failure *failure);

void dp_arrivals_free(struct dp_arrivals *arrivals);

/** Find out on which of these servers anything was installed since a date. @param[in,out] moving  in step, set true */
int dps_find_moving(const struct sitedb *db, int64_t since, const struct dp_server *const *servers,
                    size_t count, struct dp_list *list, bool *moving, struct failure *failure);

/** Count what is looked at. */
int dps_count(const struct sitedb *db, const struct dp_selection *selection, struct dp_evidence *evidence,
              struct failure *failure);

/** Look up rows by their keys (`place` is "SERVER/SITE"), in batches; those in trouble are appended to
 * `list`. */
int dps_look_up(const struct sitedb *db, const struct dp_selection *selection, struct lookup *lookups,
                size_t count, struct dp_list *list, struct failure *failure);

void dp_list_free(struct dp_list *list);

#endif
