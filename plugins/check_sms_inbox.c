// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * check_sms_inbox: which files wait in the inboxes of a site server and do not leave, and for how long?
 *
 *   check/check         argv to exit code: options, identity, supervised child
 *   state/statefile     what earlier runs kept, under a lock for the whole run
 *   inbox/box           each box: listed as a stream, judged by order, remembered
 *   inbox/kind          what each box means, what never leaves it, where to look next
 *   check/boxes         one item a box, one a file that was left behind
 *   check/boxes_output  the wording
 *   items/output        lines and perfdata within the budgets
 *
 * This file: the options, the question and the state.
 */
#include "config.h"

#include "check/boxes.h"
#include "check/boxes_output.h"
#include "check/check.h"
#include "files/location.h"
#include "inbox/box.h"
#include "inbox/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct inbox_check {
    struct check check; /* first: the worker's context is the check */
    struct check_options options;
    struct environment_options environment;
    struct {
        struct string_list boxes;
        struct string_list match;
        bool recursive;
        const char *smb_auth;
        struct range silent_warning, silent_critical, left_warning, left_critical;
        int64_t files_warning, files_critical;
        struct known_list known;
    } inbox;
};

#define INBOX(member) (offsetof(struct inbox_check, inbox.member) - offsetof(struct inbox_check, inbox))
static const struct option inbox_option_table[] = {
    {.name = "box",
     .type = OPTION_LIST,
     .offset = INBOX(boxes),
     .argument = "[NAME=]DIR",
     .help =
         "A folder in which files wait for a component of the site server: a path, or smb://host[:port]/share/path "
         "(\\\\SERVER\\SMS_<site>\\inboxes\\... is smb://SERVER/SMS_<site>/inboxes/...). NAME is what it is called "
         "in the output; without it the path from its *.box on, or the folder's own name. Only names, sizes and dates are read, no file is "
         "opened."},
    {.name = "recursive",
     .type = OPTION_FLAG,
     .offset = INBOX(recursive),
     .help = "Look at the subfolders too, each as a box of its own."},
    {.name = "match",
     .type = OPTION_LIST,
     .offset = INBOX(match),
     .argument = "GLOB",
     .help = "Only files whose name fits (*.SRQ); case does not count."},
    SMB_AUTH_OPTION(INBOX(smb_auth)),
    {.name = "warning",
     .letter = 'w',
     .type = OPTION_RANGE,
     .offset = INBOX(silent_warning),
     .argument = "RANGE",
     .help =
         "WARNING when files wait and nothing has left the box for this long. Without it, each box has its own: "
         "2h, schedule.box\\requests 24h, and 84h for what may wait for a closed address (the rest of "
         "schedule.box, replmgr.box\\ready) or for a package's files (.PKG in distmgr.box\\INCOMING, .PCK in "
         "despoolr.box\\receive)."},
    {.name = "critical",
     .letter = 'c',
     .type = OPTION_RANGE,
     .offset = INBOX(silent_critical),
     .argument = "RANGE",
     .help = "The same for CRITICAL: 6h, schedule.box\\requests 72h, the slow ones 96h."},
    {.name = "left-warning",
     .type = OPTION_RANGE,
     .offset = INBOX(left_warning),
     .argument = "RANGE",
     .help =
         "WARNING when a file has been left behind for this long: at least three younger ones of the same box and "
         "extension have left since. Without it: 6h, schedule.box\\requests 12h, the slow ones 84h. A file that was "
         "there at the first look counts by its date."},
    {.name = "left-critical",
     .type = OPTION_RANGE,
     .offset = INBOX(left_critical),
     .argument = "RANGE",
     .help = "The same for CRITICAL: 24h, the slow ones 96h."},
    {.name = "files-warning",
     .type = OPTION_INTEGER,
     .offset = INBOX(files_warning),
     .argument = "N",
     .fallback = "5000",
     .least = 0,
     .most = INT64_C(1) << 40,
     .help =
         "WARNING when more files than this wait in one box; the numbers are those of Microsoft's management pack. 0 "
         "switches it off."},
    {.name = "files-critical",
     .type = OPTION_INTEGER,
     .offset = INBOX(files_critical),
     .argument = "N",
     .fallback = "10000",
     .least = 0,
     .most = INT64_C(1) << 40,
     .help = "The same for CRITICAL."},
    {.name = "known",
     .type = OPTION_CUSTOM,
     .offset = INBOX(known),
     .argument = "[PATTERN][@BOX][:UNTIL]",
     .flags = OPTION_REPEATABLE | OPTION_MANNER,
     .parse = known_list_parse_files,
     .reset = known_option_reset,
     .help =
         "Files that the team has accepted (comma list): counted as known, without an effect on the state until the "
         "end of the day UNTIL (YYYY-MM-DD). BOX is the name of a box or its last part: 202AAS02.SRQ@LAN, or @LAN for all "
         "of it. A blank, comma or @ in a name is written as ?."},
};

