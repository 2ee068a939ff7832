// SPDX-License-Identifier: GPL-3.0-or-later
#include "logs/source.h"

#include "base/units.h"
#include "files/location.h"
#include "logs/rotation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One file that this run reads. */
struct log_part {
    struct log_file log;
    int64_t begin;
    int64_t end;      /* the size at the start, or where max_bytes ends */
    int64_t read;     /* offset of the next byte to give */
    int64_t consumed; /* offset behind the last finished record */
    bool rotated;
    bool continues;
    bool shrank; /* under the reader: what it gave may not be what stood there when it was opened */
};

struct log_source {
    const struct trace *trace;
    int64_t max_bytes;
    struct log_position position;              /* of the last run, its facts renewed */
    struct log_part parts[LOG_DATED_MOST + 2]; /* rotated ones, X.log: those with something to read */
    int count;
    int current; /* -1 before the first */
    int held;    /* the part in which the next run is held; count: none */
    int64_t held_offset;
    struct log_segment segment;
    struct log_status status;
};

/* Takes the file over when there is something to read in it. */
static void add_part(struct log_source *source, struct log_file *log, int64_t begin, bool rotated,
                     bool continues)
{
    int64_t size = log->facts.size_bytes;
    int64_t budget = source->max_bytes;
    for (int i = 0; i < source->count; i++)
        budget -= source->parts[i].end - source->parts[i].begin;
    source->status.bytes_new += size > begin ? size - begin : 0;
    if (begin >= size || budget <= 0)
        return;
    source->parts[source->count++] = (struct log_part){.log = *log,
                                                       .begin = begin,
                                                       .end = size - begin > budget ? begin + budget : size,
                                                       .read = begin,
                                                       .consumed = begin,
                                                       .rotated = rotated,
                                                       .continues = continues};
    *log = (struct log_file){0};
}

static void tell_loss(struct log_source *source, const char *location, const char *old_location)
{
    const struct log_mark *at = &source->position.at;
    char since[32], unread[64] = "";
    instant_format(at->mtime, since, sizeof since);
    if (at->size_bytes > at->offset)
        snprintf(unread, sizeof unread, ", among it %lld bytes not read then",
                 (long long)(at->size_bytes - at->offset));
    if (old_location != NULL)
        snprintf(
            source->status.loss, sizeof source->status.loss,
            "%s was rotated more than once, or replaced, since it was read up to %s; what was written between"
            " then and the beginning of %s may be missing%s",
            location_name(location), since, location_name(old_location), unread);
    else
        snprintf(source->status.loss, sizeof source->status.loss,
                 "%s was truncated or replaced since it was read up to %s and no rotated file "
                 "continues it; what was written between then and its new beginning may be missing%s",
                 location_name(location), since, unread);
}

static void renew(struct log_mark *mark, const struct bytefile_facts *facts)
{
    mark->size_bytes = facts->size_bytes;
    mark->mtime = facts->mtime;
    mark->inode = facts->inode;
}

/* Is the end of this file the end of the rotated one that was read last? @return 1, 0, -1 */
static int was_read(const struct log_source *source, const struct log_file *log, struct failure *failure)
{
    return log->file != NULL ? log_mark_matches(log, &source->position.rotated, failure) : 0;
}

/* The position's content is gone, or there was none: the rotated ones as far as they were never read, and X.log. */
static int plan_whole(struct log_source *source, struct log_pair *pair, const char *location,
                      struct failure *failure)
{
    struct log_file *rotated[LOG_DATED_MOST + 1] = {&pair->old};
    const int count = (int)pair->dated_count + 1;
    int last_read = -1;
    for (int i = 1; i < count; i++)
        rotated[i] = &pair->dated[i - 1];
    for (int i = 0; i < count; i++) {
        const int known = was_read(source, rotated[i], failure);
        if (known < 0)
            return -1;
        last_read = known == 1 ? i : last_read;
    }
    if (source->position.at.head_length > 0)
        tell_loss(source, location, pair->old.file != NULL && last_read < 0 ? pair->old.location : NULL);
    for (int i = last_read < 0 ? 0 : last_read; i < count; i++)
        if (rotated[i]->file != NULL)
            add_part(source, rotated[i], i == last_read ? source->position.rotated.offset : 0, true,
                     source->count > 0);
    if (pair->log.file != NULL)
        add_part(source, &pair->log, 0, false, source->count > 0);
    return 0;
}

