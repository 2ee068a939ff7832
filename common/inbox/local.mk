# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/inbox/libinbox.a
common_inbox_libinbox_a_SOURCES = \
	common/inbox/box.c \
	common/inbox/box.h \
	common/inbox/filename.c \
	common/inbox/filename.h \
	common/inbox/kind.c \
	common/inbox/kind.h \
	common/inbox/listing.c \
	common/inbox/listing.h \
	common/inbox/memory.c \
	common/inbox/memory.h \
	common/inbox/missing.c \
	common/inbox/missing.h \
	common/inbox/order.c \
	common/inbox/order.h \
	common/inbox/store.c \
	common/inbox/store.h
