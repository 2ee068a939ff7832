# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/items/libitems.a
common_items_libitems_a_SOURCES = \
	common/items/age.c \
	common/items/age.h \
	common/items/announce.c \
	common/items/announce.h \
	common/items/away.c \
	common/items/away.h \
	common/items/itemline.c \
	common/items/itemline.h \
	common/items/itemstore.c \
	common/items/itemstore.h \
	common/items/judge.c \
	common/items/judge.h \
	common/items/known.c \
	common/items/known.h \
	common/items/minrate.c \
	common/items/minrate.h \
	common/items/order.c \
	common/items/order.h \
	common/items/order_arrivals.c \
	common/items/order_find.c \
	common/items/order_pairs.c \
	common/items/order_reading.c \
	common/items/order_silence.c \
	common/items/order_store.c \
	common/items/order_store.h \
	common/items/output.c \
	common/items/output.h \
	common/items/private.h \
	common/items/summary.c \
	common/items/summary.h
