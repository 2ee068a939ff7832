// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/output.h"

#include "base/sanitize.h"

#include <inttypes.h>
#include <stdio.h>

enum { NOTE_BYTES = 600, MORE_BYTES = 32 };

/* A perfdatum's texts. */
struct perfdatum_texts {
    char value[40], warning[24], critical[24];
};

static void write_perfdatum(const struct perfdatum *datum, struct perfdatum_texts *texts)
{
    *texts = (struct perfdatum_texts){0};
    int used = snprintf(texts->value, sizeof texts->value, "%" PRId64, datum->value);
    if (datum->fractional)
        snprintf(texts->value + used, sizeof texts->value - (size_t)used, ".%03d", (int)datum->thousandths);
    if (datum->warning != NULL)
        range_perfdata(datum->warning, texts->warning, sizeof texts->warning);
    if (datum->critical != NULL)
        range_perfdata(datum->critical, texts->critical, sizeof texts->critical);
}

static void add_perfdata(const struct report *report, struct text *text)
{
    for (size_t i = 0; i < report->perfdata_count; i++) {
        const struct perfdatum *datum = &report->perfdata[i];
        struct perfdatum_texts texts;
        write_perfdatum(datum, &texts);
        text_addf(text, "%s%s=%s%s", i == 0 ? "" : " ", datum->label, texts.value, datum->unit);
        if (texts.critical[0] != '\0')
            text_addf(text, ";%s;%s", texts.warning, texts.critical);
        else if (texts.warning[0] != '\0')
            text_addf(text, ";%s", texts.warning);
    }
}

static void add_first_line(const char *label, enum status status, const char *verdict, const char *perfdata,
                           size_t perfdata_bytes, struct text *output)
{
    text_addf(output, "%s %s - ", label, status_name(status));
    size_t used = output->length + (perfdata_bytes > 0 ? perfdata_bytes + 3 : 0) + 1;
    text_add_clean(output, verdict, used < REPORT_FIRST_LINE_BYTES ? REPORT_FIRST_LINE_BYTES - used : 0);
    if (perfdata_bytes > 0)
        text_addf(output, " | %s", perfdata);
    text_add(output, "\n");
}

static bool has_room(const struct report *report, const struct text *output, size_t bytes)
{
    return report->all || output->length + bytes <= REPORT_BYTES;
}

static void add_notes(const struct report *report, struct text *output)
{
    for (size_t i = 0; i < report->note_count; i++) {
        size_t start = output->length;
        text_add_clean(output, report->notes[i], NOTE_BYTES);
        text_add(output, "\n");
        if (!has_room(report, output, MORE_BYTES)) {
            text_cut(output, start);
            return;
        }
    }
}

static void add_items(const struct report *report, struct text *output)
{
    size_t wanted =
        report->all || report->item_count < report->max_items ? report->item_count : report->max_items;
    size_t shown = 0;
    struct text line = {0};
    for (; shown < wanted; shown++) {
        text_cut(&line, 0);
        report->item_line(report->context, shown, &line);
        size_t start = output->length;
        text_add_clean(output, text_string(&line), REPORT_ITEM_BYTES);
        text_add(output, "\n");
        if (!has_room(report, output, shown + 1 < report->item_count ? MORE_BYTES : 0)) {
            text_cut(output, start);
            break;
        }
    }
    text_free(&line);
    if (shown < report->item_count)
        text_addf(output, "+%zu more\n", report->item_count - shown);
}

static void add_clean_string(struct json *json, const char *key, const char *value)
{
    struct text clean = {0};
    text_add_clean(&clean, value, REPORT_BYTES);
    json_string(json, key, text_string(&clean));
    text_free(&clean);
}

static void add_json_head(const char *label, enum status status, const char *verdict, struct json *json)
{
    json_begin(json, NULL, '{');
    json_string(json, "check", label);
    json_string(json, "state", status_name(status));
    json_integer(json, "exit_code", true, (int)status);
    add_clean_string(json, "verdict", verdict);
}

