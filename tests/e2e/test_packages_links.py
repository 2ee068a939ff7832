# SPDX-License-Identifier: GPL-3.0-or-later
"""Against the truth: links with queues, several versions at once, outages and losses, and what the check says of them hour by hour."""

import pytest
import sitedb_links
from packages import CRITICAL, HOUR, OK, WARNING, World
from test_packages_order import BASE, HERE, SENT, at


@pytest.mark.parametrize("seed, tree", ((2, False), (4, True), (8, False), (16, True)))
def test_what_is_lost_is_found_and_what_is_slow_is_not(tmp_path, seed, tree):
    with World(tmp_path) as world:
        links = sitedb_links.Links(world.make(now=BASE), seed, tree)
        found = set()  # with the hour of the loss: one that is lost again is to be found again
        while links.hour < 9 * 24:
            links.go(1)
            answer = world.check("-v", env=at(world.lab.now))
            for item in answer.items:
                pair = item["package"], item["site"]
                if item["state"] == "CRITICAL":
                    assert links.is_lost(*pair), (links.hour, pair, answer)
                    found.add((pair, links.lost.get(pair)))
            late = [one for one in links.lost.items() if links.hour - one[1][0] > 80 and one not in found]
            assert late == [], (links.hour, late, answer)
        assert len(found) >= 3, found


