// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/cause.h"

#include "base/ascii.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct {
    int64_t code;
    enum cause_family family;
} codes[] = {
    {112, CAUSE_DISK_FULL}, {39, CAUSE_DISK_FULL}, {8, CAUSE_MEMORY},        {14, CAUSE_MEMORY},
    {1450, CAUSE_MEMORY},   {1455, CAUSE_MEMORY},  {32, CAUSE_IN_USE},       {33, CAUSE_IN_USE},
    {2, CAUSE_NOT_FOUND},   {3, CAUSE_NOT_FOUND},  {15, CAUSE_NOT_FOUND},    {5, CAUSE_RIGHTS},
    {65, CAUSE_RIGHTS},     {1314, CAUSE_RIGHTS},  {86, CAUSE_LOGON},        {1326, CAUSE_LOGON},
    {1327, CAUSE_LOGON},    {1330, CAUSE_LOGON},   {1331, CAUSE_LOGON},      {1385, CAUSE_LOGON},
    {1907, CAUSE_LOGON},    {1909, CAUSE_LOGON},   {51, CAUSE_NETWORK},      {53, CAUSE_NETWORK},
    {54, CAUSE_NETWORK},    {55, CAUSE_NETWORK},   {59, CAUSE_NETWORK},      {64, CAUSE_NETWORK},
    {67, CAUSE_NETWORK},    {71, CAUSE_NETWORK},   {121, CAUSE_NETWORK},     {1203, CAUSE_NETWORK},
    {1222, CAUSE_NETWORK},  {1231, CAUSE_NETWORK}, {1232, CAUSE_NETWORK},    {1236, CAUSE_NETWORK},
    {1722, CAUSE_NETWORK},  {1727, CAUSE_NETWORK}, {10054, CAUSE_NETWORK},   {10060, CAUSE_NETWORK},
    {10061, CAUSE_NETWORK}, {13, CAUSE_DAMAGED},   {23, CAUSE_DAMAGED},      {1392, CAUSE_DAMAGED},
    {995, CAUSE_ABORTED},   {1235, CAUSE_ABORTED}, {0x80091007, CAUSE_HASH}, {0x8009030C, CAUSE_LOGON},
};

/* Whole ranges of winerror.h, wbemcli.h and winhttp.h; the single codes above go first. */
static const struct {
    int64_t first, last;
    enum cause_family family;
} ranges[] = {
    {12002, 12175, CAUSE_INTERNET},              /* as a HRESULT 0x80072EE2 to 0x80072F8F */
    {0x80041001, 0x800410FF, CAUSE_WMI},         /* WBEM_E_ */
    {0x80090001, 0x8009FFFF, CAUSE_CERTIFICATE}, /* NTE_, SEC_E_, CRYPT_E_ */
    {0x800B0001, 0x800BFFFF, CAUSE_CERTIFICATE}, /* TRUST_E_, CERT_E_ */
};

/* What Windows says in words, for lines that tell no code. */
static const struct {
    const char *words;
    enum cause_family family;
} phrases[] = {
    {"IDispatch error #3603", CAUSE_IIS6},
    {"not enough space on the disk", CAUSE_DISK_FULL},
    {"not enough disk space", CAUSE_DISK_FULL},
    {"Not enough storage", CAUSE_MEMORY},
    {"being used by another process", CAUSE_IN_USE},
    {"Access is denied", CAUSE_RIGHTS},
    {"network path was not found", CAUSE_NETWORK},
    {"network name cannot be found", CAUSE_NETWORK},
    {"network name is no longer available", CAUSE_NETWORK},
    {"cannot find the file", CAUSE_NOT_FOUND},
    {"cannot find the path", CAUSE_NOT_FOUND},
    {"cert PFX", CAUSE_CERTIFICATE},
    {"Login timeout expired", CAUSE_DATABASE},
    {"connect to the SQL Server", CAUSE_DATABASE},
    {"SQL Server does not exist", CAUSE_DATABASE},
};

/* Whole lines that tell the cause by how they begin, whatever code they end with. */
static const struct {
    const char *beginning;
    enum cause_family family;
} beginnings[] = {
    {"*** [08",
     CAUSE_DATABASE}, /* SQLSTATE, connection exceptions; the number behind it is no error of a file */
    {"*** [28", CAUSE_LOGON}, /* SQLSTATE, authorization */
    {"Cannot update the package ",
     CAUSE_UNKNOWN}, /* its number is the distribution manager's own: 3 in Q319189,
                                                      8 in Q245579 and at Tao Yang 2011, 40 of a task sequence */
    {"SQL Msg #99901> This SiteCode", CAUSE_SITE_GONE},
    {"Failed to insert SMS Program ID", CAUSE_PROGRAM},
};

