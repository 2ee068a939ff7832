# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages: built, looked at by lintian and rpm, and installed in a throw-away root as the README tells a new user.

The root can only be entered by root, so where there is a pass as root all of this runs in it.
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys

import pytest

import daemons
import nrpe
import throwaway

SOURCE = os.environ.get("SMS_SOURCE") or daemons.TREE
# The runner's folder belongs to whoever started it: if that was root, a pass as root follows.
pytestmark = [pytest.mark.root] if os.stat(daemons.TREE).st_uid == 0 else []

GENERATED = shutil.ignore_patterns(".git", "build", "build-*", "autom4te.cache", "m4", "build-aux", "configure", "configure~", "*.o", "*.a",
                                   "Makefile.in", "aclocal.m4", "config.h.in", "config.h.in~", "__pycache__", ".pytest_cache")


def need(*programs):
    for program in programs:
        if shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin") is None:
            pytest.skip("%s is not installed" % program)


def source(name):
    return daemons.read(os.path.join(SOURCE, name))


def version():
    return re.search(r"^AC_INIT\(\[monitoring-plugins-sms\], \[([0-9.]+)\]", source("configure.ac"), re.M).group(1)



def test_the_version_stands_in_one_place_and_the_others_follow():
    number = version()
    assert re.match(r"monitoring-plugins-sms \(%s\) " % re.escape(number), source("debian/changelog"))
    assert number in source("NEWS").splitlines()[0]
    if os.path.exists(os.path.join(SOURCE, "monitoring-plugins-sms.spec.in")):
        assert re.search(r"^Version: +@PACKAGE_VERSION@$", source("monitoring-plugins-sms.spec.in"), re.M)


FETCHED = ("adduser", "libsmbclient", "libsqliteodbc", "nagios-nrpe-server", "python3", "tdsodbc", "unixodbc")


