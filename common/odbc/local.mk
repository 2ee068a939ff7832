# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/odbc/libodbc.a
common_odbc_libodbc_a_SOURCES = \
	common/odbc/attribute.c \
	common/odbc/attribute.h \
	common/odbc/cause.c \
	common/odbc/cause.h \
	common/odbc/connection_string.c \
	common/odbc/connection_string.h \
	common/odbc/diagnose.c \
	common/odbc/diagnose.h \
	common/odbc/freetds.c \
	common/odbc/freetds.h \
	common/odbc/odbc.c \
	common/odbc/odbc.h \
	common/odbc/parameters.c \
	common/odbc/parameters.h \
	common/odbc/private.h \
	common/odbc/query.c \
	common/odbc/settings_check.c \
	common/odbc/settings_place.c \
	common/odbc/value.c \
	common/odbc/value.h
