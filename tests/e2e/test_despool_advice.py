# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_despool: which commands stand in an item's line, and that they work when they are pasted."""

import os

import packages
import pytest
from despool import CRITICAL, HOUR, OK, PLUGIN, WARNING, Child, run
from packages import faketime

CLOSE = "; if that is done and no log will show it: check_sms_despool"


def section(child, *more, name="checks.ini", without=()):
    """The child's options as an ini section. @return what --extra-opts= takes"""
    keys = [argument[2:] for argument in child.arguments(*more)]
    path = os.path.join(child.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("[despool_S02]\n" + "".join(key.replace("=", " = ", 1) + "\n" for key in keys if key.partition("=")[0] not in without))
    return "--extra-opts=despool_S02@" + path


def broken(tmp_path, **story):
    child = Child(tmp_path)
    child.write(child.tell("article", **story))
    return child


def test_the_command_that_closes_carries_the_section_and_works_as_it_stands(tmp_path):
    child = broken(tmp_path)
    opts = section(child, "--site=S02")
    advice = run(opts).is_(CRITICAL).item("CEN00001")["advice"]
    before, pasted = advice.split(CLOSE)
    assert pasted == " %s --close=CEN00001" % opts, advice
    assert before.endswith("; else on the owning site sms_reset_package --package=CEN00001 --child-site=S02, then refresh its distribution points")
    run(*pasted.split()).is_(OK, "closed CEN00001 by hand; nothing stalled")
    run(opts).is_(OK, "nothing stalled")


def test_thresholds_on_the_command_line_are_no_part_of_it(tmp_path):
    child = broken(tmp_path)
    opts = section(child)
    advice = run(opts, "--failed-critical=9d", "-v").is_(WARNING).item("CEN00001")["advice"]
    assert advice.endswith("%s %s --close=CEN00001" % (CLOSE, opts))


@pytest.mark.parametrize("apart", ["log", "state-dir", "timezone"])
def test_sections_that_lack_something_close_nothing(tmp_path, apart):
    """Pasted, it would look at other logs or into another memory."""
    child = broken(tmp_path)
    opts = section(child, without=(apart,))
    given = [argument for argument in child.arguments() if argument.startswith("--%s=" % apart)]
    assert given
    answer = run(opts, *given).is_(CRITICAL)
    assert "--close" not in answer.text and "PreloadPkgOnSite.exe CEN00001" in answer.text, answer


def test_without_the_code_of_the_site_there_is_no_command_for_it(tmp_path):
    advice = broken(tmp_path).check().is_(CRITICAL).item("CEN00001")["advice"]
    assert advice.endswith("(PreloadPkgOnSite.exe CEN00001); else reset it at the owning site (sms_reset_package), then refresh its distribution points")


@pytest.mark.parametrize("site", ["S02;id", "$(id)", "S 2", "`id`", "S_2", "S022"])
def test_a_site_of_another_shape_is_in_no_command(tmp_path, site):
    answer = broken(tmp_path).check("--site=" + site).is_(CRITICAL)
    line = answer.lines[1]
    assert "PreloadPkgOnSite.exe CEN00001" in line and "--child-site" not in line and "--package" not in line, answer


class Raw:
    """An answer whose items bear names that no item may have."""

    def __init__(self, argv, code, stdout, stderr, _seconds):
        self.command, self.code, self.lines, self.stderr = argv, code, stdout.decode("utf-8").splitlines(), stderr

    def __repr__(self):
        return "\n".join(self.lines)


@pytest.mark.parametrize("package", ["CEN$(id)", "CEN1;id", "`id`001", "CEN'0001", "--apply"])
def test_a_package_of_another_shape_is_in_no_command(tmp_path, package):
    """A name that --package gives; logs hold none of that kind."""
    child = Child(tmp_path)
    child.write()
    folder = tmp_path / "SMSPKG"
    folder.mkdir()
    given = ["--pck=%s" % folder, "--site=S02", "--package=" + package]
    for later in (0, 25 * HOUR):
        answer = packages.run(*child.arguments(*given), program=PLUGIN, form=Raw, env=faketime(later) if later else {})
    line = answer.lines[1]
    assert line.startswith("CRITICAL: ") and ".PCK from the owning site" in line, answer
    for word in ("PreloadPkgOnSite", "--package", "--child-site", "--close"):
        assert word not in line, answer


def test_a_section_that_needs_quotes_is_in_no_command(tmp_path):
    opts = section(broken(tmp_path), "--site=S02", name="the checks.ini")
    line = run(opts).is_(CRITICAL).lines[1]
    assert "copy CEN00001.PCK" in line and "checks.ini" not in line and "--package" not in line and "--close" not in line, line


@pytest.mark.parametrize("length", range(60, 480, 30))
def test_a_command_is_whole_or_not_there(tmp_path, length):
    """The beginning of a command may be another command: `--close=CEN0000` of `--close=CEN00001`."""
    child = broken(tmp_path)
    folder = "d" * min(length, 200)
    opts = section(child, "--site=S02", name=os.path.join(folder, "e" * max(length - 200, 1), "checks.ini"))
    line = run(opts).is_(CRITICAL).lines[1]
    assert len(line.encode()) <= 700
    assert line.count("--close") == line.endswith(" %s --close=CEN00001" % opts), line
    assert line.endswith("distribution points") or line.endswith("--close=CEN00001"), line
    if length == 60:
        assert "--close" in line
    if length > 400:
        assert "--close" not in line
