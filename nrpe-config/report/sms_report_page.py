# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of sms-report: pure, from loaded results to HTML. Whatever comes from a check or a file goes through `shown`."""
import html
import time

from sms_report_tree import Hierarchy

WORST = {"CRITICAL": 0, "UNKNOWN": 1, "WARNING": 2, "OK": 3}
# A state is told by its shape and its word; colour only repeats it.
SHAPES = {"CRITICAL": "\u2716", "WARNING": "\u25b2", "UNKNOWN": "?", "OK": "\u25cf"}
ROWS = 60
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #8a9199; --soft: #eceff2; --critical: #b3261e; --warning: #8a5a00; --ok: #1d6b35;
  --unknown: #6a3fa0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #15181c; --line: #6b737c; --soft: #23282e; --critical: #ff8a80; --warning: #ffc35a;
  --ok: #7fd694; --unknown: #c9a6ff; } }
body { font: 15px/1.45 sans-serif; color: var(--ink); background: var(--paper); max-width: 75rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .25rem .7rem; border: 1px solid var(--line); }
.wide { overflow-x: auto; }
.CRITICAL { color: var(--critical); } .WARNING { color: var(--warning); } .OK { color: var(--ok); } .UNKNOWN { color: var(--unknown); }
.state { font-weight: bold; white-space: nowrap; }
ul.sites, ul.sites ul { list-style: none; margin: 0; padding-left: 1.4rem; border-left: 2px solid var(--line); } ul.sites { border: 0; padding: 0; }
ul.sites li { margin: .35rem 0; }
.hop { font-weight: bold; border: 2px solid var(--critical); padding: .05rem .5rem; border-radius: .2rem; }
.below { opacity: .75; font-style: italic; }
.queue { display: flex; gap: 2px; max-width: 40rem; margin: .2rem 0 .2rem 1.2rem; }
.queue span { border: 1px solid var(--line); background: var(--soft); overflow: hidden; white-space: nowrap; font-size: .75rem; padding: 0 .2rem; min-width: 1.2rem; }
.queue .stuck { border: 2px solid var(--critical); background: repeating-linear-gradient(45deg, var(--soft) 0 5px, var(--paper) 5px 8px); }
svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px sans-serif; } svg .axis { stroke: var(--line); }
svg .life { stroke: var(--ink); stroke-width: 3; } svg .stuck { stroke: var(--critical); stroke-dasharray: 7 3; } svg .mark { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
footer { margin: 2rem 0; font-size: .85rem; }
"""
KEY = "\u25cb first seen, \u25c7 last moved, \u25a1 sent, \u2716 overtaken; a dashed line is stuck"


def shown(value):
    """Text of the outside as HTML."""
    return html.escape("".join(one if one.isprintable() else "\ufffd" for one in str(value)), quote=True)


def words(seconds):
    """An age as the checks say it."""
    if seconds is None:
        return "-"
    seconds = max(0, int(seconds))
    for size, unit, smaller, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // smaller
            return "%d %s %d %s" % (seconds // size, unit, rest, small) if rest and seconds < 10 * size else "%d %s" % (seconds // size, unit)
    return "%d s" % seconds


def size_words(count):
    if count is None:
        return "size unknown"
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if count >= 1024 ** power:
            return "%.1f %s" % (count / 1024 ** power, unit)
    return "%d B" % count


def moment(seconds):
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def state_html(state):
    state = state if state in WORST else "UNKNOWN"
    return '<span class="state %s">%s %s</span>' % (state, SHAPES[state], state)


def checks_html(results, now):
    rows = "".join('<tr><td>%s</td><td>%s</td><td>%s</td><td>%s ago</td></tr>' % (
        shown(one.get("check", "")), state_html(one["state"]), shown(one.get("verdict", "")), words(now - one["taken"])) for one in results)
    notes = "".join("<li>%s</li>" % shown(note) for one in results for note in one.get("notes") or [])
    return ("<h2>What the checks say</h2><div class=wide><table><tr><th>check<th>state<th>in one line<th>asked</tr>%s</table></div>" % rows +
            ("<ul>%s</ul>" % notes if notes else ""))


def queue_html(items):
    """The queue of a link, first sent first; the width of a box is the size of its package."""
    if not items:
        return ""
    total = sum(item.get("size_bytes") or 1 for item in items)
    boxes = "".join('<span class="%s" style="flex:%d 1 0" title="%s">%s%s</span>' % (
        "stuck" if item.get("stuck") else "", max(1, (item.get("size_bytes") or 1) * 1000 // total),
        shown("%s, %s, %s" % (item.get("package"), size_words(item.get("size_bytes")), item.get("kind"))), SHAPES["CRITICAL"] + " " if item.get("stuck") else "",
        shown(item.get("package"))) for item in items[:40])
    return '<div class=queue role=img aria-label="queue: %s">%s</div>' % (
        shown(", ".join("%s %s" % (item.get("package"), size_words(item.get("size_bytes"))) for item in items[:40])), boxes)


def site_html(tree, code, arrivals, now):
    items = tree.items.get(code, [])
    state, hop, below = tree.state(code), tree.is_first_broken(code), tree.is_below(code)
    parts = ["<b>%s</b> %s %s" % (shown(code), shown(tree.name(code)), state_html(state))]
    if hop:
        parts.append("<span class=hop>%s first broken hop</span>" % SHAPES["CRITICAL"])
    if below:
        parts.append("<span class=below>below the broken hop %s</span>" % shown(below))
    if items:
        parts.append("%d waiting, %s" % (len(items), size_words(sum(item.get("size_bytes") or 0 for item in items))))
    if arrivals.get(code):
        parts.append("last arrival %s ago" % words(now - arrivals[code]))
    children = tree.children(code)
    inside = "<ul>%s</ul>" % "".join(site_html(tree, child, arrivals, now) for child in children) if children else ""
    return "<li>%s%s%s</li>" % (", ".join(parts), queue_html(items), inside)


def sites_html(tree, arrivals, now):
    roots = tree.roots()
    if not roots:
        return ""
    return "<h2>Sites</h2><p>Below each site, what waits on its link, first sent first; %s is stuck.</p><ul class=sites>%s</ul>" % (
        SHAPES["CRITICAL"], "".join(site_html(tree, code, arrivals, now) for code in roots))


def life_of(item, lives, now):
    """(start, last progress, sent, overtaken) in UTC seconds; 0 where nothing is known."""
    life = lives.get((str(item.get("package", "")).upper(), str(item.get("place", "")).upper()), {})
    start = now - item["age_s"] if item.get("age_s") is not None else now
    start = min(start, item.get("first_seen") or start, life.get("first_seen") or start)
    # What the memory saw first is no movement.
    seen_moving = life.get("last_progress", 0) if life.get("last_progress", 0) > life.get("first_seen", 0) else 0
    moved = now - item["last_moved_s"] if item.get("last_moved_s") is not None else seen_moving
    return start, moved, life.get("sent", 0), life.get("over", 0)


def timeline_html(items, lives, now):
    if not items:
        return ""
    rows = [(item, life_of(item, lives, now)) for item in items[:ROWS]]
    first = min(life[0] for _, life in rows)
    span, left, width, height = max(1, now - first), 210, 700, 22

    def x(seconds):
        return left + width * (min(max(seconds, first), now) - first) / span

    parts = []
    for step in range(5):
        at = first + span * step / 4
        parts.append('<line class=axis x1="%.1f" y1="18" x2="%.1f" y2="%d" stroke-width="1"/><text x="%.1f" y="12" text-anchor="middle">%s</text>' % (
            x(at), x(at), 24 + height * len(rows), x(at), moment(at) if step < 4 else "now"))
    for row, (item, (start, moved, sent, over)) in enumerate(rows):
        y = 34 + height * row
        name = "%s at %s" % (item.get("package"), item.get("place"))
        marks = '<circle class=mark cx="%.1f" cy="%d" r="4"/>' % (x(start), y)
        if sent and first <= sent <= now:
            marks += '<rect class=mark x="%.1f" y="%d" width="8" height="8"/>' % (x(sent) - 4, y - 4)
        if moved and first <= moved <= now:
            marks += '<path class=mark d="M%.1f %d l5 -5 l5 5 l-5 5 z"/>' % (x(moved) - 5, y)
        if over and first <= over <= now:
            marks += '<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x(over), y + 4, SHAPES["CRITICAL"])
        state = item.get("state") if item.get("state") in WORST else "UNKNOWN"
        parts.append('<g><title>%s: %s, for %s</title><text x="0" y="%d">%s %s</text><line class="life%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>%s<text x="%d" y="%d">%s</text></g>' % (
            shown(name), shown(item.get("kind")), words(item.get("age_s")), y + 4, SHAPES[state], shown(name), " stuck" if item.get("stuck") else "",
            x(start), y, x(now), y, marks, left + width + 8, y + 4, words(item.get("age_s"))))
    more = "<p>+%d more</p>" % (len(items) - ROWS) if len(items) > ROWS else ""
    return '<h2>Life of the items</h2><p>%s.</p><div class=wide><svg viewBox="0 0 1000 %d" role="img" aria-label="timeline">%s</svg></div>%s' % (
        KEY, 40 + height * len(rows), "".join(parts), more)


def items_html(items):
    if not items:
        return "<h2>Items</h2><p>Nothing waits.</p>"
    rows = "".join("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>" % (
        state_html(item.get("state")), shown(item.get("package", "")), shown(item.get("place", "")), shown(item.get("kind", "")),
        words(item.get("age_s")), shown(item.get("text", ""))) for item in items)
    return ("<h2>Items</h2><div class=wide><table><tr><th>state<th>package<th>where<th>kind<th>for<th>what the check says</tr>%s</table></div>" % rows)


def render(title, results, sites, lives, arrivals, now):
    """results: decoded JSON with `taken`; sites: {code: (parent, name)}; lives, arrivals: of the memory; now: UTC seconds.
    @return the whole page"""
    items = sorted((item for one in results for item in one["items"] if isinstance(item, dict)),
                   key=lambda item: (item.get("known") is True, WORST.get(item.get("state"), 1), -(item.get("age_s") or 0)))
    packages = [item for one in results if one.get("check") == "SMS PACKAGES" for item in one["items"] if isinstance(item, dict)]
    tree = Hierarchy(sites, packages, items)
    worst = min((one["state"] for one in results), key=lambda state: WORST.get(state, 1))
    body = "".join((checks_html(results, now), sites_html(tree, arrivals, now), timeline_html(items, lives, now), items_html(items)))
    return """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s: %s</title>
<style>%s</style>
</head>
<body>
<h1>%s %s</h1>
%s
<footer>Made %s by sms-report of monitoring-plugins-sms.</footer>
</body>
</html>
""" % (shown(worst), shown(title), STYLE, shown(title), state_html(worst), body, shown(time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(now))))
