/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_SUBJECT_H
#define SMS_REPLICATION_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#define REPLICATION_PACKAGE 16 /* room for a package ID: 8 characters today, 10 in SMS 1.x */

/*
 * What is told of no package has a subject in its place: "@" and the code of a site, the name of a file or of a server, or
 * one of the words below. No package ID begins with it.
 */
#define REPLICATION_SUBJECT    '@'
#define REPLICATION_THREADS    "@threads"
#define REPLICATION_DESPOOLING "@despooling"
/* Failures of a component whose package nobody tells: an instruction that cannot be read, say. */
#define REPLICATION_DESPOOLER      "@despooler"
#define REPLICATION_DISTMGR_ITSELF "@distmgr"

/* The link to a site, with the site's code behind it where the line tells it: it is no trouble of its own, and tells why
 * packages wait. */
#define REPLICATION_LINK "@>"

/** Copy one of the subjects above. */
void subject_put(const char *subject, char package[REPLICATION_PACKAGE]);

/** Put the mark before these words; what is too long is cut. */
void subject_set(const char *words, size_t length, char package[REPLICATION_PACKAGE]);

/** @return is it a site whose instructions are refused or accepted? "@S02" */
bool subject_is_site(const char *package);

/** @return is it a whole component? "@distmgr" */
bool subject_is_component(const char *package);

/**
 * The server that a line names first, as the site server writes it: `\\NAME\share`, `Display=\\NAME\`; of a full name the
 * host alone.
 *
 * @return false when it names none; `package` is untouched then
 */
bool subject_of_server(const char *line, size_t length, char package[REPLICATION_PACKAGE]);

#endif
