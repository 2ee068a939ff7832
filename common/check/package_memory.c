// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/package_memory.h"

void package_memory_look(const struct siterun *run, struct package_memory *memory)
{
    const struct site_check *check = run->check;
    struct text identity = {0};
    struct failure failure;
    *memory = (struct package_memory){0};
    sitedb_identity(&run->db, &check->database.settings, &identity);
    struct statefile *file = statefile_look(check_state_directory(&check->options), "check_sms_packages",
                                            text_string(&identity), &memory_schema, &failure);
    if (file != NULL && statefile_is_fresh(file, run->findings.clocks.host) &&
        memory_load(file, "version/", &memory->items, &memory->count, &failure) != 0)
        *memory = (struct package_memory){0};
    statefile_close(file);
    text_free(&identity);
}

const struct remembered *package_memory_find(const struct package_memory *memory, const char *package,
                                             const char *site)
{
    struct text key = {0};
    memory_key("version", package, site, &key);
    const struct remembered *found = history_find(memory->items, memory->count, text_string(&key));
    text_free(&key);
    return found != NULL && found->absent_runs == 0 ? found : NULL;
}

void package_memory_free(struct package_memory *memory)
{
    memory_free(memory->items, memory->count);
    *memory = (struct package_memory){0};
}
