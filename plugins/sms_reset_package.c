// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sms_reset_package: have a package sent again, whole, to one child site where it is stuck.
 *
 *   repair/repair       what was read, and the guards: may it be done?
 *   repair/look         the SQL that reads
 *   repair/transaction  the one transaction that changes a row
 *   repair/workers      the supervised children that have the connection
 *   repair/watched      how long check_sms_packages has seen the trouble
 *   repair/procedure    the way from the question to the last word
 *   repair/journal      what was done, by whom, with the row as it was
 *   repair/output       text and JSON
 *
 * This file: the options, the question and the wording of what stands before any connection.
 */
#include "config.h"

#include "check/check.h"
#include "check/options_shared.h"
#include "process/begin.h"
#include "repair/output.h"
#include "repair/procedure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct reset_options {
    const char *package, *child_site, *pkg_server, *site;
    int style; /* enum repair_style */
    bool apply, yes, force, journal;
    int64_t undo;
    int64_t min_age_s, max_per_hour, timeout_s;
    int clock;  /* enum pair_clock */
    int output; /* enum output_format */
    int verbosity;
    const char *journal_dir, *state_dir;
};

#define RESET(member) offsetof(struct reset_options, member)
static const struct option what_option_table[] = {
    {.name = "package",
     .type = OPTION_TEXT,
     .offset = RESET(package),
     .argument = "ID",
     .help = "The package, as in CEN00012."},
    {.name = "child-site",
     .type = OPTION_TEXT,
     .offset = RESET(child_site),
     .argument = "CODE",
     .help = "The child site where it is stuck."},
    {.name = "pkg-server",
     .type = OPTION_TEXT,
     .offset = RESET(pkg_server),
     .argument = "NAME",
     .help = "Instead of the site, its server as PkgStatus writes it "
             "(NetBIOS name up to ConfigMgr 2007, full name from 2012 on)."},
    OWNING_SITE_OPTION(RESET(site)),
    {.name = "style",
     .type = OPTION_CHOICE,
     .offset = RESET(style),
     .argument = "STYLE",
     .fallback = "recipe",
     .choices = "recipe|version",
     .help = "recipe: Status = 2 and SourceVersion = 0, as administrators have done it "
             "since 2007. version: SourceVersion alone, as Microsoft's later text has it."},
};

static const struct option how_option_table[] = {
    {.name = "apply",
     .type = OPTION_FLAG,
     .offset = RESET(apply),
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Do it. Without this option everything is only shown."},
    {.name = "yes",
     .type = OPTION_FLAG,
     .offset = RESET(yes),
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Do not ask for the package ID to be typed. Needed "
             "with --apply where standard input is no terminal."},
    {.name = "undo",
     .type = OPTION_INTEGER,
     .offset = RESET(undo),
     .argument = "ENTRY",
     .least = 1,
     .most = INT32_MAX,
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Put the row back as it was before this entry of the journal, only if "
             "it still is as the entry left it. Shown only, unless --apply is given."},
    {.name = "force",
     .type = OPTION_FLAG,
     .offset = RESET(force),
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "Lift the guards of age and health, no other."},
    {.name = "min-age",
     .type = OPTION_DURATION,
     .offset = RESET(min_age_s),
     .argument = "DURATION",
     .fallback = "24h",
     .help = "Refuse trouble that is younger, by the database's dates or the memory of check_sms_packages."},
    {.name = "max-per-hour",
     .type = OPTION_INTEGER,
     .offset = RESET(max_per_hour),
     .argument = "N",
     .fallback = "1",
     .least = 1,
     .most = 1000,
     .help = "Refuse more repairs than this at one child site within an hour."},
    DB_CLOCK_OPTION(RESET(clock)),
    OUTPUT_OPTION(RESET(output), "For people, or for programs."),
    {.name = "timeout",
     .letter = 't',
     .type = OPTION_INTEGER,
     .offset = RESET(timeout_s),
     .argument = "SECONDS",
     .fallback = "30",
     .least = 1,
     .most = 3600,
     .help = "Give up a step (looking, changing, reading again after a lost connection) after this time."},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .offset = RESET(verbosity),
     .help = "Show more, on standard error; repeatable. -vv: versions "
             "and the time of each step; -vvv: the SQL as well."},
};

static const struct option memory_option_table[] = {
    {.name = "journal",
     .type = OPTION_FLAG,
     .offset = RESET(journal),
     .flags = OPTION_COMMAND_LINE_ONLY,
     .help = "List the journal's entries."},
    {.name = "journal-dir",
     .type = OPTION_TEXT,
     .offset = RESET(journal_dir),
     .argument = "DIR",
     .help = "Where the journal of repairs lies; it must belong to the user who "
             "repairs and be closed to all others (mode 0700). Without it: the "
             "directory of the build (Debian: /var/lib/monitoring-plugins-sms-reset)."},
    STATE_DIR_OPTION(RESET(state_dir)),
};