static const char label[] = "SMS INBOX";

/* ---- the question */

struct run {
    const struct inbox_check *check;
    struct worker *worker;
    struct statefile *state;
    struct failure trouble; /* of the memory: lost or not kept */
    bool in_trouble;
    struct inbox_limits limits;
    struct inbox_place *places; /* owned, and their texts */
    size_t place_count;
    struct inbox_boxes boxes;
    struct announcements announcements;
    struct box_list list;
    int64_t now;
};

static void note_trouble(struct run *run, const struct failure *failure)
{
    if (!run->in_trouble)
        run->trouble = *failure;
    run->in_trouble = true;
}

/* The location in NAME=LOCATION: a name has no '/', so that a path with '=' needs none. */
static const char *location_of(const char *box)
{
    const char *equals = strchr(box, '='), *slash = strpbrk(box, "/\\");
    return equals != NULL && equals != box && (slash == NULL || equals < slash) ? equals + 1 : box;
}

static int find_places(struct run *run, struct failure *failure)
{
    const struct string_list *given = &run->check->inbox.boxes;
    run->places = calloc(given->count + 1, sizeof *run->places);
    if (run->places == NULL)
        return fail(failure, "out of memory");
    for (size_t i = 0; i < given->count; i++) {
        const char *location = location_of(given->strings[i]);
        struct inbox_place *place = &run->places[run->place_count];
        place->location = location_absolute(location, failure);
        if (place->location == NULL)
            return -1;
        run->place_count++;
        if (location != given->strings[i] &&
            (place->name = strndup(given->strings[i], (size_t)(location - given->strings[i] - 1))) == NULL)
            return fail(failure, "out of memory");
    }
    return 0;
}

/* What is watched: the boxes as they were given, whatever they are called. */
static int add_identity(const struct run *run, struct text *identity)
{
    const char **locations = calloc(run->place_count + 1, sizeof *locations);
    size_t count = 0;
    for (size_t i = 0; i < run->place_count && locations != NULL; i++)
        if ((locations[count] = strdup(run->places[i].location)) != NULL)
            count++;
    const bool whole = locations != NULL && count == run->place_count;
    if (locations != NULL) {
        count = location_sort(locations, count);
        location_add_identity(locations, count, identity);
    }
    for (size_t i = 0; i < count; i++)
        free((char *)locations[i]);
    free(locations);
    return whole && !identity->failed ? 0 : -1;
}

static int open_state(struct run *run, struct failure *failure)
{
    const struct inbox_check *check = run->check;
    struct text identity = {0};
    enum statefile_health health = STATEFILE_KEPT;
    int result = add_identity(run, &identity) == 0 ? 0 : fail(failure, "out of memory");
    if (result == 0) {
        run->state = statefile_open(check_state_directory(&check->options), check->check.program->name,
                                    text_string(&identity), &inbox_schema, check_lock_wait_ms(run->worker),
                                    worker_trace(run->worker), &health, failure);
        result = run->state != NULL ? 0 : -1;
    }
    if (result == 0 && (health == STATEFILE_LOST || health == STATEFILE_UNUSABLE))
        note_trouble(run, failure);
    text_free(&identity);
    return result;
}

static bool is_known(const void *context, const struct inbox_box *box, const char *file)
{
    const struct run *run = context;
    const struct known_list *known = &run->check->inbox.known;
    const char *last = strrchr(box->name, '\\');
    int64_t until;
    return known_list_mutes_file(known, file, box->name, run->now, &until) ||
           (last != NULL && known_list_mutes_file(known, file, last + 1, run->now, &until));
}

static struct range above(int64_t limit)
{
    return (struct range){.set = limit > 0, .end = limit};
}

static int look(struct run *run, struct bytestore *store, struct failure *failure)
{
    const struct inbox_check *check = run->check;
    run->limits = (struct inbox_limits){.silent_warning = check->inbox.silent_warning,
                                        .silent_critical = check->inbox.silent_critical,
                                        .left_warning = check->inbox.left_warning,
                                        .left_critical = check->inbox.left_critical,
                                        .files_warning = above(check->inbox.files_warning),
                                        .files_critical = above(check->inbox.files_critical)};
    if (find_places(run, failure) != 0 || open_state(run, failure) != 0)
        return -1;
    const struct inbox_look look = {.places = run->places,
                                    .place_count = run->place_count,
                                    .match = &check->inbox.match,
                                    .recursive = check->inbox.recursive,
                                    .is_known = check->inbox.known.count > 0 ? is_known : NULL,
                                    .known_context = run,
                                    .limits = &run->limits,
                                    .now = run->now};
    if (inbox_boxes_look(&run->boxes, &look, store, run->state, failure) != 0)
        return -1;
    if (run->boxes.not_kept)
        note_trouble(run, &run->boxes.not_kept_why);
    const struct announce_options announce = check_announce_options(&check->options);
    struct failure problem;
    if (announcements_open(&run->announcements, run->state, &announce, run->in_trouble, run->now, &problem) !=
        0)
        note_trouble(run, &problem);
    if (boxes_items(&run->boxes, &run->announcements, run->now, &run->list) != 0)
        return fail(failure, "out of memory");
    if (!run->boxes.not_kept &&
        (boxes_conclude(&run->boxes, &run->list, run->state, run->now, &problem) != 0 ||
         statefile_commit(run->state, run->now, &problem) != 0))
        note_trouble(run, &problem);
    return 0;
}

