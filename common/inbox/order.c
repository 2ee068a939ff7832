// SPDX-License-Identifier: GPL-3.0-or-later
#include "inbox/order.h"

#include "base/units.h"
#include "inbox/filename.h"

#include <stdlib.h>
#include <string.h>

static struct range from(int64_t seconds)
{
    return (struct range){.set = true, .end = seconds};
}

void inbox_limits_of(const struct inbox_kind *kind, bool slow, const struct inbox_limits *given,
                     struct inbox_limits *limits)
{
    const struct inbox_patience *own = slow ? &inbox_slow_patience : &kind->patience;
    *limits = *given;
    if (!given->silent_warning.set)
        limits->silent_warning = from(own->silent_warning_s);
    if (!given->silent_critical.set)
        limits->silent_critical = from(own->silent_critical_s);
    if (!given->left_warning.set)
        limits->left_warning = from(own->left_warning_s);
    if (!given->left_critical.set)
        limits->left_critical = from(own->left_critical_s);
}

static enum status judge(int64_t value, const struct range *warning, const struct range *critical,
                         bool *stuck)
{
    const enum status status = range_alerts(critical, value)  ? STATUS_CRITICAL
                               : range_alerts(warning, value) ? STATUS_WARNING
                                                              : STATUS_OK;
    *stuck = status != STATUS_OK; /* also where the operator's critical is below the box's own warning */
    return status;
}

/* ---- what has left */

struct gone {
    char group[INBOX_GROUP_BYTES];
    int64_t start;
    const char *name;
};

static int compare_gone(const void *a, const void *b)
{
    const struct gone *one = a, *other = b;
    const int order = strcmp(one->group, other->group);
    return order != 0 ? order : (one->start > other->start) - (one->start < other->start);
}

/* @return those of the memory's files that are no longer there, sorted, owned; NULL when memory ran out */
static struct gone *find_gone(const struct inbox_listing *listing, size_t *count)
{
    const struct inbox_memory *memory = listing->memory;
    struct gone *gone = calloc(memory->count + 1, sizeof *gone);
    *count = 0;
    for (size_t i = 0; i < memory->count && gone != NULL; i++)
        if (!listing->seen[i]) {
            struct gone *one = &gone[(*count)++];
            *one = (struct gone){.start = memory->files[i].start, .name = memory->files[i].name};
            inbox_filename_group(one->name, one->group);
        }
    if (*count > 1)
        qsort(gone, *count, sizeof *gone, compare_gone);
    return gone;
}