static const struct manual_section manual_sections[] = {
    {"EXIT STATUS", " 0  shown, or done\n"
                    " 1  refused: by a guard, by the person asked, for want of a right\n"
                    " 2  tried and rolled back: the database is as it was\n"
                    " 3  the outcome is not known and the text says where to look;\n"
                    "    or the database could not be read; or a bad option, --help or --version"},
    {"FILES",
     "The journal in " RESET_DIRECTORY " has one line for the begin of each repair, on the disk before the "
     "database is touched, and one for its end. It is only ever appended to.\n\n"
     "The ini file of --extra-opts is the one of the checks; "
     "give the repair a section and a login of its own."},
    {"WARNING", "Changing the site database is not supported by Microsoft. Have "
                "a backup. Each repair sends the whole package over the link."},
    {"SEE ALSO", "check_sms_packages(1); the page of this program in " PAGES_DIRECTORY "."},
};

struct reset {
    struct reset_options options;
    struct database_options database;
};

/* What can be refused without any connection. @return 0, -1 for a bad option, 1 for a refusal */
static int validate(const struct reset_options *options, const struct odbc_settings *settings,
                    struct failure *failure)
{
    bool named = options->package != NULL || options->child_site != NULL || options->pkg_server != NULL;
    if (options->journal)
        return named || options->undo != 0 || options->apply
                   ? fail(failure, "--journal lists, and goes with no other action")
                   : 0;
    if (options->undo != 0 && named)
        return fail(failure, "--undo=ENTRY takes the package and the site from the journal: give neither");
    if (options->undo == 0 && (options->package == NULL || options->package[0] == '\0'))
        return fail(failure, "which package? Give --package=ID and --child-site=CODE, as in "
                             "--package=CEN00012 --child-site=S02");
    if (options->undo == 0 && strpbrk(options->package, ", ;") != NULL)
        return fail(failure, "one package at a time: --package=ID takes a single ID, as in CEN00012");
    if (options->undo == 0 && options->child_site == NULL && options->pkg_server == NULL)
        return fail(failure, "at which site? Give --child-site=CODE, or --pkg-server=NAME");
    if (odbc_settings_check(settings, failure) != 0)
        return -1;
    if (!options->apply || options->yes)
        return 0;
    if (options->output == OUTPUT_JSON || !isatty(STDIN_FILENO)) {
        fail(failure, "--apply without a terminal, or with --output=json, needs --yes as well");
        return 1;
    }
    return 0;
}

static const char *journal_directory(const struct reset_options *options)
{
    return options->journal_dir != NULL ? options->journal_dir : RESET_DIRECTORY;
}

static void print(struct text *text)
{
    write_output(text);
    text_cut(text, 0);
}

/* An undo has no package on the command line: what it asks for is in the view, like everything that it is
 * about to do. */
static bool ask(const struct repair_request *request, const struct repair_view *view)
{
    struct text text = {0};
    repair_view_text(request, view, &text);
    text_addf(&text, "\nType the package ID to change database %s on %s: ", view->database, view->server);
    print(&text);
    text_free(&text);
    char typed[64];
    if (fgets(typed, sizeof typed, stdin) == NULL)
        return false;
    typed[strcspn(typed, "\r\n")] = '\0';
    return strcasecmp(typed, view->package.id) == 0;
}

/* What ends before there is anything to show. @return the exit code */
static int end_early(const struct reset_options *options, enum repair_result result,
                     const struct failure *failure)
{
    struct repair_report report = {.result = result, .message = *failure};
    struct repair_request request = {.apply = options->apply, .undo_entry = options->undo};
    struct text text = {0};
    if (options->output == OUTPUT_JSON)
        repair_report_json(&request, &report, &text);
    else
        repair_verdict_text(&request, &report, &text);
    print(&text);
    text_free(&text);
    return repair_exit_code(report.result);
}

static int repair(const struct reset *reset)
{
    const struct reset_options *options = &reset->options;
    bool asked = options->apply && !options->yes;
    const struct repair_request request = {
        .settings = &reset->database.settings,
        .owner = options->site,
        .state_directory = state_directory(options->state_dir),
        .journal_directory = journal_directory(options),
        .target = {.package = options->package,
                   .site = options->child_site,
                   .pkg_server = options->pkg_server,
                   .style = (enum repair_style)options->style,
                   .clock = (enum pair_clock)options->clock},
        .rules = {.min_age_s = options->min_age_s,
                  .force = options->force,
                  .max_per_hour = options->max_per_hour},
        .apply = options->apply,
        .undo_entry = options->undo,
        .timeout_s = options->timeout_s,
        .verbosity = options->verbosity,
        .confirm = asked ? ask : NULL,
    };
    static struct repair_report report;
    struct text text = {0};
    repair_run(&request, &report);
    if (options->output == OUTPUT_JSON) {
        repair_report_json(&request, &report, &text);
    } else {
        if (report.barred)
            repair_barred_text(&report.view, &text);
        else if (report.has_view && !report.asked)
            repair_view_text(&request, &report.view, &text);
        repair_verdict_text(&request, &report, &text);
    }
    print(&text);
    text_free(&text);
    return repair_exit_code(report.result);
}

