// SPDX-License-Identifier: GPL-3.0-or-later
#include "files/files.h"

#include "base/text.h"
#include "files/backend.h"
#include "files/location.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct bytestore {
    const struct smb_access *access;
    const struct trace *trace;
    void *smb; /* NULL until the first smb:// location */
    int64_t bytes_read;
};

/* "\\\\SERVER\\share\\...", "D:\\..." */
static bool is_of_windows(const char *location)
{
    return strncmp(location, "\\\\", 2) == 0 || (location[0] != '\0' && strncmp(location + 1, ":\\", 2) == 0);
}

static int fail_windows(const char *location, struct failure *failure)
{
    if (location[0] != '\\')
        return fail(
            failure,
            "%s is a path of Windows: write it as smb://SERVER/SHARE/PATH, or the path where its share is mounted",
            location);
    struct text url = {0};
    text_add(&url, "smb:");
    for (const char *at = location; *at != '\0'; at++)
        text_add_bytes(&url, *at == '\\' ? "/" : at, 1);
    const int result = fail(failure, "%s is a path of Windows: write %s", location, text_string(&url));
    text_free(&url);
    return result;
}

int bytestore_check(const char *location, struct failure *failure)
{
    if (location[0] == '\0')
        return fail(failure, "a location is empty; give a path or smb://host/share/path");
    if (is_of_windows(location))
        return fail_windows(location, failure);
    return location_is_smb(location) ? smbfile_check(location, failure) : 0;
}

struct bytestore *bytestore_new(const struct smb_access *access, const struct trace *trace)
{
    struct bytestore *store = calloc(1, sizeof *store);
    if (store != NULL)
        *store = (struct bytestore){.access = access, .trace = trace};
    return store;
}

static const struct byte_transport *transport_for(struct bytestore *store, const char *location, void **self,
                                                  struct failure *failure)
{
    *self = NULL;
    if (bytestore_check(location, failure) != 0)
        return NULL;
    if (!location_is_smb(location))
        return &localfile_transport;
    if (store->smb == NULL)
        store->smb = smbfile_new(store->access, store->trace, failure);
    *self = store->smb;
    return store->smb != NULL ? &smbfile_transport : NULL;
}

struct bytefile *bytestore_open(struct bytestore *store, const char *location, bool *missing,
                                struct failure *failure)
{
    *missing = false;
    void *self;
    const struct byte_transport *transport = transport_for(store, location, &self, failure);
    if (transport == NULL)
        return NULL;
    if (!location_is_smb(location))
        trace_step(store->trace, "opening %s", location);
    struct bytefile *file = transport->open(self, location, missing, failure);
    if (file != NULL)
        file->store = store;
    return file;
}

int bytestore_list(struct bytestore *store, const char *folder, bytestore_visitor *visitor, void *context,
                   struct bytestore_folder *facts, struct failure *failure)
{
    struct bytestore_folder unasked = {0};
    facts = facts != NULL ? facts : &unasked;
    *facts = (struct bytestore_folder){0};
    void *self;
    const struct byte_transport *transport = transport_for(store, folder, &self, failure);
    if (transport == NULL)
        return -1;
    trace_step(store->trace, "listing %s", folder);
    return transport->list(self, folder, visitor, context, facts, failure);
}

struct variant_search {
    const char *wanted;
    char *newest; /* owned */
    int64_t mtime;
};

static bool visit_variant(void *context, const struct bytestore_entry *entry)
{
    struct variant_search *search = context;
    if (!entry->regular || strcasecmp(entry->name, search->wanted) != 0)
        return true;
    if (search->newest != NULL && entry->mtime <= search->mtime)
        return true;
    free(search->newest);
    search->newest = strdup(entry->name);
    search->mtime = entry->mtime;
    return true;
}

/* The location with the folder's own spelling of its last component; owned; NULL when there is none. */
static char *find_variant(struct bytestore *store, const char *location)
{
    const bool smb = location_is_smb(location);
    const char *name = location_name(location);
    char *folder = location_parent(location), *decoded = smb ? location_decode(name) : NULL, *found = NULL;
    struct variant_search search = {.wanted = smb ? decoded : name};
    if (search.wanted != NULL && search.wanted[0] != '\0' && folder != NULL)
        bytestore_list(store, folder, visit_variant, &search, NULL, NULL);
    if (search.newest != NULL)
        found = location_join(folder, search.newest);
    free(search.newest);
    free(decoded);
    free(folder);
    return found;
}

struct bytefile *bytestore_find(struct bytestore *store, const char *location, char **found, bool *missing,
                                struct failure *failure)
{
    if (found != NULL)
        *found = NULL;
    struct bytefile *file = bytestore_open(store, location, missing, failure);
    char *variant = NULL;
    if (file == NULL && *missing) {
        variant = find_variant(store, location);
        if (variant != NULL)
            file = bytestore_open(store, variant, missing, failure);
    }
    if (file != NULL && found != NULL) {
        *found = variant != NULL ? variant : strdup(location);
        variant = NULL;
        if (*found == NULL) {
            fail(failure, "%s: out of memory", location);
            bytefile_close(file);
            file = NULL;
        }
    }
    free(variant);
    return file;
}

int bytefile_facts(struct bytefile *file, struct bytefile_facts *facts, struct failure *failure)
{
    return file->transport->facts(file, facts, failure);
}

int64_t bytefile_read_at(struct bytefile *file, int64_t offset, void *buffer, size_t size,
                         struct failure *failure)
{
    int64_t got = file->transport->read_at(file, offset, buffer, size, failure);
    if (got > 0)
        file->store->bytes_read += got;
    return got;
}

void bytefile_close(struct bytefile *file)
{
    if (file != NULL)
        file->transport->close_file(file);
}

int64_t bytestore_bytes_read(const struct bytestore *store)
{
    return store->bytes_read;
}

void bytestore_close(struct bytestore *store)
{
    if (store == NULL)
        return;
    if (store->smb != NULL)
        smbfile_transport.close(store->smb);
    free(store);
}