static int64_t newest_rotated(const struct log_pair *pair)
{
    return pair->dated_count > 0 ? pair->dated[pair->dated_count - 1].facts.mtime : pair->old.facts.mtime;
}

/* The position lies in the first of them: its rest, what was rotated since, and X.log. */
static void plan_rotated(struct log_source *source, struct log_pair *pair, struct log_file *first,
                         struct log_file *later)
{
    struct log_position *position = &source->position;
    const struct log_file *end = pair->dated + pair->dated_count;
    trace_note(source->trace, 2, "rotated; the last run's position, byte %lld, lies in %s",
               (long long)position->at.offset, first->location);
    const int64_t newest = newest_rotated(pair);
    renew(&position->at, &first->facts);
    if (position->at.offset == first->facts.size_bytes)
        position->rotated = position->at;
    add_part(source, first, position->at.offset, true, true);
    for (; later < end; later++)
        add_part(source, later, 0, true, true);
    /* From a component that kept a history, and no longer does */
    if (first != &pair->old && pair->old.file != NULL && pair->old.facts.mtime >= newest)
        add_part(source, &pair->old, 0, true, true);
    if (pair->log.file != NULL)
        add_part(source, &pair->log, 0, false, true);
}

/* From the files and the position to the parts that this run reads. */
static int plan(struct log_source *source, struct log_pair *pair, const char *location,
                struct failure *failure)
{
    struct log_position *position = &source->position;
    struct log_status *status = &source->status;
    status->first_run = position->at.head_length == 0 && position->rotated.head_length == 0;
    status->log_missing = pair->log.file == NULL;
    status->size_bytes = pair->log.facts.size_bytes;
    status->mtime = status->log_missing ? newest_rotated(pair) : pair->log.facts.mtime;
    int result = 0;
    switch (pair->place) {
    case LOG_PLACE_LOG:
        renew(&position->at, &pair->log.facts);
        add_part(source, &pair->log, position->at.offset, false, true);
        break;
    case LOG_PLACE_OLD:
        plan_rotated(source, pair, &pair->old, pair->dated);
        break;
    case LOG_PLACE_DATED:
        plan_rotated(source, pair, &pair->dated[0], pair->dated + 1);
        break;
    case LOG_PLACE_NOWHERE:
        result = plan_whole(source, pair, location, failure);
        break;
    }
    int64_t planned = 0;
    for (int i = 0; i < source->count; i++)
        planned += source->parts[i].end - source->parts[i].begin;
    status->catching_up = planned < status->bytes_new;
    status->bytes_left = status->bytes_new;
    source->held = source->count;
    return result;
}

struct log_source *log_source_open(struct bytestore *store, const char *location,
                                   const struct log_position *position, int64_t max_bytes,
                                   const struct trace *trace, struct failure *failure)
{
    struct log_source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        fail(failure, "%s: out of memory", location);
        return NULL;
    }
    source->trace = trace;
    source->max_bytes = max_bytes > 0 ? max_bytes : LOG_DEFAULT_MAX_BYTES;
    source->current = -1;
    if (position != NULL)
        source->position = *position;
    struct log_pair pair;
    int result = log_pair_open(store, location, &source->position.at, trace, &pair, failure);
    if (result == 0)
        result = plan(source, &pair, location, failure);
    log_pair_close(&pair);
    if (result != 0) {
        log_source_close(source);
        return NULL;
    }
    return source;
}

const struct log_status *log_source_status(const struct log_source *source)
{
    return &source->status;
}

static struct log_part *current_part(struct log_source *source)
{
    return source->current >= 0 ? &source->parts[source->current] : NULL;
}

static bool is_final(const struct log_part *part)
{
    return part->rotated && part->end == part->log.facts.size_bytes;
}

int log_source_next(struct log_source *source, const struct log_segment **segment, struct failure *failure)
{
    (void)failure;
    *segment = NULL;
    if (source->current + 1 >= source->count)
        return 0;
    struct log_part *left = current_part(source);
    if (left != NULL)
        left->consumed = left->read;
    const struct log_part *part = &source->parts[++source->current];
    source->segment = (struct log_segment){.location = part->log.location,
                                           .offset = part->begin,
                                           .length = part->end - part->begin,
                                           .mtime = part->log.facts.mtime,
                                           .rotated = part->rotated,
                                           .continues = part->continues,
                                           .final = is_final(part)};
    *segment = &source->segment;
    trace_step(source->trace, "reading %s", part->log.location);
    trace_note(source->trace, 2, "%s: %lld bytes from byte %lld on", part->log.location,
               (long long)source->segment.length, (long long)part->begin);
    return 1;
}