/* A dry run takes a journal that is not there for an empty one; who lists it may have mistyped its place. */
static struct journal *look_at_journal(const char *directory, struct failure *failure)
{
    struct text path = {0};
    text_addf(&path, "%s/journal", directory);
    bool missing = !path.failed && access(text_string(&path), F_OK) != 0 && errno == ENOENT;
    text_free(&path);
    if (!missing)
        return journal_look(directory, failure);
    fail(failure, "there is no journal in %s", directory);
    return NULL;
}

static int list_journal(const struct reset_options *options)
{
    struct failure failure;
    struct journal *journal = look_at_journal(journal_directory(options), &failure);
    struct text text = {0};
    if (journal == NULL)
        return end_early(options, REPAIR_RESULT_UNKNOWN, &failure);
    if (options->output == OUTPUT_JSON)
        journal_json(journal, &text);
    else
        journal_text(journal, &text);
    print(&text);
    text_free(&text);
    journal_close(journal);
    return repair_exit_code(REPAIR_RESULT_SHOWN);
}

static int run(const struct reset *reset)
{
    struct failure failure = {""};
    struct text text = {0};
    int bad = validate(&reset->options, &reset->database.settings, &failure);
    if (bad == 1)
        return end_early(&reset->options, REPAIR_RESULT_REFUSED, &failure);
    if (bad != 0 || environment_apply(&reset->database.environment, &failure) != 0) {
        text_addf(&text, "sms_reset_package: %s\n", failure.text);
        print(&text);
        text_free(&text);
        return repair_exit_code(REPAIR_RESULT_UNKNOWN);
    }
    return reset->options.journal ? list_journal(&reset->options) : repair(reset);
}

int main(int argc, char **argv)
{
    if (process_begin() != 0)
        return repair_exit_code(REPAIR_RESULT_UNKNOWN);
    struct reset reset = {0};
    const struct option_group groups[] = {
        {"What is set back", what_option_table, sizeof what_option_table / sizeof *what_option_table,
         &reset.options},
        {"How", how_option_table, sizeof how_option_table / sizeof *how_option_table, &reset.options},
        {"Journal and memory", memory_option_table, sizeof memory_option_table / sizeof *memory_option_table,
         &reset.options},
        {"Database connection", database_option_table, database_option_count, &reset.database},
    };
    const struct program program = {
        .name = "sms_reset_package",
        .purpose = "have a stuck SMS package sent again, whole",
        .description =
            "Sets the child site's row in PkgStatus back, in the database of the owning site, so that the "
            "product "
            "sends the whole package again. Without --apply it changes nothing and shows the row, whether "
            "the "
            "trouble is real, the exact UPDATE, what it costs and what there is instead. Not a check: it is "
            "run "
            "by hand, with a login of its own, by someone who has a backup. Not supported by Microsoft.",
        .examples = "Look, which changes nothing; then do it, which asks for the package ID:\n"
                    "\n"
                    " sms_reset_package --extra-opts=reset_CEN --package=CEN00012 \\\n"
                    "     --child-site=S02\n"
                    " sms_reset_package --extra-opts=reset_CEN --package=CEN00012 \\\n"
                    "     --child-site=S02 --apply\n"
                    "\n"
                    "What was done, and one of it back again:\n"
                    "\n"
                    " sms_reset_package --extra-opts=reset_CEN --journal\n"
                    " sms_reset_package --extra-opts=reset_CEN --undo=17 --apply",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
        .sections = manual_sections,
        .section_count = sizeof manual_sections / sizeof *manual_sections,
    };
    struct options_arena *arena = NULL;
    struct text output = {0};
    struct failure failure = {""};
    int code = repair_exit_code(REPAIR_RESULT_UNKNOWN);
    enum options_outcome outcome = options_parse(&program, argc, argv, &arena, &output, &failure);
    if (outcome == OPTIONS_BAD)
        text_addf(&output, "%s: %s\n", program.name, failure.text);
    if (outcome == OPTIONS_RUN)
        code = run(&reset);
    print(&output);
    text_free(&output);
    options_arena_free(arena);
    return code;
}
