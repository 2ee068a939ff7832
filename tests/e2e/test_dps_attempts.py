# SPDX-License-Identifier: GPL-3.0-or-later
"""What begins a new attempt, what does not count in an age, and what is never taken back once it was told."""

import pytest
from dps import World
from packages import CRITICAL, DAY, HOUR, MINUTE, OK, WARNING, durations


class Story(World):
    """A world whose clock the test moves on."""

    def make(self, **options):
        super().make(**options)
        self.start = self.lab.now
        return self.lab

    def at(self, hours):
        self.hours = hours
        self.lab.now = self.start + round(hours * HOUR)

    def look(self, *arguments):
        return self.check("-v", *arguments, later=round(self.hours * HOUR))

    def go(self, until, step, change, *arguments):
        """{state: hours at which the check had it}, a run each `step` hours"""
        states, hours = {}, 0
        while hours <= until:
            self.at(hours)
            change(hours)
            states.setdefault(self.look(*arguments).code, []).append(hours)
            hours += step
        return states


@pytest.fixture
def world(tmp_path):
    with Story(tmp_path) as made:
        made.make()
        made.at(0)
        yield made


@pytest.mark.parametrize("state, message", [(1, (2, 2357)), (8, (4, 2383)), (2, (4, 2391))])
def test_what_is_reported_again_keeps_the_age_that_was_told(world, state, message):
    """Pending, a validation each night, a dead DP that is tried each hour: SummaryDate moves on, the trouble is the same."""
    def again(hours):
        world.dp("CEN00001", "S021", state, 4 * DAY if hours == 0 else MINUTE, 2)
        world.lab.dp_message("CEN00001", "S021", *message, age_s=MINUTE)
    assert set(world.go(12, 1, again)) == {CRITICAL}
    assert world.look().item("CEN00001", "S021")["age"] in durations(4 * DAY + 12 * HOUR)


def test_a_dead_dp_that_fails_and_is_tried_in_turn_stays_critical(world):
    assert set(world.go(30, 0.5, lambda hours: world.dp("CEN00001", "S021", 3 if hours == 0 else 2, 5 * DAY if hours == 0 else 0, 2))) == {CRITICAL}


def test_each_version_that_comes_begins_anew(world):
    """Definitions: every eight hours a version arrives and the next is wanted before anybody looks."""
    def update(hours):
        version = 10 + hours // 8
        world.package("CEN00001", version, MINUTE)
        world.dp("CEN00001", "S021", 1, hours % 8 * HOUR + MINUTE, version - 1)
    assert set(world.go(96, 1, update)) == {OK}
    item = world.look().item("CEN00001", "S021")
    assert item["held"] == "21" and item["age"] in durations(0) | durations(MINUTE) and item["since"], "the trouble's first sight is told"


