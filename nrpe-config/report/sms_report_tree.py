# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of sites: who sends to whom, what waits on each link, and which hop is the first broken one."""

WORST = ("CRITICAL", "UNKNOWN", "WARNING", "OK")


class Hierarchy:
    def __init__(self, sites, packages, items):
        """sites: {code: (parent, name)}; packages: the items that wait on links; items: all, for a site's state"""
        self.sites, self.items, self.states = dict(sites), {}, {}
        for item in packages:
            code = str(item.get("site") or item.get("place") or "").upper()
            self.items.setdefault(code, []).append(item)
        for waiting in self.items.values():
            waiting.sort(key=lambda item: -(item.get("age_s") or 0))
        for item in items:
            code = str(item.get("site") or "").upper()
            if code and not item.get("known"):
                self.states.setdefault(code, []).append(item.get("state"))
        for code in set(self.items) | set(self.states):
            self.sites.setdefault(code, (None, ""))
        for parent, _ in list(self.sites.values()):
            if parent:
                self.sites.setdefault(parent, ("", ""))

    def name(self, code):
        return self.sites[code][1]

    def state(self, code):
        return next((state for state in WORST if state in self.states.get(code, [])), "OK")

    def parents(self, code):
        """From the next one to the top; a ring ends."""
        found = []
        parent = self.sites[code][0]
        while parent and parent in self.sites and parent not in found and parent != code:
            found.append(parent)
            parent = self.sites[parent][0]
        return found

    def is_broken(self, code):
        """The link to the site, not what else is wrong there."""
        return any(item.get("state") == "CRITICAL" and not item.get("known") for item in self.items.get(code, []))

    def is_first_broken(self, code):
        return self.is_broken(code) and not any(self.is_broken(parent) for parent in self.parents(code))

    def is_below(self, code):
        """@return the first broken hop above, or None"""
        broken = [parent for parent in self.parents(code) if self.is_broken(parent)]
        return broken[-1] if broken else None

    def in_ring(self, code):
        seen, parent = set(), code
        while parent and parent in self.sites and parent not in seen:
            seen.add(parent)
            parent = self.sites[parent][0]
        return parent in seen

    def roots(self):
        """Sites without a parent that is known, and those of a ring, which would be in no tree."""
        return sorted(code for code in self.sites if not self.sites[code][0] or self.in_ring(code))

    def children(self, code):
        return sorted(child for child in self.sites if self.sites[child][0] == code and not self.in_ring(child))
