# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/options/liboptions.a
common_options_liboptions_a_SOURCES = \
	common/options/commandline.c \
	common/options/commandline.h \
	common/options/describe.c \
	common/options/describe.h \
	common/options/describe_bash.c \
	common/options/describe_man.c \
	common/options/inifile.c \
	common/options/inifile.h \
	common/options/inisearch.c \
	common/options/options.c \
	common/options/options.h \
	common/options/table.c \
	common/options/table.h \
	common/options/typo.c \
	common/options/typo.h \
	common/options/usage.c \
	common/options/usage.h \
	common/options/value.c \
	common/options/value.h
