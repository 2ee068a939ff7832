// SPDX-License-Identifier: GPL-3.0-or-later
/* The guards of repair.h: pure functions, in the order in which an administrator can act upon them. */
#include "repair/repair.h"

#include "base/units.h"
#include "repair/journal_entry.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

int64_t repair_age(const struct repair_view *view)
{
    return view->watched_s > view->age_s ? view->watched_s : view->age_s;
}

static int guard_names(const struct repair_view *view, struct failure *refusal)
{
    const struct repair_package *package = &view->package;
    const struct repair_site *site = &view->site;
    if (!package->exists)
        return fail(refusal, "there is no package %s in SMSPackages", package->id);
    if (strcasecmp(package->source_site, view->owner) != 0)
        return fail(refusal,
                    "package %s is owned by site %s, not by %s: repair it in the database of site %s",
                    package->id, package->source_site, view->owner, package->source_site);
    if (view->names_dp)
        return fail(
            refusal,
            "that PkgServer is a distribution point (a row of Type 2): the repair sets back the row of a "
            "site (Type 1); give --child-site=%s",
            site->code);
    if (site->code[0] == '\0')
        return fail(
            refusal,
            "no row of Type 1 in PkgStatus has that PkgServer for package %s; names are NetBIOS up to "
            "ConfigMgr 2007 and full names from 2012 on: give --child-site instead",
            package->id);
    if (!site->exists)
        return fail(refusal, "there is no site %s in v_Site; sites of this database: %s", site->code,
                    view->known_sites);
    if (strcasecmp(site->code, view->owner) == 0)
        return fail(refusal,
                    "%s is the owning site itself, which never waits for its own package: to bring it to a "
                    "distribution point there, update that in the console",
                    site->code);
    return 0;
}

static int guard_rows(const struct repair_view *view, struct failure *refusal)
{
    const char *package = view->package.id, *site = view->site.code;
    if (view->row_count == 0)
        return fail(
            refusal,
            "site %s has no row of Type 1 for package %s in PkgStatus%s: there is nothing to set back, the "
            "product sends to such a site by itself; refresh the package's distribution point there",
            site, package, view->dp_row_count > 0 ? ", only those of its distribution points (Type 2)" : "");
    if (view->row_count > 1)
        return fail(refusal,
                    "site %s has %" PRId64 " rows of Type 1 for package %s, and which "
                    "of them the product uses is not known: no repair by this program, "
                    "not even with --force; ask Microsoft's support which row to delete",
                    site, view->row_count, package);
    return 0;
}

static int guard_age(const struct repair_view *view, const struct repair_rules *rules,
                     struct failure *refusal)
{
    char age[32], wanted[32];
    if (view->trouble == REPAIR_IN_SYNC)
        return fail(refusal,
                    "site %s has version %" PRId64
                    " of package %s, the wanted one: nothing is wrong here; where its "
                    "PCK file is gone and the next delta will fail, --force lifts this guard",
                    view->site.code, view->package.wanted, view->package.id);
    if (repair_age(view) < rules->min_age_s && view->future_s > 0)
        return fail(
            refusal,
            "a date of the row or the package lies %s in the future, so how long this lasts is not "
            "known: is the zone right (--db-clock=local, see --survey of check_sms_packages)? or --force",
            duration_format(view->future_s, age, sizeof age));
    if (repair_age(view) < 0)
        return fail(refusal,
                    "how long this lasts is not known, the row has no date and "
                    "%s; let check_sms_packages watch it for %s, or --force",
                    view->not_watched[0] != '\0' ? view->not_watched : "nothing is remembered of it",
                    duration_format(rules->min_age_s, wanted, sizeof wanted));
    if (repair_age(view) < rules->min_age_s)
        return fail(refusal,
                    "the trouble is %s old, and --min-age is %s: more than "
                    "a day can be normal on a slow link; wait, or --force",
                    duration_format(repair_age(view), age, sizeof age),
                    duration_format(rules->min_age_s, wanted, sizeof wanted));
    return 0;
}

