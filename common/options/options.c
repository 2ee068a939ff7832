// SPDX-License-Identifier: GPL-3.0-or-later
#include "options/options.h"

#include "base/hash.h"
#include "base/range.h"
#include "base/sanitize.h"
#include "options/commandline.h"
#include "options/describe.h"
#include "options/inifile.h"
#include "options/table.h"
#include "options/usage.h"
#include "options/value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of texts and settings, so that the whole lives and ends together. */
struct options_arena {
    struct arena arena;
    struct given_list given; /* in the order in which they were applied: ini files, then the command line */
};

static bool is_common(const struct given_option *given, const char *name)
{
    return given->entry.group == &optiontable_common && strcmp(given->entry.option->name, name) == 0;
}

static bool shows_nothing(const struct option *option, const char *value)
{
    return (option->flags & OPTION_SECRET) ||
           ((option->flags & OPTION_CONNECTION_STRING) && value != NULL && holds_password(value));
}

/* What stands in front of a failure with a key's value: the file, the line and the key. */
static int name_place(struct given_option *given, const struct ini_section *section,
                      const struct ini_entry *entry, struct arena *arena, struct failure *failure)
{
    struct text place = {0};
    text_addf(&place, "%s:%d", section->path, entry->line);
    given->place = place.failed ? NULL : arena_copy(arena, place.bytes, place.length);
    text_addf(&place, ": %s", given->entry.option->name);
    given->origin = place.failed ? NULL : arena_copy(arena, place.bytes, place.length);
    text_free(&place);
    return given->place != NULL && given->origin != NULL ? 0 : fail(failure, "out of memory");
}

static struct option_entry find_key(const struct program *program, const char *key)
{
    /* monitoring-plugins takes a key of one letter for a short option. */
    if (key[0] != '\0' && key[1] == '\0')
        return optiontable_find_letter(program, key[0]);
    return optiontable_find(program, key, strlen(key));
}

/* Does it look like the name of an option or a variable? A mistyped one does, most passwords do not. */
static bool is_name(const char *key, size_t length)
{
    bool lower = false, upper = false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)key[i]) && key[i] != '-' && key[i] != '_')
            return false;
        lower = lower || islower((unsigned char)key[i]);
        upper = upper || isupper((unsigned char)key[i]);
    }
    return !(lower && upper);
}

/* A line that is no key may be the rest of a password or a key whose '=' was forgotten: not all of it is
 * repeated. */
static int refuse_key(const struct program *program, const struct ini_section *section,
                      const struct ini_entry *entry, const struct option *previous, struct failure *failure)
{
    const size_t word = strcspn(entry->key, " \t");
    if (previous != NULL && shows_nothing(previous, NULL)) {
        fail(failure,
             "the line behind the secret %s is not a known key (not shown); a value ends with its line",
             previous->name);
    } else if (!is_name(entry->key, word)) {
        fail(failure, "the line is not a known key (not shown); write key = value, %s --help lists the keys",
             program->name);
    } else if (entry->key[word] != '\0') {
        fail(failure, "'%.*s ...' is not a key; write key = value", (int)word, entry->key);
    } else {
        commandline_unknown(program, entry->key, "", failure);
    }
    return fail_context(failure, "%s:%d: ", section->path, entry->line);
}

static int take_section(const struct program *program, const struct ini_section *section, const char *extra,
                        struct arena *arena, struct given_list *list, struct failure *failure)
{
    const struct option *previous = NULL;
    for (const struct ini_entry *entry = section->entries; entry != NULL; entry = entry->next) {
        struct option_entry found = find_key(program, entry->key);
        if (found.option == NULL)
            return refuse_key(program, section, entry, previous, failure);
        if (found.option->flags & OPTION_COMMAND_LINE_ONLY)
            return fail(failure, "%s:%d: %s is for the command line only", section->path, entry->line,
                        found.option->name);
        if (shows_nothing(found.option, entry->value) && inifile_keeps_secret(section, entry, failure) != 0)
            return -1;
        struct given_option *given = given_list_add(list, arena);
        if (given == NULL)
            return fail(failure, "out of memory");
        given->entry = found;
        given->value = entry->value;
        given->extra = extra;
        if (name_place(given, section, entry, arena, failure) != 0)
            return -1;
        previous = found.option;
    }
    return 0;
}

