// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The one promise of the log reader: a record is read once, or the run says that records may be missing. A
 * component that writes and rotates can act between any two requests of the reader. So here the files are in
 * memory, and each story of a component (append, rename, copy, truncate) is told once for every way in which
 * its acts can fall between the requests of two runs.
 */
#include "base/text.h"
#include "logs/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- files in memory, in place of files/files.c */

enum { LOG, OLD, DATED, NAMES = DATED + 4, FILES = 24, ACTS = 16 };

struct memory_file {
    struct text bytes;
    uint64_t inode;
    int64_t mtime;
};

static struct {
    struct memory_file file[FILES];
    int files;
    int name[NAMES]; /* -1: there is none */
    bool inodes;     /* the server tells them */
    bool reuses;     /* a new file takes the inode of one that is gone */
    uint64_t next_inode, free_inode;
    int64_t clock; /* UTC seconds */
    unsigned line;
    size_t written;
    /* the component */
    const char *story;
    unsigned at[ACTS]; /* the request before which each act falls */
    size_t acts, done;
    unsigned requests;
} world;

struct bytefile {
    int file;
};

static void touch(int file)
{
    enum { STEP_S = 300 };
    world.file[file].mtime = world.clock += STEP_S;
}

static int new_file(void)
{
    assert_true(world.files < FILES);
    struct memory_file *file = &world.file[world.files];
    text_cut(&file->bytes, 0);
    touch(world.files);
    file->inode = world.reuses && world.free_inode != 0 ? world.free_inode : ++world.next_inode;
    world.free_inode = 0;
    return world.files++;
}

static void append(void)
{
    if (world.name[LOG] < 0)
        world.name[LOG] = new_file();
    text_addf(&world.file[world.name[LOG]].bytes, "%05u%s\n", world.line,
              world.line % 3 == 0 ? " longer" : "");
    world.line++;
    touch(world.name[LOG]);
}

/* A name with the next date. */
static int new_date(void)
{
    int name = DATED;
    while (world.name[name] >= 0)
        name++;
    assert_true(name < NAMES);
    return name;
}

static void copy_to(int name, int from, size_t parts)
{
    if (world.name[name] < 0)
        world.name[name] = new_file();
    text_cut(&world.file[world.name[name]].bytes, 0);
    text_add_bytes(&world.file[world.name[name]].bytes, text_string(&world.file[from].bytes),
                   world.file[from].bytes.length / parts);
    touch(world.name[name]);
}

static void act(char what)
{
    int from = world.name[LOG];
    switch (what) {
    case 'a':
        append();
        break;
    case 'b': /* a line so long that a file's first KiB does not hold it */
        append();
        text_cut(&world.file[world.name[LOG]].bytes, world.file[world.name[LOG]].bytes.length - 1);
        for (int i = 0; i < 1500; i++)
            text_add(&world.file[world.name[LOG]].bytes, "x");
        text_add(&world.file[world.name[LOG]].bytes, "\n");
        break;
    case 'r':
        if (from < 0)
            break;
        if (world.name[OLD] >= 0)
            world.free_inode = world.file[world.name[OLD]].inode;
        world.name[OLD] = from;
        world.name[LOG] = -1;
        break;
    case 'n':
        if (from < 0)
            world.name[LOG] = new_file();
        break;
    case 'c': /* the first half of a copy ... */
    case 'd': /* ... and the rest */
        if (from < 0)
            break;
        copy_to(OLD, from, what == 'c' ? 2 : 1);
        break;
    case 'R': /* to a name with a date */
        if (from < 0)
            break;
        world.name[new_date()] = from;
        world.name[LOG] = -1;
        break;
    case 'C':
        if (from >= 0)
            copy_to(new_date(), from, 2);
        break;
    case 'D': /* the rest of the newest */
        if (from >= 0)
            copy_to(new_date() - 1, from, 1);
        break;
    case 't':
        if (from >= 0) {
            text_cut(&world.file[from].bytes, 0);
            touch(from);
        }
        break;
    default:
        fail_msg("no act %c", what);
    }
}

/* The reader asks for something: what the component does before that is done. */
static void request(void)
{
    for (; world.done < world.acts && world.at[world.done] <= world.requests; world.done++)
        act(world.story[world.done]);
    world.requests++;
}

