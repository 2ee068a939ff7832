# SPDX-License-Identifier: GPL-3.0-or-later
"""Every query of the dashboard on a real InfluxDB, with what a real icinga2 wrote there from the shipped objects."""
import json
import os
import re
import time

import pytest

import daemons
import icinga
import influx
import test_icinga

# As Icinga 2's own example of the feature has it.
WRITER = """object InfluxdbWriter "influxdb" {
  host = "127.0.0.1"
  port = %d
  database = "icinga2"
  flush_threshold = 1
  flush_interval = 1s
  host_template = {
    measurement = "$host.check_command$"
    tags = {
      hostname = "$host.name$"
    }
  }
  service_template = {
    measurement = "$service.check_command$"
    tags = {
      hostname = "$host.name$"
      service = "$service.name$"
    }
  }
}
"""


@pytest.fixture(scope="module")
def fed():
    """An InfluxDB into which icinga2 has written each check at least once."""
    if not os.path.exists(influx.INFLUXD):
        pytest.skip("InfluxDB cannot be had here: %s is missing" % influx.INFLUXD)
    daemons.program("check_sms_packages")
    import logs
    with daemons.Folder() as folder:
        site = daemons.Site(folder)
        test_icinga.write_stalled_logs(logs, folder)
        os.makedirs(os.path.join(folder, "box"))
        daemons.give(os.path.join(folder, "box"))
        database = influx.Influx(folder)
        node = None
        try:
            database.query("CREATE DATABASE icinga2")
            host = test_icinga.owning_site(site, 'services_for = [ "S02", "S05" ]').rstrip().rstrip("}") + """
  vars.sms_sites["S02"] = { sms_log = [ "%s/despool.log", "%s/distmgr.log" ], sms_state_dir = "%s" }
  vars.sms_sites["CEN-server"] = { sms_box = [ "%s/box" ], sms_state_dir = "%s" }
  vars.sms_sites["ALL"] = { sms_extra_opts = "database_CEN@%s" }
}
""" % (folder, folder, site.state, folder, site.state, site.ini)
            node = test_icinga.single(icinga.Authority(folder), folder, site, host)
            node.write("conf.d/influxdb.conf", WRITER % database.port)
            node.ship("sites.conf", changes={"      check_command = \"sms_packages\"\n": "      check_command = \"sms_packages\"\n      vars.sms_connect = \"Driver=SQLite3;Database=%s\"\n"
                                             "      vars.remove(\"sms_hostname\")\n      vars.remove(\"sms_database\")\n      vars.remove(\"sms_user\")\n"
                                             "      vars.remove(\"sms_password_file\")\n      vars.sms_extra_opts = [ \"database_CEN@%s\" ]\n      vars.remove(\"sms_connect\")\n"
                                             % (site.database, site.ini)})
            node.start()
            wanted = {"sms_packages", "sms_dps", "sms_despool", "sms_inbox"}
            daemons.wait_until(lambda: wanted <= {row[0] for series in database.query("SHOW MEASUREMENTS") for row in series["values"]}, 90,
                               lambda: "all measurements\n" + node.output(), node.server.alive)
            time.sleep(3)
            yield database
        finally:
            if node:
                node.stop()
            database.stop()


def dashboard():
    return json.loads(daemons.shipped("grafana/sms-replication.json"))


def as_grafana_asks(query):
    """Its variables filled in as Grafana does for All."""
    for old, new in (("$timeFilter", "time > now() - 1h"), ("$__interval", "10s"), ("/^$host$/", "/^.*$/"), ("/^$service$/", "/^.*$/")):
        query = query.replace(old, new)
    assert "$" not in query.replace("$/", ""), query
    return query


QUERIES = [(panel["title"], target["query"]) for panel in dashboard()["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("title,query", QUERIES, ids=["%s %d" % (title, number) for number, (title, _) in enumerate(QUERIES)])
def test_every_query_of_every_panel_finds_data(fed, title, query):
    series = fed.query(as_grafana_asks(query))
    assert series, query
    tags = re.findall(r'"(hostname|service)"', query.partition("GROUP BY")[2])
    assert all(set(tags) == set(one["tags"]) for one in series)
    assert all(row[1] is not None for one in series for row in one["values"])


def test_the_variables_list_hosts_and_services(fed):
    values = {}
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            values[variable["name"]] = {row[1] for series in fed.query(variable["query"]) for row in series["values"]}
    assert "sms-central" in values["host"] and {"sms-dps-CEN", "sms-packages-CEN-S02", "sms-packages-new-CEN-S02"} <= values["service"]


def test_the_link_queues_are_those_of_the_sites(fed):
    queries = [target["query"] for panel in dashboard()["panels"] if panel["title"] == "Queue of each link" for target in panel["targets"]]
    hosts, services = ({value for one in fed.query(as_grafana_asks(query)) for value in one["tags"].values()} for query in queries)
    assert hosts == {"sms-site-S02", "sms-site-S03"} and {"sms-packages-CEN-S02", "sms-packages-CEN-S05"} <= services
