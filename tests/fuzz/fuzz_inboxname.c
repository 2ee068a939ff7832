// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/place_site.h"
#include "inbox/box.h"
#include "inbox/filename.h"
#include "inbox/kind.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct site sites[] = {{.code = "CEN", .server = "CEN1.corp.example"},
                              {.code = "S02", .server = "S021"}};
static const struct sitedb db = {.owner = "CEN", .sites = sites, .site_count = 2};

/* A place tells a site only by its code or its server, in whatever case. */
static void check_place(const char *place)
{
    const struct site *site = place_site(&db, place);
    if (site != NULL && strcasestr(place, site->code) == NULL && strcasestr(place, "S021") == NULL)
        abort();
    place_has_part(place, "S02");
    place_has_part(place, sites[0].server);
}

/* Whatever a server calls its files and folders: what is told of the work in one is short and clean, and the same twice. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *string = malloc(length + 1);
    if (string == NULL)
        return 0;
    if (length > 0)
        memcpy(string, bytes, length);
    string[length] = '\0';
    struct text told = {0};
    char group[INBOX_GROUP_BYTES];
    const struct inbox_filename name = inbox_filename_read(string);
    inbox_filename_tell(&name, &told);
    inbox_filename_group(string, group);
    for (const char *at = text_string(&told); *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~' || *at == '|')
            abort();
    if (told.length > 64 || (name.work == INBOX_WORK_UNKNOWN) != (told.length == 0) || name.priority < 0 ||
        name.priority > 3 || strlen(group) >= INBOX_GROUP_BYTES)
        abort();
    if (name.work != INBOX_WORK_UNKNOWN && strncmp(name.id, string, strlen(name.id)) != 0)
        abort();
    const struct inbox_kind *kind = inbox_kind_of(string);
    char *shown = inbox_box_name(string);
    if (kind == NULL || kind->meaning == NULL || shown == NULL || strchr(shown, '/') != NULL)
        abort();
    check_place(string);
    inbox_glob_list_matches(kind->slow, string);
    inbox_glob_matches(string, "202SQCS1.SRQ");
    free(shown);
    text_free(&told);
    free(string);
    return 0;
}
