// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

void trace_step(const struct trace *trace, const char *format, ...)
{
    if (trace == NULL || trace->step == NULL)
        return;
    char step[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(step, sizeof step, format, arguments);
    va_end(arguments);
    trace->step(trace->listener, step);
}

void trace_note(const struct trace *trace, int verbosity, const char *format, ...)
{
    if (trace == NULL || trace->note == NULL || trace->verbosity < verbosity)
        return;
    char note[8192]; /* the longest SQL text fits */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    trace->note(trace->listener, note);
}
