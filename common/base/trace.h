/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_TRACE_H
#define SMS_BASE_TRACE_H

/*
 * Where a room says what it is doing, without knowing who listens. The supervisor keeps the last step for the
 * text of a time-out or crash ("timed out after 8 s while waiting for the query's answer") and shows notes
 * under -vv and -vvv.
 */
struct trace {
    void (*step)(void *listener, const char *step);
    void (*note)(void *listener, const char *note);
    void *listener; /* borrowed */
    int verbosity;  /* number of -v; notes above it are dropped before they are formatted */
};

/**
 * Tell the step that begins now, as words that fit behind "while ": "connecting to sql01 port 1433".
 * No secrets.
 */
void trace_step(const struct trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Tell one line for -vv (verbosity 2) or -vvv (verbosity 3). No secrets. NULL trace is allowed in both. */
void trace_note(const struct trace *trace, int verbosity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
