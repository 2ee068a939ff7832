# SPDX-License-Identifier: GPL-3.0-or-later
plugin_PROGRAMS += plugins/check_sms_packages
plugins_check_sms_packages_SOURCES = plugins/check_sms_packages.c
plugins_check_sms_packages_LDADD = $(SMS_LIBS)
