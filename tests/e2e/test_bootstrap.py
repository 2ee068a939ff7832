# SPDX-License-Identifier: GPL-3.0-or-later
"""bootstrap in whatever state a tree can be: a small tree, with stand-ins for configure, apt and sudo that tell what they saw.

.ci/run does the two commands in earnest, tests/bare-root on a machine that has nothing yet.
"""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CONFIGURE = r"""#!/bin/sh
top=$(cd "$(dirname "$0")" && pwd)
[ "$top" = "$(pwd)" ] || [ ! -e "$top/config.status" ] || { echo "source directory already configured"; exit 1; }
echo "version $(cat "$top/configure.ac")" >config.status
[ ! -e "$top/die-in-configure" ] || kill -9 $PPID $$
cmocka=no
! pkg-config --exists cmocka || cmocka=yes
cat >Makefile <<END
all: object
object: $top/common/a.c
	@echo "  CC       object"
	@printf half >object
	@if [ -e $top/die-in-make ]; then touch $top/in-make; sleep 60; fi
	@cp $top/common/a.c object
test-parts: test_a
test_a:
	@echo "  CC       test_a"
	@echo cmocka $cmocka, configured with $* >test_a
test-programs: all
	@\$(MAKE) -s test-parts
distclean:
	@rm -f Makefile object config.status
END
"""
# The stand-ins: what they do besides writing their command line into the log.
STUBS = {
    "autoreconf": "mkdir -p build-aux; for one in compile install-sh missing depcomp; do : >build-aux/$one; done; : >Makefile.in\n"
                  ": >config.h.in; : >aclocal.m4; cat {folder}/configure.template >configure; echo \"# $(cat configure.ac)\" >>configure; chmod 755 configure",
    "pkg-config": 'case $* in *cmocka*) [ -e {folder}/cmocka ] || exit 1 ;; esac; [ "$1" != --modversion ] || echo 1',
    "autoconf": "echo 1", "automake": "echo 1",
    "dpkg-query": "for one; do case $one in -*) ;; *) grep -qx $one {folder}/missing 2>/dev/null || printf ' %s installed ' $one ;; esac; done",
    "apt-get": "case \"$*\" in *-s\\ install*) echo 'Inst one (1)'; echo 'Inst two (1)' ;; *--print-uris*) echo \"'http://x/one.deb' one.deb 7500000 SHA256:0\" ;;\n"
               "*-y*\\ install*) {folder}/policy-rc.d any start; echo \"policy $?\" >>{folder}/log; ln -s ../init.d/nrpe {folder}/etc/rc2.d/S01nrpe\n"
               "echo 'Get:1 x one'; echo 'Unpacking one'; echo 'Setting up one'; : >{folder}/missing; [ ! -e {folder}/apt-fails ] || exit 100 ;; esac",
    "update-rc.d": "exit 1", "systemctl": "exit 1",
    "id": 'case "$1" in -u) [ ! -e {folder}/root ] && echo 1000 || echo 0 ;; *) echo tester ;; esac',
    "sudo": 'case "$1" in -n) exit 1 ;; esac; [ ! -e {folder}/sudo-refuses ] || exit 1; : >{folder}/root; code=0; "$@" || code=$?; rm -f {folder}/root; exit $code',
}


