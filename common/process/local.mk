# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/process/libprocess.a
common_process_libprocess_a_SOURCES = \
	common/process/begin.c \
	common/process/begin.h \
	common/process/privileges.c \
	common/process/privileges.h \
	common/process/supervise.c \
	common/process/supervise.h \
	common/process/worker.c \
	common/process/worker.h
