// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/output.h"

#include "base/sanitize.h"
#include "base/units.h"
#include "repair/journal_entry.h"

#include <inttypes.h>

static void add_line(struct text *text, const char *label, const char *value)
{
    text_addf(text, "%-12s", label);
    text_add_clean(text, value, 2048);
    text_add(text, "\n");
}

static void end_line(struct text *text, const char *label, struct text *words)
{
    words->failed ? (void)(text->failed = true) : add_line(text, label, text_string(words));
    text_cut(words, 0);
}

static void add_code(struct text *words, bool known, int64_t status)
{
    const char *name = known ? pair_status_name(status) : "NULL";
    if (name != NULL)
        text_addf(words, "Status %s", name);
    else
        text_addf(words, "Status %" PRId64, status);
}

static void add_row(const struct row_image *row, struct text *words)
{
    text_addf(words, "PkgServer %s: ", row->pkg_server);
    add_code(words, row->has_status, row->status);
    if (row->has_version)
        text_addf(words, ", SourceVersion %" PRId64, row->version);
    else
        text_add(words, ", SourceVersion NULL");
    text_addf(words, ", UpdateTime %s", row->has_updated ? row->updated : "NULL");
}

static void add_trouble(const struct repair_view *view, struct text *words)
{
    char age[32];
    switch (view->trouble) {
    case REPAIR_IN_SYNC:
        text_add(words, "none: the site has the wanted version");
        return;
    case REPAIR_NOT_TARGETED:
        text_add(words, "none: the package is not to be there");
        return;
    default:
        text_addf(words, "%s, ", view->kind);
        break;
    }
    if (view->age_s >= 0)
        text_addf(words, "for %s by the database's dates", duration_format(view->age_s, age, sizeof age));
    else if (view->future_s > 0)
        text_addf(words, "dated %s in the future: is the database's zone right (--db-clock)?",
                  duration_format(view->future_s, age, sizeof age));
    else
        text_add(words, "no date in the database says for how long");
    if (view->watched_s >= 0)
        text_addf(words, "; seen by check_sms_packages for %s",
                  duration_format(view->watched_s, age, sizeof age));
    else if (view->not_watched[0] != '\0')
        text_addf(words, "; %s", view->not_watched);
}

static void add_size(const struct repair_view *view, struct text *words)
{
    char size[32];
    if (view->package.size_bytes > 0)
        text_addf(words, "%s", size_format(view->package.size_bytes, size, sizeof size));
    else
        text_add(words, "size not known");
}

static void add_package(const struct repair_view *view, struct text *text)
{
    struct text words = {0};
    text_addf(&words, "%s \"%s\", wanted version %" PRId64 ", owned by site %s, ", view->package.id,
              view->package.name, view->package.wanted, view->package.source_site);
    add_size(view, &words);
    text_add(&words, " compressed");
    end_line(text, "Package", &words);
    text_free(&words);
}

static void add_site(const struct repair_view *view, struct text *text)
{
    struct text words = {0};
    if (!view->site.exists)
        return;
    text_addf(&words, "%s \"%s\", server %s, %s", view->site.code, view->site.name, view->site.server,
              view->site.path);
    end_line(text, "Child site", &words);
    text_free(&words);
}

static void add_rows(const struct repair_view *view, struct text *text)
{
    struct text words = {0};
    for (int64_t i = 0; i < view->row_count && i < REPAIR_MOST_ROWS; i++) {
        add_row(&view->rows[i], &words);
        end_line(text, i == 0 ? "Row" : "", &words);
    }
    if (view->row_count == 0) {
        text_add(&words, "none of Type 1");
        end_line(text, "Row", &words);
    }
    text_free(&words);
}

/* What an administrator weighs: what it costs, what else there is, and what must follow. */
static void add_runbook(const struct repair_view *view, struct text *text)
{
    const char *package = view->package.id, *site = view->site.code;
    struct text words = {0};
    add_size(view, &words);
    text_addf(&words,
              ": the link to %s will carry the whole compressed package, "
              "not a difference, under the normal bandwidth control",
              site);
    end_line(text, "Link", &words);
    text_addf(
        &words,
        "supported by Microsoft, and less for the link: copy %s.PCK from %s's SMSPKG folder to that on %s by "
        "wire or disc, then PreloadPkgOnSite.exe %s there",
        package, view->owner, view->site.server, package);
    end_line(text, "Instead", &words);
    text_add(&words, "this changes the site database, which Microsoft does not support: "
                     "have a backup of it, and see that the owning site still has the "
                     "package's source and PCK (else update the package instead)");
    end_line(text, "Before", &words);
    text_addf(&words,
              "in the console: Packages, %s, Distribution Points, the ones at %s, "
              "All Tasks, Refresh Distribution Point (ConfigMgr 2012 and later: "
              "Content Locations, Redistribute); nothing is sent before that",
              package, site);
    end_line(text, "Afterwards", &words);
    text_free(&words);
}

