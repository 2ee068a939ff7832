/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SMS_REPLICATION_CAUSE_H
#define SMS_REPLICATION_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a line of failure says about its cause. The codes are those of Win32 (winerror.h), which the server prints
 * in decimal (`Win32 Error = 112`, `error 112`), as a HRESULT (0x80070070, 2147942512) or, behind the
 * despooler's `error code = `, in hex without 0x (KB Q169491); and HRESULTs of others (0x80041002 of WMI).
 */

enum cause_family {
    CAUSE_UNKNOWN,
    CAUSE_DISK_FULL,
    CAUSE_MEMORY, /* 8 is told for a full disk, too */
    CAUSE_IN_USE,
    CAUSE_NOT_FOUND,
    CAUSE_RIGHTS,
    CAUSE_LOGON,
    CAUSE_NETWORK,
    CAUSE_DAMAGED, /* the file cannot be read or is no compressed package */
    CAUSE_SOURCE,  /* the source directory of the package is gone */
    CAUSE_IIS6,    /* IIS 6 compatibility is missing at the distribution point (KB4509132) */
    CAUSE_ABORTED, /* 1235, 995: its own program was stopped in it */
    CAUSE_WMI,
    CAUSE_HASH,             /* content that is not what its hash says */
    CAUSE_CERTIFICATE,      /* or a key, or the security of a connection */
    CAUSE_INTERNET,         /* WinHTTP: a cloud distribution point, a proxy */
    CAUSE_DATABASE,         /* the site database cannot be reached */
    CAUSE_SOURCE_AWAY,      /* the share of the package source */
    CAUSE_LIBRARY_AWAY,     /* the content library, on another server */
    CAUSE_DP_DISK_FULL,     /* the drive of a distribution point */
    CAUSE_PXE_DRIVE,        /* a boot image finds no drive for the content library (KB2794136) */
    CAUSE_SITE_GONE,        /* a site of the definition does not exist any more (Q319189) */
    CAUSE_PROGRAM,          /* a task sequence refers to a program of this package, which is not here */
    CAUSE_PROGRAMS_DELETED, /* its programs are deleted here again and again (KB837658) */
    CAUSE_FAMILIES
};

struct cause {
    enum cause_family family;
    int64_t code; /* Win32; above 0xFFFF another HRESULT or NTSTATUS; 0 where the words alone tell */
};

/** @return family CAUSE_UNKNOWN where the line does not tell; its code is kept then, if it has one */
struct cause cause_of_line(const char *line, size_t length);

/** @return whether it stops every package: a drive, rights, a logon, the database, the content library. Not so a file in use, nor 8, which is told of a
 * single instruction, too */
bool cause_stops_all(enum cause_family family);

/** @return "disk_full", ... as it is stored; "" for CAUSE_UNKNOWN */
const char *cause_name(enum cause_family family);

/** @return the family of that name, CAUSE_UNKNOWN for others and NULL */
enum cause_family cause_find(const char *name);

#endif