static void add_json_perfdata(const struct report *report, struct json *json)
{
    json_begin(json, "perfdata", '{');
    for (size_t i = 0; i < report->perfdata_count; i++) {
        const struct perfdatum *datum = &report->perfdata[i];
        struct perfdatum_texts texts;
        write_perfdatum(datum, &texts);
        json_begin(json, datum->label, '{');
        json_number(json, "value", texts.value);
        json_string(json, "unit", datum->unit);
        json_string(json, "warning", texts.warning[0] != '\0' ? texts.warning : NULL);
        json_string(json, "critical", texts.critical[0] != '\0' ? texts.critical : NULL);
        json_end(json, '}');
    }
    json_end(json, '}');
}

static void add_json_item(const struct report *report, size_t index, struct json *json)
{
    const struct item *item = report->item(report->context, index);
    json_begin(json, NULL, '{');
    json_string(json, "state", status_name(item->status));
    add_clean_string(json, "package", item->package);
    add_clean_string(json, "place", item->place);
    add_clean_string(json, "site", item->site);
    add_clean_string(json, "kind", item->kind);
    json_string(json, "class", item->item_class == ITEM_FAILED ? "failed" : "pending");
    json_boolean(json, "stuck", item->stuck);
    json_boolean(json, "new", item->is_new);
    json_boolean(json, "known", item->known);
    json_integer(json, "known_until", item->known && item->known_until > 0, item->known_until);
    json_integer(json, "age_s", true, item->age_s);
    json_integer(json, "first_seen", item->first_seen > 0, item->first_seen);
    json_integer(json, "last_moved_s", item->moved_age_s >= 0, item->moved_age_s);
    json_integer(json, "size_bytes", item->size_bytes > 0, item->size_bytes);
    json_integer(json, "allowance_s", true, item->allowance_s);
    if (report->item_fields != NULL)
        report->item_fields(report->context, index, json);
    struct text line = {0};
    report->item_line(report->context, index, &line);
    add_clean_string(json, "text", text_string(&line));
    text_free(&line);
    json_end(json, '}');
}

static void end_json(struct json *json, struct text *output)
{
    json_end(json, '}');
    text_add_bytes(output, text_string(&json->text), json->text.length);
    text_add(output, "\n");
    output->failed = output->failed || json->text.failed;
    text_free(&json->text);
}

static void render_json(const struct report *report, struct text *output)
{
    struct json json = {0};
    add_json_head(report->label, report->status, report->verdict, &json);
    add_json_perfdata(report, &json);
    json_begin(&json, "notes", '[');
    for (size_t i = 0; i < report->note_count; i++)
        add_clean_string(&json, NULL, report->notes[i]);
    json_end(&json, ']');
    json_begin(&json, "items", '[');
    for (size_t i = 0; i < report->item_count; i++)
        add_json_item(report, i, &json);
    json_end(&json, ']');
    end_json(&json, output);
}

void report_render(const struct report *report, struct text *output)
{
    if (report->format == OUTPUT_JSON) {
        render_json(report, output);
        return;
    }
    struct text perfdata = {0};
    add_perfdata(report, &perfdata);
    add_first_line(report->label, report->status, report->verdict, text_string(&perfdata), perfdata.length,
                   output);
    text_free(&perfdata);
    add_notes(report, output);
    add_items(report, output);
}

void report_render_failure(enum output_format format, const char *label, enum status status, const char *text,
                           struct text *output)
{
    if (format == OUTPUT_TEXT) {
        add_first_line(label, status, text, "", 0, output);
        return;
    }
    struct json json = {0};
    add_json_head(label, status, text, &json);
    json_begin(&json, "perfdata", '{');
    json_end(&json, '}');
    json_begin(&json, "notes", '[');
    json_end(&json, ']');
    json_begin(&json, "items", '[');
    json_end(&json, ']');
    end_json(&json, output);
}
