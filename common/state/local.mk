# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/state/libstate.a
common_state_libstate_a_SOURCES = \
	common/state/clock.c \
	common/state/create.c \
	common/state/create.h \
	common/state/directory.c \
	common/state/directory.h \
	common/state/integrity.c \
	common/state/integrity.h \
	common/state/lock.c \
	common/state/lock.h \
	common/state/look.c \
	common/state/look_all.c \
	common/state/open.c \
	common/state/private.h \
	common/state/proof.c \
	common/state/proof.h \
	common/state/statefile.c \
	common/state/statefile.h
