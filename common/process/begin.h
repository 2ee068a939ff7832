/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_PROCESS_BEGIN_H
#define SMS_PROCESS_BEGIN_H

/**
 * What every program does before it opens anything. A descriptor 0, 1 or 2 that the caller closed is opened
 * on /dev/null, so that no file of ours gets its number and the program's output; a reader that is gone
 * (SIGPIPE) and a limit on file sizes (SIGXFSZ) become errors of write() instead of an end.
 *
 * @return 0, or -1: a descriptor is closed and /dev/null cannot be opened, so nothing may be done
 */
int process_begin(void);

#endif
