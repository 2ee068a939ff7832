// SPDX-License-Identifier: GPL-3.0-or-later
/* How well order holds on a database, for --survey: from what the runs remember, and from the priorities that it has. */
#include "check/siteorder.h"

#include "sitedb/rows.h"

#include <inttypes.h>

enum { HOLDS_PERCENT = 2, MOST_SITES = 40 };

static void add_memory(const struct order_memory *memory, struct text *output)
{
    int64_t arrived = 0, late = 0;
    for (size_t i = 0; i < memory->site_count; i++) {
        arrived += memory->sites[i].arrived;
        late += memory->sites[i].late;
    }
    if (arrived == 0) {
        text_add(output,
                 "Order: no run has seen an arrival yet; look again when the check has run for some days\n");
        return;
    }
    text_addf(output,
              "Order %s: %" PRId64 " of %" PRId64
              " arrivals were overtaken for longer than the limit before they came%s\n",
              late * 100 <= arrived * HOLDS_PERCENT ? "holds" : "does not hold everywhere", late, arrived,
              late * 100 <= arrived * HOLDS_PERCENT
                  ? ""
                  : "; several senders to a site? --judge=age does without order");
    size_t shown = 0, sites = 0;
    for (size_t i = 0; i < memory->site_count; i++) {
        const struct order_site *site = &memory->sites[i];
        sites += site->arrived > 0;
        if (site->arrived > 0 && shown < MOST_SITES && ++shown > 0)
            text_addf(output, "  %-8s %10" PRId64 " of %" PRId64 "\n", site->code, site->late, site->arrived);
    }
    if (shown < sites)
        text_addf(output, "  and %zu sites more\n", sites - shown);
}

static const char *priority_name(const struct odbc_value *value)
{
    static const char *const names[] = {"unknown", "high (1)", "medium (2)", "low (3)"};
    return value->null ? "NULL" : names[value->integer >= 1 && value->integer <= 3 ? value->integer : 0];
}

static int add_priorities(const struct sitedb *db, struct text *output, struct failure *failure)
{
    if (!db->has_column[SITEDB_PACKAGE_PRIORITY]) {
        text_add(output, "Priorities of packages: this product does not tell them; order waits longer\n");
        return 0;
    }
    struct statement statement = {0};
    statement_text(&statement, "SELECT Priority, COUNT(*) AS RowCnt FROM SMSPackages WHERE SourceSite = ");
    statement_bind(&statement, db->owner);
    statement_text(&statement, " GROUP BY Priority ORDER BY Priority");
    static const struct odbc_column columns[] = {{ODBC_INTEGER, 0}, {ODBC_INTEGER, 0}};
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the priorities of the packages", &statement, columns, 2, failure) != 0)
        return -1;
    text_add(output, "Priorities of packages:");
    while (sitedb_next(&rows))
        text_addf(output, " %s %" PRId64 ",", priority_name(&rows.values[0]), rows.values[1].integer);
    if (sitedb_end(&rows, failure) != 0)
        return -1;
    text_cut(output, output->length - (output->bytes[output->length - 1] == ',' ? 1 : 0));
    text_add(output, "\n");
    return 0;
}

int siteorder_survey(const struct siterun *run, struct text *output, struct failure *failure)
{
    struct order_memory memory = {0};
    if (siteorder_look(run, &memory, failure) != 0)
        return -1;
    add_memory(&memory, output);
    order_memory_free(&memory);
    return add_priorities(&run->db, output, failure);
}
