# SPDX-License-Identifier: GPL-3.0-or-later
"""The basket in a real Director, beside the files on the same real Icinga 2: kickstart, import twice, deployment, checks that run."""
import json
import os

import pytest

import daemons
import director
import icinga

FILES = ("commands.conf", "templates.conf", "services.conf", "dependencies.conf", "notifications.conf", "settings.conf", "hosts.conf")
ZONES = """object Endpoint NodeName {
  host = "127.0.0.1"
  port = %d
}
object Zone ZoneName { endpoints = [ NodeName ] }
object Zone "director-global" { global = true }
"""
HOST = {"object_name": "sms-cen", "object_type": "object", "imports": ["sms-director-owning-site"], "address": "127.0.0.1"}


@pytest.fixture(scope="module")
def running():
    """(director, icinga node, site) after the kickstart."""
    director.require()
    daemons.program("check_sms_packages")
    with daemons.Folder() as folder:
        site = daemons.Site(folder)
        node = icinga.Node(icinga.Authority(folder), "master1", folder)
        node.configure("master", ZONES % node.port)
        for name in FILES:
            node.ship(name)
        node.start()
        try:
            with director.Director(folder, node) as made:
                made.must("kickstart", "run")
                yield made, node, site
        finally:
            node.stop()


def basket():
    """The form for the Director that is installed."""
    old = tuple(int(part) for part in director.version().split(".")[:2]) < (1, 11)
    return daemons.shipped("icinga2/director-basket-1.10.json" if old else "icinga2/director-basket.json", changes={
        daemons.STANDARD_PLUGINS + "/check_sms_": daemons.PLUGINS + "/check_sms_"})


def counts(made):
    return {table: made.count(table) for table in ("director_datafield", "icinga_command", "icinga_service", "icinga_service_set", "icinga_host",
                                                   "icinga_notification", "icinga_dependency", "icinga_servicegroup", "icinga_command_field")}


def test_the_kickstart_finds_the_files_objects_and_the_basket_has_other_names(running):
    made, _, _ = running
    from_files = {row[0] for row in made.database.query("SELECT object_name FROM icinga_command WHERE object_type = 'external_object'", "director")}
    assert {"sms_packages", "sms-mail"} <= from_files
    content = json.loads(basket())
    assert not from_files & set(content["Command"])
    named = {name for kind in ("ServiceTemplate", "HostTemplate", "ServiceGroup", "NotificationTemplate", "Dependency") for name in content[kind]}
    text = "".join(daemons.shipped("icinga2/" + name) for name in FILES)
    assert not [name for name in named if '"%s"' % name in text]


def test_a_second_import_changes_nothing_and_a_new_help_text_no_number(running):
    made, _, _ = running
    made.must("basket", "restore", text=basket())
    first = counts(made)
    assert first["icinga_service_set"] == 2 and first["director_datafield"] == len(json.loads(basket())["Datafield"])
    made.must("basket", "restore", text=basket())
    assert counts(made) == first
    # What a release with other help texts ships.
    later = json.loads(basket())
    for command in later["Command"].values():
        for argument in command["arguments"].values():
            if "description" in argument:
                argument["description"] += " Told anew."
    if "uuid" in next(iter(later["Datafield"].values())):
        for field in later["Datafield"].values():
            field["description"] += " Told anew."
    made.must("basket", "restore", text=json.dumps(later))
    assert counts(made) == first
    changed = made.database.query("SELECT COUNT(*) FROM icinga_command_argument WHERE description LIKE '%Told anew.'", "director")
    assert int(changed[0][0]) > 50


def test_the_deployment_runs_beside_the_files(running):
    made, node, site = running
    made.must("basket", "restore", text=basket())
    host = {**HOST, "vars": {"sms_extra_opts": ["database_CEN@" + site.ini, "packages_CEN@" + site.ini]}}
    made.must("host", "create", "--json", text=json.dumps(host))
    made.must("config", "deploy")
    daemons.wait_until(lambda: "sms-cen!SMS packages" in node.objects("services"), 60, lambda: "the set's service is deployed\n" + node.output(),
                       node.server.alive)
    packages = node.wait_service("sms-cen", "SMS packages", lambda one: one["last_check_result"], "is checked", 60, ask_s=5)
    result = packages["last_check_result"]
    # Two sections from one field: the function of the argument.
    assert [word for word in result["command"] if word.startswith("--extra-opts=")] == [
        "--extra-opts=database_CEN@" + site.ini, "--extra-opts=packages_CEN@" + site.ini]
    assert result["output"].startswith("SMS PACKAGES CRITICAL - ") and packages["groups"] == ["sms-director-services"]
    assert "sms-central!sms-packages-CEN" in node.objects("services"), "the files' services are still there"
    assert {"check_sms_packages", "sms_packages"} <= set(node.objects("checkcommands"))
    assert os.path.exists(os.path.join(node.home, "data", "api", "packages", "director"))
