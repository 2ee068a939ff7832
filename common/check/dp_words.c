// SPDX-License-Identifier: GPL-3.0-or-later
#include "check/dp_words.h"

#include "base/hostname.h"
#include "base/sanitize.h"
#include "base/units.h"
#include "check/advice.h"
#include "check/sitecheck.h"
#include "items/itemline.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* What stands in the way of the first 160 bytes, and of a whole line. A path that did not parse is as long as it likes. */
enum { SHORT_NAME = 28, SHORT_SITE = 18, PLACE = 100 };

/* A message and the row that it changes are dated by two programs. */
enum { SAME_REPORT_S = 300 };

const char *dp_kind_words(enum dp_kind kind)
{
    switch (kind) {
    case DP_BEHIND:
        return "old version";
    case DP_UNEXPECTED:
        return "unknown state";
    case DP_NO_STATUS:
        return "no status row";
    case DP_MESSAGE_ERROR:
        return "installed with an error";
    case DP_MOVED:
        return "row of a DP that moved";
    default:
        return dp_kind_name(kind);
    }
}

static const char again[] = "targeted again but ";

/* A kind in a few words, with what makes it plain. */
static void add_kind(const struct dp *dp, struct text *text)
{
    if (dp->targeted_again)
        text_add(text, again);
    if (dp->kind == DP_BEHIND)
        text_addf(text, "has version %" PRId64 " of %" PRId64, dp->held, dp->package->wanted);
    else if (dp->kind == DP_UNEXPECTED && dp->has_state)
        text_addf(text, "State %" PRId64 " (unknown)", dp->state);
    else
        text_add(text, dp_kind_words(dp->kind));
}

/* What the newest message means for the present, NULL for nothing. */
static const struct dp_message *speaking_message(const struct dp *dp)
{
    return dp_message_speaks(dp) ? dp_message_find(dp->message_id) : NULL;
}

static void add_short_package(const struct dp *dp, struct text *text)
{
    text_add(text, dp->package->id);
    if (dp->package->name[0] == '\0')
        return;
    text_add(text, " \"");
    text_add_clean(text, dp->package->name, SHORT_NAME);
    text_add(text, "\"");
}

static void add_short_standstill(const struct dp_standstill *standstill, struct text *text)
{
    char age[32];
    text_add(text, "nothing has moved ");
    if (standstill->dps > 0)
        text_addf(text, "on %" PRId64 " of %" PRId64 " DPs ", standstill->dps, standstill->of);
    text_addf(text, "for %s, %" PRId64 " %s wait, first ",
              duration_format(standstill->for_s, age, sizeof age), standstill->packages,
              standstill->dps > 0 ? "installations" : "packages");
}

void dp_words_short(const struct dp_words *words, const struct item *item, const struct dp *dp,
                    struct text *text)
{
    char age[32];
    const struct dp_standstill *standstill = dp_order_standstill(words->order, item, dp);
    const bool whole_site = standstill != NULL && standstill->dps > 0;
    if (standstill == NULL) {
        add_short_package(dp, text);
        text_add(text, " on ");
    }
    if (!whole_site) {
        text_add_clean(text, dp->server->place, SHORT_NAME);
        text_add(text, ", ");
    }
    text_add(text, dp->server->site);
    const struct site *site = sitedb_site(words->db, dp->server->site);
    if (site != NULL && site->name[0] != '\0') {
        text_add(text, " ");
        text_add_clean(text, site->name, SHORT_SITE);
    }
    text_add(text, ": ");
    if (standstill != NULL) {
        add_short_standstill(standstill, text);
        add_short_package(dp, text);
        text_add(text, " ");
    }
    add_kind(dp, text);
    text_addf(text, " for %s", duration_format(item->age_s, age, sizeof age));
    const struct dp_message *message = speaking_message(dp);
    if (message != NULL &&
        (message->message_class == DP_MESSAGE_FAILURE || message->message_class == DP_MESSAGE_WAITING))
        text_addf(text, ", %s", message->words);
}

/* ---- the line */

static void add_place(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    text_add(line, " on ");
    text_add_clean(line, dp->server->place, PLACE);
    text_add(line, ", site ");
    itemline_add_site(words->db, dp->server->site, line);
}

