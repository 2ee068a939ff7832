/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_INBOX_FILENAME_H
#define SMS_INBOX_FILENAME_H

#include "base/text.h"

#include <stdbool.h>

/*
 * What the name of a file in an inbox tells of the work in it, where a public source documents the form. Names are
 * untrusted bytes.
 */

enum inbox_work {
    INBOX_WORK_UNKNOWN,
    INBOX_WORK_JOB,          /* 00000391.JOB; Q264171 */
    INBOX_WORK_INSTRUCTION,  /* 00000391.Idb, of a job; Learn, Understand package actions; Q212978 */
    INBOX_WORK_PACKAGE_FILE, /* 00000391.P00, of a job; Q212978 */
    INBOX_WORK_REQUEST, /* 202SQCS1.SRQ, 1_001ZZZ.SRS, and at the other site 202SQCS1.SNI: Learn; Q264171 */
    INBOX_WORK_PACKAGE  /* CEN00012.PKN, CEN00012.PCK.3: Learn, Understand package actions */
};

struct inbox_filename {
    enum inbox_work work;
    char id[16];  /* job, send request or package ID; "" unknown */
    int priority; /* of a send request: 1 high, 2 normal, 3 low; 0 unknown */
};

/** Read a name. */
struct inbox_filename inbox_filename_read(const char *name);

/** @return whether no other work ever has this name: a rewritten file of it is the same work */
bool inbox_filename_is_unique(const struct inbox_filename *name);

/** Append `send request 202SQCS1, normal priority` or `package CEN00012`; nothing where nothing is known. */
void inbox_filename_tell(const struct inbox_filename *name, struct text *text);

enum { INBOX_GROUP_BYTES = 16 };

/**
 * What may be compared for order: the extension in upper case; of a job's files, whose extension counts, its first
 * letter.
 *
 * @param[out] group  "SRQ", "I??"; "" without an extension; of a longer one the beginning
 */
void inbox_filename_group(const char *name, char group[INBOX_GROUP_BYTES]);

#endif
