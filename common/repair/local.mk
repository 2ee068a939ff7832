# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/repair/librepair.a
common_repair_librepair_a_SOURCES = \
	common/repair/guard.c \
	common/repair/journal.c \
	common/repair/journal.h \
	common/repair/journal_entry.c \
	common/repair/journal_entry.h \
	common/repair/look.c \
	common/repair/look.h \
	common/repair/output.c \
	common/repair/output.h \
	common/repair/output_json.c \
	common/repair/procedure.c \
	common/repair/procedure.h \
	common/repair/repair.h \
	common/repair/transaction.c \
	common/repair/transaction.h \
	common/repair/watched.c \
	common/repair/watched.h \
	common/repair/workers.c \
	common/repair/workers.h