static void add_versions(const struct dp *dp, struct text *line)
{
    if (dp->package->wanted >= 0)
        text_addf(line, "wants version %" PRId64 ", ", dp->package->wanted);
    if (dp->held < 0)
        text_add(line, "has no version");
    else
        text_addf(line, "has %" PRId64, dp->held);
    if (dp->kind == DP_UNEXPECTED && dp->has_state)
        text_addf(line, ", State %" PRId64, dp->state);
    else if (dp->kind == DP_UNEXPECTED)
        text_add(line, ", State NULL");
}

static void add_message(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    if (dp->message_id == 0)
        return;
    char age[32];
    const struct dp_message *message = dp_message_find(dp->message_id);
    const char *state = dp_message_state_name(dp->message_state);
    text_addf(line, ", last message %" PRId64, dp->message_id);
    if (message != NULL)
        text_addf(line, ": %s", message->words);
    if (state != NULL)
        text_addf(line, " (%s)", state);
    if (dp->message_date > 0)
        text_addf(line, " %s ago", duration_format(words->db->clock.utc - dp->message_date, age, sizeof age));
}

static void add_server(const struct dp *dp, struct text *line)
{
    if (dp->server->maintenance)
        text_add(line, ", DP in maintenance mode");
    if (dp->server->inactive)
        text_add(line, ", DP not active");
    if (dp->server->percent_free >= 0) {
        text_add(line, ", drive ");
        text_add_clean(line, dp->server->drive, 8);
        text_addf(line, " of the DP has %" PRId64 "%% free", dp->server->percent_free);
    }
}

/* ---- what to look at next, by the kind of DP; the page has the whole order of causes and remedies */

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), tail = strlen(end);
    return length >= tail && strcasecmp(string + length - tail, end) == 0;
}

/* A content-enabled cloud management gateway, or a cloud DP: no server of one's own ("Server authentication
 * certificate for CMG"). */
static bool is_cloud(const char *place)
{
    static const char *const domains[] = {".cloudapp.net", ".cloudapp.azure.com", ".usgovcloudapp.net"};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (ends_with(place, domains[i]))
            return true;
    return false;
}

/* A validation reads what is there: it says so itself. */
static bool is_validated(const struct dp *dp)
{
    enum { VALIDATES = 2380, WAITS_FOR_VALIDATION = 2381 };
    return dp->kind == DP_VALIDATION_FAILED ||
           (dp_message_speaks(dp) && (dp->message_id == VALIDATES || dp->message_id == WAITS_FOR_VALIDATION));
}

/* Where each log lies: Configuration Manager's list of log files. */
static void add_logs(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    const char *place = dp->server->place;
    const char *site_server = itemline_site_server(words->db, dp->server->site, dp->server->site);
    struct text server = {0}, on_dp = {0};
    text_add_clean(&server, site_server, 64);
    text_add_clean(&on_dp, place, 64);
    const char *at_site = text_string(&server), *at_dp = text_string(&on_dp);
    if (is_validated(dp))
        text_addf(line, "smsdpmon.log on %s", at_dp);
    else if (dp->server->pull)
        text_addf(line, "PullDP.log and DataTransferService.log on the pull DP %s", at_dp);
    else if (!dp_sources_are_modern(words->sources))
        text_addf(line, "distmgr.log on %s", at_site);
    else if (is_cloud(place))
        text_addf(line, "PkgXferMgr.log and CloudMgr.log on %s", at_site);
    else if (hostname_same(place, site_server))
        text_addf(line, "distmgr.log and PkgXferMgr.log on %s", at_site);
    else
        text_addf(line, "PkgXferMgr.log on %s and smsdpprov.log on %s", at_site, at_dp);
    text_free(&server);
    text_free(&on_dp);
}

/* The DP said that the content is there, or is right, after the row told its trouble. */
static bool has_arrived(const struct dp *dp)
{
    const struct dp_message *message = speaking_message(dp);
    return message != NULL && message->message_class == DP_MESSAGE_DONE &&
           !dp_message_state_is_error(dp->message_state) && dp->summarized > 0 &&
           dp->message_date > dp->summarized + SAME_REPORT_S;
}

/* A package's ID begins with the code of the site that made it; that site's database tells whether it was sent. */
static bool may_lack_at_site(const struct dp_words *words, const struct dp *dp)
{
    const char *owner = words->db->owner;
    bool can = dp->kind == DP_PENDING || dp->kind == DP_UPDATING || dp->kind == DP_BEHIND ||
               dp->kind == DP_NO_STATUS ||
               ((dp->kind == DP_RETRYING || dp->kind == DP_FAILED) && dp->held < dp->package->wanted);
    return can && !is_validated(dp) && !has_arrived(dp) && strcasecmp(dp->server->site, owner) != 0 &&
           strncasecmp(dp->package->id, owner, strlen(owner)) == 0;
}

