# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/files/libfiles.a
common_files_libfiles_a_SOURCES = \
	common/files/backend.h \
	common/files/files.c \
	common/files/files.h \
	common/files/local.c \
	common/files/location.c \
	common/files/location.h \
	common/files/smb.c \
	common/files/smb_auth.c \
	common/files/smb_auth.h \
	common/files/smb_error.c \
	common/files/smb_error.h \
	common/files/smb_library.c \
	common/files/smb_library.h \
	common/files/smb_url.c \
	common/files/smb_url.h
