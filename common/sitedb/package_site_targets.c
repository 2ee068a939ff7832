// SPDX-License-Identifier: GPL-3.0-or-later
/* At how many sites packages are targeted: pairs_count_sites of package_site.h. */
#include "sitedb/package_site_parts.h"

#include "sitedb/rows.h"

#include <strings.h>

enum { BATCH = 100 }; /* packages a statement, far below SQL Server's 2,100 parameters */

static void keep_count(struct package_sites *packages, size_t count, const char *package, int64_t sites)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(packages[i].package, package) == 0)
            packages[i].sites = sites;
}

static int count_batch(const struct sitedb *db, const struct pair_question *question,
                       struct package_sites *packages, size_t count, struct failure *failure)
{
    static const struct odbc_column columns[] = {{ODBC_TEXT, 16}, {ODBC_INTEGER, 0}};
    struct statement statement = {0};
    pair_add_sites_count(db, question, packages, count, &statement);
    struct sitedb_rows rows;
    if (sitedb_ask(&rows, db, "the number of sites of a package", &statement, columns, 2, failure) != 0)
        return -1;
    while (sitedb_next(&rows))
        keep_count(packages, count, rows.values[0].text, sitedb_integer(&rows.values[1], 0));
    return sitedb_end(&rows, failure);
}

int pairs_count_sites(const struct sitedb *db, const struct pair_question *question,
                      struct package_sites *packages, size_t count, struct failure *failure)
{
    for (size_t start = 0; start < count; start += BATCH)
        if (count_batch(db, question, packages + start, count - start < BATCH ? count - start : BATCH,
                        failure) != 0)
            return -1;
    return 0;
}