/* What check_sms_packages calls a pair, in words that stand alone. */
static const char *pair_words(const char *kind)
{
    static const struct {
        const char *kind, *words;
    } words[] = {{"sent", "sent, not received"}, {"behind", "an old version"},
                 {"never_sent", "never sent"},   {"resend", "being sent as a whole"},
                 {"failed", "failed"},           {"unexpected", "an unknown status"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].kind, kind) == 0)
            return words[i].words;
    return kind;
}

/* The three programs lead to one place: where the site's checks know the pair, their word stands here. */
static bool add_site_answer(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    const char *package = dp->package->id, *site = dp->server->site;
    const char *server = itemline_site_server(words->db, site, "");
    const struct remembered *pair =
        words->packages == NULL ? NULL : package_memory_find(words->packages, package, site);
    struct despool_word word;
    bool despool =
        words->despool != NULL && despool_memories_find(words->despool, package, site, server, &word);
    char instant[32];
    if (pair != NULL)
        text_addf(line,
                  "; site %s has not got it either (check_sms_packages: %s, seen since %s): cure that first",
                  site, pair_words(pair->kind), instant_format(pair->first_seen, instant, sizeof instant));
    if (despool)
        text_addf(line, "; at site %s %s since %s (check_sms_despool, which says what to do)", site,
                  despool_word_text(&word), instant_format(word.since, instant, sizeof instant));
    else if (pair != NULL) {
        text_add(line, ", despool.log on ");
        text_add_clean(line, server[0] != '\0' ? server : site, 64);
    }
    return despool || pair != NULL;
}

static void add_site_question(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    const char *package = dp->package->id, *site = dp->server->site;
    if (add_site_answer(words, dp, line))
        return;
    text_add(line, "; has the site got it? ");
    if (!advice_command(words->options, ADVICE_PACKAGES, "", package, site, line))
        text_add(line, "see check_sms_packages");
    text_add(line, "; if that says in sync, is the PCK file still there? despool.log on ");
    text_add_clean(line, itemline_site_server(words->db, site, site), 64);
}

static const char *remedy(const struct dp *dp)
{
    if (has_arrived(dp))
        return "; its last message is newer than this row and tells success: do status messages come up (statmgr.log)? "
               "then validate the package on this DP";
    if (dp->targeted_again)
        return " (its removal never ended), then refresh this DP, or take the package off it and target it again";
    switch (dp->kind) {
    case DP_VALIDATION_FAILED:
        return " (content changed or deleted there), then redistribute it to this DP";
    case DP_RETRYING:
    case DP_FAILED:
        return " (DP not reachable, disk full, rights), then refresh this DP";
    case DP_REMOVAL_PENDING:
    case DP_REMOVAL_RETRYING:
    case DP_REMOVAL_FAILED:
        return " (why is it not removed?)";
    case DP_UNEXPECTED:
        return "; this State is not in Microsoft's list";
    case DP_NO_STATUS:
        return " (was it ever distributed there?)";
    case DP_MOVED:
        return "; the DP has the package from another site now, this row is left over";
    default:
        return "";
    }
}

static void add_advice(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    const struct dp_message *message = speaking_message(dp);
    if (dp->server->gone) {
        text_addf(line, "; this server is no distribution point any more (not in %s): take %s off it",
                  dp_source_view(DP_PROPERTIES), dp->package->id);
        return;
    }
    text_addf(line, "; look for %s in ", dp->package->id);
    add_logs(words, dp, line);
    text_add(line, remedy(dp));
    if (message != NULL && message->next[0] != '\0')
        text_addf(line, "; %s", message->next);
    else if (dp_message_find(dp->message_id) == NULL && dp_message_speaks(dp) &&
             dp_message_state_is_error(dp->message_state))
        text_addf(line,
                  "; the console has the text of error %" PRId64
                  ": Monitoring, Distribution Status, Content Status",
                  dp->message_id);
    if (dp->server->pull && !is_validated(dp) && !has_arrived(dp) && !dp_is_removed(dp))
        text_add(line, "; is its source DP reachable, and has it got the content?");
    if (may_lack_at_site(words, dp))
        add_site_question(words, dp, line);
}