/* @return how many of these sort before (group, start), or with it where `with` */
static size_t before(const struct gone *gone, size_t count, const struct gone *key, bool with)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (compare_gone(&gone[middle], key) < (with ? 1 : 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* @param[out] any  whether one of its group has left at all */
static int64_t count_younger(const struct gone *gone, size_t count, const struct inbox_file *file, bool *any)
{
    struct gone key = {.start = file->start};
    inbox_filename_group(file->name, key.group);
    const size_t first = before(gone, count, &key, true);
    key.start = INT64_MAX;
    const size_t end = before(gone, count, &key, true);
    key.start = INT64_MIN;
    *any = end > before(gone, count, &key, false);
    return (int64_t)(end - first);
}

static int64_t youngest_start(const struct gone *gone, size_t count)
{
    int64_t youngest = INT64_MIN;
    for (size_t i = 0; i < count; i++)
        youngest = gone[i].start > youngest ? gone[i].start : youngest;
    return youngest;
}

static void overtake(struct inbox_heap *heap, const struct gone *gone, size_t count, int64_t now)
{
    const int64_t youngest = youngest_start(gone, count);
    for (size_t i = 0; i < heap->count; i++) {
        struct inbox_file *file = &heap->files[i];
        bool own;
        const int64_t younger = count_younger(gone, count, file, &own);
        if (own)
            file->passed_since = 0;
        else if (file->passed_since == 0 && youngest > file->start)
            file->passed_since = now;
        if (younger == 0)
            continue;
        file->overtaken += younger;
        file->over_last = now;
        if (file->over_since == 0 && file->overtaken >= INBOX_OVERTAKERS)
            file->over_since = now;
    }
}

static int64_t first_start(const struct inbox_heap *heap)
{
    int64_t first = 0;
    for (size_t i = 0; i < heap->count; i++)
        if (heap->files[i].over_since == 0 && (first == 0 || heap->files[i].start < first))
            first = heap->files[i].start;
    return first;
}

/* From when on silence counts: nothing is known of what left before the first look. */
static void set_quiet(struct inbox_memory *next, const struct inbox_listing *listing, bool moved)
{
    const struct inbox_memory *memory = listing->memory;
    const int64_t gap_s = listing->now - memory->looked;
    next->quiet = moved || memory->looked == 0 ? listing->now : memory->quiet;
    if (moved || memory->looked == 0 ||
        gap_s <= DAILY_RUN_S) /* what passes between two runs further apart is no silence that was seen */
        return;
    const int64_t start = first_start(&listing->judged);
    const int64_t since = (start > memory->quiet ? start : memory->quiet) + gap_s;
    next->quiet = since < listing->now ? since : listing->now;
}

/* ---- the verdict */

static bool is_slow(const struct inbox_listing *listing, const struct inbox_file *file)
{
    return inbox_glob_list_matches(listing->kind->slow, file->name);
}

/* Of one with a reason of its own, of one that was there at the first look, and of one that others have passed. */
static struct inbox_straggler judge_straggler(const struct inbox_listing *listing,
                                              const struct inbox_file *file, const struct inbox_limits *given)
{
    struct inbox_limits limits;
    struct inbox_straggler straggler = {.file = *file, .slow = is_slow(listing, file)};
    inbox_limits_of(listing->kind, straggler.slow, given, &limits);
    straggler.age_s = listing->now - (file->over_since > 0 ? file->over_since : file->start);
    int64_t judged_s = straggler.age_s;
    if (file->overtaken >= INBOX_OVERTAKERS) {
        straggler.reason = INBOX_OVERTAKEN;
    } else if (file->passed_since > 0 && !file->inherited) {
        straggler.reason = INBOX_PASSED;
        straggler.age_s = listing->now - file->passed_since;
        judged_s = straggler.age_s / INBOX_PASSED_FACTOR;
    }
    straggler.status = judge(judged_s, &limits.left_warning, &limits.left_critical, &straggler.stuck);
    return straggler;
}

/* The longest waiting of each group stands for it. @param passed  those that others have passed, sorted */
static bool is_first_of_group(const struct gone *passed, size_t count, const struct inbox_file *file)
{
    struct gone key = {.start = INT64_MIN};
    inbox_filename_group(file->name, key.group);
    const size_t first = before(passed, count, &key, false);
    return first < count && passed[first].name == file->name;
}

/* Has it a reason that is told? */
static bool is_told(const struct inbox_straggler *straggler, const struct inbox_file *file,
                    const struct gone *passed, size_t passed_count, enum status silent)
{
    if (file->over_since > 0)
        return true;
    if (straggler->status == STATUS_OK || silent != STATUS_OK)
        return false;
    return file->inherited ||
           (straggler->reason == INBOX_PASSED && is_first_of_group(passed, passed_count, file));
}

struct silence {
    int64_t seconds;
    bool slow, waits, stuck;
    enum status status;
};

/* How long nothing has left although a file without a reason of its own waits; the worse of both patiences. */
static struct silence judge_silence(const struct inbox_listing *listing, const struct inbox_limits *given,
                                    int64_t quiet)
{
    int64_t starts[2] = {INT64_MAX, INT64_MAX};
    struct silence worse = {.status = STATUS_OK};
    for (size_t i = 0; i < listing->judged.count; i++) {
        const struct inbox_file *file = &listing->judged.files[i];
        int64_t *start = &starts[is_slow(listing, file)];
        if (file->over_since == 0 && file->start < *start)
            *start = file->start;
    }
    for (int slow = 0; slow < 2; slow++) {
        if (starts[slow] == INT64_MAX)
            continue;
        struct inbox_limits limits;
        inbox_limits_of(listing->kind, slow, given, &limits);
        struct silence one = {.seconds = listing->now - (quiet > starts[slow] ? quiet : starts[slow]),
                              .slow = slow,
                              .waits = true};
        one.status = judge(one.seconds, &limits.silent_warning, &limits.silent_critical, &one.stuck);
        if (!worse.waits ||
            (one.status != worse.status && status_worse(worse.status, one.status) == one.status))
            worse = one;
    }
    return worse;
}

/*
 * A file that was there at the first look has only its date to tell by. Once that is too old, and the box is not silent
 * with it, the file keeps this reason until it leaves: it does not make the box silent in a quiet night.
 */
static void promote_inherited(struct inbox_listing *listing, const struct inbox_limits *given)
{
    for (size_t i = 0; i < listing->judged.count; i++) {
        struct inbox_file *file = &listing->judged.files[i];
        if (file->inherited && file->over_since == 0 &&
            judge_straggler(listing, file, given).status == STATUS_CRITICAL)
            file->over_since = file->start;
    }
}

/* @param[out] passed  sorted; room for all files */
static size_t find_passed(const struct inbox_listing *listing, struct gone *passed)
{
    size_t count = 0;
    for (size_t i = 0; i < listing->judged.count; i++) {
        const struct inbox_file *file = &listing->judged.files[i];
        if (file->passed_since == 0 || file->inherited || file->over_since > 0)
            continue;
        struct gone *one = &passed[count++];
        *one = (struct gone){.start = file->start, .name = file->name};
        inbox_filename_group(one->name, one->group);
    }
    if (count > 1)
        qsort(passed, count, sizeof *passed, compare_gone);
    return count;
}

/* @param passed  room for all files */
static void judge_files(struct inbox_listing *listing, const struct inbox_limits *given, int64_t quiet,
                        struct gone *passed, struct inbox_verdict *verdict)
{
    const size_t passed_count = find_passed(listing, passed);
    if (judge_silence(listing, given, quiet).status != STATUS_CRITICAL)
        promote_inherited(listing, given);
    const struct silence silence = judge_silence(listing, given, quiet);
    verdict->silence_s = silence.seconds;
    verdict->silence_is_slow = silence.slow;
    verdict->silent = silence.status;
    verdict->silent_stuck = silence.stuck;
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < listing->judged.count; i++) {
        const struct inbox_file *file = &listing->judged.files[i];
        if (file->start < oldest) {
            verdict->oldest = file->name;
            oldest = file->start;
        }
        const struct inbox_straggler straggler = judge_straggler(listing, file, given);
        if (is_told(&straggler, file, passed, passed_count, silence.status))
            verdict->stragglers[verdict->straggler_count++] = straggler;
    }
    verdict->oldest_s = verdict->oldest != NULL ? listing->now - oldest : 0;
    verdict->full =
        judge(listing->files, &given->files_warning, &given->files_critical, &verdict->full_stuck);
}

static bool copy_name(const char *name, char **copy)
{
    *copy = name != NULL ? strdup(name) : NULL;
    return name == NULL || *copy != NULL;
}

static void take_files(struct inbox_listing *listing, struct inbox_memory *next)
{
    struct inbox_heap *heaps[] = {&listing->judged, &listing->aside};
    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
        for (size_t j = 0; j < heaps[i]->count; j++)
            next->files[next->count++] = heaps[i]->files[j];
        heaps[i]->count = 0;
    }
    inbox_files_sort(next->files, next->count);
}