int64_t log_source_read(struct log_source *source, void *buffer, size_t size, struct failure *failure)
{
    struct log_part *part = current_part(source);
    if (part == NULL || part->read >= part->end)
        return 0;
    int64_t left = part->end - part->read;
    size_t wanted = (uint64_t)left < size ? (size_t)left : size;
    int64_t got = bytefile_read_at(part->log.file, part->read, buffer, wanted, failure);
    if (got < 0)
        return -1;
    part->read += got;
    source->status.bytes_read += got;
    source->status.bytes_left -= got;
    if ((size_t)got < wanted) {
        source->status.bytes_left -= part->end - part->read;
        part->shrank = true;
        part->end = part->read;
    }
    return got;
}

void log_source_consumed(struct log_source *source, int64_t offset)
{
    struct log_part *part = current_part(source);
    if (part == NULL)
        return;
    if (offset > part->read)
        offset = part->read;
    if (offset > part->consumed)
        part->consumed = offset;
}

void log_source_hold(struct log_source *source, const char *location, int64_t offset)
{
    source->held = 0;
    while (source->held < source->count && strcmp(source->parts[source->held].log.location, location) != 0)
        source->held++;
    source->held_offset = offset;
}

int64_t log_source_extend(struct log_source *source, int64_t bytes)
{
    struct log_part *part = current_part(source);
    if (part == NULL || source->current + 1 != source->count || bytes <= 0)
        return 0;
    int64_t more = part->log.facts.size_bytes - part->end;
    part->end += more < bytes ? more : bytes;
    source->segment.length = part->end - part->begin;
    source->segment.final = is_final(part);
    if (source->status.bytes_left <= part->end - part->read)
        source->status.catching_up = false;
    return part->end - part->read;
}

/*
 * How far the records are finished: the part and, in `offset`, the place; NULL when not beyond the last
 * run's. A file begun counts although no record of it is finished: after one more rotation it would be a
 * stranger.
 */
static const struct log_part *finished(const struct log_source *source, int64_t *offset)
{
    for (int i = source->current; i >= 0; i--) {
        const struct log_part *part = &source->parts[i];
        int64_t end = part->consumed;
        if (i > source->held)
            continue;
        if (i == source->held && source->held_offset < end)
            end = source->held_offset;
        if (end > part->begin || part->begin == 0) {
            *offset = end;
            return part;
        }
    }
    return NULL;
}

/* Is what was given of every file of one piece? @return 1 no, 0 yes, -1 */
static int any_changed(const struct log_source *source, struct failure *failure)
{
    for (int i = 0; i <= source->current; i++) {
        const struct log_part *part = &source->parts[i];
        if (part->shrank)
            return 1;
        int unchanged = part->read > part->begin ? log_file_unchanged(&part->log, failure) : 1;
        if (unchanged != 1)
            return unchanged < 0 ? -1 : 1;
    }
    return 0;
}

enum log_outcome log_source_position(struct log_source *source, struct log_position *position,
                                     struct failure *failure)
{
    struct log_position next = source->position;
    int64_t offset = 0;
    int changed = 0;
    const struct log_part *part = finished(source, &offset);
    if (part != NULL)
        changed = log_mark_make(&part->log, offset, &next.at, failure);
    const struct log_part *read = part;
    if (part != NULL && !(is_final(part) && offset == part->end))
        read = part > source->parts ? part - 1 : NULL; /* the one before it is finished */
    if (changed == 0 && read != NULL && is_final(read))
        changed = log_mark_make(&read->log, read->end, &next.rotated, failure);
    if (changed == 0) /* last: whatever was read before this was of the file that was opened */
        changed = any_changed(source, failure);
    if (changed != 0)
        return changed < 0 ? LOG_POSITION_FAILED : LOG_POSITION_CHANGED;
    *position = next;
    return LOG_POSITION_READY;
}

void log_source_close(struct log_source *source)
{
    if (source == NULL)
        return;
    for (int i = 0; i < source->count; i++)
        log_file_close(&source->parts[i].log);
    free(source);
}