/* What all of a site's DPs have in common. */
static void add_common_cause(const struct dp_words *words, const struct dp_standstill *standstill,
                             const struct dp *dp, struct text *line)
{
    const char *site = dp->server->site;
    const struct dp_message *message = speaking_message(dp);
    if (standstill->failing * 2 > standstill->dps && message != NULL) {
        text_addf(line, ": most tell a failure, as this one: %s", message->words);
    } else if (standstill->pull == standstill->dps) {
        text_add(line,
                 ": all of them are pull DPs: are their source DPs reachable, and do they have the content?");
    } else {
        text_add(line, ": does the distribution manager hang? distmgr.log on ");
        text_add_clean(line, itemline_site_server(words->db, site, site), 64);
    }
}

static void add_standstill(const struct dp_words *words, const struct dp_standstill *standstill,
                           const struct item *item, const struct dp *dp, struct text *line)
{
    char age[32];
    const char *site = dp->server->site;
    if (standstill->dps == 0)
        text_add(line, "; nothing has moved on this DP");
    else
        text_addf(line, "; nothing has moved on %" PRId64 " of the %" PRId64 " DPs of %s with old work",
                  standstill->dps, standstill->of, site);
    text_addf(line, " for %s, %" PRId64 " %s wait", duration_format(standstill->for_s, age, sizeof age),
              standstill->packages, standstill->dps > 0 ? "installations" : "packages");
    if (standstill->dps > 0 && item->status != STATUS_OK)
        add_common_cause(words, standstill, dp, line);
}

/* What order tells of it, and of its DP. */
static void add_order(const struct dp_words *words, const struct item *item, const struct dp *dp,
                      struct text *line)
{
    const struct dp_standstill *standstill = dp_order_standstill(words->order, item, dp);
    if (standstill != NULL)
        add_standstill(words, standstill, item, dp, line);
    else if (item->folded)
        text_add(line, "; nothing moves on this DP");
    if (words->order != NULL)
        dp_order_add_words(words->order, (size_t)(item - words->findings->items),
                           dp_order_is_moving(dp, words->db->clock.utc), line);
}

/* What is stuck at the DP's site, where the package comes from; and on the way to it, while the site may lack it. */
static void add_stuck_box(const struct dp_words *words, const struct item *item, const struct dp *dp,
                          struct text *line)
{
    const bool waits =
        dp->kind == DP_PENDING || dp->kind == DP_UPDATING || dp->kind == DP_BEHIND || dp->kind == DP_RETRYING;
    if (!waits || item->status == STATUS_OK || item->folded || item->known)
        return;
    const char *site = dp->server->site;
    stuck_boxes_add_words(words->stuck, words->db, dp->package->id,
                          may_lack_at_site(words, dp) ? words->db->owner : site, site, line);
}

void dp_words_line(const struct dp_words *words, const struct item *item, const struct dp *dp,
                   struct text *line)
{
    itemline_begin(item, dp->package->name, line);
    add_place(words, dp, line);
    text_addf(line, ": %s%s, ", dp->targeted_again ? again : "", dp_kind_words(dp->kind));
    add_versions(dp, line);
    itemline_add_ages(item, words->rates, line);
    add_message(words, dp, line);
    add_server(dp, line);
    add_order(words, item, dp, line);
    add_stuck_box(words, item, dp, line);
    if (item->status != STATUS_OK)
        add_advice(words, dp, line);
}

void dp_words_told(const struct dp_words *words, const struct dp *dp, struct text *line)
{
    static const char *const what[DP_KIND_COUNT] = {
        [DP_PRESTAGED] = "waits for prestaged content",
        [DP_NO_STATUS] = "targeted, but has no status row",
        [DP_MESSAGE_ERROR] = "installed, but its newest message is an error",
        [DP_MOVED] = "row of a DP that has the package from another site now",
    };
    text_addf(line, "%s: %s", what[dp->kind] != NULL ? what[dp->kind] : dp_kind_words(dp->kind),
              dp->package->id);
    if (dp->package->name[0] != '\0') {
        text_add(line, " \"");
        text_add_clean(line, dp->package->name, 80);
        text_add(line, "\"");
    }
    add_place(words, dp, line);
    add_message(words, dp, line);
    add_server(dp, line);
}
