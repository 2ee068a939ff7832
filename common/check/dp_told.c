// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/dp_told.h"

#include "base/sanitize.h"
#include "base/units.h"

#include <inttypes.h>

enum { PLACE = 64 };

static void add_kind(const struct dp_list *list, enum dp_kind kind, const char *one, const char *many,
                     struct text *verdict)
{
    int64_t count = 0;
    const struct dp *first = NULL;
    size_t at = 0;
    for (const struct dp *dp; (dp = dp_list_next_told(list, &at)) != NULL;)
        if (dp->kind == kind && count++ == 0)
            first = dp;
    if (first == NULL)
        return;
    text_addf(verdict, "; %" PRId64 " %s: %s on ", count, count == 1 ? one : many, first->package->id);
    text_add_clean(verdict, first->server->place, PLACE);
    text_add(verdict, count == 1 ? "" : " and others");
}

void dp_told_add(const struct dp_list *list, const struct dp_sources *sources,
                 const struct dp_evidence *evidence, int64_t missing_s, bool strict, struct text *verdict)
{
    char age[32];
    add_kind(list, DP_PRESTAGED, "waits for prestaged content", "wait for prestaged content", verdict);
    add_kind(list, DP_MESSAGE_ERROR, "is installed with an error as newest message",
             "are installed with an error as newest message", verdict);
    add_kind(list, DP_MOVED, "row of a DP that moved to another site",
             "rows of DPs that moved to another site", verdict);
    if (sources->access[DP_MESSAGES] != DP_READABLE && dp_sources_are_modern(sources) && list->count > 0)
        text_addf(verdict,
                  "; %s could not be read: what waits for prestaged content is not told from pending",
                  dp_source_view(DP_MESSAGES));
    if (evidence->missing > 0 && !strict)
        text_addf(verdict, "; %" PRId64 " targeted, but no status row: %s%s", evidence->missing,
                  evidence->missing_example, evidence->missing == 1 ? "" : " and others");
    if (evidence->missing > 0 && !strict && missing_s > 0)
        text_addf(verdict, ", the first for %s", duration_format(missing_s, age, sizeof age));
    if (evidence->away > 0)
        text_addf(verdict, "; %" PRId64 " package%s not looked at: on DPs of %s%s not active", evidence->away,
                  evidence->away == 1 ? "" : "s", evidence->away_example,
                  evidence->away_more ? " and other sites, which are" : ", which is");
}

enum status dp_told_add_inactive(const struct dp_list *list, struct text *verdict)
{
    int64_t count = 0;
    const struct dp_server *first = NULL, *server;
    for (size_t i = 0; (server = dp_server_at(list, i)) != NULL; i++)
        if (server->inactive && server->targeted > 0 && count++ == 0)
            first = server;
    if (first == NULL)
        return STATUS_OK;
    text_addf(verdict, "; %" PRId64 " DP%s with packages %s not active: ", count, count == 1 ? "" : "s",
              count == 1 ? "is" : "are");
    text_add_clean(verdict, first->place, PLACE);
    text_addf(verdict, " (%" PRId64 " package%s)%s", first->targeted, first->targeted == 1 ? "" : "s",
              count == 1 ? "" : " and others");
    return STATUS_WARNING;
}

void dp_told_add_lines(const struct dp_words *words, const struct dp_list *list,
                       const struct dp_sources *sources, struct text *lines)
{
    size_t at = 0;
    for (const struct dp *dp; (dp = dp_list_next_told(list, &at)) != NULL;) {
        dp_words_told(words, dp, lines);
        text_add(lines, "\n");
    }
    for (int i = 0; i < DP_SOURCE_COUNT; i++) {
        enum dp_source source = (enum dp_source)i;
        if (sources->access[i] == DP_DENIED)
            text_addf(lines, "not told: %s; GRANT SELECT ON %s TO the login of this check\n",
                      dp_source_loss(source), dp_source_view(source));
        else if (sources->access[i] == DP_NOT_NOW)
            text_addf(lines, "not told: %s; %s could not be read now\n", dp_source_loss(source),
                      dp_source_view(source));
    }
}
