// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/despool_memory.h"

#include "base/array.h"
#include "check/place_site.h"
#include "replication/store.h"

#include <stdlib.h>
#include <strings.h>

struct despool_memory {
    char *logs; /* owned: the locations, one a line */
    struct conditions set;
};

static void take(void *context, struct statefile *file)
{
    struct despool_memories *memories = context;
    struct failure failure;
    struct conditions set;
    conditions_init(&set, 0);
    char *logs = statefile_identity(file);
    struct despool_memory *larger = logs != NULL && logmemory_load_conditions(file, &set, &failure) == 0
                                        ? array_grow(memories->memories, memories->count, sizeof *larger)
                                        : NULL;
    if (larger == NULL) {
        conditions_free(&set);
        free(logs);
        return;
    }
    memories->memories = larger;
    larger[memories->count++] = (struct despool_memory){logs, set};
}

void despool_memories_look(const char *directory, int64_t now, struct despool_memories *memories,
                           const struct trace *trace)
{
    static const struct statefile_look_kind kind = {"check_sms_despool", &logmemory_schema};
    *memories = (struct despool_memories){0};
    statefile_look_all(directory, &kind, now, take, memories, trace);
}

/* The worst first. */
static const enum condition_kind by_weight[] = {CONDITION_BASE_MISSING, CONDITION_FAILING, CONDITION_WAITING,
                                                CONDITION_SUPERSEDED};

static bool find_in(const struct conditions *set, const char *package, struct despool_word *word)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct condition *condition = &set->items[i];
        if (strcasecmp(condition->package, package) != 0)
            continue;
        for (size_t k = 0; k < sizeof by_weight / sizeof *by_weight; k++)
            if (condition->sign[by_weight[k]].open) {
                *word = (struct despool_word){by_weight[k], condition->sign[by_weight[k]].first_s};
                return true;
            }
    }
    return false;
}

bool despool_memories_find(const struct despool_memories *memories, const char *package, const char *site,
                           const char *server, struct despool_word *word)
{
    for (size_t i = 0; i < memories->count; i++)
        if ((place_has_part(memories->memories[i].logs, site) ||
             place_has_part(memories->memories[i].logs, server)) &&
            find_in(&memories->memories[i].set, package, word))
            return true;
    return false;
}

const char *despool_word_text(const struct despool_word *word)
{
    switch (word->kind) {
    case CONDITION_BASE_MISSING:
        return "the base version (PCK file) is missing";
    case CONDITION_FAILING:
        return "it fails again and again";
    case CONDITION_SUPERSEDED:
        return "a delta of another version came";
    default:
        return "the version has not arrived";
    }
}

void despool_memories_free(struct despool_memories *memories)
{
    for (size_t i = 0; i < memories->count; i++) {
        free(memories->memories[i].logs);
        conditions_free(&memories->memories[i].set);
    }
    free(memories->memories);
    *memories = (struct despool_memories){0};
}
