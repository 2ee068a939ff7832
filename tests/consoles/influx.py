# SPDX-License-Identifier: GPL-3.0-or-later
"""A real InfluxDB 1.x (Debian package influxdb) of its own."""
import json
import os
import urllib.parse
import urllib.request

import daemons

INFLUXD = "/usr/bin/influxd"
CONFIG = """reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{home}/meta"
[data]
dir = "{home}/data"
wal-dir = "{home}/wal"
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[monitor]
store-enabled = false
"""


class Influx:
    def __init__(self, folder):
        self.home = os.path.join(folder, "influx")
        os.mkdir(self.home)
        daemons.give(self.home)
        self.port = daemons.free_port()
        config = daemons.write(os.path.join(self.home, "influxdb.conf"), CONFIG.format(home=self.home, port=self.port, rpc=daemons.free_port()))
        self.server = daemons.Server([INFLUXD, "-config", config], os.path.join(self.home, "out"), {"HOME": self.home})
        self.server.wait_port(self.port, 40)

    def query(self, text, database="icinga2"):
        """@return the series of the answer"""
        body = urllib.parse.urlencode({"q": text, "db": database}).encode()
        with urllib.request.urlopen("http://127.0.0.1:%d/query" % self.port, body, timeout=20) as answer:
            result = json.load(answer)["results"][0]
        assert "error" not in result, "%s: %s" % (text, result)
        return result.get("series", [])

    def stop(self):
        self.server.stop()
