// SPDX-License-Identifier: GPL-3.0-or-later

/*
 * What one pass over the pairs gives (sitedb/package_site.h), for tests:
 *
 *   pair_probe CONNECT OWNER version|recipe SINCE WHOLE NEWEST [PACKAGES [EXCLUDED [SITES [EXCLUDED [QUIET [SINCE]]]]]]
 *
 * SINCE is a date as stored in seconds, 0 none; WHOLE and NEWEST are 0 or 1; the lists have commas. QUIET are sites
 * with a date of their own.
 */
#include "sitedb/package_site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct string_list split(char *list)
{
    struct string_list strings = {.strings = calloc(strlen(list) + 1, sizeof(char *))};
    for (char *string = strtok(list, ","); strings.strings != NULL && string != NULL;
         string = strtok(NULL, ","))
        strings.strings[strings.count++] = string;
    return strings;
}

static void tell(const struct sitedb *db, const struct pair_scan *scan)
{
    printf("examined %" PRId64 "\n", scan->examined);
    for (size_t i = 0; i < scan->pairs.count; i++) {
        const struct pair *pair = &scan->pairs.pairs[i];
        printf("pair %s %s %s %" PRId64 " %" PRId64 " %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
               " %" PRId64 " %s\n",
               pair->package, pair->site, pair_kind_name(pair->kind), pair->wanted, pair->held,
               pair->has_status, pair->status, pair->rows, pair->priority, pair->refreshed, pair->stamp,
               pair->server);
    }
    for (size_t i = 0; i < scan->arrivals.count; i++) {
        const struct arrival *arrival = &scan->arrivals.arrivals[i];
        printf("arrival %s %s %" PRId64 " %" PRId64 " %" PRId64 "\n", arrival->package, arrival->site,
               arrival->version, arrival->updated, arrival->priority);
    }
    for (size_t i = 0; i < db->site_count; i++)
        if (scan->sites[i].targeted > 0)
            printf("site %s %" PRId64 " %" PRId64 "\n", db->sites[i].code, scan->sites[i].targeted,
                   scan->sites[i].newest);
}

static int ask(struct odbc_connection *connection, const char *owner, const struct pair_question *question)
{
    struct sitedb db;
    struct failure failure;
    struct pair_scan scan = {0};
    if (sitedb_open(&db, connection, owner, ~0u >> (32 - SITEDB_COLUMN_COUNT), NULL, &failure) != 0) {
        printf("failed: %s\n", failure.text);
        return 1;
    }
    int result = pairs_scan(&db, question, &scan, &failure);
    if (result == 0)
        tell(&db, &scan);
    else
        printf("failed: %s\n", failure.text);
    pair_scan_free(&scan);
    sitedb_close(&db);
    return result != 0;
}

int main(int argc, char **argv)
{
    if (argc < 7)
        return 2;
    struct string_list lists[5] = {0};
    for (int i = 0; i < 5 && 7 + i < argc; i++)
        lists[i] = split(argv[7 + i]);
    const struct sitedb_filter filter = {
        .packages = lists[0], .exclude_packages = lists[1], .sites = lists[2], .exclude_sites = lists[3]};
    const struct pair_question question = {.filter = &filter,
                                           .rule = strcmp(argv[3], "recipe") == 0 ? PAIR_RULE_RECIPE
                                                                                  : PAIR_RULE_VERSION,
                                           .clock = PAIR_CLOCK_UTC,
                                           .since = strtoll(argv[4], NULL, 10),
                                           .quiet = lists[4],
                                           .quiet_since = strtoll(argv[argc > 12 ? 12 : 4], NULL, 10),
                                           .whole_sites = argv[5][0] == '1',
                                           .newest = argv[6][0] == '1'};
    const struct odbc_settings settings = {.connect = argv[1], .login_timeout_s = 10};
    struct odbc_error error;
    struct odbc_connection *connection = odbc_connect(&settings, NULL, &error);
    int result = 1;
    if (connection == NULL) {
        printf("failed: %s\n", error.failure.text);
    } else {
        result = ask(connection, argv[2], &question);
        odbc_disconnect(connection);
    }
    for (int i = 0; i < 4; i++)
        free(lists[i].strings);
    return result;
}
