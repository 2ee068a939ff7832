/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_LOGS_ENCODING_H
#define SMS_LOGS_ENCODING_H

#include "base/failure.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * How the characters of a log are written. Nothing public names the code page of the servers' logs; the
 * readers in the field try a byte order mark, then UTF-8, then Windows-1252.
 */
enum log_encoding_kind {
    LOG_ENCODING_AUTO,  /* not decided yet: the first four bytes of the file decide */
    LOG_ENCODING_EIGHT, /* what auto finds in 8-bit files: each message is UTF-8 or, when it is not,
                           Windows-1252 */
    LOG_ENCODING_UTF8,  /* bytes that are not UTF-8 become U+FFFD */
    LOG_ENCODING_UTF16LE,
    LOG_ENCODING_UTF16BE,
    LOG_ENCODING_CODEPAGE /* `name`, by iconv */
};

struct log_encoding {
    enum log_encoding_kind kind;
    char name[32]; /* canonical, for `--encoding`, the state file and -vv; log_encoding_parse reads it back */
};

/**
 * Read the value of --encoding or a stored decision: `auto`, `utf-8/cp1252`, `utf-8`, `utf-16le`, `utf-16be`
 * or the name of any 8-bit or multi-byte code page that iconv knows and whose ASCII characters are ASCII
 * (cp1252, cp1250, cp932, ...).
 *
 * @return 0, or -1 with the operator's text
 */
int log_encoding_parse(const char *name, struct log_encoding *encoding, struct failure *failure);

/**
 * Decide `auto` from the first bytes of a file: byte order mark, else zero bytes in every second place, else
 * 8 bit.
 *
 * @param final  no more bytes will come: decide from fewer than four
 * @return true when `encoding` was decided
 */
bool log_encoding_decide(const char *bytes, size_t length, bool final, struct log_encoding *encoding);

/**
 * Append a message of an 8-bit file to `out` as valid UTF-8. For UTF-16 files the reader has decoded it
 * already, and this only replaces what is not UTF-8.
 */
void log_encoding_convert(const struct log_encoding *encoding, const char *bytes, size_t length,
                          struct text *out);

/**
 * Decode UTF-16 to UTF-8; lone surrogates become U+FFFD, so that every unit pair or unit has exactly one
 * character and log_utf16_size finds back.
 *
 * @param[out] out  room for length / 2 * 3 bytes
 * @param[out] used  bytes decoded: an odd last byte and a high surrogate without its partner stay
 * @return bytes written
 */
size_t log_utf16_decode(bool big_endian, const char *bytes, size_t length, char *out, size_t *used);

/** @return how many bytes of UTF-16 the decoded text took */
size_t log_utf16_size(const char *utf8, size_t length);

#endif
