/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_BACKEND_H
#define SMS_FILES_BACKEND_H

#include "files/files.h"

/*
 * The wall behind files.h: what a way to files has to offer. Implemented by local.c and smb.c;
 * used by files.c only. Contracts as in files.h.
 */
struct byte_transport {
    struct bytefile *(*open)(void *self, const char *location, bool *missing, struct failure *failure);
    int (*list)(void *self, const char *folder, bytestore_visitor *visitor, void *context,
                struct bytestore_folder *facts, struct failure *failure); /* facts: zero, never NULL */
    int (*facts)(struct bytefile *file, struct bytefile_facts *facts, struct failure *failure);
    int64_t (*read_at)(struct bytefile *file, int64_t offset, void *buffer, size_t size,
                       struct failure *failure);
    void (*close_file)(struct bytefile *file);
    void (*close)(void *self);
};

/* First member of a transport's own file structure. */
struct bytefile {
    const struct byte_transport *transport;
    struct bytestore *store; /* borrowed; set by files.c */
};

/* Local files need no `self`. */
extern const struct byte_transport localfile_transport;

/* `self` of this one comes from smbfile_new. */
extern const struct byte_transport smbfile_transport;

/**
 * Load libsmbclient and make a context; connects nowhere yet.
 *
 * @return owned (smbfile_transport.close); NULL with the operator's text
 */
void *smbfile_new(const struct smb_access *access, const struct trace *trace, struct failure *failure);

/** bytestore_check for a location that location_is_smb. */
int smbfile_check(const char *url, struct failure *failure);

#endif
