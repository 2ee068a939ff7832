// SPDX-License-Identifier: GPL-3.0-or-later
#include "state/proof.h"

#include "base/hash.h"
#include "state/private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, PROOF_BYTES = 17 /* sixteen digits and the end of the line */ };

/* A run was killed while it wrote, or is writing. */
static bool has_journal(const char *path)
{
    char *journal;
    if (asprintf(&journal, "%s-journal", path) < 0)
        return true;
    const bool there = access(journal, F_OK) == 0;
    free(journal);
    return there;
}

/* @param[out] proof  PROOF_BYTES and a 0 */
static bool prove(const char *path, char *proof)
{
    struct hash_stream stream;
    ssize_t got = -1;
    hash_stream_begin(&stream);
    unsigned char *bytes = malloc(BLOCK);
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    while (bytes != NULL && file >= 0 && (got = read(file, bytes, BLOCK)) > 0)
        hash_stream_add(&stream, bytes, (size_t)got);
    if (file >= 0)
        close(file);
    free(bytes);
    snprintf(proof, PROOF_BYTES + 1, "%016" PRIx64 "\n", hash_stream_end(&stream));
    return got == 0 && !has_journal(path);
}

bool stateproof_holds(const char *path, int lock)
{
    char kept[PROOF_BYTES], found[PROOF_BYTES + 1];
    return pread(lock, kept, sizeof kept, 0) == sizeof kept && prove(path, found) &&
           memcmp(kept, found, sizeof kept) == 0;
}

bool stateproof_look(const char *path)
{
    char *name;
    if (asprintf(&name, "%.*s" STATEFILE_LOCK_ENDING, (int)(strlen(path) - strlen(STATEFILE_ENDING)), path) <
        0)
        return false;
    int lock = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    free(name);
    const bool holds = lock >= 0 && stateproof_holds(path, lock);
    if (lock >= 0)
        close(lock);
    return holds;
}

void stateproof_keep(const char *path, int lock)
{
    char proof[PROOF_BYTES + 1];
    if (!prove(path, proof) || pwrite(lock, proof, PROOF_BYTES, 0) != PROOF_BYTES ||
        ftruncate(lock, PROOF_BYTES) != 0)
        return; /* what stands there fits no file */
}
