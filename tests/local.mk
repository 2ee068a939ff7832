# SPDX-License-Identifier: GPL-3.0-or-later
LDADD = $(SMS_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS = \
	tests/unit/test_clean \
	tests/unit/test_conditions \
	tests/unit/test_connection \
	tests/unit/test_dp \
	tests/unit/test_failure \
	tests/unit/test_history \
	tests/unit/test_identity \
	tests/unit/test_inifile \
	tests/unit/test_itemgroup \
	tests/unit/test_journal \
	tests/unit/test_json \
	tests/unit/test_judge \
	tests/unit/test_known \
	tests/unit/test_localfile \
	tests/unit/test_logbeginning \
	tests/unit/test_logclock \
	tests/unit/test_logcuts \
	tests/unit/test_loggolden \
	tests/unit/test_logmemory \
	tests/unit/test_logrecord \
	tests/unit/test_logrotation \
	tests/unit/test_logset \
	tests/unit/test_logsource \
	tests/unit/test_logstamp \
	tests/unit/test_memory \
	tests/unit/test_minrate \
	tests/unit/test_nalpath \
	tests/unit/test_odbc \
	tests/unit/test_odbcerror \
	tests/unit/test_odbcvalue \
	tests/unit/test_options \
	tests/unit/test_pair \
	tests/unit/test_quantity \
	tests/unit/test_range \
	tests/unit/test_repairguard \
	tests/unit/test_replication \
	tests/unit/test_report \
	tests/unit/test_stall \
	tests/unit/test_statedamage \
	tests/unit/test_statefault \
	tests/unit/test_statefile \
	tests/unit/test_supervise \
	tests/unit/test_text \
	tests/unit/test_utf
FUZZ_TARGETS = \
	tests/fuzz/fuzz_clean \
	tests/fuzz/fuzz_inifile \
	tests/fuzz/fuzz_logrecord \
	tests/fuzz/fuzz_nalpath \
	tests/fuzz/fuzz_range \
	tests/fuzz/fuzz_replication \
	tests/fuzz/fuzz_utf16
TEST_HELPERS = \
	tests/e2e/log_cat \
	tests/e2e/odbc_probe \
	tests/bench/cost \
	tests/bench/odbc_floor
TEST_SHARED_OBJECTS = \
	tests/unit/shim_io.so \
	tests/unit/shim_read.so \
	tests/bench/odbc_clock.so \
	tests/e2e/fakedriver.so

# --- shared
tests_unit_test_conditions_SOURCES = tests/unit/test_conditions.c tests/unit/logstory.c tests/unit/logstory.h
tests_unit_test_logcuts_SOURCES = tests/unit/test_logcuts.c tests/unit/dice.h tests/unit/logstory.c tests/unit/logstory.h
tests_unit_test_loggolden_SOURCES = tests/unit/test_loggolden.c tests/unit/logstory.c tests/unit/logstory.h
tests_unit_test_logrecord_SOURCES = tests/unit/test_logrecord.c tests/unit/dice.h
tests_unit_test_logrotation_SOURCES = tests/unit/test_logrotation.c tests/unit/logworld.c tests/unit/logworld.h
tests_unit_test_logset_SOURCES = tests/unit/test_logset.c tests/unit/dice.h tests/unit/logstory.c tests/unit/logstory.h
tests_unit_test_logsource_SOURCES = tests/unit/test_logsource.c tests/unit/logworld.c tests/unit/logworld.h
tests_unit_test_replication_SOURCES = tests/unit/test_replication.c tests/unit/logstory.c tests/unit/logstory.h
tests_unit_test_statedamage_SOURCES = tests/unit/test_statedamage.c tests/unit/statetest.c tests/unit/statetest.h
tests_unit_test_statefault_SOURCES = tests/unit/test_statefault.c tests/unit/statetest.c tests/unit/statetest.h
tests_unit_test_statefile_SOURCES = tests/unit/test_statefile.c tests/unit/statetest.c tests/unit/statetest.h
# ---
if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

# The same targets as `make fuzz`, with a main that runs files: their seeds are tests.
FUZZ_REPLAYS = $(FUZZ_TARGETS)
# --- replays
tests_fuzz_fuzz_clean_SOURCES = tests/fuzz/fuzz_clean.c tests/fuzz/replay.c
tests_fuzz_fuzz_inifile_SOURCES = tests/fuzz/fuzz_inifile.c tests/fuzz/replay.c
tests_fuzz_fuzz_logrecord_SOURCES = tests/fuzz/fuzz_logrecord.c tests/fuzz/replay.c
tests_fuzz_fuzz_nalpath_SOURCES = tests/fuzz/fuzz_nalpath.c tests/fuzz/replay.c
tests_fuzz_fuzz_range_SOURCES = tests/fuzz/fuzz_range.c tests/fuzz/replay.c
tests_fuzz_fuzz_replication_SOURCES = tests/fuzz/fuzz_replication.c tests/fuzz/replay.c
tests_fuzz_fuzz_utf16_SOURCES = tests/fuzz/fuzz_utf16.c tests/fuzz/replay.c
# ---
EXTRA_PROGRAMS += $(FUZZ_REPLAYS) $(TEST_HELPERS)

AM_TESTS_ENVIRONMENT = SMS_DATA="$(abs_srcdir)/tests/unit"; SMS_BUILD="$(abs_builddir)"; export SMS_DATA SMS_BUILD;

# Shims and fake drivers are loaded into other programs.
%.so: %.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(DEFS) -I. $(AM_CPPFLAGS) $(CPPFLAGS) -std=c17 $(CFLAGS) $(ODBC_CFLAGS) -shared -fPIC -o $@ $< -ldl

# In two steps: `all` is a make of its own, and two at once would build the same objects twice.
test-programs: all
	$(MAKE) $(AM_MAKEFLAGS) test-parts

test-parts: $(check_PROGRAMS) $(FUZZ_REPLAYS) $(TEST_HELPERS) $(TEST_SHARED_OBJECTS)

check_DATA = $(TEST_SHARED_OBJECTS)

print-plugindir:
	@echo $(plugindir)

CLEANFILES += $(FUZZ_REPLAYS) $(TEST_HELPERS) $(TEST_SHARED_OBJECTS)

EXTRA_DIST += $(TEST_SHARED_OBJECTS:.so=.c) tests/run.py tests/pages.py tests/lab tests/tds tests/e2e tests/unit/data tests/fuzz tests/bench

dist-hook:
	find "$(distdir)" -name __pycache__ -prune -exec rm -rf {} +

# $(srcdir)/tests/fuzz/run builds each target with clang and libFuzzer and runs it for FUZZ_SECONDS.
FUZZ_SECONDS = 60
fuzz:
	CC="$(FUZZ_CC)" FUZZ_SECONDS="$(FUZZ_SECONDS)" /bin/sh "$(srcdir)/tests/fuzz/run" "$(abs_srcdir)" "$(abs_builddir)"

bench: test-programs
	$(PYTHON3) -B "$(srcdir)/tests/bench/bench.py" "$(abs_builddir)"

demo: all
	$(PYTHON3) -B "$(srcdir)/tests/lab/demo.py" "$(abs_builddir)"

.PHONY: test-programs test-parts print-plugindir