static int read_ini_files(const struct program *program, const struct given_list *command_line,
                          struct arena *arena, struct given_list *list, struct failure *failure)
{
    for (const struct given_option *given = command_line->first; given != NULL; given = given->next) {
        const char *name, *path;
        struct ini_section section;
        if (!is_common(given, "extra-opts"))
            continue;
        if (inifile_locate(given->value, program->name, arena, &name, &path, failure) != 0)
            return fail_context(failure, "--extra-opts: ");
        if (inifile_read(path, name, arena, &section, failure) != 0 ||
            take_section(program, &section, given->value != NULL ? given->value : "", arena, list, failure) !=
                0)
            return -1;
    }
    return 0;
}

static bool is_given(const struct given_list *list, const struct option *option)
{
    for (const struct given_option *given = list->first; given != NULL; given = given->next) {
        if (given->entry.option == option)
            return true;
    }
    return false;
}

static bool accumulates(const struct option *option)
{
    return option->type == OPTION_LIST || option->type == OPTION_COUNT || (option->flags & OPTION_REPEATABLE);
}

static int apply_fallbacks(const struct program *program, const struct given_list *list, struct arena *arena,
                           struct failure *failure)
{
    for (size_t i = 0; i < program->group_count; i++) {
        const struct option_group *group = &program->groups[i];
        for (size_t j = 0; j < group->count; j++) {
            const struct option *option = &group->options[j];
            void *target = option_target(&(struct option_entry){option, group});
            option_reset(option, target);
            if (option->fallback == NULL || (accumulates(option) && is_given(list, option)))
                continue;
            if (option_assign(option, target, option->fallback, arena, failure) != 0)
                return fail_context(failure, "default of --%s: ", option->name);
            if (option->type == OPTION_RANGE)
                ((struct range *)target)->by_default = true;
        }
    }
    return 0;
}

/* Who writes a comment behind a value gets it as part of the value, as monitoring-plugins does. */
static bool has_comment(const char *value)
{
    return value != NULL && (strstr(value, " #") != NULL || strstr(value, " ;") != NULL);
}

static int apply(const struct given_list *list, struct arena *arena, struct failure *failure)
{
    for (const struct given_option *given = list->first; given != NULL; given = given->next) {
        const struct option *option = given->entry.option;
        if (given->entry.group == &optiontable_common)
            continue;
        if (option_assign(option, option_target(&given->entry), given->value, arena, failure) == 0)
            continue;
        fail_context(failure, "%s: ", given->origin);
        if (given->origin[0] != '-' && has_comment(given->value) && !shows_nothing(option, given->value)) {
            struct failure reason = *failure;
            fail(failure, "%s (a comment needs a line of its own)", reason.text);
        }
        return -1;
    }
    return 0;
}

/* What --help, --version or --describe show. @return 1 shown, 0 none of them given, -1 a failure */
static int show(const struct program *program, const struct given_list *list, struct arena *arena,
                struct text *output, struct failure *failure)
{
    for (const struct given_option *given = list->first; given != NULL; given = given->next) {
        int form = -1;
        if (is_common(given, "help"))
            usage_help(program, output);
        else if (is_common(given, "version"))
            usage_version(program, output);
        else if (is_common(given, "describe")) {
            if (option_assign(given->entry.option, &form, given->value, arena, failure) != 0)
                return fail_context(failure, "--describe: ");
            describe(program, (enum description)form, output);
        } else
            continue;
        return output->failed ? fail(failure, "out of memory") : 1;
    }
    return 0;
}

/* Arguments and ini keys come from anywhere; what a failure repeats of them must be one harmless line. */
static void clean_failure(struct failure *failure)
{
    struct text clean = {0};
    if (failure == NULL)
        return;
    text_add_clean(&clean, failure->text, sizeof failure->text - 1);
    if (!clean.failed)
        fail(failure, "%s", text_string(&clean));
    text_free(&clean);
}