/* What a family comes to where the line tells which path it is. */
static const struct {
    enum cause_family family;
    const char *words;
    enum cause_family refined;
} paths[] = {
    {CAUSE_NETWORK, "source directory", CAUSE_SOURCE_AWAY}, /* MS Learn */
    {CAUSE_NETWORK, "snapshot", CAUSE_SOURCE_AWAY},
    {CAUSE_NETWORK, "CFileLibrary", CAUSE_LIBRARY_AWAY},
    {CAUSE_NETWORK, "content library", CAUSE_LIBRARY_AWAY},
    {CAUSE_NETWORK, "SCCMContentLib", CAUSE_LIBRARY_AWAY},
    {CAUSE_DISK_FULL, "SMSSIG$", CAUSE_DP_DISK_FULL},
    {CAUSE_DISK_FULL, "SMS_DP$", CAUSE_DP_DISK_FULL},
    {CAUSE_DISK_FULL, "MSWNET:", CAUSE_DP_DISK_FULL},
    {CAUSE_NOT_FOUND, "ExpandPXEImage", CAUSE_PXE_DRIVE}, /* KB2794136 */
};

static const char *const names[CAUSE_FAMILIES] = {[CAUSE_UNKNOWN] = "",
                                                  [CAUSE_DISK_FULL] = "disk_full",
                                                  [CAUSE_MEMORY] = "memory",
                                                  [CAUSE_IN_USE] = "in_use",
                                                  [CAUSE_NOT_FOUND] = "not_found",
                                                  [CAUSE_RIGHTS] = "rights",
                                                  [CAUSE_LOGON] = "logon",
                                                  [CAUSE_NETWORK] = "network",
                                                  [CAUSE_DAMAGED] = "damaged",
                                                  [CAUSE_SOURCE] = "source",
                                                  [CAUSE_IIS6] = "iis6",
                                                  [CAUSE_ABORTED] = "aborted",
                                                  [CAUSE_WMI] = "wmi",
                                                  [CAUSE_HASH] = "hash",
                                                  [CAUSE_CERTIFICATE] = "certificate",
                                                  [CAUSE_INTERNET] = "internet",
                                                  [CAUSE_DATABASE] = "database",
                                                  [CAUSE_SOURCE_AWAY] = "source_away",
                                                  [CAUSE_LIBRARY_AWAY] = "library_away",
                                                  [CAUSE_DP_DISK_FULL] = "dp_disk_full",
                                                  [CAUSE_PXE_DRIVE] = "pxe_drive",
                                                  [CAUSE_SITE_GONE] = "site_gone",
                                                  [CAUSE_PROGRAM] = "program",
                                                  [CAUSE_PROGRAMS_DELETED] = "programs_deleted"};

bool cause_stops_all(enum cause_family family)
{
    return family == CAUSE_DISK_FULL || family == CAUSE_RIGHTS || family == CAUSE_LOGON ||
           family == CAUSE_DATABASE || family == CAUSE_LIBRARY_AWAY;
}

const char *cause_name(enum cause_family family)
{
    return names[family];
}

enum cause_family cause_find(const char *name)
{
    for (int family = CAUSE_UNKNOWN + 1; name != NULL && family < CAUSE_FAMILIES; family++)
        if (strcmp(name, names[family]) == 0)
            return (enum cause_family)family;
    return CAUSE_UNKNOWN;
}

static enum cause_family family_of(int64_t code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return codes[i].family;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return ranges[i].family;
    return CAUSE_UNKNOWN;
}

/* HRESULT_FROM_WIN32: 0x8007 and the code. */
static int64_t win32_of(uint64_t number)
{
    return number >> 16 == 0x8007 ? (int64_t)(number & 0xFFFF) : (int64_t)number;
}

static const char *find_words(const char *text, const char *end, const char *words)
{
    const size_t length = strlen(words);
    for (; (size_t)(end - text) >= length; text++)
        if (strncasecmp(text, words, length) == 0)
            return text;
    return NULL;
}

/* @return behind the number, NULL: none is there, or it is too large for a code */
static const char *read_number(const char *at, const char *end, bool hex, uint64_t *number)
{
    const char *start = at;
    if (end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        hex = true;
        start = at += 2;
    }
    for (*number = 0; at < end && at - start < 11; at++) {
        if (!(hex ? ascii_in(&ascii_hex_digits, *at) : ascii_is_digit(*at)))
            break;
        *number = *number * (hex ? 16 : 10) + ascii_hex_value(*at);
    }
    bool word = at < end && ascii_in(&ascii_words, *at);
    return at > start && !word && *number <= UINT32_MAX ? at : NULL;
}

/* The number behind any of these words: `error = 8`, `Error: 53`, `error code = 12`, `reported error 112`,
 * `failed; 0x80070003`, `(0x35)` */
