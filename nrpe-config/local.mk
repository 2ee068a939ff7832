# SPDX-License-Identifier: GPL-3.0-or-later
# What an operator copies, as a tree below the documentation, and the packaging.
examplesdir = $(docdir)/examples
nobase_dist_examples_DATA = \
	nrpe-config/README.md \
	nrpe-config/monitoring-plugins-sms.ini \
	nrpe-config/nrpe.d/sms.cfg \
	nrpe-config/nagios/commands.cfg \
	nrpe-config/nagios/contacts.cfg \
	nrpe-config/nagios/dependencies.cfg \
	nrpe-config/nagios/escalations.cfg \
	nrpe-config/nagios/event-handler.cfg \
	nrpe-config/nagios/graphs.cfg \
	nrpe-config/nagios/hosts.cfg \
	nrpe-config/nagios/services.cfg \
	nrpe-config/nagios/services-per-site.cfg \
	nrpe-config/nagios/sites.cfg \
	nrpe-config/nagios/templates.cfg \
	nrpe-config/icinga2/commands.conf \
	nrpe-config/icinga2/dependencies.conf \
	nrpe-config/icinga2/director-basket.json \
	nrpe-config/icinga2/director-basket-1.10.json \
	nrpe-config/icinga2/event-handler.conf \
	nrpe-config/icinga2/hosts.conf \
	nrpe-config/icinga2/notifications.conf \
	nrpe-config/icinga2/services.conf \
	nrpe-config/icinga2/settings.conf \
	nrpe-config/icinga2/sites.conf \
	nrpe-config/icinga2/templates.conf \
	nrpe-config/icinga2/distributed/relays.conf \
	nrpe-config/icinga2/distributed/services.conf \
	nrpe-config/icinga2/distributed/zones-master.conf \
	nrpe-config/icinga2/distributed/zones-master-ha.conf \
	nrpe-config/icinga2/distributed/zones-relay.conf \
	nrpe-config/grafana/sms-replication.json \
	nrpe-config/sql/checks-sms2003.sql \
	nrpe-config/sql/checks-sccm2007.sql \
	nrpe-config/sql/checks-configmgr.sql \
	nrpe-config/sql/repair-sms2003.sql \
	nrpe-config/sql/repair-sccm2007.sql \
	nrpe-config/sql/repair-configmgr.sql
nobase_dist_examples_DATA += \
	nrpe-config/checkmk/mrpe.cfg \
	nrpe-config/icingaweb2/graphs.ini \
	nrpe-config/icons/sms-site.png \
	nrpe-config/zabbix/sms.conf \
	nrpe-config/zabbix/template.yaml \
	nrpe-config/report/sms_report_page.py \
	nrpe-config/report/sms_report_tree.py \
	nrpe-config/report/sites.example
nobase_dist_examples_SCRIPTS = \
	nrpe-config/event-handler/sms-repair-hint \
	nrpe-config/prometheus/sms-textfile \
	nrpe-config/report/sms-report \
	nrpe-config/report/sms-report-update

EXTRA_DIST += nrpe-config/icinga2/make-commands.py nrpe-config/icinga2/make_basket.py debian monitoring-plugins-sms.spec.in monitoring-plugins-sms.spec

# The version stands in configure.ac alone; a tarball carries the spec file made from it, for rpmbuild -ta. The [N] keeps
# configure from replacing the name in this rule.
monitoring-plugins-sms.spec: monitoring-plugins-sms.spec.in $(top_builddir)/config.status
	$(AM_V_GEN)$(SED) 's/@PACKAGE_VERSIO[N]@/$(PACKAGE_VERSION)/g' "$(srcdir)/monitoring-plugins-sms.spec.in" >$@.tmp && mv $@.tmp $@

DISTCLEANFILES = monitoring-plugins-sms.spec
