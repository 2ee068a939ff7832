# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away Debian root (mmdebstrap): what a new user's machine looks like, without touching this one."""
import os
import shutil
import subprocess
import tempfile

POLICY = "#!/bin/sh\nexit 101\n"


class CannotBeMade(Exception):
    """Says why there is no such root on this machine."""


class ThrowawayRoot:
    def __init__(self, fetched=()):
        """fetched: packages to download beforehand, so that their installation takes less time."""
        if shutil.which("mmdebstrap") is None:
            raise CannotBeMade("mmdebstrap is not installed")
        if os.geteuid() != 0:
            raise CannotBeMade("only root can enter it")
        suite = suite_of_this_machine()
        self.folder = tempfile.mkdtemp(prefix="debian-", dir=in_memory())
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, "root")
        try:
            self.make(suite, fetched)
        except BaseException:
            self.remove()
            raise

    def make(self, suite, fetched):
        made = subprocess.run(["mmdebstrap", "--mode=root", "--variant=apt", "--skip=cleanup/apt/lists", "--dpkgopt=force-unsafe-io",
                               '--aptopt=Acquire::Languages "none"', suite, self.path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=400, check=False)
        if made.returncode != 0:
            raise CannotBeMade("mmdebstrap failed: " + made.stdout.decode("utf-8", "replace")[-400:])
        # No service may start in it: it shares this machine's network.
        self.write("/usr/sbin/policy-rc.d", POLICY, 0o755)
        self.write("/etc/apt/apt.conf.d/99test", 'APT::Get::Assume-Yes "true";\nDpkg::Use-Pty "false";\n')
        for name in ("/etc/resolv.conf", "/etc/hosts"):
            if os.path.exists(name):
                shutil.copy(name, self.path + name)
        # Fetched, not installed: what the package depends on is for apt to find out.
        code, output = self.run("apt-get -q --download-only install %s" % " ".join(fetched))
        if code != 0:
            raise CannotBeMade("apt-get fetches nothing in it: " + output[-400:])

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, path, text, mode=0o644, append=False):
        full = self.path + path
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "a" if append else "w", encoding="utf-8") as file:
            file.write(text)
        if not append:
            os.chmod(full, mode)

    def command(self, *words):
        return ["chroot", self.path, "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *words]

    def run(self, script, timeout=300):
        """Run a shell script in it, in /root. @return (exit code, output)"""
        done = subprocess.run(self.command("/bin/sh", "-c", "cd /root && " + script), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, start_new_session=True, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def must(self, script, expected=0):
        code, output = self.run(script)
        assert code == expected, "%s\nexit code %d instead of %d\n%s" % (script, code, expected, output[-6000:])
        return output


def in_memory():
    """A folder in memory for some hundred MB of small files; None where that is scarce."""
    with open("/proc/meminfo", encoding="utf-8") as file:
        available_kb = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:"))
    shm = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    roomy = shm is not None and shm.f_bavail * shm.f_frsize > 2 << 30 and available_kb > 4 << 20
    return "/dev/shm" if roomy and not shm.f_flag & (os.ST_NOEXEC | os.ST_NODEV | os.ST_NOSUID) else None


def suite_of_this_machine():
    with open("/etc/os-release", encoding="utf-8") as release:
        for line in release:
            if line.startswith("VERSION_CODENAME="):
                return line.split("=", 1)[1].strip().strip('"')
    raise CannotBeMade("this is not Debian")