class Sites(World):
    """Packages that come to sites by the hour, for a verdict about what has a common cause."""

    def __init__(self, folder, parents):
        super().__init__(folder)
        self.make(now=BASE)
        self.sites = list(parents)
        for site, parent in parents.items():
            self.lab.site(site, "Branch", parent=parent)
        for number in range(6):
            self.lab.package("CEN%05X" % number, "Package", 1, source_date_age_s=None)
            for site in self.sites:
                self.lab.target("CEN%05X" % number, site, refreshed_age_s=None)
                self.lab.status("CEN%05X" % number, site, HERE[0], 1)

    def play(self, dead, hours=90):
        """Every 15 h another package is sent to all; two hours later it is at all but the dead ones."""
        for hour in range(hours):
            self.lab.now = BASE + hour * HOUR
            package = "CEN%05X" % (hour // 15 % 6)
            if hour % 15 == 5:
                self.lab.package(package, "Package", 2, source_date_age_s=None)
            for site in self.sites:
                if hour % 15 == 5:
                    self.lab.status(package, site, SENT[0], 1)
                elif hour % 15 == 7 and site not in dead:
                    self.lab.status(package, site, HERE[0], 2)
            answer = self.check(env=at(self.lab.now))
        return answer


@pytest.mark.parametrize("away_h", (1, 5, 11))
def test_what_is_lost_below_a_hub_stays_lost_while_newer_versions_come_to_the_hub(tmp_path, away_h):
    """One package is updated daily; the hub has each version hours later, the site below it never again."""
    with Sites(tmp_path, {"HUB": "CEN", "LOW": "HUB"}) as world:
        states = []
        world.check(env=at(BASE - HOUR))
        for hour in range(24 * 7):
            world.lab.now = BASE + hour * HOUR
            version = 2 + hour // 24
            if hour % 24 == 0:
                world.lab.package("CEN00000", "Daily", version, source_date_age_s=None)
                for site in world.sites:
                    world.lab.status("CEN00000", site, SENT[0], version if hour else version - 1)
            if hour % 24 == away_h:
                world.lab.status("CEN00000", "HUB", HERE[0], version)
            if hour % 24 in (14, 20):  # others come to both, one an hour after the other
                package, other = "CEN%05X" % (1 + hour % 24 // 6), 2 + hour // 24
                world.lab.package(package, "Other", other, source_date_age_s=None)
                for site in world.sites:
                    world.lab.status(package, site, SENT[0], other)
            for late, site in enumerate(world.sites, 15):
                if hour % 24 in (late, late + 6):
                    world.lab.status("CEN%05X" % (1 + hour % 24 // 6), site, HERE[0], 2 + hour // 24)
            answer = world.check("-v", env=at(world.lab.now))
            low = [item for item in answer.items if (item["package"], item["site"]) == ("CEN00000", "LOW")]
            states.append(low[0]["state"] if low else None)
            if states[-1] == "CRITICAL":
                assert "lost, not slow" in low[0]["order"] and answer.code == CRITICAL, answer
        first = states.index("CRITICAL")
        assert first < 48 and set(states[first:]) == {"CRITICAL"}, states


@pytest.mark.parametrize("late_h", (30, 50))
def test_what_is_slow_below_a_hub_is_not_lost_while_newer_versions_come_to_the_hub(tmp_path, late_h):
    """Each version comes to the site below so many hours after it was made, in turn with all the others."""
    with Sites(tmp_path, {"HUB": "CEN", "LOW": "HUB"}) as world:
        world.check(env=at(BASE - HOUR))
        for hour in range(24 * 9):
            world.lab.now = BASE + hour * HOUR
            for number in range(6):
                made = hour - 4 * number
                if made >= 0 and made % 24 == 0:
                    world.lab.package("CEN%05X" % number, "Daily", 2 + made // 24, source_date_age_s=None)
                    for site in world.sites:
                        world.lab.status("CEN%05X" % number, site, SENT[0], 2 + made // 24)
                if made >= 3 and made % 24 == 3:
                    world.lab.status("CEN%05X" % number, "HUB", HERE[0], 2 + made // 24)
                if made >= late_h and (made - late_h) % 24 == 0:
                    held = 2 + (made - late_h) // 24
                    world.lab.status("CEN%05X" % number, "LOW", HERE[0], held)
            answer = world.check("-v", env=at(world.lab.now))
            assert answer.code in (OK, WARNING if late_h > 36 else OK) and "overtaken, " not in answer.text, answer


def test_three_dead_links_among_many_are_not_the_sender_of_the_owner(tmp_path):
    with Sites(tmp_path, {"B%02d" % number: "CEN" for number in range(20)}) as world:
        answer = world.play(("B03", "B10", "B17")).is_(CRITICAL)
        assert sorted(answer.silences) == ["B03", "B10", "B17"] and "nothing reaches" not in answer.text, answer


def test_a_dead_hub_far_below_is_not_the_sender_of_the_owner(tmp_path):
    parents = dict({"B%02d" % number: "CEN" for number in range(6)}, HUB="CEN", L2A="HUB", L3A="L2A", L3B="L2A", L4A="L3B")
    with Sites(tmp_path, parents) as world:
        answer = world.play(("L2A", "L3A", "L3B", "L4A")).is_(CRITICAL)
        assert list(answer.silences) == ["L2A"] and answer.silences["L2A"]["below"] == "3" and "nothing reaches" not in answer.text, answer


@pytest.mark.parametrize("hours, status", ((46, WARNING), (62, WARNING), (90, CRITICAL)))
def test_a_sender_of_a_hub_that_hangs_is_one_and_no_package_is_blamed(tmp_path, hours, status):
    """The hub itself and another site get everything, nothing comes to the six sites below the hub; at first one package waits."""
    low = ["L%02d" % number for number in range(6)]
    with Sites(tmp_path, dict({"B01": "CEN", "HUB": "CEN"}, **{code: "HUB" for code in low})) as world:
        answer = world.play(low, hours).is_(status, "nothing reaches 6 of 6 sites below HUB: sender or scheduler of HUB; oldest CEN00000 ")
        assert len(answer.causes) == 1 and answer.causes[0]["advice"].startswith("look at sender.log and sched.log of HUB first"), answer
        assert "its source" not in answer.text and answer.silences == {} and "sms_reset_package" not in answer.text, answer


@pytest.mark.parametrize("number", (3, 4))
def test_sites_of_a_hub_that_are_reached_speak_against_its_sender(tmp_path, number):
    low = ["L%02d" % site for site in range(6)]
    with Sites(tmp_path, dict({"B01": "CEN", "HUB": "CEN"}, **{code: "HUB" for code in low})) as world:
        answer = world.play(low[:number]).is_(CRITICAL)
        assert sorted(answer.silences) == low[:number] and answer.causes == [], answer


def test_one_package_that_reaches_no_site_may_be_its_source_or_the_sender(tmp_path):
    """Nothing else is due there."""
    with Sites(tmp_path, {"B%02d" % number: "CEN" for number in range(5)}) as world:
        answer = world.play(world.sites, hours=19)
        for hour in (30, 45, 60, 80):
            answer = world.check(env=at(BASE + hour * HOUR))
            if hour == 30:
                continue
            assert "CEN00000 is stuck at 5 of its 5 sites together" in answer.is_(CRITICAL if hour == 80 else WARNING).first, answer
            assert "its source, its compressed files, and in sender.log: nothing else was due there, it may be the sender;" in answer.text, answer


def test_a_sender_of_the_owner_that_hangs_is_one(tmp_path):
    with Sites(tmp_path, {"B%02d" % number: "CEN" for number in range(20)}) as world:
        answer = world.play(["B%02d" % number for number in range(2, 20)]).is_(CRITICAL)
        assert "nothing reaches 18 of 20 sites: sender or scheduler of CEN" in answer.first, answer


def test_a_distribution_manager_of_the_owner_that_hangs_is_none_of_the_sender(tmp_path):
    """Twenty packages were given to all sites days ago, and there is no row of any of them."""
    with Sites(tmp_path, {"B%02d" % number: "CEN" for number in range(20)}) as world:
        world.play((), hours=20)
        for number in range(20):
            world.lab.package("CEN%05X" % (100 + number), "New", 1, source_date_age_s=5 * 24 * HOUR)
            for site in world.sites:
                world.lab.target("CEN%05X" % (100 + number), site, refreshed_age_s=5 * 24 * HOUR)
        told = "SMS PACKAGES CRITICAL - 400 stuck: 20 packages are stuck at all or most of their sites; oldest "
        answer = world.check(env=at(world.lab.now + HOUR))
        assert answer.first.startswith(told) and "look at distmgr.log and sched.log of CEN first" in answer.text, answer
        for hour in range(1, 100, 7):
            answer = world.check(env=at(world.lab.now + hour * HOUR)).is_(CRITICAL)
        told = "nothing reaches 20 of 20 sites: distribution manager or scheduler of CEN;"
        assert told in answer.first and "; look at distmgr.log and sched.log of CEN first: most of it was never sent" in answer.text, answer
        assert "sender" not in answer.text, answer


class Hub(Sites):
    """A hub with sites below it, and a memory that has seen them well."""

    def __init__(self, folder, *low):
        super().__init__(folder, dict({"HUB": "CEN"}, **{code: "HUB" for code in low}))
        for number in range(6, 60):
            self.lab.package("CEN%05X" % number, "Package", 1, source_date_age_s=None)
            for site in self.sites:
                self.lab.target("CEN%05X" % number, site, refreshed_age_s=None)
                self.lab.status("CEN%05X" % number, site, HERE[0], 1)
        self.check(env=at(BASE - HOUR))

    def put(self, number, status, version, *sites, wanted=None):
        if wanted:
            self.lab.package("CEN%05X" % number, "Package", wanted, source_date_age_s=None)
        for site in sites:
            self.lab.status("CEN%05X" % number, site, status, version)

    def state_of(self, answer, number, site):
        found = [item["state"] for item in answer.items if (item["package"], item["site"]) == ("CEN%05X" % number, site)]
        return found[0] if found else None


@pytest.mark.parametrize("order", (("HUB", "L01", "L02"), ("L01", "HUB", "L02"), ("L01", "L02", "HUB")))
def test_a_service_a_site_sees_the_same_below_a_hub(tmp_path, order):
    """A daily package takes ten hours to the hub. Whichever service looks first, nothing is lost at the sites below."""
    with Hub(tmp_path, "L01", "L02") as hub:
        for half in range(2 * 24 * 3):
            hour, day = half / 2, half // 48
            hub.lab.now = BASE + int(hour * HOUR)
            if hour % 24 == 8:
                hub.put(0, SENT[0], 2 + day, *order, wanted=2 + day)
            if hour % 24 == 18:
                hub.put(0, HERE[0], 2 + day, "HUB")
            if hour % 24 == 20:
                hub.put(0, HERE[0], 2 + day, "L01", "L02")
            number = 1 + int(hour // 3)
            if hour % 3 == 0:
                hub.put(number, SENT[0], 1, *order, wanted=2)
            if hour % 3 == .5:
                hub.put(number, HERE[0], 2, "HUB")
            if hour % 3 == 1.5:
                hub.put(number, HERE[0], 2, "L01", "L02")
            for minute, site in enumerate(order):
                answer = hub.check("-v", "--child-site=" + site, env=at(hub.lab.now + minute * 300))
                assert answer.code == OK or site == "HUB" and answer.code == WARNING, (hour, answer)


@pytest.mark.parametrize("seen", (False, True))
def test_an_arrival_that_no_run_saw_before_the_next_version(tmp_path, seen):
    """The site has version 2 and the owner makes version 3 between two runs; it takes 40 h to the hub."""
    with Hub(tmp_path, "LOW") as hub:
        for half in range(2 * 70):
            hour = half / 2
            hub.lab.now = BASE + int(hour * HOUR)
            if hour == 0:
                hub.put(0, SENT[0], 1, "HUB", "LOW", wanted=2)
            if hour == 20:
                hub.put(0, HERE[0], 2, "HUB")
            if hour == 23.5 and seen:
                hub.put(0, HERE[0], 2, "LOW")
            if hour == 24:
                hub.put(0, SENT[0], 3, "HUB", "LOW", wanted=3)
            if hour == 64:
                hub.put(0, HERE[0], 3, "HUB")
            if hour == 66:
                hub.put(0, HERE[0], 3, "LOW")
            number = 1 + half // 12
            if half % 12 == 6:
                hub.put(number, SENT[0], 1, "HUB", "LOW", wanted=2)
            if half % 12 == 8:
                hub.put(number, HERE[0], 2, "HUB")
            if half > 12 and half % 12 == 1:
                hub.put(number - 1, HERE[0], 2, "LOW")
            assert hub.state_of(hub.check("-v", env=at(hub.lab.now)), 0, "LOW") in (OK, None, "OK"), hour


def test_what_only_looked_as_if_it_was_under_way_has_not_arrived(tmp_path):
    """Status 9 for an hour, then 2 with the old version and the old date: nobody sent it, so it overtakes nothing."""
    with Hub(tmp_path, "LOW") as hub:
        for hour in range(34):
            hub.lab.now = BASE + hour * HOUR
            if hour == 1:
                for number in range(10, 14):
                    hub.put(number, SENT[0], 1, "HUB", wanted=2)
            if hour == 2:
                hub.put(0, SENT[0], 1, "HUB", wanted=2)
            if hour in (5, 6):
                hub.lab.status("CEN00005", "HUB", 9 if hour == 5 else HERE[0], 1, age_s=30 * 24 * HOUR)
            if hour % 6 == 4 and hour > 9:
                hub.put(10 + (hour - 10) // 6, HERE[0], 2, "HUB")
            assert hub.state_of(hub.check("-v", env=at(hub.lab.now)), 0, "HUB") in (None, "OK"), hour


@pytest.mark.parametrize("low", (3, 12))
def test_what_a_hub_does_not_send_on_is_not_the_owners(tmp_path, low):
    """The hub has all 20; nothing has reached the sites below it for five days."""
    codes = ["L%02d" % number for number in range(low)]
    with Sites(tmp_path, dict({"HUB": "CEN"}, **{code: "HUB" for code in codes})) as world:
        for number in range(20):
            world.lab.package("CEN%05X" % number, "Package", 2, source_date_age_s=5 * 24 * HOUR)
            for site in world.sites:
                world.lab.target("CEN%05X" % number, site, refreshed_age_s=30 * 24 * HOUR)
                world.lab.status("CEN%05X" % number, site, HERE[0] if site == "HUB" else SENT[0], 2, age_s=5 * 24 * HOUR)
        answer = world.check(env=at(BASE)).is_(CRITICAL)
        told = "nothing reaches %d of %d sites below HUB: sender or scheduler of HUB; look at sender.log and sched.log of HUB first" % (low, low)
        assert told in answer.text and len(answer.causes) == 1, answer
        assert "of CEN" not in answer.text and "most of their sites" not in answer.text, answer


def test_other_packages_at_each_site_are_the_sites(tmp_path):
    """16 of 20 sites lack 16 of 21 packages, each other ones: one cause a site, and nothing advises to send 256 of them by hand."""
    with Sites(tmp_path, {"B%02d" % number: "CEN" for number in range(20)}) as world:
        for number in range(21):
            world.lab.package("CEN%05X" % number, "Package", 2, source_date_age_s=5 * 24 * HOUR)
            for place, site in enumerate(world.sites):
                lacks = place < 16 and (number + place * 5) % 21 < 16
                world.lab.target("CEN%05X" % number, site, refreshed_age_s=30 * 24 * HOUR)
                world.lab.status("CEN%05X" % number, site, SENT[0] if lacks else HERE[0], 2, age_s=5 * 24 * HOUR if lacks else HOUR)
        answer = world.check("--max-items=300", env=at(BASE)).is_(CRITICAL)
        assert len(answer.causes) == 16 and "sms_reset_package" not in answer.text, answer


def test_a_sender_that_hangs_while_new_ones_were_never_sent(tmp_path):
    with Sites(tmp_path, {"B%02d" % number: "CEN" for number in range(20)}) as world:
        world.check(env=at(BASE - HOUR))
        world.lab.now = BASE
        for number in range(6):
            world.lab.package("CEN%05X" % number, "Package", 2, source_date_age_s=None)
            for site in world.sites:
                world.lab.status("CEN%05X" % number, site, SENT[0], 2)
        world.check(env=at(BASE))
        world.lab.now = BASE + 10 * HOUR
        for number in range(20, 23):
            world.lab.package("CEN%05X" % number, "New", 1, source_date_age_s=0)
            for site in world.sites:
                world.lab.target("CEN%05X" % number, site, refreshed_age_s=0)
        for hour in range(1, 96, 5):
            answer = world.check(env=at(BASE + hour * HOUR))
        assert "nothing reaches 20 of 20 sites: sender or scheduler of CEN;" in answer.is_(CRITICAL).first, answer


@pytest.mark.parametrize("rule", ("version", "recipe"))
def test_a_package_that_another_site_owns_now_is_its_matter(world, rule):
    world.make()
    world.stuck("CEN00001", "S02")
    world.stuck("CEN00002", "S03", age_s=HOUR)
    assert len(world.check("--rule=" + rule).items) == 2
    world.lab.db.execute("UPDATE SMSPackages SET SourceSite = 'PRI' WHERE PkgID = 'CEN00001'")
    for _ in range(2):
        answer = world.check("--rule=" + rule)
        assert [item["package"] for item in answer.items] == ["CEN00002"], answer
    assert not any("CEN00001" in key for key in world.remembered())
