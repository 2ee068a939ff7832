// SPDX-License-Identifier: GPL-3.0-or-later
#include "replication/templates.h"

#define D          (1u << REPLICATION_DISTMGR)
#define S          (1u << REPLICATION_DESPOOL)
#define P(pattern) pattern, sizeof pattern - 1

/*
 * Sorted by the first character, for template_find; of several that fit the first counts, so a longer form
 * stands before its shorter one. "MS Learn" is "Package actions in content distribution" and its neighbours; numbers with Q are of the Microsoft
 * Knowledge Base archive.
 *
 * Left out on purpose: `<function> failed; 0x...` (KB2794136) names no package and is followed by `Error
 * occurred.`. Lines that tell of a distribution point (`Created package transfer job`, `Successfully updated
 * the package server status`, STATMSG 2330) and STATMSG 2301 name no version: they are printed for the old
 * version as well, so they prove nothing and are no movement of the new one. They are most of a healthy log.
 */
const struct message_template templates[] = {
    {REPLICATION_SUPERSEDED, D, TIE_KEEP,
     P("A newer version ({h}) of package {P} has already arrived{*}for version {w}"),
     "Marcum 2010, TechNet 2009"},
    {REPLICATION_SUPERSEDED, D, TIE_KEEP, P("A newer version ({h}) of package {P} has already arrived"),
     "as above, cut"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Cannot update the package {P} in the package source, error ="),
     "Q245579"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Cannot update the package server {*} for package {P}, error ="),
     "Q319189"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Cannot write to output file"), "Q316316"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Cannot decompress package"), "Q267977"},
    {REPLICATION_FAILURE, S, TIE_KEEP, P("Cannot decompress instruction file"), "Q161043"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Cannot create NAL path for the distribution point"), "Kea 2010"},
    {REPLICATION_FAILURE, S, TIE_KEEP, P("Cannot create temp storage"), "Q191307"},
    {REPLICATION_BASE_MISSING, D | S, TIE_KEEP, P("CCompress::Open: Failed to open {B}"), "WMUG 2007"},
    {REPLICATION_FAILURE, D | S, TIE_KEEP, P("CCompress::Open: Failed to open"),
     "another file than the base"},
    {REPLICATION_FAILURE, S, TIE_KEEP, P("Cannot find the package file.{*}Package ID = {P}"), "Q179118"},
    {REPLICATION_FAILURE, S, TIE_KEEP, P("CDeltaSource: InitDeltaFile"), "Q179118"},
    {REPLICATION_FAILURE, S, TIE_KEEP, P("CDeltaSource: AddObjectAndDeliver"), "Q179118"},
    {REPLICATION_NOTHING, D, TIE_KEEP, P("DP Thread: Attempting to add or update package {P} on DP"),
     "MS Learn"},
    {REPLICATION_NOTHING, S, TIE_END, P("Despooler successfully executed one instruction"),
     "Q169491, MS Learn"},
    {REPLICATION_FAILURE, S, TIE_KEEP, P("Despooler failed to execute the instruction, error code ="),
     "Q169491, MS Learn"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Error occurred."), "Kea 2010, KB2794136"},
    {REPLICATION_PROGRESS, S, TIE_KEEP, P("Extracting package {P}"), "MS Learn"},
    {REPLICATION_NOTHING, S, TIE_END, P("Executing instruction of type"), "Q153246, MS Learn"},
    {REPLICATION_FAILURE, D, TIE_KEEP, P("Failed to write to the output file"), "Q267977"},
    {REPLICATION_WAITING, D, TIE_KEEP,
     P("Package {P} requires a newer version ({w}) of source files{*}arrived yet{*}current version is {h}"),
     "Q245579 (hasn't, skip), KB936465 (haven't, skip), WMUG 2007 (ends behind the version)"},
    {REPLICATION_WAITING, D, TIE_KEEP, P("Package {P} requires a newer version ({w}) of source files"),
     "as above, cut"},
    {REPLICATION_PROGRESS, S, TIE_KEEP,
     P("Package {P} (version {h}) exists in the distribution source, save the newer version (version {w})"),
     "MS Learn"},
    {REPLICATION_STORED, D, TIE_BEGIN, P("Processing package {P} (SourceVersion:{w};StoredVersion:{h})"),
     "MS Learn, 2012 and later"},
    {REPLICATION_RECEIVED, S, TIE_BEGIN, P("Received package {P} version {w}"), "WMUG 2007, MS Learn"},
    {REPLICATION_STORED, D, TIE_KEEP, P("StoredPkgVersion ({h}) of package {P}"), "TechNet 2009, MS Learn"},
    {REPLICATION_WANTED, D, TIE_KEEP, P("SourceVersion ({w}) of package {P}"), "TechNet 2009, MS Learn"},
    {REPLICATION_NOTHING, D, TIE_BEGIN,
     P("Started package processing thread for package {P}, thread ID = {x}"), "MS Learn"},
    {REPLICATION_NOTHING, D, TIE_END, P("Starting package processing thread,thread ID = {x}"), "Q244405"},
    {REPLICATION_NOTHING, D, TIE_KEEP, P("Start updating the package {P}"), "MS Learn"},
    {REPLICATION_NOTHING, D, TIE_KEEP, P("Start deleting the package {P}"), "Q244405"},
    {REPLICATION_PROGRESS, D, TIE_KEEP, P("Successfully deleted the package {P}"),
     "Q244405 (and was not deleted)"},
    {REPLICATION_BASE_MISSING, S, TIE_KEEP,
     P("SMS Despooler failed to merge delta to the compressed package {P}"),
     "joejoeinc 2012 (status message)"},
    {REPLICATION_STORED, S, TIE_KEEP, P("Stored Package {P}. Stored Package Version = {h}"), "MS Learn"},
    {REPLICATION_STORED, S, TIE_KEEP, P("STATMSG: ID=4400 {*}ISTR0=\"{P}\""),
     "MS Learn: stored; the version is the one that the thread received"},
    {REPLICATION_FAILURE, D | S, TIE_KEEP, P("STATMSG: ID={n} SEV=E {*}AVAL0=\"{P}\""), "Kea 2010, Q267977"},
    {REPLICATION_WAITING, D, TIE_KEEP, P("The compressed files for {*}ackage {P} ha{*}arrived"),
     "TechNet Wiki 24581, Madhan 2016: SMS 2003 and 2007"},
    {REPLICATION_WAITING, D, TIE_KEEP, P("The content{*} for {*}ackage {P} ha{*}arrived"),
     "MS Learn, 2012 and later"},
    {REPLICATION_WAITING, S, TIE_KEEP,
     P("This package[{P}]'s information ha{*}arrived yet for this version [{w}]"), "MS Learn"},
    {REPLICATION_WAITING, S, TIE_KEEP,
     P("This package[{P}]{*}s information ha{*}arrived yet for this version [{w}]"),
     "as above, typographic apostrophe"},
    {REPLICATION_PROGRESS, D, TIE_KEEP, P("Updated replicated package info for package {P}"), "Q319189"},
    {REPLICATION_NOTHING, S, TIE_END, P("Verifying signature for instruction"), "MS Learn"},
    {REPLICATION_PROGRESS, S, TIE_KEEP, P("Writing package definition for {P}"), "MS Learn"},
};

const size_t template_count = sizeof templates / sizeof templates[0];
