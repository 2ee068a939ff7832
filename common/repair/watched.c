// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/watched.h"

#include "items/itemstore.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void take(const struct remembered *items, size_t count, const char *key, struct repair_view *view)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].key, key) == 0 && items[i].first_seen > 0) {
            int64_t watched_s = (int64_t)time(NULL) - items[i].first_seen;
            view->watched_s = watched_s > 0 ? watched_s : 0;
        }
}

void repair_watch(const struct sitedb *db, const struct odbc_settings *settings, const char *directory,
                  struct repair_view *view)
{
    struct text identity = {0}, key = {0};
    struct failure failure = {""};
    struct remembered *items = NULL;
    size_t count = 0;
    sitedb_identity(db, settings, &identity);
    memory_key("version", view->package.id, view->site.code, &key);
    struct statefile *file =
        statefile_look(directory, "check_sms_packages", text_string(&identity), &memory_schema, &failure);
    if (file != NULL && memory_load(file, text_string(&key), &items, &count, &failure) == 0) {
        take(items, count, text_string(&key), view);
        if (view->watched_s < 0)
            fail(&failure, "check_sms_packages does not know of it");
    } else {
        fail_context(&failure, "the memory of check_sms_packages is not at hand: ");
    }
    memory_free(items, count);
    statefile_close(file);
    if (view->watched_s < 0)
        snprintf(view->not_watched, sizeof view->not_watched, "%.*s", (int)sizeof view->not_watched - 1,
                 failure.text);
    text_free(&identity);
    text_free(&key);
}
