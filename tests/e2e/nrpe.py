# SPDX-License-Identifier: GPL-3.0-or-later
"""A real NRPE with the shipped commands (Debian packages nagios-nrpe-server and nagios-nrpe-plugin)."""
import os
import subprocess

import daemons

CHECK_NRPE = "/usr/lib/nagios/plugins/check_nrpe"
SHIPPED = "nrpe.d/sms.cfg"


def commands(ini, prefix="", plugins=None, changes=None):
    """The shipped commands with this machine's places; `prefix` stands before each of our plugins."""
    plugins = plugins or daemons.PLUGINS
    text = daemons.shipped(SHIPPED, changes={
        "=/usr/lib/nagios/plugins/check_sms_": "=%s%s/check_sms_" % (prefix + " " if prefix else "", plugins),
        daemons.INI: ini})
    return daemons.changed(text, changes or {}, SHIPPED)


class Nrpe:
    """Use it with `with`. tls: None for none, "anonymous" for NRPE's default, or a folder with certificates."""

    def __init__(self, folder, text, tls=None):
        self.port, self.tls = daemons.free_port(), tls
        home = os.path.join(folder, "nrpe%d" % self.port)
        os.mkdir(home)
        daemons.give(home)
        os.mkdir(os.path.join(home, "nrpe.d"))
        daemons.write(os.path.join(home, "nrpe.d", "sms.cfg"), text)
        self.log = os.path.join(home, "log")
        lines = ["log_file=" + self.log, "pid_file=%s/pid" % home, "server_address=127.0.0.1", "server_port=%d" % self.port,
                 "allowed_hosts=127.0.0.1", "dont_blame_nrpe=0", "command_timeout=60", "connection_timeout=60",
                 "disable_syslog=1", "nrpe_user=" + daemons.user_name(), "nrpe_group=" + group_name()]
        if tls not in (None, "anonymous"):
            lines += ["ssl_version=TLSv1.2+", "ssl_use_adh=0", "ssl_cacert_file=%s/ca.pem" % tls,
                      "ssl_cert_file=%s/server.pem" % tls, "ssl_privatekey_file=%s/server.key" % tls, "ssl_client_certs=2"]
        # Debian's nrpe.cfg ends with this line, so what is in nrpe.d wins.
        lines.append("include_dir=%s/nrpe.d" % home)
        config = daemons.write(os.path.join(home, "nrpe.cfg"), "\n".join(lines) + "\n")
        self.server = daemons.Server(["/usr/sbin/nrpe"] + (["-n"] if tls is None else []) + ["-c", config, "-f"],
                                     os.path.join(home, "out"))
        self.server.wait_port(self.port)

    def check(self, command, *arguments, timeout=60):
        """@return (exit code, standard output as bytes) of check_nrpe"""
        line = [CHECK_NRPE, "-H", "127.0.0.1", "-p", str(self.port)]
        if self.tls is None:
            line.append("-n")
        elif self.tls != "anonymous":
            line += ["-A", self.tls + "/ca.pem", "-C", self.tls + "/client.pem", "-K", self.tls + "/client.key"]
        return daemons.run(line + list(arguments) + ["-c", command], timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()


def group_name():
    import grp
    import pwd
    return grp.getgrgid(pwd.getpwnam(daemons.user_name()).pw_gid).gr_name


def make_certificates(folder):
    """A CA, a server and a client certificate. @return the folder that holds them"""
    home = os.path.join(folder, "pki")
    os.mkdir(home)
    daemons.give(home)

    def openssl(*arguments):
        subprocess.run(["openssl"] + list(arguments), cwd=home, check=True, capture_output=True, **daemons.identity())

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out",
            "ca.pem")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-out", name + ".pem")
    return home