void repair_view_text(const struct repair_request *request, const struct repair_view *view, struct text *text)
{
    struct text words = {0};
    if (!view->package.exists)
        return;
    add_package(view, text);
    add_site(view, text);
    add_rows(view, text);
    if (view->row_count == 1) {
        add_trouble(view, &words);
        end_line(text, "Trouble", &words);
    }
    if (view->others[0] != '\0')
        add_line(text, "Also stuck:", view->others);
    if (view->stuck_parent[0] != '\0') {
        text_addf(
            &words,
            "%s, above %s, is in trouble with the package as well: begin there, %s may follow by itself",
            view->stuck_parent, view->site.code, view->site.code);
        end_line(text, "Mind", &words);
    }
    if (view->row_count == 1 && !row_image_equal(&view->rows[0], &view->after)) {
        add_line(text, "Statement", view->sql);
        row_image_write(&view->rows[0], &words);
        text_add(&words, " becomes ");
        row_image_write(&view->after, &words);
        end_line(text, request->undo_entry != 0 ? "Undo" : "Change", &words);
        if (request->undo_entry == 0)
            add_runbook(view, text);
    }
    text_free(&words);
}

void repair_barred_text(const struct repair_view *view, struct text *text)
{
    if (!view->package.exists)
        return;
    add_package(view, text);
    add_rows(view, text);
}

void repair_verdict_text(const struct repair_request *request, const struct repair_report *report,
                         struct text *text)
{
    static const char *const verdicts[] = {[REPAIR_RESULT_SHOWN] =
                                               "SHOWN: nothing was changed; the same with --apply does it",
                                           [REPAIR_RESULT_REFUSED] = "REFUSED: ",
                                           [REPAIR_RESULT_DONE] = "DONE",
                                           [REPAIR_RESULT_ROLLED_BACK] = "ROLLED BACK: ",
                                           [REPAIR_RESULT_UNKNOWN] = "UNKNOWN: "};
    struct text words = {0};
    if (report->journal.text[0] != '\0')
        add_line(text, "Journal", report->journal.text);
    text_add(text, verdicts[report->result]);
    text_add(&words, report->message.text);
    if (report->result == REPAIR_RESULT_DONE) {
        if (words.length > 0)
            text_add(text, ": ");
        text_addf(&words, "%sjournal entry %" PRId64, words.length > 0 ? "; " : "", report->entry);
        if (report->message.text[0] == '\0')
            text_add(text, ": ");
        if (request->undo_entry == 0)
            text_addf(
                &words,
                "; now refresh the distribution points at %s in the console; check_sms_packages shows it as "
                "resend until it has arrived; to take it back: --undo=%" PRId64 " --apply",
                report->view.site.code, report->entry);
    } else if (report->entry != 0) {
        text_addf(&words, "; journal entry %" PRId64, report->entry);
    }
    text_add_clean(text, text_string(&words), 4096);
    text->failed = text->failed || words.failed;
    text_add(text, "\n");
    text_free(&words);
}

void journal_text(const struct journal *journal, struct text *text)
{
    size_t count;
    const struct journal_entry *entries = journal_entries(journal, &count);
    struct text words = {0};
    char when[32];
    for (size_t i = 0; i < count; i++) {
        const struct journal_entry *entry = &entries[i];
        text_addf(&words,
                  "%" PRId64 "  %s  %-11s  %s at %s (%s), database %s on %s, by %s on %s: ", entry->id,
                  instant_format(entry->time, when, sizeof when), journal_result_name(entry->result),
                  entry->package, entry->site, entry->before.pkg_server, entry->database, entry->server,
                  entry->user, entry->host);
        row_image_write(&entry->before, &words);
        text_add(&words, " becomes ");
        row_image_write(&entry->after, &words);
        if (entry->undo_of != 0)
            text_addf(&words, "; undo of %" PRId64, entry->undo_of);
        if (entry->result == JOURNAL_OPEN || entry->result == JOURNAL_UNKNOWN)
            text_add(&words,
                     "; its end is not known: look at the row, a dry run for that package and site tells");
        text_add_clean(text, text_string(&words), 4096);
        text_add(text, "\n");
        text_cut(&words, 0);
    }
    if (count == 0)
        text_add(text, "no entries\n");
    text->failed = text->failed || words.failed;
    text_free(&words);
}
