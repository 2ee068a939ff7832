# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Icinga Director on a MariaDB of its own (Debian packages icingaweb2-module-director, icingacli, mariadb-server)."""
import os
import subprocess

import pytest

import daemons

MODULES = "/usr/share/icingaweb2/modules"
RESOURCES = """[director_db]
type = "db"
db = "mysql"
host = "localhost"
dbname = "director"
username = "director"
password = ""
charset = "utf8mb4"
"""


def require():
    for path in ("/usr/bin/icingacli", MODULES + "/director", "/usr/sbin/mariadbd"):
        if not os.path.exists(path):
            pytest.skip("the Director cannot be had here: %s is missing" % path)


def version():
    with open(MODULES + "/director/module.info", encoding="utf-8") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("Version:"))


class MariaDb:
    def __init__(self, folder):
        self.home = os.path.join(folder, "db")
        os.mkdir(self.home)
        daemons.give(self.home)
        self.socket = os.path.join(self.home, "s")
        data = os.path.join(self.home, "data")
        done = subprocess.run(["mariadb-install-db", "--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal",
                               "--skip-test-db"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **daemons.identity())
        assert done.returncode == 0, done.stdout.decode()
        self.server = daemons.Server(["/usr/sbin/mariadbd", "--no-defaults", "--datadir=" + data, "--socket=" + self.socket, "--skip-networking",
                                      "--skip-log-bin", "--pid-file=%s/pid" % self.home], os.path.join(self.home, "out"))
        self.user = daemons.user_name()
        daemons.wait_until(lambda: self.client("SELECT 1")[0] == 0, 30, "mariadbd answers", self.server.alive)
        self.query("CREATE DATABASE director CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; CREATE USER director@localhost;"
                   "GRANT ALL ON director.* TO director@localhost")

    def client(self, text, database=None):
        return daemons.run(["mariadb", "--no-defaults", "--batch", "--skip-column-names", "--socket=" + self.socket, "--user=root",
                            "--execute=" + text] + ([database] if database else []))

    def query(self, text, database=None):
        """@return the rows as lists of text"""
        code, output = self.client(text, database)
        assert code == 0, text
        return [line.split("\t") for line in output.decode().splitlines()]

    def stop(self):
        self.server.stop()


class Director:
    """Use it with `with`. node: the Icinga 2 that it deploys to; none where nothing is deployed."""

    def __init__(self, folder, node):
        self.database = MariaDb(folder)
        self.config = os.path.join(folder, "web")
        for name in ("director", "incubator", "reactbundle"):
            os.makedirs(os.path.join(self.config, "enabledModules"), exist_ok=True)
            os.symlink(os.path.join(MODULES, name), os.path.join(self.config, "enabledModules", name))
        daemons.write(os.path.join(self.config, "config.ini"), '[global]\nconfig_resource = "director_db"\n[logging]\nlog = "none"\n')
        daemons.write(os.path.join(self.config, "resources.ini"), RESOURCES)
        daemons.write(os.path.join(self.config, "modules", "director", "config.ini"), '[db]\nresource = "director_db"\n')
        daemons.write(os.path.join(self.config, "modules", "director", "kickstart.ini"), "\n".join((
            "[config]", "endpoint = %s" % node.name, "host = 127.0.0.1", "port = %d" % node.port, "username = test", "password = secret", "")))
        self.must("migration", "run")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.database.stop()

    def cli(self, *words, text=""):
        """icingacli director ... @return (exit code, output with errors)"""
        done = subprocess.run(["/usr/bin/php", "-d", "pdo_mysql.default_socket=" + self.database.socket, "/usr/bin/icingacli", "director", *words],
                              input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
                              env={"PATH": "/usr/bin:/bin", "ICINGAWEB_CONFIGDIR": self.config}, **daemons.identity())
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def must(self, *words, text=""):
        code, output = self.cli(*words, text=text)
        assert code == 0, output
        return output

    def count(self, table):
        return int(self.database.query("SELECT COUNT(*) FROM " + table, "director")[0][0])