enum options_outcome options_parse(const struct program *program, int argc, char **argv,
                                   struct options_arena **arena, struct text *output, struct failure *failure)
{
    struct given_list command_line;
    int shown = 0;
    struct options_arena *all = calloc(1, sizeof *all);
    *arena = all;
    if (all == NULL) {
        fail(failure, "out of memory");
        return OPTIONS_BAD;
    }
    given_list_start(&command_line);
    given_list_start(&all->given);
    if (commandline_read(program, argc, argv, &all->arena, &command_line, failure) != 0 ||
        (shown = show(program, &command_line, &all->arena, output, failure)) < 0)
        goto bad;
    if (shown)
        return OPTIONS_PRINTED;
    if (read_ini_files(program, &command_line, &all->arena, &all->given, failure) != 0)
        goto bad;
    *all->given.end = command_line.first;
    if (apply_fallbacks(program, &all->given, &all->arena, failure) != 0 ||
        apply(&all->given, &all->arena, failure) != 0)
        goto bad;
    return OPTIONS_RUN;

bad:
    clean_failure(failure);
    return OPTIONS_BAD;
}

void options_arena_free(struct options_arena *arena)
{
    if (arena == NULL)
        return;
    arena_free(&arena->arena);
    free(arena);
}

static void add_setting(const struct option *option, const char *value, const char *place, void *context)
{
    struct text *output = context;
    text_addf(output, "%s%s", option->flags & OPTION_INI_ONLY ? "" : "--", option->name);
    if (shows_nothing(option, value))
        text_add(output, "=(set)");
    else if (value != NULL && *value != '\0') {
        text_add(output, "=");
        text_add_clean(output, value, 1024);
    }
    text_add(output, " (");
    text_add_clean(output, place, 1024);
    text_add(output, ")\n");
}

/* Call `add` for every value of an option that counts, or for its fallback. */
static void each_setting(const struct options_arena *arena, const struct option *option,
                         void (*add)(const struct option *option, const char *value, const char *place,
                                     void *context),
                         void *context)
{
    const struct given_option *last = NULL;
    for (const struct given_option *given = arena->given.first; given != NULL; given = given->next) {
        if (given->entry.option != option)
            continue;
        if (accumulates(option))
            add(option, given->value, given->place, context);
        last = given;
    }
    if (last != NULL && !accumulates(option))
        add(option, last->value, last->place, context);
    else if (last == NULL && option->fallback != NULL)
        add(option, option->fallback, "default", context);
}

void options_settings(const struct program *program, const struct options_arena *arena, struct text *output)
{
    for (size_t i = 0; i < program->group_count; i++)
        for (size_t j = 0; j < program->groups[i].count; j++)
            each_setting(arena, &program->groups[i].options[j], add_setting, output);
}

static void hash_setting(const struct option *option, const char *value, const char *place, void *context)
{
    (void)place;
    uint64_t *hash = context;
    *hash = hash_add(*hash, option->name, strlen(option->name) + 1);
    if (value != NULL)
        *hash = hash_add(*hash, value, strlen(value) + 1);
}

uint64_t options_rule(const struct program *program, const struct options_arena *arena)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < program->group_count; i++)
        for (size_t j = 0; j < program->groups[i].count; j++)
            if (!(program->groups[i].options[j].flags & OPTION_MANNER))
                each_setting(arena, &program->groups[i].options[j], hash_setting, &hash);
    return hash_end(hash);
}

static bool is_of(const struct given_option *given, const struct option *options)
{
    return given->extra != NULL && (options == NULL || given->entry.group->options == options);
}

/* What needs no quotes in any shell. */
static bool is_plain_word(const char *word)
{
    return word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./@")] == '\0';
}

int options_extra(const struct options_arena *arena, const struct option *options, struct text *text)
{
    for (const struct given_option *given = arena->given.first; given != NULL; given = given->next) {
        if (!is_of(given, options))
            continue;
        const struct given_option *before = arena->given.first;
        while (before != given && !(is_of(before, options) && strcmp(before->extra, given->extra) == 0))
            before = before->next;
        if (before != given)
            continue;
        if (!is_plain_word(given->extra))
            return -1;
        text_addf(text, given->extra[0] == '\0' ? " --extra-opts%s" : " --extra-opts=%s", given->extra);
    }
    return text->failed ? -1 : 0;
}

bool options_on_command_line(const struct options_arena *arena, bool (*counts)(const struct option *option))
{
    for (const struct given_option *given = arena->given.first; given != NULL; given = given->next)
        if (given->extra == NULL && given->entry.group != &optiontable_common && counts(given->entry.option))
            return true;
    return false;
}
