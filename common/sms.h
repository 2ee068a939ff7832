/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_SMS_H
#define SMS_SMS_H

// clang-format off
/*
 * The map of the house, in the order that the data takes. One direction: a room knows only what stands above it in its
 * own column of the way, takes plain structs and returns plain structs. Nothing here knows a program of plugins/.
 *
 *   ground    failure        a failure as one line for the operator: step, object, remedy
 *             text           a growing string
 *             utf            UTF-8 and UTF-16 without the locale
 *             ascii          what kind of character a byte is
 *             packageid      the shape of a package ID
 *             clean          untrusted text made harmless for consoles
 *             quantity       durations, sizes and instants, read and written
 *             range          threshold ranges of the plugin guidelines
 *             status         OK, WARNING, CRITICAL, UNKNOWN
 *             trace          where a room tells its step, without knowing who listens
 *             hash           fingerprints
 *             arena          memory of the options, wiped before it is freed
 *             json           JSON text for --output=json
 *
 *   options   options        argv and ini files to typed options, by one table per program
 *               commandline  getopt_long from the table; what must never stand in argv
 *               inifile      a section of an ini file, and where ini files are searched
 *               optiontable  walking the tables
 *               optionvalue  a value to its type
 *               nearest      "did you mean"
 *               usage        --help
 *               describe     man page, completion, page tables and example ini file from the same table
 *             checkoptions   the options that programs share
 *             commalist      the entries of a list that is one value
 *             known          --known: what the team accepted
 *             minrate        --min-rate: what a link may be slow
 *             manual         the parts of the man pages that checks share
 *
 *   process   identity       root becomes the owner of the state directory
 *             supervise      the child that does the work, the deadline, the exit code
 *               worker       the child's end
 *             check          from main's argv to the exit code: what all checks do alike
 *
 *   database  odbc           connect, bind, fetch; judged by return codes
 *               odbchandle, odbcparameters, odbcvalue   its parts
 *               connection   settings to a connection string that the driver's parser carries
 *               dsn          what a data source of odbc.ini is
 *               freetdsconf  the private freetds.conf that a CA needs
 *               passwordfile a password that only its owner can read
 *               odbcerror    diagnostic records to a reason and a text
 *               odbccause    what a reason asks the operator to do
 *             statement      a statement while it is put together: text and parameters in step
 *             sitedb         a site database as a whole: clock, columns, sites, filters
 *             lookup         an item to look up by its key
 *             pair           (package, child site) and its deciding row: check_sms_packages
 *             dp             (package, distribution point): check_sms_dps
 *               dpstatement  its SQL
 *               nalpath      a server's name out of a NAL path
 *             survey         what a database holds, for --survey
 *             siterun        the steps of a check over a site database
 *             findings       rows in trouble to items with keys, memory and judgement
 *
 *   logs      bytestore      files by their location: local, or smb:// through libsmbclient
 *               bytetransport, smblibrary, smburl, smbauth, smbtrouble   its parts
 *             logsource      the new bytes of one log, across rotation
 *               logpair, logmark   .log with .lo_; a place that is known again by content
 *             logrecord      bytes to records
 *               loglines, logscan, logtail, logstamp, logencoding, logdelivery, logbeginning, logactivity   its parts
 *             logclock       stamps to UTC
 *             replication    record to event: which package version, what happened
 *               templates    every wording of every version, each with its source
 *             conditions     events to what is stalled
 *               conditionset its container
 *             logmerge       the events of several logs in the order of time
 *             logset         the logs of one site since the last run
 *               logreading   one of them while it is read
 *             stall          one item a package, of logs and of the folder of base files
 *
 *   memory    statefile      one SQLite file per program and identity: damage, locks, transactions
 *               statedir, statecheck, statelock, statemake   its parts
 *             memory         first seen, last progress of items
 *             logmemory      positions and conditions of logs
 *             recall         one run's use of the items' memory
 *
 *   verdict   history        how old an item is, and when it ends
 *             judge          age and thresholds to a state
 *             report         lines and perfdata within the budgets
 *             itemgroup      what many items have in common, for the first line
 *             itemline       words that the items' lines of all checks share
 *             stallreport    the words on stalled versions, and on how their logs were read
 *
 *   repair    repair         what a repair is about, and whether it may be done: sms_reset_package
 *               repairquery, repairworker, repairwatch, repairrun, repairreport   rows, transaction, truth about
 *                            its end, the steps, the words
 *             journal        the journal of repairs
 *               journalline  its lines
 *
 * Each header is included where it is needed; this file is for readers.
 */
// clang-format on

#endif
