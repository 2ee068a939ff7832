# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/logs/liblogs.a
common_logs_liblogs_a_SOURCES = \
	common/logs/clock.c \
	common/logs/clock.h \
	common/logs/dated.c \
	common/logs/dated.h \
	common/logs/delivery.c \
	common/logs/delivery.h \
	common/logs/encoding.c \
	common/logs/encoding.h \
	common/logs/lines.c \
	common/logs/lines.h \
	common/logs/month.c \
	common/logs/month.h \
	common/logs/record.c \
	common/logs/record.h \
	common/logs/rotation.c \
	common/logs/rotation.h \
	common/logs/source.c \
	common/logs/source.h \
	common/logs/stamp.c \
	common/logs/stamp.h \
	common/logs/tail.c \
	common/logs/tail.h
