// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/output.h"

#include "base/json.h"
#include "base/sanitize.h"
#include "repair/procedure.h"

static void add_string(struct json *json, const char *key, const char *value)
{
    struct text clean = {0};
    text_add_clean(&clean, value, 4096);
    json_string(json, key, value[0] != '\0' ? text_string(&clean) : NULL);
    json->text.failed = json->text.failed || clean.failed;
    text_free(&clean);
}

static void add_row(struct json *json, const char *key, const struct row_image *row)
{
    json_begin(json, key, '{');
    add_string(json, "pkg_server", row->pkg_server);
    json_integer(json, "status", row->has_status, row->status);
    json_integer(json, "source_version", row->has_version, row->version);
    add_string(json, "update_time", row->has_updated ? row->updated : "");
    json_end(json, '}');
}

static void add_view(struct json *json, const struct repair_view *view, bool barred)
{
    static const char *const troubles[] = {[REPAIR_IN_TROUBLE] = "in_trouble",
                                           [REPAIR_IN_SYNC] = "in_sync",
                                           [REPAIR_NOT_TARGETED] = "not_targeted"};
    add_string(json, "server", view->server);
    add_string(json, "database", view->database);
    add_string(json, "site", view->owner);
    add_string(json, "package", view->package.id);
    json_boolean(json, "package_exists", view->package.exists);
    add_string(json, "package_name", view->package.name);
    add_string(json, "source_site", view->package.source_site);
    json_integer(json, "wanted_version", view->package.exists, view->package.wanted);
    json_integer(json, "compressed_bytes", view->package.size_bytes > 0, view->package.size_bytes);
    add_string(json, "child_site", view->site.code);
    add_string(json, "child_site_name", view->site.name);
    add_string(json, "child_site_server", view->site.server);
    add_string(json, "hierarchy", view->site.path);
    json_string(json, "trouble", view->row_count == 1 ? troubles[view->trouble] : NULL);
    add_string(json, "kind", view->kind);
    json_integer(json, "age_s", repair_age(view) >= 0, repair_age(view));
    json_integer(json, "database_age_s", view->age_s >= 0, view->age_s);
    json_integer(json, "watched_s", view->watched_s >= 0, view->watched_s);
    add_string(json, "other_sites_in_trouble", view->others);
    add_string(json, "parent_in_trouble", view->stuck_parent);
    json_integer(json, "row_count", true, view->row_count);
    json_begin(json, "rows", '[');
    for (int64_t i = 0; i < view->row_count && i < REPAIR_MOST_ROWS; i++)
        add_row(json, NULL, &view->rows[i]);
    json_end(json, ']');
    if (!barred && view->row_count == 1 && !row_image_equal(&view->rows[0], &view->after)) {
        add_row(json, "after", &view->after);
        add_string(json, "statement", view->sql);
    }
}

static int take_text(struct json *json, struct text *text)
{
    text_add(&json->text, "\n");
    bool failed = json->text.failed;
    text_add_bytes(text, text_string(&json->text), json->text.length);
    text_free(&json->text);
    return failed || text->failed ? -1 : 0;
}

int repair_report_json(const struct repair_request *request, const struct repair_report *report,
                       struct text *text)
{
    struct json json = {0};
    json_begin(&json, NULL, '{');
    json_string(&json, "result", repair_result_name(report->result));
    json_integer(&json, "exit_code", true, repair_exit_code(report->result));
    add_string(&json, "message", report->message.text);
    add_string(&json, "journal", report->journal.text);
    json_boolean(&json, "apply", request->apply);
    json_integer(&json, "undo_of", request->undo_entry != 0, request->undo_entry);
    json_integer(&json, "journal_entry", report->entry != 0, report->entry);
    if (report->has_view)
        add_view(&json, &report->view, report->barred);
    json_end(&json, '}');
    return take_text(&json, text);
}

int journal_json(const struct journal *journal, struct text *text)
{
    size_t count;
    const struct journal_entry *entries = journal_entries(journal, &count);
    struct json json = {0};
    json_begin(&json, NULL, '[');
    for (size_t i = 0; i < count; i++) {
        const struct journal_entry *entry = &entries[i];
        json_begin(&json, NULL, '{');
        json_integer(&json, "entry", true, entry->id);
        json_integer(&json, "time", true, entry->time);
        json_string(&json, "result", journal_result_name(entry->result));
        json_integer(&json, "undo_of", entry->undo_of != 0, entry->undo_of);
        add_string(&json, "user", entry->user);
        add_string(&json, "host", entry->host);
        add_string(&json, "server", entry->server);
        add_string(&json, "database", entry->database);
        add_string(&json, "package", entry->package);
        add_string(&json, "child_site", entry->site);
        add_row(&json, "before", &entry->before);
        add_row(&json, "after", &entry->after);
        json_end(&json, '}');
    }
    json_end(&json, ']');
    return take_text(&json, text);
}