def test_what_never_comes_gets_old_although_the_wanted_version_rises(world):
    def update(hours):
        world.package("CEN00001", 10 + hours // 8, MINUTE)
        world.dp("CEN00001", "S021", 1, hours % 8 * HOUR + MINUTE, 9)
    states = world.go(80, 4, update)
    assert min(states[WARNING]) == 24 and min(states[CRITICAL]) == 72


def refresh(world, server="S021"):
    world.lab.target("CEN00001", "S02", server, refreshed_age_s=0)


def test_what_was_cured_and_ordered_anew_does_not_page_for_its_past(world):
    world.dp("CEN00001", "S021", 3, 0, 2)
    for world_hours in range(0, 120, 6):
        world.at(world_hours)
        last = world.look()
    last.is_(CRITICAL, "failed for 4 d")
    world.at(120)
    world.dp("CEN00001", "S021", 1, 0, 2)
    refresh(world)
    item = world.look().is_(OK).item("CEN00001", "S021")
    assert item["age"] in durations(0) and item["since"] and "it failed last" not in str(item["advice"])
    world.at(150)
    item = world.look().is_(WARNING, "pending for 30 h").item("CEN00001", "S021")
    assert "it failed last" not in item["advice"]
    world.at(193)
    world.look().is_(CRITICAL, "pending for 3 d")


@pytest.mark.parametrize("refreshed, status, age", [(True, OK, 0), (False, CRITICAL, 5 * DAY)])
def test_a_late_report_is_no_older_than_the_order(world, refreshed, status, age):
    """A site's clock is five days behind: what was ordered just now cannot be late."""
    world.dp("CEN00001", "S021", 1, 5 * DAY, 2)
    if refreshed:
        refresh(world)
    assert world.look().is_(status).item("CEN00001", "S021")["age"] in durations(age)


@pytest.mark.parametrize("state, kind", [(1, "pending"), (3, "failed")])
def test_time_in_maintenance_does_not_count(world, state, kind):
    world.dp("CEN00001", "S021", state, HOUR, 2)
    world.look().is_(OK)
    world.lab.dp_properties("S021", "S02", maintenance=True)
    for hours in (1, 20, 60, 120):
        world.at(hours)
        world.look().is_(OK, "1 on DPs in maintenance mode")
    world.lab.dp_properties("S021", "S02")
    age = world.look().is_(WARNING if state == 3 else OK, kind + " for 2 h").item("CEN00001", "S021")["age"]
    assert state == 3 or age.startswith("2 h (not counting 4 d 23 h of maintenance"), age
    world.at(145)
    world.look().is_(CRITICAL if state == 3 else WARNING)


def test_a_failure_counts_from_the_failure(world):
    """26 hours on its way, one attempt fails: known to be broken since then."""
    world.dp("CEN00001", "S021", 1, 0, 2)
    world.look().is_(OK)
    world.at(26)
    world.dp("CEN00001", "S021", 3, MINUTE, 2)
    answer = world.look("-w48h", "-c96h").is_(OK)
    assert answer.value("oldest_failed") in range(MINUTE, MINUTE + 9)
    item = answer.item("CEN00001", "S021")
    assert item["age"] in durations(MINUTE) and item["since"], "that it waited before is told"
    world.at(28)
    world.look("-w48h", "-c96h").is_(WARNING)
    world.at(51)
    world.look("-w48h", "-c96h").is_(CRITICAL, "failed for 25 h")


def test_what_fails_at_the_end_of_each_attempt_is_not_well_in_between(world):
    """A large image: eight hours of transfer, then the drive is full; and again."""
    def attempt(hours):
        failed = hours % 8 == 7.5
        if failed or hours % 8 == 0:
            world.dp("CEN00001", "S021", 3 if failed else 1, 0, 2)
    states = world.go(64, 0.5, attempt)
    assert max(states[OK]) == 15, "until it has failed twice nobody knows how long an attempt takes"
    assert min(states[CRITICAL]) in (31.5, 32) and max(states[WARNING]) < 32, states


@pytest.mark.parametrize("what", ["ordered later", "never prestaged", "error"])
def test_a_message_excuses_only_the_wait_that_it_speaks_of(world, what):
    """2371 of 60 days ago: the package was ordered again since, or the DP takes everything by the network, or it failed."""
    world.package("CEN00001", age_s=60 * DAY)
    world.dp("CEN00001", "S021", 1, 30 * DAY, 1)
    world.lab.target("CEN00001", "S02", "S021", refreshed_age_s=(30 if what == "ordered later" else 60) * DAY)
    world.lab.dp_properties("S021", "S02", prestaging=what != "never prestaged")
    world.lab.dp_message("CEN00001", "S021", 4 if what == "error" else 2, 2371, 60 * DAY)
    item = world.look().is_(CRITICAL, "1 stuck: CEN00001 \"Office\" on S021, S02 Branch S02: pending for %d d" % (60 if what == "error" else 30)).item("CEN00001", "S021")
    assert item["message"] == "2371" and ("bring the content" in item["advice"]) == (what == "error")
    world.lab.target("CEN00001", "S02", "S021", refreshed_age_s=60 * DAY)
    world.lab.dp_properties("S021", "S02", prestaging=True)
    world.lab.dp_message("CEN00001", "S021", 2, 2371, 60 * DAY)
    answer = world.look().is_(OK, "the other 4 packages on distribution points are installed; 1 waits for prestaged content: CEN00001 on S021")
    assert answer.items == [] and answer.values("pending", "examined") == (0, 5)


def test_what_waits_for_prestaged_content_waits_where_messages_cannot_be_read(world):
    world.dp("CEN00001", "S021", 1, 30 * DAY, 1)
    world.lab.dp_message("CEN00001", "S021", 2, 2371, 29 * DAY)
    world.dp("CEN00002", "S021", 1, 4 * DAY, 1)
    world.look().is_(CRITICAL, "1 stuck: CEN00002", "1 waits for prestaged content: CEN00001 on S021")
    world.lab.db.execute("ALTER TABLE vSMS_DistributionDPStatus RENAME TO hidden")
    world.at(1)
    answer = world.look().is_(CRITICAL, "1 stuck: CEN00002", "; vSMS_DistributionDPStatus could not be read")
    assert answer.item("CEN00001", "S021")["state"] == "OK"
    world.lab.db.execute("ALTER TABLE hidden RENAME TO vSMS_DistributionDPStatus")
    assert "could not be read" not in world.look().is_(CRITICAL, "1 waits for prestaged content: CEN00001 on S021").verdict
    # Somebody took it off the disc after three weeks; the rest goes over the wire, and has its time.
    world.at(20 * 24)
    world.lab.dp_message("CEN00001", "S021", 2, 8204, 0)
    world.dp("CEN00002", "S021", 0)
    item = world.look().item("CEN00001", "S021")
    assert "(not counting 20 d of maintenance or of waiting for somebody)" in item["age"], item


def test_a_lost_memory_is_no_excuse_where_the_newest_message_is_an_error(world):
    """The row is reported each hour; the DP has not been reached for three days, and nothing came since."""
    world.package("CEN00001", age_s=20 * DAY)
    world.dp("CEN00001", "S021", 2, MINUTE, 2)
    world.lab.dp_message("CEN00001", "S021", 4, 2391, 80 * HOUR)
    world.look().is_(CRITICAL, "retrying for 3 d 8 h, the site server cannot connect to the DP")


def test_what_fails_each_night_and_is_cured_each_morning_is_told(world):
    """A validation fails at two, somebody redistributes it at once: the third time it is a WARNING of its own."""
    codes = []
    for night in range(10):
        for hours, state in ((2, 8), (3, 0), (12, 0)):
            world.at(24 * night + hours)
            world.dp("CEN00001", "S021.corp.example", state, 0)
            codes.append(world.look().code)
    assert codes == [OK] * 7 + [WARNING] * 23, codes
    world.look().is_(WARNING, "; comes back: CEN00001 on S021.CORP.EXAMPLE failed and was cured 7 times in 7 days")
    for quiet in ("--package=CEN00000", "--child-site=S03", "--server=DP*", "--known=CEN00001@S021", "--known=CEN00001@S02"):
        assert "comes back" not in world.look(quiet).is_(OK).verdict, quiet
    world.at(24 * 14)
    world.look().is_(WARNING)
    world.at(24 * 18)
    assert "comes back" not in world.look().is_(OK).verdict
