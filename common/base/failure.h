/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_BASE_FAILURE_H
#define SMS_BASE_FAILURE_H

/*
 * A failure as a value: one line of UTF-8 for the operator that names the step, the object and the remedy.
 * Functions that can fail take a `struct failure *`, return -1 (or NULL) and fill it; nothing in common/
 * prints.
 */
struct failure {
    char text[1024]; /* "" as long as nothing failed; longer texts are cut at a character boundary */
};

/**
 * Fill a failure from a printf format.
 *
 * @param[out] failure  receives the text; NULL is allowed and drops it
 * @return always -1, so that a caller can write `return fail(...)`
 */
int fail(struct failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Put words in front of a failure, for a caller that knows more of the context ("file:line: ").
 *
 * @return always -1
 */
int fail_context(struct failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * Append words to a failure; what does not fit is cut at a character boundary.
 *
 * @return always -1
 */
int failure_add(struct failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
