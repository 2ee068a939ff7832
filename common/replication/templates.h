/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_TEMPLATES_H
#define SMS_REPLICATION_TEMPLATES_H

#include "replication/event.h"

/*
 * The one table of log messages that speak of package replication. A pattern is matched at the beginning of a
 * message; what follows it does not matter. In a pattern:
 *
 *   one blank  any number of blanks or line breaks, at least one
 *   {P}        a package ID: bare, in '..', "..", or before trailing blanks
 *   {B}        a path whose last part is the compressed package itself: ...\SMSPKG...\P or P.PCK
 *   {w} {h}    decimal versions, into wanted and held
 *   {x}        a thread ID in hex, with or without 0x: the tie is that thread's
 *   {t}        the same in decimal
 *   {n}        a number that does not matter
 *   {S}        a site code of three characters: the subject
 *   {F}        a path: the name of its file without folder and extension is the subject
 *   {D}        a date and time as the server writes it, in whatever order
 *   {N}        anything up to the first package that is named as one: "package P", "content ID = P"
 *   {*}        anything (shortest), up to the next piece of the pattern
 */

/* What a message does with the tie of its thread (or of {x}). */
enum template_tie {
    TIE_KEEP,  /* nothing, but a package named in the line is the thread's package from now on */
    TIE_BEGIN, /* the thread begins with this package: what was known of its versions is forgotten */
    TIE_START, /* ... and is a processing thread, which holds one of the few there are */
    TIE_NONE,  /* nothing: the package is another thread's */
    TIE_END    /* the thread is done with its package */
};

struct message_template {
    enum replication_kind kind; /* REPLICATION_NOTHING: only moves the tie */
    unsigned components;        /* bits 1 << enum replication_component */
    enum template_tie tie;
    const char *pattern; /* begins with a word, or with what stands before one: "*** Failed" */
    size_t length;       /* of the pattern */
    /* Where it was seen. NULL: a failure in whatever words. */
    const char *source;
};

struct template_match {
    const struct message_template *template;
    char package[REPLICATION_PACKAGE]; /* or subject; "" when the message names none */
    int64_t wanted, held;              /* 0 when it says none */
    bool other_thread;
    uint32_t thread;  /* of {x} */
    const char *date; /* of {D}: borrowed from the message; NULL: none */
};

/* Of a line that no row fits and that tells an error code: what fails is in whatever words, wherever they stand. */
extern const struct message_template template_of_errors;

extern const struct message_template templates[];
extern const size_t template_count;

/**
 * Find the template of a message of this component.
 *
 * @return false when no template fits
 */
bool template_find(enum replication_component component, const char *message, size_t length,
                   struct template_match *match);

/** Match one pattern. */
bool template_matches(const struct message_template *template, const char *message, size_t length,
                      struct template_match *match);

#endif