static void tell(struct run *run)
{
    const struct inbox_check *check = run->check;
    struct box_tally tally;
    boxes_tally(&run->boxes, &run->list, &tally);
    const struct boxreport report = {
        .format = (enum output_format)check->options.format,
        .announcements = &run->announcements,
        .label = label,
        .status = run->in_trouble ? status_worse(tally.status, STATUS_WARNING) : tally.status,
        .boxes = &run->boxes,
        .list = &run->list,
        .tally = &tally,
        .limits = &run->limits,
        .match = &check->inbox.match,
        .known = &check->inbox.known,
        .no_memory = run->in_trouble ? &run->trouble : NULL,
        .memory_lost_at = statefile_lost_at(run->state),
        .now = run->now,
        .max_items = (size_t)check->options.max_items,
        .verbose = check->options.verbosity > 0,
    };
    boxreport_finish(&report, run->worker);
}

static void run_check(struct worker *worker, void *context)
{
    const struct inbox_check *check = context;
    struct run run = {.check = check, .worker = worker, .now = time(NULL)};
    struct failure failure = {0};
    const struct smb_access access = check_smb_access(worker, check->inbox.smb_auth);
    struct bytestore *store = bytestore_new(&access, worker_trace(worker));
    if (store == NULL)
        fail(&failure, "out of memory");
    if (store == NULL || look(&run, store, &failure) != 0)
        check_fail(worker, &check->check, &failure);
    else
        tell(&run);
    trace_step(worker_trace(worker), "closing the boxes");
    announcements_free(&run.announcements);
    boxes_items_free(&run.list);
    inbox_boxes_free(&run.boxes);
    for (size_t i = 0; i < run.place_count; i++) {
        free((char *)run.places[i].location);
        free((char *)run.places[i].name);
    }
    free(run.places);
    statefile_close(run.state);
    bytestore_close(store);
}

static int validate(const struct check *context, struct failure *failure)
{
    const struct inbox_check *check = (const struct inbox_check *)context;
    const struct string_list *boxes = &check->inbox.boxes;
    if (boxes->count == 0)
        return fail(failure,
                    "no box is given; write --box=DIR or --box=smb://host/share/path, once for each folder");
    if (boxes->count > INBOX_SUBFOLDERS)
        return fail(failure, "--box is given %zu times, at most %d", boxes->count, INBOX_SUBFOLDERS);
    for (size_t i = 0; i < boxes->count; i++)
        if (bytestore_check(location_of(boxes->strings[i]), failure) != 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct inbox_check check = {0};
    const struct option_group groups[] = {
        {"Check", check_option_table, check_common_option_count, &check.options},
        {"Boxes", inbox_option_table, sizeof inbox_option_table / sizeof *inbox_option_table, &check.inbox},
        {"Environment", kerberos_option_table, kerberos_option_count, &check.environment},
    };
    const struct program program = {
        .name = "check_sms_inbox",
        .purpose = "find files that wait in an SMS site server's inboxes",
        .description =
            "Lists inboxes of a site server (scheduler, senders, despooler, distribution manager) and tells "
            "where files wait and nothing leaves, and which file was left behind by younger ones, since "
            "when, what that box means and what to do.",
        .examples = "The check, as NRPE runs it; and on folders that this host can read:\n"
                    "\n"
                    " check_sms_inbox --extra-opts=inbox_CEN\n"
                    " check_sms_inbox --recursive --box=/srv/cen/inboxes/schedule.box \\\n"
                    "     --box=/srv/cen/inboxes/despoolr.box\n"
                    "\n"
                    "A site whose addresses are always open: its senders need no patience.\n"
                    "\n"
                    " check_sms_inbox --recursive --box=/srv/cen/inboxes/schedule.box \\\n"
                    "     -w 2h -c 6h --left-critical=24h",
        .groups = groups,
        .group_count = sizeof groups / sizeof *groups,
    };
    check.check = (struct check){.program = &program,
                                 .label = label,
                                 .options = &check.options,
                                 .environment = &check.environment,
                                 .validate = validate,
                                 .run = run_check};
    const int status = check_main(&check.check, argc, argv);
    known_list_free(&check.inbox.known);
    return status;
}
