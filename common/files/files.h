/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_FILES_FILES_H
#define SMS_FILES_FILES_H

#include "base/failure.h"
#include "base/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Files by their location, read-only, wherever they lie: a path, or smb://host[:port]/share/path. One store a
 * run: it loads libsmbclient at the first smb:// location and keeps its connections for the next ones.
 *
 * Local files must be regular files: a directory, FIFO, socket or device is refused in words, without
 * blocking. Over SMB an open file forbids the server's own programs to rename it (libsmbclient asks for no
 * FILE_SHARE_DELETE): open late, close early.
 */

struct bytestore;
struct bytefile;

/* How smb:// locations are reached. */
struct smb_access {
    const char
        *auth_file; /* smbclient's format (files/smb_auth.h); NULL: the Kerberos ticket of KRB5CCNAME */
    int timeout_ms; /* of one answer of the server; 0: 5000. Below the run's deadline, to end with a text */
};

/* What is known of a file without reading it. */
struct bytefile_facts {
    int64_t size_bytes;
    int64_t mtime;  /* UTC seconds */
    uint64_t inode; /* 0 when the server tells none; a hint only: a remount of a CIFS share may change it */
};

/* One name in a folder. */
struct bytestore_entry {
    const char *name; /* borrowed, valid during the visit */
    bool regular;     /* a file, not a folder or device */
    bool folder;      /* a folder that may be listed in its turn: no link, so that no circle is walked */
    int64_t size_bytes;
    int64_t mtime; /* UTC seconds */
};

/* What a listing tells of the folder itself. */
struct bytestore_folder {
    bool missing; /* there is no such folder */
    int64_t
        changed; /* when a name last came into the folder or left it, by its server's clock, UTC; 0 unknown.
                    Known at the first visit already where the server names "." first, as all known ones do */
    int64_t device,
        inode; /* of a local folder: stat(2)'s, which tell whether it is the same one; 0 unknown */
};

/** @return false to end the listing early */
typedef bool bytestore_visitor(void *context, const struct bytestore_entry *entry);

/**
 * Look whether a location can be used at all, without touching it: an smb:// URL has a host and a share, and
 * carries no user or password (refused without repeating it: everybody can read a command line).
 *
 * @return 0 or -1
 */
int bytestore_check(const char *location, struct failure *failure);

/**
 * @param access  borrowed, must outlive the store; NULL: Kerberos ticket, default timeout
 * @param trace   borrowed; NULL allowed
 * @return the store, owned (bytestore_close); NULL when memory ran out
 */
struct bytestore *bytestore_new(const struct smb_access *access, const struct trace *trace);

/**
 * Open a regular file for reading. Steps told: "connecting to smb://host/share", "opening ...".
 *
 * @param[out] missing  true when folder or share answered and there is no file of this name (exact name only)
 * @return owned (bytefile_close), or NULL with the operator's text: what, where, what to do
 */
struct bytefile *bytestore_open(struct bytestore *store, const char *location, bool *missing,
                                struct failure *failure);

/**
 * Find a file as Windows would, without regard to case in its last component: the exact name, else of the
 * names that differ in case only the newest. Over SMB the server's own folding comes first.
 *
 * @param[out] found  the location as opened, owned by the caller (free); NULL on failure. May be NULL
 * @return as bytestore_open
 */
struct bytefile *bytestore_find(struct bytestore *store, const char *location, char **found, bool *missing,
                                struct failure *failure);

/**
 * Visit the names in a folder (path or smb://host/share[/path]) in no order, without "." and "..". One
 * request for the listing; no file is opened.
 *
 * @param[out] facts  of the folder; NULL allowed
 * @return 0, also when the visitor ended it; -1 with the operator's text
 */
int bytestore_list(struct bytestore *store, const char *folder, bytestore_visitor *visitor, void *context,
                   struct bytestore_folder *facts, struct failure *failure);

/** Facts of the open file now. @return 0 or -1 */
int bytefile_facts(struct bytefile *file, struct bytefile_facts *facts, struct failure *failure);

/**
 * Read at an offset until the buffer is full or the file ends. Tells no step: the reader does.
 *
 * @return bytes read, less than `size` only at the end of the file; -1 with the operator's text
 */
int64_t bytefile_read_at(struct bytefile *file, int64_t offset, void *buffer, size_t size,
                         struct failure *failure);

/** NULL is allowed. */
void bytefile_close(struct bytefile *file);

/** @return bytes that this store has read of files' contents so far */
int64_t bytestore_bytes_read(const struct bytestore *store);

/** Closes connections. All its files must be closed before. NULL is allowed. */
void bytestore_close(struct bytestore *store);

#endif
