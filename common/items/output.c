// SPDX-License-Identifier: GPL-3.0-or-later
#include "items/output.h"

#include "base/sanitize.h"

#include <inttypes.h>
#include <stdio.h>

enum { ITEM_LINE_BYTES = 700, NOTE_BYTES = 400, MORE_BYTES = 32 };

static void add_perfdata(const struct report *report, struct text *text)
{
    for (size_t i = 0; i < report->perfdata_count; i++) {
        const struct perfdatum *datum = &report->perfdata[i];
        text_addf(text, "%s%s=%" PRId64, i == 0 ? "" : " ", datum->label, datum->value);
        if (datum->fractional)
            text_addf(text, ".%03d", (int)datum->thousandths);
        text_add(text, datum->unit);
        char warning[24] = "", critical[24] = "";
        if (datum->warning != NULL)
            range_perfdata(datum->warning, warning, sizeof warning);
        if (datum->critical != NULL)
            range_perfdata(datum->critical, critical, sizeof critical);
        if (critical[0] != '\0')
            text_addf(text, ";%s;%s", warning, critical);
        else if (warning[0] != '\0')
            text_addf(text, ";%s", warning);
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
        text_add_clean(output, text_string(&line), ITEM_LINE_BYTES);
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

void report_render(const struct report *report, struct text *output)
{
    struct text perfdata = {0};
    add_perfdata(report, &perfdata);
    add_first_line(report->label, report->status, report->verdict, text_string(&perfdata), perfdata.length,
                   output);
    text_free(&perfdata);
    add_notes(report, output);
    add_items(report, output);
}

void report_render_failure(const char *label, enum status status, const char *text, struct text *output)
{
    add_first_line(label, status, text, "", 0, output);
}
