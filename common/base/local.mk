# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/base/libbase.a
common_base_libbase_a_SOURCES = \
	common/base/arena.c \
	common/base/arena.h \
	common/base/array.c \
	common/base/array.h \
	common/base/ascii.h \
	common/base/failure.c \
	common/base/failure.h \
	common/base/hash.c \
	common/base/hash.h \
	common/base/hostname.h \
	common/base/json.c \
	common/base/json.h \
	common/base/number.h \
	common/base/packageid.h \
	common/base/range.c \
	common/base/range.h \
	common/base/sanitize.c \
	common/base/sanitize.h \
	common/base/secretfile.c \
	common/base/secretfile.h \
	common/base/status.c \
	common/base/status.h \
	common/base/stringlist.c \
	common/base/stringlist.h \
	common/base/text.c \
	common/base/text.h \
	common/base/trace.c \
	common/base/trace.h \
	common/base/unicode.c \
	common/base/unicode.h \
	common/base/units.c \
	common/base/units.h \
	common/base/user.c \
	common/base/user.h
