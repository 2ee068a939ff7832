// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/check.h"

#include "base/units.h"
#include "check/options_shared.h"
#include "process/begin.h"
#include "process/privileges.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

bool write_output(const struct text *output)
{
    const char *bytes = text_string(output);
    size_t left = output->length;
    while (left > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        left -= (size_t)written;
    }
    return true;
}

static void keep_told(struct worker *worker, struct announcements *announcements,
                      bool (*is_kept)(const void *context, const char *key), const void *context)
{
    trace_step(worker_trace(worker), "keeping what was told");
    struct failure failure;
    /* What cannot be kept is told again by the next run; that run says what is wrong with the memory. */
    if (announcements_keep(announcements, is_kept, context, &failure) == 0)
        statefile_commit(announcements->file, announcements->now, &failure);
    worker_kept(worker);
}

void check_finish(struct worker *worker, const struct report *report, struct announcements *announcements,
                  bool (*is_kept)(const void *context, const char *key), const void *context)
{
    struct text output = {0};
    bool keep = announcements != NULL && announcements->file != NULL && report->status != STATUS_UNKNOWN &&
                announcements_due(announcements);
    report_render(report, &output);
    if (keep)
        worker_confirm(worker);
    worker_result(worker, (int)report->status, text_string(&output), output.length);
    text_free(&output);
    if (keep && worker_delivered(worker))
        keep_told(worker, announcements, is_kept, context);
}

void check_fail(struct worker *worker, const struct check *check, const struct failure *failure)
{
    struct text output = {0};
    report_render_failure((enum output_format)check->options->format, check->label, STATUS_UNKNOWN,
                          failure->text, &output);
    worker_result(worker, STATUS_UNKNOWN, text_string(&output), output.length);
    text_free(&output);
}

struct smb_access check_smb_access(const struct worker *worker, const char *auth_file)
{
    const int64_t left_ms = worker_time_left_ms(worker);
    return (struct smb_access){.auth_file = auth_file,
                               .timeout_ms = (int)(left_ms > 2000 ? left_ms - 1000 : left_ms / 2)};
}

int64_t check_lock_wait_ms(const struct worker *worker)
{
    int64_t left = worker_time_left_ms(worker) - 500;
    return left > 0 ? left : 0;
}

static enum status end_with(const struct check *check, enum status status, const char *text,
                            struct text *output)
{
    report_render_failure((enum output_format)check->options->format, check->label, status, text, output);
    return status;
}

/* What an operator reads of a worker that gave no result. */
static enum status explain(const struct check *check, const struct supervision *supervision,
                           struct text *output)
{
    bool late = supervision->end == SUPERVISION_TIMEOUT;
    enum status status = late ? check->options->timeout.status : STATUS_UNKNOWN;
    struct failure failure;
    supervision_explain(supervision, check->options->timeout.seconds, &failure);
    failure_add(&failure, "; %s",
                late ? "with it raise check_nrpe -t and NRPE's command_timeout"
                     : "-vv shows the driver and its version");
    return end_with(check, status, failure.text, output);
}

static void note_settings(const struct check *check, const struct options_arena *arena)
{
    if (check->options->verbosity < 2)
        return;
    struct text settings = {0};
    options_settings(check->program, arena, &settings);
    ssize_t ignored = write(STDERR_FILENO, text_string(&settings), settings.length);
    (void)ignored; /* diagnostics: a closed stderr must not change the result */
    text_free(&settings);
}

static enum status run(const struct check *check, struct text *output)
{
    struct supervision supervision;
    struct failure failure;
    if (supervise(check->run, (void *)check, check->options->timeout.seconds * 1000,
                  check->options->verbosity, write_output, &supervision, &failure) != 0)
        return end_with(check, STATUS_UNKNOWN, failure.text, output);
    enum status status;
    if (supervision.end == SUPERVISION_RESULT) {
        status = (enum status)supervision.exit_code; /* the output was written as soon as it was there */
    } else {
        status = explain(check, &supervision, output);
    }
    text_free(&supervision.output);
    return status;
}

/* All but how it judges and tells. */
static bool says_what_is_looked_at(const struct option *option)
{
    return option < check_option_table || option >= check_option_table + check_option_count ||
           strcmp(option->name, "state-dir") == 0;
}

/* What the options were is a part of what the check tells. */
static void note_options(const struct check *check, const struct program *program,
                         const struct options_arena *arena)
{
    struct check_options *options = check->options;
    options->rule = options_rule(program, arena);
    text_cut(&options->extra, 0);
    text_cut(&options->database_extra, 0);
    options->no_commands = options_extra(arena, NULL, &options->extra) != 0 ||
                           options_extra(arena, database_option_table, &options->database_extra) != 0;
    options->sections_lack = options_on_command_line(arena, says_what_is_looked_at);
}

/* Options are read a second time when root gave up its rights: what the checks' user cannot read must fail
 * here too. */
static enum options_outcome read_options(const struct check *check, int argc, char **argv,
                                         struct options_arena **arena, struct text *output,
                                         struct failure *failure)
{
    struct program program = *check->program;
    program.sections = check_manual_sections;
    program.section_count = check_manual_section_count;
    enum options_outcome outcome = options_parse(&program, argc, argv, arena, output, failure);
    if (outcome == OPTIONS_RUN)
        note_options(check, &program, *arena);
    if (outcome != OPTIONS_RUN || geteuid() != 0)
        return outcome;
    if (identity_take_owner(check_state_directory(check->options), failure) != 0)
        return OPTIONS_BAD;
    if (geteuid() == 0)
        return outcome;
    options_arena_free(*arena);
    *arena = NULL;
    return options_parse(&program, argc, argv, arena, output, failure);
}

int check_main(const struct check *check, int argc, char **argv)
{
    if (process_begin() != 0)
        return STATUS_UNKNOWN;
    struct options_arena *arena = NULL;
    struct text output = {0};
    struct failure failure = {0};
    enum status status = STATUS_UNKNOWN;
    switch (read_options(check, argc, argv, &arena, &output, &failure)) {
    case OPTIONS_PRINTED:
        break;
    case OPTIONS_BAD:
        end_with(check, STATUS_UNKNOWN, failure.text, &output);
        break;
    case OPTIONS_RUN:
        if ((check->validate != NULL && check->validate(check, &failure) != 0) ||
            (check->environment != NULL && environment_apply(check->environment, &failure) != 0)) {
            end_with(check, STATUS_UNKNOWN, failure.text, &output);
            break;
        }
        note_settings(check, arena);
        status = run(check, &output);
        break;
    }
    write_output(&output);
    text_free(&output);
    options_arena_free(arena);
    text_free(&check->options->extra);
    text_free(&check->options->database_extra);
    return (int)status;
}
