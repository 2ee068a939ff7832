# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/check/libcheck.a
common_check_libcheck_a_SOURCES = \
	common/check/advice.c \
	common/check/advice.h \
	common/check/boxes.c \
	common/check/boxes.h \
	common/check/boxes_output.c \
	common/check/boxes_output.h \
	common/check/causes.c \
	common/check/causes.h \
	common/check/check.c \
	common/check/check.h \
	common/check/despool_memory.c \
	common/check/despool_memory.h \
	common/check/dp_order.c \
	common/check/dp_order.h \
	common/check/dp_told.c \
	common/check/dp_told.h \
	common/check/dp_words.c \
	common/check/dp_words.h \
	common/check/findings.c \
	common/check/findings.h \
	common/check/logstory.c \
	common/check/logstory.h \
	common/check/options_shared.c \
	common/check/options_shared.h \
	common/check/package_memory.c \
	common/check/package_memory.h \
	common/check/pair_words.c \
	common/check/pair_words.h \
	common/check/sitecheck.c \
	common/check/sitecheck.h \
	common/check/siteorder.c \
	common/check/siteorder.h \
	common/check/siteorder_survey.c \
	common/check/siteorder_words.c \
	common/check/stall_words.c \
	common/check/stall_words.h \
	common/check/stalls.c \
	common/check/stalls.h \
	common/check/stalls_output.c \
	common/check/stalls_output.h