class Tree:
    def __init__(self, folder):
        self.folder, self.tree = str(folder), os.path.join(str(folder), "tree")
        for name in ("common", "plugins", "nrpe-config", "tests/lab"):
            os.makedirs(os.path.join(self.tree, name))
        for name in ("stubs", "etc/rc2.d", "tmp"):
            os.makedirs(self.path(name))
        with open(os.path.join(SOURCE, "bootstrap"), encoding="utf-8") as file:
            text = file.read()
        # Nothing outside this folder may be touched, by whomever the test is run.
        assert "policy_file=/usr/sbin/policy-rc.d\n" in text and " /etc/rc[2-5].d/S* /etc/systemd/" in text
        text = text.replace("policy_file=/usr/sbin/", "policy_file=%s/" % self.folder).replace("/etc/rc", self.folder + "/etc/rc")
        text = text.replace("/etc/systemd", self.folder + "/etc/systemd").replace("PATH=$PATH:/usr/sbin:/sbin", "")
        self.write("tree/bootstrap", text, 0o755)
        self.write("tree/configure.ac", "1")
        self.write("tree/Makefile.am", "")
        self.write("tree/common/a.c", "whole")
        self.write("tree/tests/run.py", "print('ran:', open('build/test_a').read().strip(), '|', open('build-asan/test_a').read().strip())")
        self.write("tree/tests/lab/demo.py", "print('shown:', open('build/object').read())")
        self.write("configure.template", CONFIGURE)
        for name, body in STUBS.items():
            self.write("stubs/" + name, "#!/bin/sh\necho %s \"$@\" >>%s/log\n%s\n" % (name, self.folder, body.replace("{folder}", self.folder)), 0o755)
        for name in ("autoreconf", "pkg-config", "autoconf", "automake", "dpkg-query", "id"):
            self.quiet(name)

    def quiet(self, name):
        path = self.path("stubs/" + name)
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        self.write("stubs/" + name, "\n".join(lines[:1] + lines[2:]), 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def command(self, *arguments, tree=None, **environment):
        return {"args": ["/bin/sh", os.path.join(tree or self.tree, "bootstrap"), *arguments], "cwd": "/", "stdin": subprocess.DEVNULL, "text": True,
                "env": {"PATH": self.path("stubs") + ":/usr/bin:/bin", "TMPDIR": self.path("tmp"), **environment}, "start_new_session": True}

    def run(self, *arguments, **environment):
        return subprocess.run(**self.command(*arguments, **environment), capture_output=True, timeout=60, check=False)

    def good(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert os.listdir(self.path("tmp")) == []
        return done.stdout.splitlines()[-1]

    def log(self):
        if not os.path.exists(self.path("log")):
            return ""
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


CHECKED = "ran: cmocka yes, configured with --quiet --enable-werror | cmocka yes, configured with --quiet --enable-werror --enable-sanitizers"


def test_demo_then_check_with_what_only_check_installs(tree):
    assert tree.good("demo") == "shown: whole"
    tree.write("cmocka", "")
    assert tree.good("check") == CHECKED
    assert tree.good("demo") == "shown: whole"


def test_check_then_demo(tree):
    tree.write("cmocka", "")
    assert tree.good("check") == CHECKED
    assert tree.good("demo") == "shown: whole"
    assert tree.good("check") == CHECKED
    assert "configure in" not in tree.run("demo").stdout


def test_check_without_servers_then_check_then_demo(tree):
    tree.write("cmocka", "")
    assert tree.good("check", "--no-daemons") == CHECKED
    assert tree.good("check") == CHECKED
    assert tree.good("demo") == "shown: whole"


def test_nothing_is_configured_again_for_nothing(tree):
    tree.write("cmocka", "")
    tree.good("check")
    again = tree.run("check").stdout
    assert "configure in" not in again and "autoreconf" not in again


def test_another_commit_and_back(tree):
    tree.write("cmocka", "")
    tree.good("check")
    tree.write("tree/configure.ac", "0")
    tree.write("tree/common/a.c", "older")
    assert tree.good("demo") == "shown: older"
    assert "version 0" in open(tree.path("tree/build/config.status"), encoding="utf-8").read()
    # An older bootstrap configures in the same folder and leaves no word of it.
    tree.write("tree/configure.ac", "1")
    assert tree.good("demo") == "shown: older"
    tree.write("tree/build/Makefile", "all:\n\tfalse\n")
    tree.write("tree/common/a.c", "newer")
    assert tree.good("demo") == "shown: newer"
    assert tree.good("check") == CHECKED


def test_after_a_configure_in_the_source_tree(tree):
    tree.good("demo")
    subprocess.run("./configure && make -s", shell=True, cwd=tree.tree, env={"PATH": tree.path("stubs") + ":/usr/bin:/bin"}, check=True)
    assert tree.good("demo") == "shown: whole"
    assert not os.path.exists(tree.path("tree/config.status"))
    # The same, interrupted: there is no Makefile that could clean.
    tree.write("tree/config.log", "")
    tree.write("tree/config.status", "")
    tree.write("tree/common/a.o", "")
    assert tree.good("demo") == "shown: whole"
    assert not os.path.exists(tree.path("tree/common/a.o"))


def test_before_during_and_after_the_debian_packages_are_built(tree):
    """dpkg-buildpackage makes configure itself, builds in build-deb/, and cleans before it begins."""
    tree.write("cmocka", "")
    made = ("configure", "Makefile.in", "config.h.in", "aclocal.m4")
    environment = {"PATH": tree.path("stubs") + ":/usr/bin:/bin"}

    def clean():
        """As dh_autoreconf_clean leaves it: build-aux/made-from of bootstrap stays."""
        for name in made + tuple("build-aux/" + one for one in ("compile", "install-sh", "missing", "depcomp")):
            if os.path.exists(tree.path("tree/" + name)):
                os.remove(tree.path("tree/" + name))

    def package():
        clean()
        subprocess.run(["autoreconf"], cwd=tree.tree, env=environment, check=True)
        os.makedirs(tree.path("tree/build-deb"), exist_ok=True)
        subprocess.run("../configure && make -s", shell=True, cwd=tree.path("tree/build-deb"), env=environment, check=True)
    package()
    assert tree.good("demo") == "shown: whole"
    package()
    assert tree.good("demo") == "shown: whole" and tree.good("check") == CHECKED
    clean()
    assert tree.good("check") == CHECKED and tree.good("demo") == "shown: whole"
    assert os.path.exists(tree.path("tree/build-deb/config.status")), "what others made is left alone"


def test_after_an_interrupted_autoreconf(tree):
    tree.good("demo")
    tree.write("tree/configure.ac", "2")
    tree.write("stubs/autoreconf", "#!/bin/sh\n: >configure\nkill -9 $PPID\n", 0o755)
    assert tree.run("demo").returncode != 0
    tree.write("stubs/autoreconf", "#!/bin/sh\n%s\n" % STUBS["autoreconf"].replace("{folder}", tree.folder), 0o755)
    assert tree.good("demo") == "shown: whole"
    assert "version 2" in open(tree.path("tree/build/config.status"), encoding="utf-8").read()


def test_after_an_interrupted_configure(tree):
    tree.write("tree/die-in-configure", "")
    assert tree.run("demo").returncode != 0 and os.path.exists(tree.path("tree/build/config.status"))
    os.remove(tree.path("tree/die-in-configure"))
    assert tree.good("demo") == "shown: whole"


def test_after_an_interrupted_make_no_half_object_is_used(tree):
    tree.write("tree/die-in-make", "")
    with subprocess.Popen(**tree.command("demo"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 30
        while not os.path.exists(tree.path("tree/in-make")) and time.monotonic() < end:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    assert open(tree.path("tree/build/object"), encoding="utf-8").read() == "half"
    os.remove(tree.path("tree/die-in-make"))
    assert tree.good("demo") == "shown: whole"


def test_a_build_in_the_source_leaves_nothing_that_git_sees(tmp_path):
    """Every program and library that the Makefile makes there is in .gitignore."""
    if shutil.which("git", path="/usr/bin:/bin") is None:
        pytest.skip("git is not installed")
    if not os.path.exists(os.path.join(SOURCE, ".gitignore")):
        pytest.skip("the source is a release's, no checkout")
    made = set()
    for name in ("common", "plugins", "nrpe-config", "tests"):
        for folder, _, files in os.walk(os.path.join(SOURCE, name)):
            if "local.mk" in files:
                with open(os.path.join(folder, "local.mk"), encoding="utf-8") as file:
                    made.update(re.findall(r"(?:common|plugins|tests)/\w+(?:/\w+)*(?:\.so|\.a)?(?=\s|$)", file.read(), re.M))
    programs = {name for name in made if name.endswith((".so", ".a")) or os.path.exists(os.path.join(SOURCE, name + ".c"))}
    assert {"tests/e2e/pair_probe", "tests/unit/logs/test_record", "tests/fuzz/fuzz_range", "plugins/check_sms_packages"} <= programs, programs
    shutil.copy(os.path.join(SOURCE, ".gitignore"), tmp_path)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=environment, check=True)
    for path in programs | {name + ".o" for name in programs} | {"Makefile", "config.h", "config.log", "config.status", "stamp-h1"}:
        os.makedirs(os.path.dirname(tmp_path / path), exist_ok=True)
        (tmp_path / path).write_text("")
    left = subprocess.run(["git", "status", "--short", "--untracked-files=all"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert left.stdout == "?? .gitignore\n"


def test_one_line_tells_the_remedy(tree):
    def told(words, *arguments, code=1, **environment):
        done = tree.run(*arguments, **environment)
        assert done.returncode == code and words in done.stderr.splitlines()[-1] and len(done.stderr.splitlines()) == 1, done
    told("export TMPDIR=DIR", "demo", TMPDIR="/proc/self")
    told("export TMPDIR=DIR", "check", TMPDIR=tree.path("none"))
    odd = tree.path("a b")
    shutil.copytree(tree.tree, odd)
    told("move the tree to a folder", "demo", tree=odd)
    if os.geteuid() != 0:
        os.mkdir(tree.path("tree/build"))
        os.chmod(tree.path("tree/build"), 0o555)
        told("make it yours", "demo")


def test_sudo_that_asks_for_a_password_is_asked_once(tree):
    tree.write("missing", "libinih-dev\nnagios-nrpe-server\n")
    tree.write("cmocka", "")
    done = tree.run("check")
    assert done.returncode == 0, done
    assert "missing: libinih-dev nagios-nrpe-server" in done.stdout and "may ask for your password" in done.stdout
    assert "installing 2 packages from Debian, 8 MB to download" in done.stdout
    assert "step 3 of 6" in done.stdout
    assert tree.log().count("\nsudo ") == 1 and "sudo %s/bootstrap packages check\n" % tree.tree in tree.log()
    # No server could start, and none stays enabled where systemctl does nothing.
    assert "policy 101" in tree.log() and not os.path.exists(tree.path("policy-rc.d"))
    assert os.listdir(tree.path("etc/rc2.d")) == ["K01nrpe"]


def test_what_was_enabled_before_stays_and_a_policy_comes_back(tree):
    os.symlink("../init.d/ssh", tree.path("etc/rc2.d/S01ssh"))
    tree.write("policy-rc.d", "#!/bin/sh\nexit 0\n", 0o755)
    tree.write("missing", "libinih-dev\n")
    tree.good("demo")
    assert sorted(os.listdir(tree.path("etc/rc2.d"))) == ["K01nrpe", "S01ssh"]
    assert "policy 101" in tree.log() and open(tree.path("policy-rc.d"), encoding="utf-8").read() == "#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize("trouble", ["sudo-refuses", "apt-fails"])
def test_no_advice_starts_a_server(tree, trouble):
    tree.write("missing", "nagios-nrpe-server\n")
    tree.write(trouble, "")
    done = tree.run("check", "--no-daemons")
    assert done.returncode == 0, "nothing is missing for this one"
    done = tree.run("check")
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and last.endswith("as root, run: %s/bootstrap packages check" % tree.tree), done
    assert "apt-get install" not in done.stdout + done.stderr
    assert not os.path.exists(tree.path("policy-rc.d"))