class Built:
    """The packages of a fresh copy of the source, and a throw-away root that was made meanwhile."""

    def __init__(self, folder):
        self.folder, self.root, self.why = folder, None, None

    def __enter__(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            root = pool.submit(throwaway.ThrowawayRoot, FETCHED)
            try:
                self.build()
            finally:
                try:
                    self.root = root.result()
                except throwaway.CannotBeMade as reason:
                    self.why = str(reason)
                if sys.exc_info()[0]:
                    self.__exit__()
        return self

    def __exit__(self, *_):
        if self.root:
            self.root.remove()

    def build(self):
        tree = os.path.join(self.folder, "monitoring-plugins-sms")
        shutil.copytree(SOURCE, tree, ignore=GENERATED)
        environment = dict(os.environ, PATH="/usr/bin:/usr/sbin:/bin:/sbin", DEB_BUILD_OPTIONS="nocheck noautodbgsym", LC_ALL="C.UTF-8")
        done = subprocess.run(["dpkg-buildpackage", "-us", "-uc", "-j2"], cwd=tree, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
        assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-6000:]
        self.tree = tree
        self.deb, = glob.glob(os.path.join(self.folder, "monitoring-plugins-sms_*.deb"))
        self.changes, = glob.glob(os.path.join(self.folder, "*.changes"))


@pytest.fixture(scope="module")
def built():
    if not os.path.isdir(os.path.join(SOURCE, "common")):
        pytest.skip("the source tree is not at hand (SMS_SOURCE)")
    need("dpkg-buildpackage", "dh", "dpkg-checkbuilddeps")
    missing = subprocess.run(["dpkg-checkbuilddeps", os.path.join(SOURCE, "debian", "control")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, check=False)
    if missing.returncode != 0:
        pytest.skip("no Debian package can be built here: " + missing.stdout.decode().strip().rpartition("dpkg-checkbuilddeps: ")[2])
    with daemons.Folder() as folder:
        with Built(folder) as made:
            yield made


def contents(deb):
    listed = subprocess.run(["dpkg-deb", "-c", deb], stdout=subprocess.PIPE, check=True).stdout.decode()
    return {line.split(None, 5)[5].lstrip("."): line.split()[0] for line in listed.splitlines()}


def test_lintian_finds_no_errors(built):
    need("lintian")
    done = subprocess.run(["lintian", "--fail-on", "error", "--allow-root", built.changes], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env={"PATH": "/usr/bin:/bin", "HOME": built.folder, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stdout.decode()


def test_every_program_has_its_man_page_completion_and_page(built):
    files = contents(built.deb)
    plugins = [os.path.basename(one) for one, mode in files.items() if re.match(r"/usr/(lib/nagios/plugins|sbin)/.", one) and "x" in mode]
    assert "check_sms_packages" in plugins
    for name in plugins:
        section = 8 if "/usr/share/man/man8/%s.8.gz" % name in files else 1
        assert "/usr/share/man/man%d/%s.%d.gz" % (section, name, section) in files
        assert "/usr/share/bash-completion/completions/" + name in files
        assert {"/usr/share/doc/monitoring-plugins-sms/%s.%s" % (name, kind) for kind in ("md", "html")} <= set(files)


def test_the_repair_is_found_by_the_name_that_the_checks_print(built):
    listed = subprocess.run(["dpkg-deb", "-c", built.deb], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert re.search(r"\./usr/sbin/sms_reset_package -> \.\./lib/nagios/plugins/sms_reset_package$", listed, re.M), listed
    assert "%{_sbindir}/sms_reset_package\n" in source("monitoring-plugins-sms.spec.in")


def test_the_configuration_is_in_conffiles_and_the_examples_are_there(built):
    made = subprocess.run(["dpkg-deb", "-I", built.deb, "conffiles"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    assert sorted(made) == ["/etc/monitoring-plugins-sms.ini", "/etc/nagios/nrpe.d/sms.cfg"]
    files = contents(built.deb)
    for folder in ("nrpe.d", "nagios", "icinga2", "grafana", "sql"):
        for name in os.listdir(os.path.join(SOURCE, "nrpe-config", folder)):
            if name.endswith((".cfg", ".conf", ".json", ".sql")):
                assert "/usr/share/doc/monitoring-plugins-sms/examples/nrpe-config/%s/%s" % (folder, name) in files, name


def test_the_rpm_spec_is_one_that_rpmbuild_takes(built):
    need("rpmspec", "rpmbuild")
    spec = os.path.join(built.folder, "monitoring-plugins-sms.spec")
    with open(spec, "w", encoding="utf-8") as file:
        file.write(source("monitoring-plugins-sms.spec.in").replace("@PACKAGE_VERSION@", version()))
    top = os.path.join(built.folder, "rpm")
    os.makedirs(os.path.join(top, "SOURCES"))
    subprocess.run(["tar", "-C", built.folder, "--exclude=debian", "--transform=s,^monitoring-plugins-sms,&-%s," % version(), "-cJf",
                    os.path.join(top, "SOURCES", "monitoring-plugins-sms-%s.tar.xz" % version()), "monitoring-plugins-sms/COPYING"], check=True)
    environment = {"PATH": "/usr/bin:/bin", "HOME": built.folder, "LC_ALL": "C.UTF-8"}
    parsed = subprocess.run(["rpmspec", "-q", "--queryformat", "%{name} %{version} %{license}\n", spec], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=environment, check=False)
    assert parsed.stdout.decode().startswith("monitoring-plugins-sms %s GPL-3.0-or-later" % version()), parsed.stderr
    for step in ("-bs", "-bp"):
        done = subprocess.run(["rpmbuild", "--nodeps", "--define", "_topdir " + top, step, spec], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment, check=False)
        assert done.returncode == 0 and "warning" not in done.stdout.decode(), done.stdout.decode()


# ---- the README, tried as a new user would

def indented_blocks(heading):
    """[(text before, block)] of the indented blocks below a heading of the README."""
    section = re.search(r"^## %s\n(.*?)(?=^## )" % re.escape(heading), source("README.md"), re.M | re.S)
    assert section, "the README has no section %r" % heading
    found, before, block = [], [], []
    for line in section.group(1).splitlines() + [""]:
        if re.match(r" {4,}\S", line) or (block and not line.strip()):
            block.append(line.strip())
        else:
            if block:
                found.append((" ".join(before), "\n".join(block).strip()))
                before, block = [], []
            if line.strip():
                before.append(line.strip())
    if block:
        found.append((" ".join(before), "\n".join(block).strip()))
    return found


@pytest.fixture(scope="module")
def machine(built):
    """The throw-away root with the package installed by the README's command."""
    if built.root is None:
        pytest.skip("the set-up of the README was not tried: no throw-away Debian root can be made here (%s)" % built.why)
    root = built.root
    shutil.copy(built.deb, root.path + "/root/")
    # sudo asks for nothing here, and what the editor would type is the password.
    root.write("/usr/local/bin/sudo", '#!/bin/sh\n[ "$1" = -u ] || exit 9\nuser=$2\nshift 2\nexec runuser -u "$user" -- "$@"\n', 0o755)
    root.write("/usr/local/bin/editor", "#!/bin/sh\nprintf 'Geheim;1}\\n' >\"$1\"\n", 0o755)
    commands = next(block for _, block in indented_blocks("Install on a monitoring host") if "apt install " in block).split("\n")
    assert commands == ["apt build-dep ./", "dpkg-buildpackage -b -us -uc", "apt install ../monitoring-plugins-sms_*.deb"]
    # It was built outside; the package lies where dpkg-buildpackage puts it.
    root.must("mkdir tree && cd tree && " + commands[-1])
    return root


@pytest.fixture(scope="module")
def database(built):
    """Our SQL Server look-alike with the demo's site database, on this machine's 127.0.0.1."""
    sys.path.insert(0, os.path.join(os.path.dirname(daemons.HERE), "tds"))
    from tds_fixture import TdsServer
    path = os.path.join(built.folder, "SMS_CEN.db")
    with daemons.sitedb.Lab(path) as lab:
        daemons.sitedb_demo.build(lab)
    with TdsServer(path, user="sms_check", password="Geheim;1}", database="SMS_CEN") as server:
        yield server


def ini_section(text, name):
    found = re.findall(r"^\[%s\]\n(.*?)(?=^\[|\Z)" % re.escape(name), text, re.M | re.S)
    assert len(found) == 1, name
    return [line for line in found[0].splitlines() if re.match(r"[a-z]", line)]


def test_the_readme_names_what_the_shipped_files_name():
    blocks = [block for _, block in indented_blocks("Five minutes to a real site database")]
    given = next(block for block in blocks if block.startswith("["))
    assert given.split("\n")[1:] == ini_section(source("nrpe-config/monitoring-plugins-sms.ini"), "database_CEN")
    password_file = re.search(r"^password-file = (\S+)$", given, re.M).group(1)
    assert any("/dev/null %s\neditor %s" % (password_file, password_file) in block for block in blocks)
    call = next(block for block in blocks if "sudo -u nagios" in block).split("\n")[1].partition("nagios ")[2]
    command = re.search(r"^command\[check_sms_packages_CEN\]=(.*)$", source("nrpe-config/nrpe.d/sms.cfg"), re.M).group(1)
    assert command.replace("@/etc/monitoring-plugins-sms.ini", "") == call
    user = re.search(r"^user = (\S+)$", given, re.M).group(1)
    for name in os.listdir(os.path.join(SOURCE, "nrpe-config", "sql")):
        if name.startswith("checks-"):
            assert re.search(r"\b%s\b" % user, source("nrpe-config/sql/" + name)), name


def test_a_new_user_follows_the_readme(machine, database):
    assert machine.must("stat -c '%U:%G %a' /var/lib/monitoring-plugins-sms /var/lib/monitoring-plugins-sms-reset"
                        " /etc/monitoring-plugins-sms.ini").split("\n")[:3] == ["nagios:nagios 750", "root:root 700", "root:nagios 640"]
    calls = []
    for before, block in indented_blocks("Five minutes to a real site database"):
        if block.startswith("["):
            path = re.search(r"`(/etc/\S+\.ini)`", before).group(1)
            assert ini_section(machine.must("cat " + path), "database_CEN") == block.split("\n")[1:]
            # The README's server has the usual port; ours has the one that was free.
            host = re.search(r"^hostname = (\S+)$", block, re.M).group(1)
            machine.write("/etc/hosts", "127.0.0.1 %s\n" % host, append=True)
            machine.must("sed -i 's/^#port = 1433$/port = %d/' %s" % (database.port, path))
        elif "sudo -u nagios" in block:
            calls += block.splitlines()
        elif block.startswith("sms_reset_package"):
            repair = block
        else:
            machine.must(block)
    assert len(calls) == 2 and "--survey" in calls[0]
    assert "unknown" in machine.must(calls[0], 3).lower()
    output = machine.must(calls[1], 2)
    assert output.startswith("SMS PACKAGES CRITICAL - ") and "CEN00001" in output, output
    # The repair is found without its folder, as the checks print it. The server here knows one login.
    machine.must("sed -i 's/^user = sms_repair$/user = sms_check\\nport = %d/' /etc/monitoring-plugins-sms.ini" % database.port)
    assert "CEN00001" in machine.must(repair)
    # As root, too: the check becomes the state's owner, and nobody is locked out.
    machine.must(calls[1].replace("sudo -u nagios ", ""), 2)
    assert machine.must("stat -c %U /var/lib/monitoring-plugins-sms/*").split() == ["nagios"] * len(
        machine.must("ls /var/lib/monitoring-plugins-sms").split())


def test_nrpe_runs_the_packaged_commands(machine, database):
    daemons.require_daemons()
    port = daemons.free_port()
    machine.must("sed -e 's/^server_port=.*/server_port=%d/' -e 's,^pid_file=.*,pid_file=/tmp/nrpe.pid,' -e 's/^#server_address=.*/server_address=127.0.0.1/'"
                 " /etc/nagios/nrpe.cfg >/tmp/nrpe.cfg" % port)
    with daemons.Server(machine.command("/usr/sbin/nrpe", "-c", "/tmp/nrpe.cfg", "-f"), os.path.join(machine.path, "nrpe.out"), who={}) as server:
        server.wait_port(port)
        client = [nrpe.CHECK_NRPE, "-H", "127.0.0.1", "-p", str(port), "-t", "50:UNKNOWN", "-c"]
        for command, word in (("check_sms_packages_CEN", b"SMS PACKAGES CRITICAL"), ("check_sms_dps_CEN", b"SMS DPS CRITICAL")):
            code, output = daemons.run(client + [command])
            assert code == 2 and output.startswith(word), output


def test_the_autopkgtest_runs_the_demo(machine, built):
    needed = re.search(r"^Depends: @, (.*)$", source("debian/tests/control"), re.M).group(1)
    machine.must("apt-get -q install " + needed.replace(",", ""))
    shutil.copytree(os.path.join(built.tree, "tests", "lab"), machine.path + "/root/source/tests/lab", dirs_exist_ok=True)
    shutil.copytree(os.path.join(built.tree, "debian"), machine.path + "/root/source/debian", dirs_exist_ok=True)
    listed = re.search(r"^Tests: (.*)$", source("debian/tests/control"), re.M).group(1).split()
    for name in listed:
        machine.must("cd source && AUTOPKGTEST_TMP=$(mktemp -d) debian/tests/" + name)


def test_an_upgrade_keeps_settings_and_memory(machine, built):
    before = machine.must("md5sum /etc/monitoring-plugins-sms.ini; ls /var/lib/monitoring-plugins-sms; chmod 0600 /etc/monitoring-plugins-sms.ini")
    machine.must("dpkg-deb -R monitoring-plugins-sms_*.deb new && sed -i 's/^Version: .*/Version: %s.1/' new/DEBIAN/control && dpkg-deb -b new new.deb"
                 " && apt-get -q install ./new.deb" % version())
    assert machine.must("md5sum /etc/monitoring-plugins-sms.ini; ls /var/lib/monitoring-plugins-sms") == before
    assert machine.must("stat -c '%a %U' /etc/monitoring-plugins-sms.ini /var/lib/monitoring-plugins-sms").split() == ["600", "root", "750", "nagios"]


def test_a_purge_leaves_nothing_but_the_administrators_own_file(machine):
    machine.must("apt-get -q purge monitoring-plugins-sms")
    left = machine.must("find / -xdev \\( -name '*monitoring-plugins-sms*' -o -name 'check_sms_*' -o -name 'sms_reset_*' -o -path '*/nrpe.d/sms.cfg' \\)"
                        " -not -path '/root/*' -not -path '/proc/*' -not -path '/tmp/*' -not -path '/var/cache/*' -not -path '/var/log/*'").split()
    assert left == ["/etc/monitoring-plugins-sms"]
    assert machine.must("ls /etc/monitoring-plugins-sms").split() == ["sms_check.password"]
    # The folder is NRPE's, although it is empty now, and the user is shared with the monitoring systems.
    machine.must("test -d /etc/nagios/nrpe.d")
    machine.must("getent passwd nagios")
