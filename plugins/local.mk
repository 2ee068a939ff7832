# SPDX-License-Identifier: GPL-3.0-or-later
plugin_PROGRAMS += plugins/check_sms_packages
plugins_check_sms_packages_SOURCES = plugins/check_sms_packages.c
plugins_check_sms_packages_LDADD = $(SMS_LIBS)

plugin_PROGRAMS += plugins/check_sms_dps
plugins_check_sms_dps_SOURCES = plugins/check_sms_dps.c
plugins_check_sms_dps_LDADD = $(SMS_LIBS)

plugin_PROGRAMS += plugins/check_sms_despool
plugins_check_sms_despool_SOURCES = plugins/check_sms_despool.c
plugins_check_sms_despool_LDADD = $(SMS_LIBS)

plugin_PROGRAMS += plugins/check_sms_inbox
plugins_check_sms_inbox_SOURCES = plugins/check_sms_inbox.c
plugins_check_sms_inbox_LDADD = $(SMS_LIBS)

plugin_PROGRAMS += plugins/sms_reset_package
plugins_sms_reset_package_SOURCES = plugins/sms_reset_package.c
plugins_sms_reset_package_LDADD = $(SMS_LIBS)

# Man pages and completion come from the option table that the program itself parses with.
PROGRAM_NAMES = check_sms_packages check_sms_dps check_sms_despool check_sms_inbox sms_reset_package
man1_MANS = $(PROGRAM_NAMES:%=plugins/%.1)
nodist_bashcompletion_DATA = $(PROGRAM_NAMES:%=plugins/completion/%)
bashcompletiondir = @bashcompletiondir@
dist_doc_DATA += plugins/check_sms_packages.md plugins/check_sms_dps.md plugins/check_sms_despool.md plugins/check_sms_inbox.md plugins/sms_reset_package.md

plugins/%.1: plugins/%
	$(AM_V_GEN)ASAN_OPTIONS=detect_leaks=0 plugins/$* --describe=man >$@.tmp; test $$? -eq 3 && mv $@.tmp $@

plugins/completion/%: plugins/%
	@$(MKDIR_P) plugins/completion
	$(AM_V_GEN)ASAN_OPTIONS=detect_leaks=0 plugins/$* --describe=bash >$@.tmp; test $$? -eq 3 && mv $@.tmp $@

# The consoles link to the pages as HTML.
nodist_doc_DATA = $(PROGRAM_NAMES:%=plugins/%.html)
EXTRA_DIST += plugins/make-page.sh

plugins/%.html: plugins/%.md plugins/make-page.sh
	@$(MKDIR_P) plugins
	$(AM_V_GEN)$(SHELL) "$(srcdir)/plugins/make-page.sh" $< >$@.tmp && mv $@.tmp $@

CLEANFILES += $(man1_MANS) $(nodist_bashcompletion_DATA) $(nodist_doc_DATA)

# The option tables of the pages, Icinga's commands and the README's demo, after a change of an option or an output.
pages: $(plugin_PROGRAMS)
	$(PYTHON3) -B "$(srcdir)/tests/pages.py" plugins $(PROGRAM_NAMES:%="$(srcdir)/plugins/%.md")
	$(PYTHON3) -B "$(srcdir)/nrpe-config/icinga2/make-commands.py" plugins
	$(PYTHON3) -B "$(srcdir)/tests/readme_demo.py" . "$(srcdir)/README.md"

.PHONY: pages