static enum repair_permit guard_trouble(const struct repair_view *view, const struct repair_rules *rules,
                                        struct failure *refusal)
{
    if (view->rows[0].has_version && view->rows[0].version == 0) {
        fail(refusal,
             "SourceVersion is 0 already: a repair, or the first full copy, is under way; refresh the "
             "package's distribution points at %s if that was not done, then wait for it",
             view->site.code);
        return REPAIR_BARRED;
    }
    /* REMOVE FAILED and RETRY REMOVE (Microsoft, "Advanced troubleshooting tips"). Whether a row that is being removed may be set back is not known. */
    if (view->rows[0].has_status && (view->rows[0].status == 8 || view->rows[0].status == 9)) {
        fail(refusal,
             "the row's Status is %" PRId64
             " (%s): the product is removing package %s from site %s, and what a "
             "repair does to that is not known; look at distmgr.log of the site first",
             view->rows[0].status, view->rows[0].status == 8 ? "remove failed" : "retry remove",
             view->package.id, view->site.code);
        return REPAIR_BARRED;
    }
    if (rules->force)
        return REPAIR_PERMITTED;
    if (view->trouble == REPAIR_NOT_TARGETED) {
        fail(refusal,
             "package %s is not to be at site %s: no distribution point there is to have it, the site is not "
             "active, or the package has no source or is being deleted; add a distribution point first",
             view->package.id, view->site.code);
        return REPAIR_BARRED;
    }
    return guard_age(view, rules, refusal) != 0 ? REPAIR_NEEDS_FORCE : REPAIR_PERMITTED;
}

static int guard_rate(const struct repair_view *view, const struct repair_rules *rules,
                      struct failure *refusal)
{
    if (rules->recent < rules->max_per_hour)
        return 0;
    return fail(
        refusal,
        "%" PRId64 " %s at site %s within the last hour, and --max-per-hour is %" PRId64 ": each sends a "
        "whole package over the link; wait",
        rules->recent, rules->recent == 1 ? "repair" : "repairs", view->site.code, rules->max_per_hour);
}

static int guard_undo(const struct repair_view *view, const struct row_image *left, struct failure *refusal)
{
    if (row_image_equal(&view->rows[0], left))
        return 0;
    struct text now = {0}, then = {0};
    row_image_write(&view->rows[0], &now);
    row_image_write(left, &then);
    fail(refusal,
         "the row is no longer as that entry left it: it was %s and is "
         "%s; the product has worked on it since, and nothing is put back",
         text_string(&then), text_string(&now));
    text_free(&now);
    text_free(&then);
    return -1;
}

static int guard_torn(const struct repair_view *view, struct failure *refusal)
{
    return view->torn
               ? fail(
                     refusal,
                     "the row has changed since it was shown, while it was being looked at: look at it again")
               : 0;
}

enum repair_permit repair_guard(const struct repair_view *view, const struct repair_rules *rules,
                                struct failure *refusal)
{
    if (guard_names(view, refusal) != 0 || guard_rows(view, refusal) != 0 || guard_torn(view, refusal) != 0)
        return REPAIR_BARRED;
    if (rules->left != NULL)
        return guard_undo(view, rules->left, refusal) != 0 ? REPAIR_BARRED : REPAIR_PERMITTED;
    enum repair_permit permit = guard_trouble(view, rules, refusal);
    if (permit == REPAIR_PERMITTED && guard_rate(view, rules, refusal) != 0)
        permit = REPAIR_BARRED;
    return permit;
}

int repair_guard_unchanged(const struct row_image *shown, int64_t row_count, const struct row_image *now,
                           struct failure *refusal)
{
    if (row_count != 1)
        return fail(refusal, "the site has %" PRId64 " rows of Type 1 now, one was shown: look at it again",
                    row_count);
    if (row_image_equal(shown, now))
        return 0;
    struct text before = {0}, after = {0};
    row_image_write(shown, &before);
    row_image_write(now, &after);
    fail(refusal, "the row has changed since it was shown: it was %s and is %s; look at it again",
         text_string(&before), text_string(&after));
    text_free(&before);
    text_free(&after);
    return -1;
}