int inbox_judge(struct inbox_listing *listing, const struct inbox_limits *limits, bool clock_back,
                struct inbox_verdict *verdict, struct inbox_memory *next)
{
    const struct inbox_memory *memory = listing->memory;
    size_t count;
    *verdict = (struct inbox_verdict){.first = memory->looked == 0, .clock_back = clock_back};
    *next = (struct inbox_memory){.looked = listing->now,
                                  .moved = memory->moved,
                                  .device = listing->folder.device,
                                  .inode = listing->folder.inode,
                                  .entries = listing->entries,
                                  .waiting = listing->waiting};
    next->floor = listing->judged.count < INBOX_KEPT ? listing->now : listing->judged.files[0].start;
    next->complete = listing->judged.count < INBOX_KEPT && listing->aside.count < INBOX_KEPT;
    struct gone *gone = find_gone(listing, &count);
    struct gone *others = calloc(listing->judged.count + 1, sizeof *others);
    verdict->stragglers = calloc(listing->judged.count + 1, sizeof *verdict->stragglers);
    next->files = calloc(listing->judged.count + listing->aside.count + 1, sizeof *next->files);
    const bool moved = count > 0 || (memory->looked > 0 && listing->waiting < memory->waiting);
    const char *left = gone != NULL && count > 0 ? gone[count - 1].name : NULL;
    if (gone == NULL || others == NULL || verdict->stragglers == NULL || next->files == NULL ||
        !copy_name(moved ? left : memory->moved_name, &next->moved_name)) {
        free(gone);
        free(others);
        inbox_verdict_free(verdict);
        inbox_memory_free(next);
        return -1;
    }
    verdict->gone = (int64_t)count;
    if (moved)
        next->moved = listing->now;
    set_quiet(next, listing, moved);
    if (!clock_back && !verdict->first) {
        overtake(&listing->judged, gone, count, listing->now);
        overtake(&listing->aside, gone, count, listing->now);
    }
    judge_files(listing, limits, next->quiet, others, verdict);
    take_files(listing, next);
    free(gone);
    free(others);
    return 0;
}

void inbox_verdict_free(struct inbox_verdict *verdict)
{
    free(verdict->stragglers);
    *verdict = (struct inbox_verdict){0};
}
