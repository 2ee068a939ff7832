# SPDX-License-Identifier: GPL-3.0-or-later
# One library a room. They are linked in the order of who may include whom (sms.h), so a call that runs back up
# does not link.
include common/base/local.mk
include common/files/local.mk
include common/state/local.mk
include common/logs/local.mk
include common/odbc/local.mk
include common/process/local.mk
include common/options/local.mk
include common/items/local.mk
include common/inbox/local.mk
include common/sitedb/local.mk
include common/replication/local.mk
include common/check/local.mk
include common/repair/local.mk

EXTRA_DIST += common/sms.h

SMS_LIBS = \
	common/repair/librepair.a \
	common/check/libcheck.a \
	common/replication/libreplication.a \
	common/inbox/libinbox.a \
	common/sitedb/libsitedb.a \
	common/items/libitems.a \
	common/options/liboptions.a \
	common/process/libprocess.a \
	common/odbc/libodbc.a \
	common/logs/liblogs.a \
	common/state/libstate.a \
	common/files/libfiles.a \
	common/base/libbase.a \
	$(ODBC_LIBS) $(SQLITE_LIBS) $(INIH_LIBS)