static bool read_code(const char *line, const char *end, int64_t *code)
{
    enum {
        HRESULT,
        BRACKET,
        FAILED = 0x8
    }; /* the first words are digits themselves; the top four bits of a failure */
    static const char *const before[] = {
        "0x8", "(0x", "error code = ", "error = ", "error code: ", "error: ", "error ", "error code "};
    bool despooler = strncmp(line, "Despooler failed to execute", 27) == 0;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        for (const char *at = line; (at = find_words(at, end, before[i])) != NULL; at++) {
            uint64_t number;
            const char *digits = i == HRESULT ? at : at + strlen(before[i]) - (i == BRACKET ? 2 : 0);
            if (read_number(digits, end, despooler, &number) != NULL && number != 0 &&
                (i != HRESULT || number >> 28 == FAILED)) {
                *code = win32_of(number);
                return true;
            }
        }
    return false;
}

/* `STATMSG: ID=4402 ... ISTR0="CEN00012" ISTR1="112" ...`: the number in the text of that message */
static bool read_merge_code(const char *line, const char *end, int64_t *code)
{
    static const char message[] = "STATMSG: ID=4402 ", string[] = "ISTR1=\"";
    uint64_t number;
    if ((size_t)(end - line) < strlen(message) || memcmp(line, message, strlen(message)) != 0)
        return false;
    const char *at = find_words(line, end, string);
    if (at == NULL || read_number(at + strlen(string), end, false, &number) == NULL)
        return false;
    *code = win32_of(number);
    return true;
}

/* `CCompress::Open: Failed to open E:\SMSPKG\CEN00012.PCK (32)`: of the numbers in brackets, which may be versions, only
 * those of a file that is there */
static bool read_open_code(const char *line, const char *end, int64_t *code)
{
    static const char beginning[] = "CCompress::Open: Failed to open ";
    static const int64_t open_errors[] = {5, 32, 33, 112};
    uint64_t number = 0;
    const char *bracket =
        (size_t)(end - line) > strlen(beginning) ? memrchr(line, '(', (size_t)(end - line)) : NULL;
    if (bracket == NULL || memcmp(line, beginning, strlen(beginning)) != 0 ||
        read_number(bracket + 1, end, false, &number) == NULL)
        return false;
    for (size_t i = 0; i < sizeof open_errors / sizeof *open_errors; i++)
        if (open_errors[i] == (int64_t)number)
            *code = open_errors[i];
    return *code != 0;
}

/* @return whether the line's beginning settles it */
static bool is_told_by_beginning(const char *line, const char *end, struct cause *cause)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const size_t length = strlen(beginnings[i].beginning);
        if ((size_t)(end - line) >= length && memcmp(line, beginnings[i].beginning, length) == 0) {
            cause->family = beginnings[i].family;
            return true;
        }
    }
    return false;
}

/* `\\SRV07\SMSPKGE$`: the package share of a distribution point */
static bool has_package_share(const char *line, const char *end)
{
    static const char share[] = "\\SMSPKG";
    const char *at = find_words(line, end, "\\\\");
    at = at != NULL ? find_words(at, end, share) : NULL;
    return at != NULL && end - at > (ptrdiff_t)sizeof share && at[sizeof share] == '$';
}

static enum cause_family refine(enum cause_family family, const char *line, const char *end)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths[i].family == family && find_words(line, end, paths[i].words) != NULL)
            return paths[i].refined;
    return family == CAUSE_DISK_FULL && has_package_share(line, end) ? CAUSE_DP_DISK_FULL : family;
}

/* `Package CEN00012 program Install no longer exists, delete it` */
static bool deletes_programs(const char *line, const char *end)
{
    return find_words(line, end, "Package ") == line &&
           find_words(line, end, " no longer exists, delete it") != NULL;
}

struct cause cause_of_line(const char *line, size_t length)
{
    const char *end = line + length;
    struct cause cause = {CAUSE_UNKNOWN, 0};
    if (is_told_by_beginning(line, end, &cause))
        return cause;
    const bool merge =
        read_merge_code(line, end, &cause.code) || find_words(line, end, "merge delta") != NULL;
    if (cause.code != 0 || read_open_code(line, end, &cause.code) || read_code(line, end, &cause.code))
        cause.family = family_of(cause.code);
    /* The status message on a delta that cannot be merged names the full disk itself as the cause of 1. */
    if (cause.code == 1 && merge)
        cause.family = CAUSE_DISK_FULL;
    for (size_t i = 0; cause.family == CAUSE_UNKNOWN && i < sizeof phrases / sizeof *phrases; i++)
        if (find_words(line, end, phrases[i].words) != NULL)
            cause.family = phrases[i].family;
    if (cause.family == CAUSE_UNKNOWN && deletes_programs(line, end))
        cause.family = CAUSE_PROGRAMS_DELETED;
    bool source = find_words(line, end, "source directory") == line + (length > 4 ? 4 : 0);
    if (source && (cause.family == CAUSE_UNKNOWN || cause.family == CAUSE_NOT_FOUND))
        cause.family = CAUSE_SOURCE;
    cause.family = refine(cause.family, line, end);
    return cause;
}
