/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_CHECK_SITECHECK_H
#define SMS_CHECK_SITECHECK_H

#include "check/check.h"
#include "check/findings.h"
#include "sitedb/sitedb.h"

/*
 * A check over the site database from the connection to the report: the order of steps that all of them
 * share. A plugin brings its options, its question (the rows) and its wording.
 */

/* What a plugin's options are parsed into; the plugin's own struct begins with it. */
struct site_check {
    struct check check; /* first: the worker's context is the check */
    struct check_options options;
    struct database_options database;
    struct site_options look;
};

/* One run, in the child; the plugin's own struct begins with it. */
struct siterun {
    const struct site_check *check;
    struct worker *worker;
    struct sitedb db;
    struct findings findings;
    struct findings_source source;
    const struct sitedb_filter
        *read;           /* what is read and remembered, where that is more than what is judged; NULL */
    int64_t examined;    /* what was looked at; 0: nothing may be concluded about what is remembered either */
    double query_time_s; /* time in the database */
    struct text notes;   /* owned: the plugin's lines before those of the items, each with its line break */
};

/* The plugin's part of a run; each is called once, in this order. */
struct siterun_steps {
    unsigned columns; /* SITEDB_BIT of those it asks about */
    /* Answer something else than the check's question (--survey); may be NULL. @return whether it did */
    bool (*instead)(struct siterun *run);
    /* Read the rows in trouble, set `examined`. */
    int (*read)(struct siterun *run, struct failure *failure);
    /* Word the result: ends with siterun_report. */
    void (*tell)(struct siterun *run);
};

/** Run all steps and hand a result over to the worker, whatever happens. `run` has its check, worker and
 * source. */
void siterun(struct siterun *run, const struct siterun_steps *steps);

/* How a plugin words the finding with an index into `run->findings.items`. */
struct siterun_words {
    void (*item_line)(const struct siterun *run, size_t finding, struct text *line);
    /* Further members of its JSON object: what the plugin read; NULL none. */
    void (*item_fields)(const struct siterun *run, size_t finding, struct json *json);
};

/**
 * Hand the report over, with the perfdata `new` behind the plugin's. A memory that was lost or not kept is at
 * least a WARNING. With --new the verdict tells what is new instead of the plugin's.
 */
void siterun_report(struct siterun *run, enum status status, const struct text *verdict,
                    const struct perfdatum *perfdata, size_t perfdata_count,
                    const struct siterun_words *words);

/** @return the perfdata examined and query_time */
struct perfdatum siterun_examined(const struct siterun *run);
struct perfdatum siterun_query_time(const struct siterun *run);

/** `S02 Branch office Oslo`, the code alone where v_Site has no name */
void itemline_add_site(const struct sitedb *db, const char *code, struct text *line);

/** @return the site that sends to a site: its parent, but the owning site where that is not above it; borrowed */
const char *itemline_sender(const struct sitedb *db, const char *code);

/** @return the site's server, `fallback` where v_Site does not tell; borrowed */
const char *itemline_site_server(const struct sitedb *db, const char *code, const char *fallback);

/**
 * Do what main does: parse the options into `check`, which the program's groups point to, run and print.
 *
 * @param run  the work in the child, with `check` as context: prepares a struct siterun and calls siterun
 * @return the exit code for main
 */
int site_check_main(struct site_check *check, const char *label, const struct program *program,
                    worker_function *run, int argc, char **argv);

#endif
