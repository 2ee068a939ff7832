// SPDX-License-Identifier: GPL-3.0-or-later
/* What itemline.h asks of the site database: apart, so that a check without one is not linked with ODBC. */
#include "items/itemline.h"

#include "base/sanitize.h"
#include "sitedb/sitedb.h"

void itemline_add_site(const struct sitedb *db, const char *code, struct text *line)
{
    const struct site *site = sitedb_site(db, code);
    text_add(line, code);
    if (site != NULL && site->name[0] != '\0') {
        text_add(line, " ");
        text_add_clean(line, site->name, 40);
    }
}

const char *itemline_site_server(const struct sitedb *db, const char *code, const char *fallback)
{
    const struct site *site = sitedb_site(db, code);
    return site != NULL && site->server[0] != '\0' ? site->server : fallback;
}
