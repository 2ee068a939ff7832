# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/libsms.a
common_libsms_a_SOURCES = \
	common/failure.c common/failure.h \
	common/text.c common/text.h \
	common/trace.c common/trace.h

SMS_LIBS = common/libsms.a $(ODBC_LIBS) $(SQLITE_LIBS) $(INIH_LIBS)
