// SPDX-License-Identifier: GPL-3.0-or-later
#include "repair/workers.h"

#include "process/supervise.h"
#include "repair/watched.h"

#include <inttypes.h>
#include <string.h>

/* What a worker hands over: its struct as bytes with exit code 0, or the operator's text with 1. */

struct job {
    const struct repair_request *request;
    const struct repair_view *shown;
};

struct change_answer {
    enum repair_end end;
    struct failure failure;
};

struct verify_answer {
    int64_t count;
    struct row_image row;
};

static void hand_over(struct worker *worker, int result, const void *answer, size_t size,
                      const struct failure *failure)
{
    if (result == 0)
        worker_result(worker, 0, answer, size);
    else
        worker_result(worker, 1, failure->text, strlen(failure->text));
}

static int open_connection(struct worker *worker, const struct repair_request *request,
                           struct repair_connection *connection, struct failure *failure)
{
    return repair_connect(connection, request->settings, request->owner, worker_trace(worker), failure);
}

static int read_view(const struct repair_request *request, const struct repair_connection *connection,
                     struct repair_view *view, struct failure *failure)
{
    if (repair_read_view(connection, &request->target, view, failure) != 0)
        return -1;
    if (view->server[0] == '\0') {
        struct text place = {0};
        odbc_settings_identity(request->settings, &place);
        strncpy(view->server, text_string(&place), sizeof view->server - 1);
        text_free(&place);
    }
    if (view->package.exists && view->site.exists)
        repair_watch(&connection->db, request->settings, request->state_directory, view);
    return 0;
}

static void look(struct worker *worker, void *context)
{
    const struct job *job = context;
    struct repair_connection connection;
    struct repair_view view;
    struct failure failure = {""};
    int result = open_connection(worker, job->request, &connection, &failure);
    if (result == 0)
        result = read_view(job->request, &connection, &view, &failure);
    hand_over(worker, result, &view, sizeof view, &failure);
    repair_disconnect(&connection);
}

static enum repair_end change_row(const struct repair_connection *connection, const struct job *job,
                                  struct failure *failure)
{
    struct repair_view now;
    if (read_view(job->request, connection, &now, failure) != 0)
        return REPAIR_ROLLED_BACK; /* nothing was begun */
    /* The guards judge what is there now, the row what was shown. */
    if (repair_guard(&now, &job->request->rules, failure) != REPAIR_PERMITTED ||
        repair_guard_unchanged(&job->shown->rows[0], now.row_count, &now.rows[0], failure) != 0)
        return REPAIR_REFUSED;
    const struct repair_view *shown = job->shown;
    struct repair_change change = {shown->package.id, shown->site.code, &shown->rows[0], &shown->after,
                                   shown->set_status};
    return repair_make(connection, &change, failure);
}

static void change(struct worker *worker, void *context)
{
    const struct job *job = context;
    struct repair_connection connection;
    struct change_answer answer = {.end = REPAIR_ROLLED_BACK};
    if (open_connection(worker, job->request, &connection, &answer.failure) == 0)
        answer.end = change_row(&connection, job, &answer.failure);
    hand_over(worker, 0, &answer, sizeof answer, NULL);
    repair_disconnect(&connection);
}

static void verify(struct worker *worker, void *context)
{
    const struct job *job = context;
    struct repair_connection connection;
    struct row_image rows[REPAIR_MOST_ROWS] = {0};
    struct verify_answer answer = {0};
    struct failure failure = {""};
    struct odbc_error error;
    int result = open_connection(worker, job->request, &connection, &failure);
    if (result == 0 && repair_read_rows(&connection, job->shown->package.id, job->shown->site.code,
                                        REPAIR_LOCK, rows, &answer.count, &error) != 0)
        result = sitedb_fail(&error, &failure);
    answer.row = rows[0];
    hand_over(worker, result, &answer, sizeof answer, &failure);
    repair_disconnect(&connection);
}

/* ---- in the parent */

/* @return 0 with the answer, -1 with the operator's text; `supervision` is filled in both cases, without
 * output */
static int run(worker_function *work, const struct job *job, void *answer, size_t size,
               struct supervision *supervision, struct failure *failure)
{
    if (supervise(work, (void *)job, job->request->timeout_s * 1000, job->request->verbosity, NULL,
                  supervision, failure) != 0) {
        supervision->end = SUPERVISION_CRASH;
        return -1;
    }
    int result = -1;
    if (supervision->end != SUPERVISION_RESULT) {
        supervision_explain(supervision, job->request->timeout_s, failure);
    } else if (supervision->exit_code == 0 && supervision->output.length == size) {
        memcpy(answer, supervision->output.bytes, size);
        result = 0;
    } else {
        fail(failure, "%.*s", (int)supervision->output.length, text_string(&supervision->output));
    }
    text_free(&supervision->output);
    return result;
}

int repair_worker_look(const struct repair_request *request, struct repair_view *view,
                       struct failure *failure)
{
    struct supervision supervision = {0};
    return run(look, &(struct job){request, NULL}, view, sizeof *view, &supervision, failure);
}

enum repair_end repair_worker_change(const struct repair_request *request, const struct repair_view *shown,
                                     struct failure *failure)
{
    struct supervision supervision = {0};
    struct change_answer answer;
    if (run(change, &(struct job){request, shown}, &answer, sizeof answer, &supervision, failure) == 0) {
        *failure = answer.failure;
        return answer.end;
    }
    /* Its steps are read to the end of the pipe, after its death: without the commit's step, no COMMIT went
     * out. A worker that cannot die may still get so far. */
    bool sent = strcmp(supervision.step, odbc_commit_step) == 0 || supervision.survivor != 0;
    return sent ? REPAIR_IN_DOUBT : REPAIR_LOST;
}

int repair_worker_verify(const struct repair_request *request, const struct repair_view *shown,
                         struct row_image *row, int64_t *count, struct failure *failure)
{
    struct supervision supervision = {0};
    struct verify_answer answer;
    if (run(verify, &(struct job){request, shown}, &answer, sizeof answer, &supervision, failure) != 0)
        return -1;
    *row = answer.row;
    *count = answer.count;
    return 0;
}
