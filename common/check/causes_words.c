// SPDX-License-Identifier: GPL-3.0-or-later
/* What causes.h has found, in words. */
#include "check/causes.h"

#include "base/sanitize.h"

#include <inttypes.h>
#include <string.h>

const struct common_cause *causes_worst(const struct cause_list *list, const struct findings *findings)
{
    const struct common_cause *worst = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const enum status status = findings->items[list->causes[i].finding].status;
        const enum status before = worst != NULL ? findings->items[worst->finding].status : STATUS_OK;
        if (worst == NULL || (status != before && status_worse(status, before) == status))
            worst = &list->causes[i];
    }
    return worst;
}

void cause_add_words(const struct common_cause *cause, const struct sitedb *db, struct text *text)
{
    switch (cause->kind) {
    case CAUSE_SITES:
        text_addf(text, "nothing reaches %" PRId64 " of %" PRId64 " sites", cause->stuck, cause->of);
        if (strcmp(cause->what, db->owner) != 0)
            text_addf(text, " below %s", cause->what);
        text_addf(text, ": %s or scheduler of %s", cause->never_sent ? "distribution manager" : "sender",
                  cause->never_sent ? db->owner : cause->what);
        break;
    case CAUSE_SITE:
        text_addf(text, "%" PRId64 " of %" PRId64 " packages are stuck at %s together", cause->stuck,
                  cause->of, cause->what);
        break;
    case CAUSE_PACKAGE:
        text_add_clean(text, cause->what, 16);
        text_addf(text, " is stuck at %" PRId64 " of its %" PRId64 " sites together", cause->stuck,
                  cause->of);
        break;
    case CAUSE_PACKAGES:
        text_addf(text, "%" PRId64 " packages are stuck at all or most of their sites", cause->stuck);
        break;
    }
}

void cause_add_advice(const struct common_cause *cause, const struct sitedb *db, struct text *text)
{
    switch (cause->kind) {
    case CAUSE_SITES:
        if (cause->never_sent) {
            text_addf(
                text,
                "; look at distmgr.log and sched.log of %s first: most of it was never sent (a component that "
                "hangs, a full disk, a share that is gone)",
                db->owner);
            break;
        }
        text_addf(
            text,
            "; look at sender.log and sched.log of %s first: one site that is down can hold every thread of "
            "the sender",
            cause->what);
        break;
    case CAUSE_SITE:
        if (cause->never_sent) {
            text_addf(text, "; look at distmgr.log and sched.log of %s first: most of it was never sent",
                      db->owner);
            break;
        }
        text_addf(text, "; look at the link to %s, the sender of %s and despool.log of %s first", cause->what,
                  itemline_sender(db, cause->what), cause->what);
        break;
    case CAUSE_PACKAGE:
        if (cause->got)
            text_addf(text,
                      "; look for it in sched.log and sender.log of %s first: other sites have it, so its "
                      "source is well",
                      db->owner);
        else
            text_addf(text,
                      "; look for it in distmgr.log and sched.log of %s first: its source, its compressed "
                      "files%s",
                      db->owner,
                      cause->quiet ? ", and in sender.log: nothing else was due there, it may be the sender"
                                   : "");
        break;
    case CAUSE_PACKAGES:
        text_addf(text,
                  "; look at distmgr.log and sched.log of %s first: a full disk, a share that is gone, a "
                  "component that hangs",
                  db->owner);
        break;
    }
}
