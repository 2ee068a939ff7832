# SPDX-License-Identifier: GPL-3.0-or-later
LDADD = $(SMS_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS = \
	tests/unit/base/test_array \
	tests/unit/base/test_sanitize \
	tests/unit/replication/test_conditions \
	tests/unit/odbc/test_connection_string \
	tests/unit/sitedb/test_dp_message \
	tests/unit/sitedb/test_package_dp \
	tests/unit/base/test_failure \
	tests/unit/base/test_hash \
	tests/unit/items/test_age \
	tests/unit/items/test_announce \
	tests/unit/process/test_privileges \
	tests/unit/options/test_inifile \
	tests/unit/items/test_summary \
	tests/unit/repair/test_journal \
	tests/unit/base/test_json \
	tests/unit/items/test_judge \
	tests/unit/items/test_known \
	tests/unit/files/test_local \
	tests/unit/files/test_location \
	tests/unit/inbox/test_filename \
	tests/unit/inbox/test_kind \
	tests/unit/inbox/test_order \
	tests/unit/inbox/test_store \
	tests/unit/logs/test_clock \
	tests/unit/replication/test_cuts \
	tests/unit/replication/test_golden \
	tests/unit/replication/test_store \
	tests/unit/logs/test_lines \
	tests/unit/logs/test_record \
	tests/unit/logs/test_race \
	tests/unit/logs/test_rotation \
	tests/unit/replication/test_logset \
	tests/unit/logs/test_source \
	tests/unit/logs/test_stamp \
	tests/unit/items/test_itemstore \
	tests/unit/items/test_minrate \
	tests/unit/items/test_order \
	tests/unit/sitedb/test_nalpath \
	tests/unit/odbc/test_odbc \
	tests/unit/odbc/test_diagnose \
	tests/unit/odbc/test_value \
	tests/unit/options/test_options \
	tests/unit/sitedb/test_package_site \
	tests/unit/base/test_units \
	tests/unit/base/test_range \
	tests/unit/repair/test_guard \
	tests/unit/replication/test_event \
	tests/unit/items/test_output \
	tests/unit/check/test_stalls \
	tests/unit/check/test_stuck_boxes \
	tests/unit/state/test_damage \
	tests/unit/state/test_fault \
	tests/unit/state/test_proof \
	tests/unit/state/test_statefile \
	tests/unit/process/test_supervise \
	tests/unit/base/test_text \
	tests/unit/base/test_unicode
FUZZ_TARGETS = \
	tests/fuzz/fuzz_clean \
	tests/fuzz/fuzz_inbox \
	tests/fuzz/fuzz_inboxname \
	tests/fuzz/fuzz_inifile \
	tests/fuzz/fuzz_logrecord \
	tests/fuzz/fuzz_nalpath \
	tests/fuzz/fuzz_range \
	tests/fuzz/fuzz_replication \
	tests/fuzz/fuzz_utf16
TEST_HELPERS = \
	tests/e2e/log_cat \
	tests/e2e/odbc_probe \
	tests/e2e/pair_probe \
	tests/bench/cost \
	tests/bench/odbc_floor
TEST_SHARED_OBJECTS = \
	tests/unit/shim_io.so \
	tests/unit/shim_read.so \
	tests/bench/odbc_clock.so \
	tests/e2e/fakedriver.so

# --- shared
tests_unit_replication_test_conditions_SOURCES = tests/unit/replication/test_conditions.c tests/unit/logstory.c tests/unit/logstory.h
tests_unit_replication_test_cuts_SOURCES = tests/unit/replication/test_cuts.c tests/unit/dice.h tests/unit/logstory.c tests/unit/logstory.h
tests_unit_replication_test_golden_SOURCES = tests/unit/replication/test_golden.c tests/unit/logstory.c tests/unit/logstory.h
tests_unit_logs_test_record_SOURCES = tests/unit/logs/test_record.c tests/unit/dice.h
tests_unit_logs_test_rotation_SOURCES = tests/unit/logs/test_rotation.c tests/unit/logworld.c tests/unit/logworld.h
tests_unit_replication_test_logset_SOURCES = tests/unit/replication/test_logset.c tests/unit/dice.h tests/unit/logstory.c tests/unit/logstory.h
tests_unit_logs_test_source_SOURCES = tests/unit/logs/test_source.c tests/unit/logworld.c tests/unit/logworld.h
tests_unit_replication_test_event_SOURCES = tests/unit/replication/test_event.c tests/unit/logstory.c tests/unit/logstory.h
tests_unit_check_test_stuck_boxes_SOURCES = tests/unit/check/test_stuck_boxes.c tests/unit/statetest.c tests/unit/statetest.h
tests_unit_state_test_damage_SOURCES = tests/unit/state/test_damage.c tests/unit/statetest.c tests/unit/statetest.h
tests_unit_state_test_fault_SOURCES = tests/unit/state/test_fault.c tests/unit/statetest.c tests/unit/statetest.h
tests_unit_state_test_proof_SOURCES = tests/unit/state/test_proof.c tests/unit/statetest.c tests/unit/statetest.h
tests_unit_state_test_statefile_SOURCES = tests/unit/state/test_statefile.c tests/unit/statetest.c tests/unit/statetest.h
# ---
if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
endif

# The same targets as `make fuzz`, with a main that runs files: their seeds are tests.
FUZZ_REPLAYS = $(FUZZ_TARGETS)
# --- replays
tests_fuzz_fuzz_clean_SOURCES = tests/fuzz/fuzz_clean.c tests/fuzz/replay.c
tests_fuzz_fuzz_inbox_SOURCES = tests/fuzz/fuzz_inbox.c tests/fuzz/replay.c
tests_fuzz_fuzz_inboxname_SOURCES = tests/fuzz/fuzz_inboxname.c tests/fuzz/replay.c
tests_fuzz_fuzz_inifile_SOURCES = tests/fuzz/fuzz_inifile.c tests/fuzz/replay.c
tests_fuzz_fuzz_logrecord_SOURCES = tests/fuzz/fuzz_logrecord.c tests/fuzz/replay.c
tests_fuzz_fuzz_nalpath_SOURCES = tests/fuzz/fuzz_nalpath.c tests/fuzz/replay.c
tests_fuzz_fuzz_range_SOURCES = tests/fuzz/fuzz_range.c tests/fuzz/replay.c
tests_fuzz_fuzz_replication_SOURCES = tests/fuzz/fuzz_replication.c tests/fuzz/replay.c
tests_fuzz_fuzz_utf16_SOURCES = tests/fuzz/fuzz_utf16.c tests/fuzz/replay.c
# ---
check_PROGRAMS += $(FUZZ_REPLAYS)
EXTRA_PROGRAMS += $(TEST_HELPERS)

# automake's names for what run.py does: the unit tests and the fuzz seeds, and the suites that run the installed programs.
RUN_TESTS = $(PYTHON3) -B "$(srcdir)/tests/run.py"
DAEMONS = yes
check-local:
if HAVE_CMOCKA
	$(RUN_TESTS) --only=unit,seeds "$(abs_builddir)"
else
	@echo "make check needs cmocka: install Debian's package libcmocka-dev and run configure again" >&2; exit 1
endif

installcheck-local: test-programs
	$(RUN_TESTS) --only=lab,tds,e2e --daemons="$(DAEMONS)" "$(abs_builddir)"

# clang-format, clang-tidy, cppcheck, shellcheck, pyflakes.
lint:
	/bin/sh "$(srcdir)/tests/lint" "$(abs_srcdir)" "$(abs_builddir)"

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

CLEANFILES += $(TEST_HELPERS) $(TEST_SHARED_OBJECTS)

EXTRA_DIST += $(TEST_SHARED_OBJECTS:.so=.c) tests/run.py tests/lint tests/bare-root tests/pages.py tests/readme_demo.py tests/lab tests/tds tests/e2e tests/consoles tests/unit/data tests/fuzz tests/bench

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

.PHONY: test-programs test-parts print-plugindir lint