static const char dated_form[] = "x-20260101-00000%d.log";

static int name_of(const char *location)
{
    int date;
    if (sscanf(location + 1, dated_form, &date) == 1)
        return DATED + date;
    return location[strlen(location) - 1] == '_' ? OLD : LOG;
}

int bytestore_list(struct bytestore *store, const char *folder, bytestore_visitor *visitor, void *context,
                   struct bytestore_folder *facts, struct failure *failure)
{
    (void)store;
    (void)facts;
    (void)failure;
    request();
    assert_string_equal(folder, "/");
    for (int name = NAMES - 1; name >= DATED; name--) {
        char text[32];
        snprintf(text, sizeof text, dated_form, name - DATED);
        struct bytestore_entry entry = {.name = text, .regular = true};
        if (world.name[name] < 0)
            continue;
        entry.mtime = world.file[world.name[name]].mtime;
        if (!visitor(context, &entry))
            break;
    }
    return 0;
}

struct bytefile *bytestore_find(struct bytestore *store, const char *location, char **found, bool *missing,
                                struct failure *failure)
{
    (void)store;
    (void)failure;
    request();
    int name = name_of(location);
    *missing = world.name[name] < 0;
    *found = NULL;
    if (*missing) {
        return NULL;
    }
    struct bytefile *file = malloc(sizeof *file);
    file->file = world.name[name];
    *found = strdup(location);
    return file;
}

struct bytefile *bytestore_open(struct bytestore *store, const char *location, bool *missing,
                                struct failure *failure)
{
    char *found;
    struct bytefile *file = bytestore_find(store, location, &found, missing, failure);
    free(found);
    return file;
}

int bytefile_facts(struct bytefile *file, struct bytefile_facts *facts, struct failure *failure)
{
    (void)failure;
    request();
    const struct memory_file *memory = &world.file[file->file];
    *facts = (struct bytefile_facts){(int64_t)memory->bytes.length, memory->mtime,
                                     world.inodes ? memory->inode : 0};
    return 0;
}

int64_t bytefile_read_at(struct bytefile *file, int64_t offset, void *buffer, size_t size,
                         struct failure *failure)
{
    (void)failure;
    request();
    const struct text *bytes = &world.file[file->file].bytes;
    size_t rest = (size_t)offset < bytes->length ? bytes->length - (size_t)offset : 0;
    if (size > rest)
        size = rest;
    if (size > 0)
        memcpy(buffer, bytes->bytes + offset, size);
    return (int64_t)size;
}

void bytefile_close(struct bytefile *file)
{
    free(file);
}

/* What the reader waits for has happened between its requests. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time;
    (void)left;
    return 0;
}

/* ---- the reader, as logset.c uses it */

struct reader {
    struct log_position position;
    struct text given;
    bool loss; /* some run said that records may be missing */
};

static enum log_outcome read_once(struct reader *reader, struct text *given, bool *loss)
{
    struct failure failure = {""};
    struct log_position position = reader->position;
    struct log_source *source = log_source_open(NULL, "/x.log", &position, 0, NULL, &failure);
    const struct log_segment *segment;
    char buffer[700];
    if (source == NULL)
        return LOG_POSITION_FAILED;
    *loss = log_source_status(source)->loss[0] != '\0';
    while (log_source_next(source, &segment, &failure) > 0) {
        struct text pending = {0};
        int64_t finished = segment->offset, n;
        while ((n = log_source_read(source, buffer, sizeof buffer, &failure)) > 0) {
            text_add_bytes(&pending, buffer, (size_t)n);
            const char *end = memrchr(pending.bytes, '\n', pending.length);
            if (end == NULL)
                continue;
            size_t whole = (size_t)(end + 1 - pending.bytes);
            text_add_bytes(given, pending.bytes, whole);
            memmove(pending.bytes, pending.bytes + whole, pending.length - whole);
            text_cut(&pending, pending.length - whole);
            finished += (int64_t)whole;
            log_source_consumed(source, finished);
        }
        if (segment->final)
            text_add_bytes(given, text_string(&pending), pending.length);
        text_free(&pending);
    }
    enum log_outcome outcome = log_source_position(source, &reader->position, &failure);
    log_source_close(source);
    return outcome;
}

