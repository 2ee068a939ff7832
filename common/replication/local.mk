# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/replication/libreplication.a
common_replication_libreplication_a_SOURCES = \
	common/replication/cause.c \
	common/replication/cause.h \
	common/replication/component.c \
	common/replication/component.h \
	common/replication/condition_due.c \
	common/replication/condition_failing.c \
	common/replication/condition_line.h \
	common/replication/condition_set.c \
	common/replication/condition_set.h \
	common/replication/condition_text.c \
	common/replication/condition_text.h \
	common/replication/condition_time.c \
	common/replication/condition_version.c \
	common/replication/conditions.c \
	common/replication/conditions.h \
	common/replication/event.c \
	common/replication/event.h \
	common/replication/event_site.c \
	common/replication/event_site.h \
	common/replication/logset.c \
	common/replication/logset.h \
	common/replication/merge.c \
	common/replication/merge.h \
	common/replication/package_index.c \
	common/replication/package_index.h \
	common/replication/reading.c \
	common/replication/reading.h \
	common/replication/store.c \
	common/replication/store.h \
	common/replication/store_conditions.c \
	common/replication/subject.c \
	common/replication/subject.h \
	common/replication/template_match.c \
	common/replication/templates.c \
	common/replication/templates.h
