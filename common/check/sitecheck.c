// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/sitecheck.h"

#include "base/sanitize.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int remember(struct siterun *run, struct failure *failure)
{
    const struct site_check *check = run->check;
    struct text identity = {0};
    sitedb_identity(&run->db, &check->database.settings, &identity);
    const struct findings_memory memory = {.directory = check_state_directory(&check->options),
                                           .plugin = check->check.program->name,
                                           .identity = text_string(&identity),
                                           .wait_ms = check_lock_wait_ms(run->worker)};
    int result = identity.failed ? fail(failure, "out of memory")
                                 : findings_remember(&run->findings, &run->source, &memory, &run->db,
                                                     run->read != NULL ? run->read : &check->look.filter,
                                                     worker_trace(run->worker), failure);
    text_free(&identity);
    return result;
}

static int look(struct siterun *run, const struct siterun_steps *steps, struct failure *failure)
{
    const struct site_check *check = run->check;
    if (steps->read(run, failure) != 0 || findings_collect(&run->findings, &run->source, failure) != 0)
        return -1;
    run->findings.clocks = (struct clocks){.host = time(NULL), .database = run->db.clock.utc};
    if (run->examined > 0 && remember(run, failure) != 0)
        return -1;
    const struct announce_options announce = check_announce_options(&check->options);
    return findings_judge(&run->findings, &run->source, &check->options.thresholds, &check->look.rates,
                          &check->options.known, &announce, failure);
}

void siterun(struct siterun *run, const struct siterun_steps *steps)
{
    const struct site_check *check = run->check;
    const struct trace *trace = worker_trace(run->worker);
    struct failure failure;
    struct odbc_error error;
    struct odbc_connection *connection = odbc_connect(&check->database.settings, trace, &error);
    if (connection == NULL) {
        check_fail(run->worker, &check->check, &error.failure);
        return;
    }
    if (sitedb_open(&run->db, connection, check->look.site, steps->columns, trace, &failure) != 0) {
        check_fail(run->worker, &check->check, &failure);
    } else if (steps->instead == NULL || !steps->instead(run)) {
        if (look(run, steps, &failure) != 0) {
            check_fail(run->worker, &check->check, &failure);
        } else {
            run->query_time_s = odbc_elapsed_s(connection);
            steps->tell(run);
        }
    }
    findings_free(&run->findings);
    text_free(&run->notes);
    sitedb_close(&run->db);
    trace_step(trace, "disconnecting");
    odbc_disconnect(connection);
}

struct line_context {
    const struct siterun *run;
    void (*item_line)(const struct siterun *run, size_t finding, struct text *line);
    void (*item_fields)(const struct siterun *run, size_t finding, struct json *json);
};

static void line_in_order(void *context, size_t shown, struct text *line)
{
    const struct line_context *lines = context;
    lines->item_line(lines->run, lines->run->findings.order[shown], line);
}

/* Line breaks become ends of strings. @return the lines, owned, NULL without any */
static const char **split_lines(struct text *text, size_t *count)
{
    *count = 0;
    size_t room = 0;
    for (size_t i = 0; i < text->length; i++)
        room += text->bytes[i] == '\n';
    const char **lines = room == 0 ? NULL : malloc(room * sizeof *lines);
    if (lines == NULL)
        return NULL;
    for (char *line = text->bytes, *end; *count < room; line = end + 1) {
        end = strchr(line, '\n');
        *end = '\0';
        lines[(*count)++] = line;
    }
    return lines;
}

static const struct item *item_in_order(const void *context, size_t shown)
{
    const struct findings *findings = &((const struct line_context *)context)->run->findings;
    return &findings->items[findings->order[shown]];
}

static void fields_in_order(void *context, size_t shown, struct json *json)
{
    const struct line_context *lines = context;
    lines->item_fields(lines->run, lines->run->findings.order[shown], json);
}

/*
 * The verdict of a service that tells what is new. What is no item, as rows that nobody renews, is told once, in the
 * plugin's own words; afterwards it has no effect on the state.
 */
static enum status add_new_verdict(struct siterun *run, enum status status, const struct tally *tally,
                                   const struct text *plugin_verdict, struct line_context *lines,
                                   struct text *verdict)
{
    const enum status beside = status_worse(status, tally->status) == tally->status ? STATUS_OK : status;
    const enum status told =
        announcements_judge_other(&run->findings.announcements, "beside the items", beside, 0);
    if (told != STATUS_OK) {
        text_add_bytes(verdict, text_string(plugin_verdict), plugin_verdict->length);
        return status;
    }
    announce_verdict(item_in_order, lines, run->findings.shown, tally, verdict);
    findings_add_notes(&run->findings, tally, verdict);
    return tally->status;
}