static void run(struct reader *reader)
{
    for (int tries = 0; tries < 4; tries++) {
        struct text given = {0};
        bool loss = false;
        enum log_outcome outcome = read_once(reader, &given, &loss);
        if (outcome == LOG_POSITION_READY) {
            text_add_bytes(&reader->given, text_string(&given), given.length);
            reader->loss |= loss;
        }
        text_free(&given);
        if (outcome != LOG_POSITION_CHANGED)
            return;
    }
}

/* ---- all ways in which a story can fall */

static size_t told, with_loss;

static void begin(const char *before, const char *story)
{
    world.files = 0;
    for (int name = 0; name < NAMES; name++)
        world.name[name] = -1;
    world.next_inode = 100;
    world.clock = 1700000000;
    world.free_inode = 0;
    world.line = 0;
    world.story = story;
    world.acts = world.done = 0;
    world.requests = 0;
    for (; *before != '\0'; before++)
        act(*before);
}

static void tell(const char *before, const char *story, size_t acts)
{
    struct reader reader = {0};
    begin(before, story);
    run(&reader);
    world.acts = acts;
    world.requests = 0;
    run(&reader);
    run(&reader);
    while (world.done < world.acts) /* what fell behind the last request */
        act(world.story[world.done++]);
    run(&reader);
    run(&reader);
    told++;
    with_loss += reader.loss;
    struct text all = {0};
    for (unsigned line = 0; line < world.line; line++) {
        char number[16];
        snprintf(number, sizeof number, "%05u", line);
        const char *first = strstr(text_string(&reader.given), number);
        bool twice = first != NULL && strstr(first + 1, number) != NULL;
        if (!reader.loss && (first == NULL || twice)) {
            for (size_t i = 0; i < acts; i++)
                text_addf(&all, " %c@%u", story[i], world.at[i]);
            fail_msg("%s, then%s%s%s: line %u %s", before, text_string(&all), world.inodes ? ", inodes" : "",
                     world.reuses ? " used again" : "", line,
                     first == NULL ? "is lost in silence" : "comes twice");
        }
    }
    text_free(&reader.given);
}

static void tell_all(const char *before, const char *story, size_t acts, size_t act_at, unsigned from,
                     unsigned until)
{
    if (act_at == acts) {
        tell(before, story, acts);
        return;
    }
    for (unsigned at = from; at <= until; at++) {
        world.at[act_at] = at;
        tell_all(before, story, acts, act_at + 1, at, until);
    }
}

static void every_way(void **state)
{
    (void)state;
    static const struct {
        const char *before, *story;
    } stories[] = {
        {"aaa", "ara"},   {"aaa", "arna"},    {"aaa", "acdta"},   {"aaa", "arara"},  {"aaa", "arnar"},
        {"aaa", "rarar"}, {"aarna", "ara"},   {"aarna", "arara"}, {"aaa", "dtadt"},  {"aaa", "adtar"},
        {"a", "arcdt"},   {"bab", "arbra"},   {"aaa", "radta"},   {"adta", "radta"}, {"aaa", "aRa"},
        {"aaa", "aRna"},  {"aaa", "aRaRa"},   {"aaa", "RaRaR"},   {"aaa", "aCDta"},  {"aRa", "aRaRa"},
        {"bab", "aRbRa"}, {"araRa", "aRara"},
    };
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        told = with_loss = 0;
        for (int kind = 0; kind < 3; kind++) {
            world.inodes = kind > 0;
            world.reuses = kind > 1;
            tell_all(stories[i].before, stories[i].story, strlen(stories[i].story), 0, 0, 13);
        }
        if (strpbrk(stories[i].story, "rct") == NULL && with_loss > 0)
            fail_msg("%s %s: %zu times a loss", stories[i].before, stories[i].story, with_loss);
        print_message("%s %s: %zu ways, %zu with a loss\n", stories[i].before, stories[i].story, told,
                      with_loss);
    }
    assert_true(with_loss < told);
    for (int i = 0; i < FILES; i++)
        text_free(&world.file[i].bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
