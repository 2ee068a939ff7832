// SPDX-License-Identifier: GPL-3.0-or-later
/* Packages and servers that many rows share: dp_package_named and dp_server_named of package_dp.h. */
#include "base/arena.h"
#include "base/array.h"
#include "base/hash.h"
#include "sitedb/nalpath.h"
#include "sitedb/package_dp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct named {
    uint64_t hash;
    const char *name; /* NULL: free */
    const void *what;
};

/* Open addressing; `room` is a power of two. */
struct name_table {
    struct named *slots; /* owned */
    size_t room, used;
};

struct dp_names {
    struct arena arena;
    struct name_table packages; /* struct dp_package by ID */
    struct name_table paths;    /* struct dp_server by NAL path and site, */
    struct name_table places;   /* and by place and site */
    struct dp_server **servers; /* owned: by number, each in the arena */
    uint32_t server_count;
};

/* The product's collation knows no case. */
static uint64_t hash_of(const char *name)
{
    char folded[128];
    uint64_t hash = HASH_START;
    while (*name != '\0') {
        size_t length = 0;
        for (; *name != '\0' && length < sizeof folded; name++)
            folded[length++] = (char)toupper((unsigned char)*name);
        hash = hash_add(hash, folded, length);
    }
    return hash_end(hash);
}

/* The slot of a name: its own or the free one for it. */
static struct named *find_slot(const struct name_table *table, uint64_t hash, const char *name)
{
    size_t at = hash & (table->room - 1);
    while (table->slots[at].name != NULL &&
           (table->slots[at].hash != hash || strcasecmp(table->slots[at].name, name) != 0))
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static int make_room(struct name_table *table)
{
    if (table->used * 2 < table->room)
        return 0;
    struct name_table larger = {.room = table->room == 0 ? 1024 : table->room * 2, .used = table->used};
    larger.slots = calloc(larger.room, sizeof *larger.slots);
    if (larger.slots == NULL)
        return -1;
    for (size_t i = 0; i < table->room; i++)
        if (table->slots[i].name != NULL)
            *find_slot(&larger, table->slots[i].hash, table->slots[i].name) = table->slots[i];
    free(table->slots);
    *table = larger;
    return 0;
}

static struct dp_names *names_of(struct dp_list *list)
{
    if (list->names == NULL)
        list->names = calloc(1, sizeof *list->names);
    return list->names;
}

/* @return what the name means, NULL where it is new */
static const void *find_name(const struct name_table *table, const char *name)
{
    return table->room == 0 ? NULL : find_slot(table, hash_of(name), name)->what;
}

static const void *add_name(struct arena *arena, struct name_table *table, const char *name, const void *what)
{
    const char *kept = arena_copy(arena, name, strlen(name));
    if (kept == NULL || make_room(table) != 0)
        return NULL;
    uint64_t hash = hash_of(name);
    *find_slot(table, hash, name) = (struct named){hash, kept, what};
    table->used++;
    return what;
}

const struct dp_package *dp_package_named(struct dp_list *list, const struct dp_package *like)
{
    struct dp_names *names = names_of(list);
    const struct dp_package *found = names == NULL ? NULL : find_name(&names->packages, like->id);
    if (names == NULL || found != NULL)
        return found;
    struct dp_package *package = arena_allocate(&names->arena, sizeof *package);
    if (package == NULL)
        return NULL;
    *package = *like;
    package->id = arena_copy(&names->arena, like->id, strlen(like->id));
    package->name = arena_copy(&names->arena, like->name, strlen(like->name));
    return package->id == NULL || package->name == NULL
               ? NULL
               : add_name(&names->arena, &names->packages, package->id, package);
}

static int number_server(struct dp_names *names, struct dp_server *server)
{
    struct dp_server **larger = array_grow(names->servers, names->server_count, sizeof *larger);
    if (larger == NULL)
        return -1;
    names->servers = larger;
    server->number = names->server_count;
    larger[names->server_count++] = server;
    return 0;
}

/* Several paths may name one server and share ("Display" differs): they are one, for its key is one. */
static const struct dp_server *server_at(struct dp_names *names, const char *nal_path, const char *site)
{
    struct nalpath path;
    struct text name = {0};
    nalpath_read(nal_path, &path);
    text_addf(&name, "%s\n%s", text_string(&path.place), site);
    const struct dp_server *server = NULL;
    struct dp_server *made;
    if (!path.place.failed && !name.failed &&
        (server = find_name(&names->places, text_string(&name))) == NULL &&
        (made = arena_allocate(&names->arena, sizeof *made)) != NULL) {
        made->place = arena_copy(&names->arena, text_string(&path.place), path.place.length);
        made->site = arena_copy(&names->arena, site, strlen(site));
        made->path = arena_copy(&names->arena, nal_path, strlen(nal_path));
        made->percent_free = -1;
        if (made->place != NULL && made->path != NULL && made->site != NULL &&
            number_server(names, made) == 0)
            server = add_name(&names->arena, &names->places, text_string(&name), made);
    }
    text_free(&name);
    nalpath_free(&path);
    return server;
}

const struct dp_server *dp_server_named(struct dp_list *list, const char *nal_path, const char *site)
{
    struct dp_names *names = names_of(list);
    char code[8];
    size_t length = strnlen(site, sizeof code - 1);
    memcpy(code, site, length);
    while (length > 0 && code[length - 1] == ' ')
        length--; /* char(3) columns come padded */
    code[length] = '\0';
    struct text name = {0};
    text_addf(&name, "%s\t%s", nal_path, code);
    const struct dp_server *server =
        names == NULL || name.failed ? NULL : find_name(&names->paths, text_string(&name));
    if (server == NULL && names != NULL && !name.failed) {
        server = server_at(names, nal_path, code);
        if (server != NULL)
            server = add_name(&names->arena, &names->paths, text_string(&name), server);
    }
    text_free(&name);
    return server;
}

struct dp_server *dp_server_described(struct dp_list *list, const char *nal_path, const char *site)
{
    const struct dp_server *server = dp_server_named(list, nal_path, site);
    return server == NULL ? NULL : list->names->servers[server->number];
}

const struct dp_server *dp_server_at(const struct dp_list *list, size_t number)
{
    return number < dp_server_count(list) ? list->names->servers[number] : NULL;
}

size_t dp_server_count(const struct dp_list *list)
{
    return list->names == NULL ? 0 : list->names->server_count;
}

void dp_list_free(struct dp_list *list)
{
    if (list->names != NULL) {
        arena_free(&list->names->arena);
        free(list->names->packages.slots);
        free(list->names->paths.slots);
        free(list->names->places.slots);
        free(list->names->servers);
        free(list->names);
    }
    free(list->dps);
    free(list->told);
    *list = (struct dp_list){0};
}
