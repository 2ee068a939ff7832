// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/subject.h"

#include "base/ascii.h"

#include <string.h>

enum { CODE = 3 };

void subject_put(const char *subject, char package[REPLICATION_PACKAGE])
{
    subject_set(subject + 1, strlen(subject + 1), package);
}

void subject_set(const char *words, size_t length, char package[REPLICATION_PACKAGE])
{
    const size_t most = REPLICATION_PACKAGE - 2;
    memset(package, 0, REPLICATION_PACKAGE);
    package[0] = REPLICATION_SUBJECT;
    memcpy(package + 1, words, length < most ? length : most);
}

bool subject_is_site(const char *package)
{
    return package[0] == REPLICATION_SUBJECT && strlen(package) == 1 + CODE;
}

bool subject_is_component(const char *package)
{
    return strcmp(package, REPLICATION_DESPOOLER) == 0 || strcmp(package, REPLICATION_DISTMGR_ITSELF) == 0;
}

static size_t host_length(const char *name, const char *end)
{
    const char *at = name;
    while (at < end && (ascii_in(&ascii_words, *at) || *at == '-'))
        at++;
    return (size_t)(at - name);
}

bool subject_of_server(const char *line, size_t length, char package[REPLICATION_PACKAGE])
{
    static const char before[] = "\\\\";
    const char *end = line + length, *found = memmem(line, length, before, 2);
    if (found == NULL)
        return false;
    const char *name = found + 2;
    const size_t host = host_length(name, end);
    if (host <= CODE) /* a code of a site; and no server is called like that */
        return false;
    /* What numbers servers stands at the end of their names; of fifteen characters the last fourteen have room. */
    const size_t most = REPLICATION_PACKAGE - 2, skipped = host > most ? host - most : 0;
    subject_set(name + skipped, host - skipped, package);
    for (char *at = package; *at != '\0'; at++)
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    return true;
}