void siterun_report(struct siterun *run, enum status status, const struct text *plugin_verdict,
                    const struct perfdatum *plugin_perfdata, size_t plugin_perfdata_count,
                    const struct siterun_words *words)
{
    enum { MOST_PERFDATA = 32 };
    struct tally tally;
    tally_items(run->findings.items, run->findings.count, &tally);
    struct perfdatum perfdata[MOST_PERFDATA];
    size_t perfdata_count =
        plugin_perfdata_count < MOST_PERFDATA - 1 ? plugin_perfdata_count : MOST_PERFDATA - 1;
    memcpy(perfdata, plugin_perfdata, perfdata_count * sizeof *perfdata);
    perfdata[perfdata_count++] = announce_perfdatum(&tally);
    const bool verbose = run->check->options.verbosity > 0;
    if (verbose) {
        struct text ended = {0};
        known_list_add_ended(&run->check->options.known, run->findings.clocks.host, &ended);
        if (ended.length > 0)
            text_addf(&run->notes, "%s\n", text_string(&ended));
        text_free(&ended);
    }
    const bool everything = verbose || run->check->options.format == OUTPUT_JSON;
    size_t note_count;
    const char **notes = split_lines(&run->notes, &note_count);
    struct line_context lines = {run, words->item_line, words->item_fields};
    struct text verdict = {0};
    if (run->findings.announcements.only_new && status != STATUS_UNKNOWN)
        status = add_new_verdict(run, status, &tally, plugin_verdict, &lines, &verdict);
    else
        text_add_bytes(&verdict, text_string(plugin_verdict), plugin_verdict->length);
    if (run->findings.recall.in_trouble)
        status = status_worse(status, STATUS_WARNING);
    const struct report report = {.format = (enum output_format)run->check->options.format,
                                  .label = run->check->check.label,
                                  .status = status,
                                  .verdict = text_string(&verdict),
                                  .perfdata = perfdata,
                                  .perfdata_count = perfdata_count,
                                  .notes = notes,
                                  .note_count = note_count,
                                  .item_line = line_in_order,
                                  .item = item_in_order,
                                  .item_fields = words->item_fields != NULL ? fields_in_order : NULL,
                                  .context = &lines,
                                  .item_count = run->findings.shown - (everything ? 0 : run->findings.folded),
                                  .max_items = (size_t)run->check->options.max_items,
                                  .all = verbose};
    check_finish(run->worker, &report, &run->findings.announcements, findings_remembers, &run->findings);
    text_free(&verdict);
    free(notes);
}

struct perfdatum siterun_query_time(const struct siterun *run)
{
    return (struct perfdatum){.label = "query_time",
                              .unit = "s",
                              .value = (int64_t)run->query_time_s,
                              .fractional = true,
                              .thousandths = (int64_t)(run->query_time_s * 1000) % 1000};
}

struct perfdatum siterun_examined(const struct siterun *run)
{
    return (struct perfdatum){.label = "examined", .unit = "", .value = run->examined};
}

static int validate(const struct check *check, struct failure *failure)
{
    return odbc_settings_check(&((const struct site_check *)check)->database.settings, failure);
}

int site_check_main(struct site_check *check, const char *label, const struct program *program,
                    worker_function *run, int argc, char **argv)
{
    check->database.settings.application = program->name;
    check->check = (struct check){.program = program,
                                  .label = label,
                                  .options = &check->options,
                                  .environment = &check->database.environment,
                                  .validate = validate,
                                  .run = run};
    int status = check_main(&check->check, argc, argv);
    known_list_free(&check->options.known);
    rate_list_free(&check->look.rates);
    return status;
}

void itemline_add_site(const struct sitedb *db, const char *code, struct text *line)
{
    const struct site *site = sitedb_site(db, code);
    text_add(line, code);
    if (site != NULL && site->name[0] != '\0') {
        text_add(line, " ");
        text_add_clean(line, site->name, 40);
    }
}

const char *itemline_site_server(const struct sitedb *db, const char *code, const char *fallback)
{
    const struct site *site = sitedb_site(db, code);
    return site != NULL && site->server[0] != '\0' ? site->server : fallback;
}

const char *itemline_sender(const struct sitedb *db, const char *code)
{
    enum { MOST_UP = 16 };
    const struct site *site = sitedb_site(db, code);
    const char *parent = site != NULL ? site->parent : "";
    const struct site *above = site;
    for (int up = 0; up < MOST_UP && above != NULL && above->parent[0] != '\0'; up++) {
        if (strcasecmp(above->parent, db->owner) == 0)
            return parent;
        above = sitedb_site(db, above->parent);
    }
    return db->owner;
}
