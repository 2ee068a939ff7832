# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += common/sitedb/libsitedb.a
common_sitedb_libsitedb_a_SOURCES = \
	common/sitedb/dp_message.c \
	common/sitedb/dp_message.h \
	common/sitedb/dp_survey.c \
	common/sitedb/dp_survey.h \
	common/sitedb/nalpath.c \
	common/sitedb/nalpath.h \
	common/sitedb/package_dp.c \
	common/sitedb/package_dp.h \
	common/sitedb/package_dp_arrivals.c \
	common/sitedb/package_dp_count.c \
	common/sitedb/package_dp_names.c \
	common/sitedb/package_dp_parts.c \
	common/sitedb/package_dp_parts.h \
	common/sitedb/package_dp_probe.c \
	common/sitedb/package_dp_reader.c \
	common/sitedb/package_dp_reader.h \
	common/sitedb/package_dp_servers.c \
	common/sitedb/package_dp_sql.c \
	common/sitedb/package_dp_unproven.c \
	common/sitedb/package_site.c \
	common/sitedb/package_site.h \
	common/sitedb/package_site_parts.h \
	common/sitedb/package_site_rows.c \
	common/sitedb/package_site_scan.c \
	common/sitedb/package_site_sql.c \
	common/sitedb/package_site_targets.c \
	common/sitedb/rows.c \
	common/sitedb/rows.h \
	common/sitedb/sitedb.c \
	common/sitedb/sitedb.h \
	common/sitedb/statement.c \
	common/sitedb/statement.h \
	common/sitedb/survey.c \
	common/sitedb/survey.h
