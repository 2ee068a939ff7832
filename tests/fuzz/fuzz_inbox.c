// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A box through several looks: whatever a server lists, whatever rows a memory holds and whatever the clock does. Each
 * step of the input is a letter and its operands: 'F' a file, 'D' a subfolder, 'L' a look at what was listed since the
 * last one, 'T' the clock moves, 'B' and 'R' rows that stand in the memory before the next look, 'K' a name that the team
 * knows, 'P' the place. What is judged must be sound, what is kept must be read back as it is, and what is said clean.
 */
#include "base/unicode.h"
#include "check/boxes.h"
#include "inbox/store.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { START = 1800000000, MOST_ENTRIES = 1200, MOST_LOOKS = 8, NAME_BYTES = 300 };

struct input {
    const uint8_t *at, *end;
};

struct entry {
    struct bytestore_entry listed;
    char name[NAME_BYTES];
};

struct world {
    struct statefile *file;
    struct entry *entries; /* borrowed */
    size_t count;
    char location[NAME_BYTES], known[NAME_BYTES];
    int64_t now;
    int looks;
};

static unsigned take_byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* Small numbers mostly: a signed byte times a unit; or eight bytes of anything. */
static int64_t take_number(struct input *input)
{
    static const int64_t units[] = {1, 60, 3600, 86400, 365 * 86400};
    const unsigned how = take_byte(input) % 6;
    if (how < 5)
        return (int8_t)take_byte(input) * units[how];
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | take_byte(input);
    return (int64_t)number;
}

/* A time near now, or any number at all. */
static int64_t take_time(struct input *input, int64_t now)
{
    const bool any = input->at < input->end && *input->at % 6 == 5;
    const int64_t number = take_number(input);
    return any ? number : now + number;
}

/* A name up to a line break. */
static void take_name(struct input *input, char *name, size_t size)
{
    size_t length = 0;
    while (input->at < input->end && *input->at != '\n' && *input->at != '\0') {
        if (length + 1 < size)
            name[length++] = (char)*input->at;
        input->at++;
    }
    input->at += input->at < input->end;
    name[length] = '\0';
}

/* Names are unique in a folder. */
static void add_entry(struct world *world, struct input *input, bool folder)
{
    if (world->count == MOST_ENTRIES)
        return;
    struct entry *entry = &world->entries[world->count];
    entry->listed = (struct bytestore_entry){.regular = !folder,
                                             .folder = folder,
                                             .mtime = take_time(input, world->now),
                                             .size_bytes = take_number(input)};
    take_name(input, entry->name, sizeof entry->name);
    for (size_t i = 0; i < world->count; i++)
        if (strcmp(world->entries[i].name, entry->name) == 0)
            return;
    world->count += entry->name[0] != '\0';
}

static sqlite3_stmt *prepare(struct world *world, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(statefile_database(world->file), sql, -1, &statement, NULL) != SQLITE_OK)
        abort();
    return statement;
}

/* Any value in any column: SQLite keeps what it is given. */
static void put_row(struct world *world, struct input *input, const char *sql, int columns, int blob)
{
    sqlite3_stmt *put = prepare(world, sql);
    char texts[12][NAME_BYTES];
    sqlite3_bind_text(put, 1, world->location, -1, SQLITE_STATIC);
    for (int i = 2; i <= columns; i++) {
        const unsigned how = i == blob ? 1 : take_byte(input) % 8 == 7 ? 2 : 0;
        if (how > 0)
            take_name(input, texts[i - 2], NAME_BYTES);
        if (how == 0)
            sqlite3_bind_int64(put, i, take_time(input, world->now));
        else if (how == 1)
            sqlite3_bind_blob(put, i, texts[i - 2], (int)strlen(texts[i - 2]), SQLITE_STATIC);
        else
            sqlite3_bind_text(put, i, texts[i - 2], -1, SQLITE_STATIC);
    }
    sqlite3_step(put);
    sqlite3_finalize(put);
}

/* ---- what must hold */

