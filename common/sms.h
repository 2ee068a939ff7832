/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SMS_H
#define SMS_SMS_H

// clang-format off
/*
 * The plan of the house. One folder a room, one library a room, and one direction: a room includes what stands in its
 * last column and nothing else, takes plain structs and returns plain structs. Nothing here knows a program of plugins/.
 * tests/e2e/test_rooms.py reads this table.
 *
 *   room         holds                                                                              may include
 *   base         text, unicode, sanitize, units, range, status, lists, arrays, failure, trace, json  -
 *   files        files by location: local, smb://                                                   base
 *   odbc         connection string, connect, query, fetch, diagnose                                 base
 *   process      privileges, the supervised child, its worker                                       base
 *   state        one SQLite file a program and identity: directory, lock, create, integrity         base
 *   options      table, command line, ini file, usage, man page, completion                         base
 *   logs         bytes to records: source, rotation, lines, stamp, encoding, clock; no packages     files base
 *   sitedb       the site database's questions as typed rows                                        odbc base
 *   items        item, its store, age, judge, summary, output                                       state base
 *   inbox        files that wait in a site server's inboxes: kinds, listing, order, memory          files state base
 *   replication  records to events to conditions, the logs of a site, what is kept of them          logs state files base
 *   check        what checks put together: shared options, steps, findings, stalls                  replication inbox sitedb items options process odbc files base
 *   repair       the guarded change and its journal                                                 sitedb items process state options odbc base
 *
 * The way of the data: options (argv and ini to typed options) -> process (child, deadline, result pipe) -> odbc and
 * sitedb (typed rows), or files and logs (records) -> replication (events to conditions) -> items (store, age, state,
 * lines and perfdata). check/ and repair/ put it together, plugins/ ask and word.
 *
 * A folder's private.h is included inside that folder only. Each header is included where it is needed; this file is
 * for readers.
 */
// clang-format on

#endif