#define demand(holds) demand_at((holds), #holds)
static void demand_at(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

static bool is_known(const void *context, const char *name)
{
    return strcmp(((const struct world *)context)->known, name) == 0;
}

static void check_listing(const struct inbox_listing *listing)
{
    demand(listing->files >= 0 && listing->files + listing->known + listing->writing <= listing->waiting);
    demand(listing->waiting <= listing->entries && listing->future <= listing->waiting);
    demand(listing->judged.count <= INBOX_KEPT && listing->aside.count <= INBOX_KEPT);
    demand((listing->judged.count > 0) == (listing->files > 0));
    demand(listing->subfolder_count <= INBOX_SUBFOLDERS);
}

static bool is_same_name(const char *one, const char *other)
{
    return (one == NULL) == (other == NULL) && (one == NULL || strcmp(one, other) == 0);
}

static void check_memory(const struct inbox_memory *memory, int64_t now)
{
    demand(memory->looked == now && memory->moved <= now && memory->quiet <= now);
    for (size_t i = 0; i < memory->count; i++) {
        const struct inbox_file *file = &memory->files[i];
        demand(i == 0 || strcmp(memory->files[i - 1].name, file->name) < 0);
        demand(file->start <= now && file->over_since <= now && file->over_last <= now);
        demand(inbox_memory_find(memory, file->name) == file);
    }
}

static void check_verdict(const struct inbox_verdict *verdict, const struct inbox_memory *memory,
                          int64_t files)
{
    demand(verdict->silence_s >= 0 && verdict->oldest_s >= 0 && verdict->gone >= 0);
    demand((verdict->oldest != NULL) == (files > 0));
    demand(verdict->oldest == NULL || inbox_memory_find(memory, verdict->oldest) != NULL);
    demand(verdict->silent == STATUS_OK || files > 0);
    for (size_t i = 0; i < verdict->straggler_count; i++) {
        const struct inbox_straggler *straggler = &verdict->stragglers[i];
        demand(straggler->age_s >= 0 && inbox_memory_find(memory, straggler->file.name) != NULL);
    }
}

static void check_kept(struct world *world, const struct inbox_memory *kept)
{
    struct inbox_memory read;
    struct failure failure;
    demand(inbox_store_load(world->file, world->location, &read, &failure) == 0);
    demand(read.looked == kept->looked && read.moved == kept->moved && read.quiet == kept->quiet &&
           read.device == kept->device && read.inode == kept->inode && read.entries == kept->entries &&
           read.waiting == kept->waiting && read.complete == kept->complete && read.count == kept->count &&
           is_same_name(read.moved_name, kept->moved_name));
    for (size_t i = 0; i < read.count; i++) {
        const struct inbox_file *one = &read.files[i], *other = &kept->files[i];
        demand(strcmp(one->name, other->name) == 0 && one->mtime == other->mtime &&
               one->size_bytes == other->size_bytes && one->start == other->start &&
               one->inherited == other->inherited && one->overtaken == other->overtaken &&
               one->over_since == other->over_since && one->over_last == other->over_last);
    }
    inbox_memory_free(&read);
}

static bool check_conclusion(void *context, const char *location, const struct inbox_conclusion *one)
{
    const struct world *world = context;
    demand(strcmp(location, world->location) == 0 && one->at == world->now && one->since <= world->now);
    demand(one->status == STATUS_WARNING || one->status == STATUS_CRITICAL);
    demand(one->told[0] != '\0' && strlen(one->told) < 400 && utf8_valid(one->told, strlen(one->told)));
    for (const char *at = one->told; *at != '\0'; at++)
        demand((unsigned char)*at >= ' ' && *at != '|' && *at != 0x7f);
    return true;
}

/* What the box is called stands in its line as the operator gave it; here it is clean. */
static void check_words(struct world *world, struct inbox_box *box)
{
    const struct inbox_boxes boxes = {.boxes = box, .count = 1};
    const struct announce_options options = {.window_s = 900};
    struct announcements announcements;
    struct box_list list;
    struct box_tally tally;
    struct failure failure;
    demand(announcements_open(&announcements, world->file, &options, false, world->now, &failure) == 0);
    demand(boxes_items(&boxes, &announcements, world->now, &list) == 0);
    demand(boxes_conclude(&boxes, &list, world->file, world->now, &failure) == 0);
    demand(inbox_store_conclusions(world->file, check_conclusion, world, &failure) == 0);
    boxes_tally(&boxes, &list, &tally);
    demand(tally.files == box->files && tally.boxes == 1 && tally.items.stuck <= (int64_t)list.count);
    announcements_free(&announcements);
    boxes_items_free(&list);
}

static void look(struct world *world, struct input *input)
{
    static const struct string_list all = {0};
    static const struct inbox_limits none = {0};
    struct inbox_memory before;
    struct failure failure;
    if (world->looks++ == MOST_LOOKS)
        return;
    demand(inbox_store_load(world->file, world->location, &before, &failure) == 0);
    const bool back = inbox_memory_clamp(&before, world->now);
    const struct inbox_selection selection = {
        .match = &all, .is_known = is_known, .context = world, .recursive = true};
    struct inbox_box box = {
        .location = world->location, .name = (char *)"box", .kind = inbox_kind_of(world->location)};
    struct inbox_listing listing = {
        .kind = box.kind, .selection = &selection, .memory = &before, .now = world->now};
    demand(inbox_listing_begin(&listing) == 0);
    for (size_t i = 0; i < world->count; i++) {
        world->entries[i].listed.name = world->entries[i].name;
        demand(inbox_listing_visit(&listing, &world->entries[i].listed));
    }
    listing.folder.changed = take_time(input, world->now);
    check_listing(&listing);
    box.files = listing.files;
    box.bytes = listing.bytes;
    demand(inbox_judge(&listing, &none, back, &box.verdict, &box.memory) == 0);
    check_memory(&box.memory, world->now);
    check_verdict(&box.verdict, &box.memory, box.files);
    demand(inbox_store_save(world->file, world->location, &before, &box.memory, &failure) == 0);
    check_kept(world, &box.memory);
    check_words(world, &box);
    inbox_verdict_free(&box.verdict);
    inbox_memory_free(&box.memory);
    inbox_listing_free(&listing);
    inbox_memory_free(&before);
    world->count = 0;
}

static void step(struct world *world, struct input *input)
{
    switch (take_byte(input)) {
    case 'F':
        add_entry(world, input, false);
        break;
    case 'D':
        add_entry(world, input, true);
        break;
    case 'L':
        look(world, input);
        break;
    case 'T':
        /* Within some 70 years of the start. */
        world->now += take_number(input) % INT64_C(1000000000);
        world->now = world->now < START / 2            ? START / 2
                     : world->now > INT64_C(2) * START ? START
                                                       : world->now;
        break;
    case 'B':
        put_row(
            world, input,
            "INSERT OR REPLACE INTO box(location, looked, moved, quiet, device, entries, waiting, complete, "
            "moved_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            9, 9);
        break;
    case 'R':
        put_row(world, input,
                "INSERT OR REPLACE INTO file(location, name, mtime, size, start, inherited, overtaken, "
                "over_since, over_last) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                9, 2);
        break;
    case 'K':
        take_name(input, world->known, sizeof world->known);
        break;
    case 'P':
        if (world->looks == 0)
            take_name(input, world->location, sizeof world->location);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct entry entries[MOST_ENTRIES];
    struct world world = {
        .entries = entries, .location = "/srv/cen/inboxes/despoolr.box/receive", .now = START};
    struct input input = {bytes, bytes + size};
    struct failure failure;
    enum statefile_health health;
    world.file =
        statefile_open("/nonexistent/fuzz", "fuzz", "fuzz", &inbox_schema, 0, NULL, &health, &failure);
    demand(world.file != NULL && health == STATEFILE_UNUSABLE);
    while (input.at < input.end)
        step(&world, &input);
    statefile_close(world.file);
    return 0;
}
