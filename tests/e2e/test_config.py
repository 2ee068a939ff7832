# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped files agree with each other and with the programs: a renamed option, section, label or number breaks a test."""
import configparser
import json
import os
import re
import socket
import subprocess
import time

import pytest

import daemons

CHECKS = ("check_sms_packages", "check_sms_dps", "check_sms_despool", "check_sms_inbox")
LABELS = {
    "check_sms_packages": "pending stuck failed never_sent resend known oldest oldest_failed outstanding examined sites query_time overtaken silent new",
    "check_sms_dps": "pending stuck retrying failed known oldest oldest_failed examined evidence_age query_time new",
    "check_sms_despool": "waiting stuck broken known oldest oldest_broken repeats lines bytes log_age new",
    "check_sms_inbox": "files stuck known oldest largest bytes boxes new",
}
# Sections of the shipped ini file and the programs that read them.
SECTIONS = {
    "database_CEN": ("check_sms_packages", "check_sms_dps", "sms_reset_package"), "packages_CEN": ("check_sms_packages",), "dps_CEN": ("check_sms_dps",),
    "despool_S02": ("check_sms_despool",), "despool_S03": ("check_sms_despool",), "inbox_CEN": ("check_sms_inbox",), "reset_CEN": ("sms_reset_package",),
}


def config(name):
    return daemons.read(os.path.join(daemons.CONFIG, name))


def files(folder, *endings):
    for home, _, names in os.walk(os.path.join(daemons.CONFIG, folder)):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(home, name), daemons.CONFIG)


def table(name):
    """{option: (placeholder, flags)} as the program itself tells it."""
    done = subprocess.run([daemons.program(name), "--describe=tsv"], stdout=subprocess.PIPE, check=False)
    assert done.returncode == 3
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    return {row[0]: (row[2], row[4].split(",")) for row in rows}


def on_command_line(name):
    return {option for option, (_, flags) in table(name).items() if "ini-only" not in flags and option not in ("help", "version")}


# ---- the ini file

def sections(text):
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None, strict=False,
                                       allow_no_value=True)
    parser.optionxform = str
    parser.read_string(text)
    return parser


def with_comments_as_keys(text):
    """The ini file with its commented examples switched on; a comment that is prose has a blank behind the '#'."""
    return re.sub(r"^#(?=[A-Za-z][A-Za-z0-9-]*( =|$))", "", text, flags=re.M)


def test_every_section_of_the_ini_file_is_known_here():
    assert set(sections(config("monitoring-plugins-sms.ini")).sections()) == set(SECTIONS) | {"check_tcp_CEN"}


@pytest.mark.parametrize("section,program", [(section, one) for section, programs in SECTIONS.items() for one in programs])
def test_every_key_of_the_ini_file_is_an_option(section, program):
    options = table(program)
    keys = sections(with_comments_as_keys(config("monitoring-plugins-sms.ini")))[section]
    for key in keys:
        assert key in options and "command-line-only" not in options[key][1], "[%s] %s is no key of %s" % (section, key, program)


@pytest.mark.parametrize("program", CHECKS + ("sms_reset_package",))
def test_every_option_stands_in_the_ini_file(program):
    text = sections(with_comments_as_keys(config("monitoring-plugins-sms.ini")))
    shown = {key for section, programs in SECTIONS.items() if program in programs for key in text[section]}
    # Not examples: the password itself, what is done once by hand, what belongs to a command line (--new, --output), and the repair's own guards.
    left_out = {"password", "survey", "close", "state-dir", "max-items", "verbose", "new", "output"}
    options = {name for name, (_, flags) in table(program).items() if "command-line-only" not in flags} - left_out
    if program == "sms_reset_package":
        options &= {"style", "min-age", "max-per-hour", "hostname", "database", "user", "password-file"}
    assert options <= shown, "no example of %s" % sorted(options - shown)


def test_no_secret_stands_in_a_shipped_file():
    for name in list(files("", ".ini", ".cfg", ".conf", ".json")):
        assert not re.search(r"^\s*(password|pwd)\s*=", config(name), re.I | re.M), name


# ---- names across files

def test_nrpe_commands_name_sections_that_exist():
    text = config("nrpe.d/sms.cfg")
    named = set(re.findall(r"--extra-opts=(\w+)@" + re.escape(daemons.INI), text))
    assert named == set(sections(config("monitoring-plugins-sms.ini")).sections()) - {"reset_CEN"}


def test_nrpe_commands_take_no_arguments_and_no_macros():
    for line in re.findall(r"^command\[.*$", config("nrpe.d/sms.cfg"), re.M):
        assert "$" not in line, line


def test_nagios_services_call_nrpe_commands_that_exist():
    defined = set(re.findall(r"^command\[(\w+)\]=", config("nrpe.d/sms.cfg"), re.M))
    called = {name for one in files("nagios", ".cfg") for name in re.findall(r"check_sms_nrpe!(\S+)", config(one))}
    assert called == defined


def test_every_file_is_installed():
    installed = set(re.findall(r"nrpe-config/(\S+)", daemons.read(os.path.join(daemons.CONFIG, "local.mk"))))
    there = set(files("", "")) - {"local.mk"}
    assert {one for one in there if "__pycache__" not in one} == installed


# ---- the timeout chain

def test_the_timeout_chain_is_the_same_in_every_file():
    plugin, client, nrpe, console = 45, 50, 55, 60
    assert set(re.findall(r"^timeout = (\d+)", config("monitoring-plugins-sms.ini"), re.M)) == {str(plugin)}
    assert re.search(r"^command_timeout=%d$" % nrpe, config("nrpe.d/sms.cfg"), re.M)
    assert re.findall(r"-t (\S+) -c", config("nagios/commands.cfg")) == ["%d:UNKNOWN" % client]
    commands = config("icinga2/commands.conf")
    assert set(re.findall(r"^  timeout = (\d+)s", commands, re.M)) == {str(console)}
    assert set(re.findall(r"vars.sms_timeout = (\d+)", commands)) == {str(plugin)}
    for one in basket()["Command"].values():
        if one["methods_execute"] == "PluginCheck":
            assert (one["timeout"], one["vars"]["sms_timeout"]) == (str(console), str(plugin))
    for name in ("nrpe.d/sms.cfg", "nagios/commands.cfg", "monitoring-plugins-sms.ini", "icinga2/services.conf", "icinga2/commands.conf",
                 "README.md"):
        numbers = [int(one) for one in re.findall(r"\b(45|50|55|60)\b", config(name))]
        assert {plugin, client, nrpe, console} <= set(numbers), name


# ---- Icinga 2 and the Director

BASKETS = ("icinga2/director-basket.json", "icinga2/director-basket-1.10.json")


def basket(name=BASKETS[0]):
    return json.loads(config(name))


def checkcommands():
    """{command: {argument: {attribute: value}}} of commands.conf."""
    found = {}
    for name, body in re.findall(r'^object CheckCommand "(\w+)" \{\n(.*?)^\}', config("icinga2/commands.conf"), re.M | re.S):
        arguments = {}
        for key, inside in re.findall(r'^    "([^"]+)" = \{\n(.*?)^    \}', body, re.M | re.S):
            arguments[key] = {attribute: json.loads(value) for attribute, value in re.findall(r"^      (\w+) = (?!\{\{)(.*)$", inside, re.M)}
            for attribute, body in re.findall(r"^      (\w+) = \{\{\n(.*?)\n      \}\}", inside, re.M | re.S):
                arguments[key][attribute] = {"type": "Function", "body": re.sub(r"^ {8}", "", body, flags=re.M)}
        found[name] = arguments
    return found


@pytest.mark.parametrize("program", CHECKS)
def test_the_checkcommand_has_every_option(program):
    arguments = checkcommands()[program[len("check_"):]]
    assert {key[2:] for key in arguments} == on_command_line(program)
    for option, (placeholder, _) in table(program).items():
        if "--" + option not in arguments:
            continue
        attributes = arguments["--" + option]
        macro = "$sms_%s$" % option.replace("-", "_")
        assert attributes["description"], option
        assert macro in str(attributes["value"] if placeholder else attributes["set_if"]), option


def macros(arguments):
    """The sms_* variables that the arguments of a command read."""
    return {macro for argument in arguments.values() for value in argument.values() for macro in re.findall(r"\$(sms_\w+)\$", str(value))}


@pytest.mark.parametrize("name", BASKETS)
def test_the_director_basket_has_the_same_arguments(name):
    content = basket(name)
    commands = {key: one for key, one in content["Command"].items() if one["methods_execute"] == "PluginCheck"}
    assert {key: one["arguments"] for key, one in commands.items()} == {"check_" + key: one for key, one in checkcommands().items()}
    for key, one in commands.items():
        named = {content["Datafield"][str(field["datafield_id"])]["varname"] for field in one["fields"]}
        assert named == macros(one["arguments"]), key
        assert one["command"].endswith("/" + key)
    for template in content["ServiceTemplate"].values():
        assert template.get("check_command", "check_sms_packages") in commands
        assert set(template["imports"]) <= set(content["ServiceTemplate"])
    for one in content["ServiceSet"].values():
        services = one["services"] if isinstance(one["services"], list) else one["services"].values()
        assert {template for service in services for template in service["imports"]} <= set(content["ServiceTemplate"])
    for one in content["NotificationTemplate"].values():
        assert content["Command"][one["command"]]["methods_execute"] == "PluginNotification"


def test_the_basket_has_uuids_where_the_director_takes_them():
    new, old = (basket(name) for name in BASKETS)
    for kind in ("Command", "HostTemplate", "ServiceGroup", "ServiceTemplate", "ServiceSet", "NotificationTemplate", "Dependency", "Datafield"):
        uuids = [one["uuid"] for one in new[kind].values()]
        assert len(set(uuids)) == len(uuids) and not [one for one in old[kind].values() if "uuid" in one], kind
    # 1.10 makes a second field when the first one's text changes: it has none that could.
    assert all("--" + one["varname"][len("sms_"):].replace("_", "-") in one["description"] for one in old["Datafield"].values())
    assert {one["category"] for one in new["Datafield"].values()} <= set(new["DatafieldCategory"])


def test_the_generator_writes_what_is_shipped(tmp_path):
    for program in CHECKS:
        daemons.program(program)
    subprocess.run(["/usr/bin/python3", "-B", os.path.join(daemons.CONFIG, "icinga2", "make-commands.py"), daemons.PLUGINS, str(tmp_path)],
                   check=True)
    for name in ("commands.conf", "director-basket.json", "director-basket-1.10.json"):
        assert (tmp_path / name).read_text(encoding="utf-8") == config("icinga2/" + name), "run make-commands.py"


def test_hosts_set_only_variables_that_a_command_reads():
    read = {macro for arguments in checkcommands().values() for macro in macros(arguments)}
    for name in ("icinga2/hosts.conf", "icinga2/distributed/relays.conf", "icinga2/services.conf"):
        used = set(re.findall(r"^\s*(?://\s*)?(sms_\w+) =", config(name), re.M))
        assert used <= read, "%s: %s" % (name, sorted(used - read))


# ---- Grafana

def queries():
    for panel in json.loads(config("grafana/sms-replication.json"))["panels"]:
        for target in panel["targets"]:
            yield panel, target["query"]


def test_every_query_of_the_dashboard_asks_for_a_label_that_the_check_writes():
    asked = set()
    for panel, query in queries():
        measurement, metric = re.search(r"""FROM /\^\(check_\)\?(\w+)\$/ WHERE \("metric" = '(\w+)'""", query).groups()
        assert metric in LABELS["check_" + measurement].split(), panel["title"]
        asked.add((measurement, metric))
    assert asked == {(check[len("check_"):], label) for check, labels in LABELS.items() for label in labels.split()}


def test_the_dashboard_follows_its_schema():
    """Facts of Grafana's schema 36: unique ids, panels that do not overlap, variables whose current value has all of its parts."""
    dashboard = json.loads(config("grafana/sms-replication.json"))
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]), panel["title"]
    for one in dashboard["templating"]["list"]:
        assert set(one["current"]) == {"selected", "text", "value"}, one["name"]


def test_units_of_the_panels_fit_the_labels():
    for panel, query in queries():
        metric = re.search(r"\"metric\" = '(\w+)'", query).group(1)
        unit = "s" if re.match(r"oldest|evidence_age|log_age|query_time", metric) else \
            "bytes" if metric in ("outstanding", "bytes") else "short"
        assert panel["fieldConfig"]["defaults"]["unit"] == unit, (panel["title"], metric)


def test_the_links_lead_to_the_dashboard_and_its_variables():
    dashboard = json.loads(config("grafana/sms-replication.json"))
    variables = {one["name"] for one in dashboard["templating"]["list"]}
    links = [link for name in files("", ".cfg", ".conf", ".json")
             for link in re.findall(r"https://grafana\.example\.com(/d/[^\s\"']*)", config(name))]
    assert links
    for link in links:
        assert link.startswith("/d/" + dashboard["uid"]), link
        assert set(re.findall(r"var-(\w+)=", link)) <= variables, link


def test_the_labels_are_those_that_the_checks_write(tmp_path):
    site = daemons.Site(str(tmp_path))
    for program, extra in (("check_sms_packages", "packages_CEN"), ("check_sms_dps", "dps_CEN")):
        if not os.access(os.path.join(daemons.PLUGINS, program), os.X_OK):
            continue
        _, output = daemons.run([daemons.program(program), "--extra-opts=database_CEN@" + site.ini, "--extra-opts=%s@%s" % (extra, site.ini)])
        assert re.findall(r"(\w+)=", output.decode().splitlines()[0].split("|")[1]) == LABELS[program].split(), output.decode()


# ---- pages

def test_notes_lead_to_pages_that_are_installed():
    pages = {page for name in files("", ".cfg", ".conf", ".json") for page in re.findall(r"check_sms_\w+\.html", config(name))}
    assert pages == {check + ".html" for check in CHECKS}
    assert not [name for name in files("", ".cfg", ".conf", ".json") if re.search(r"check_sms_\w+\.md", config(name))]
    for check in CHECKS:
        if os.access(os.path.join(daemons.PLUGINS, check), os.X_OK):
            assert os.path.exists(os.path.join(daemons.TREE, "plugins", check + ".md")), check


# ---- SQL

SCRIPTS = ("sms2003", "sccm2007", "configmgr")


def granted(text, right):
    return {name for one in re.findall(r"^GRANT (?:[\w, ]*)?%s ON (\w+)" % right, text, re.M) for name in [one]}


@pytest.mark.parametrize("product", SCRIPTS)
def test_checks_may_read_what_they_ask_and_write_nothing(product):
    text = config("sql/checks-%s.sql" % product)
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    assert not re.search(r"\b(UPDATE|INSERT|DELETE|ALTER (?!ROLE smsschm_users)|db_owner|db_datareader|sysadmin)\b", code)
    assert {"PkgStatus", "SMSPackages"} <= granted(code, "SELECT")
    assert "smsschm_users" in code
    # What the checks ask is granted, or is one of the views that the role may read.
    views = set(re.findall(r"\bv_\w+", text))
    for name in asked_objects():
        modern = name in ("vSMS_DistributionDPStatus", "v_DistributionPoints", "v_DistributionPointDriveInfo")
        assert name in granted(code, "SELECT") | (set() if modern else views) or (modern and product != "configmgr"), name


def asked_objects():
    """The tables and views named in the SQL of the checks' sources."""
    found = set()
    for program in CHECKS[:2]:
        path = os.path.join(daemons.PLUGINS, program)
        if os.access(path, os.X_OK):
            with open(path, "rb") as binary:
                found |= set(re.findall(rb"\b(?:FROM|JOIN) (SMSPackages|PkgStatus|v_\w+|vSMS_\w+)\b", binary.read()))
    return {one.decode() for one in found}


def test_the_sources_ask_for_tables():
    daemons.program("check_sms_packages")
    assert {"PkgStatus", "SMSPackages", "v_Site", "v_DistributionPoint"} <= asked_objects()


@pytest.mark.parametrize("product", SCRIPTS)
def test_the_repair_may_change_two_columns_and_no_more(product):
    text = config("sql/repair-%s.sql" % product)
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    assert re.findall(r"^GRANT UPDATE ON (.*) TO", code, re.M) == ["PkgStatus (Status, SourceVersion)"]
    assert not re.search(r"\b(INSERT|DELETE|db_owner|db_datawriter|sysadmin)\b", code)
    assert "sms_check" not in code


@pytest.mark.parametrize("product", SCRIPTS)
@pytest.mark.parametrize("kind", ("checks", "repair"))
def test_sql_of_the_oldest_product_is_that_of_sql_server_2000(kind, product):
    code = config("sql/%s-%s.sql" % (kind, product))
    old, new = "sp_addlogin" in code, "CREATE LOGIN" in code
    assert (old, new) == ((True, False) if product == "sms2003" else (False, True))
    assert ("ALTER ROLE" in code) == (product == "configmgr")
    assert "USE CM_CEN" in code if product == "configmgr" else "USE SMS_CEN" in code


# ---- the event handler

def repair_hint(*arguments, text="", path=None):
    done = subprocess.run([os.path.join(daemons.CONFIG, "event-handler", "sms-repair-hint"), *arguments, "--", text], stdout=subprocess.PIPE,
                          env={"PATH": "%s:/usr/bin:/bin" % path}, check=True, timeout=60)
    return done.stdout.decode()


@pytest.fixture
def fake_reset(tmp_path):
    daemons.write(str(tmp_path / "sms_reset_package"), '#!/bin/sh\nfor one; do printf "[%s]" "$one"; done; echo; exit 1\n', 0o755)
    return str(tmp_path)


HINTS = [
    ("nothing named", "SMS PACKAGES OK - fine", []),
    ("one", "x; repair: sms_reset_package --package=CEN00001 --child-site=S02\\n", ["[--timeout=6][--package=CEN00001][--child-site=S02]"]),
    ("twice the same", "--package=CEN00001 --child-site=S02 --package=CEN00001 --child-site=S02", ["[--timeout=6][--package=CEN00001][--child-site=S02]"]),
    ("not an ID", "--package=$(reboot) --child-site=S02 --package=../../.. --child-site=S02", []),
    ("more than three", " ".join("--package=CEN0000%d --child-site=S02" % n for n in range(5)),
     ["[--timeout=6][--package=CEN0000%d][--child-site=S02]" % n for n in range(3)]),
]


@pytest.mark.parametrize("name,text,expected", HINTS, ids=[one[0] for one in HINTS])
def test_the_event_handler_passes_on_package_and_site_only(fake_reset, name, text, expected):
    output = repair_hint(text=text, path=fake_reset)
    assert re.findall(r"^\[--.*$", output, re.M) == expected, output
    assert "--apply" not in output


def test_the_event_handler_ends_before_the_notification_is_ended(tmp_path):
    """A database that never answers, three packages: Nagios ends a notification after 30 s, and the mail would be lost with it."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        os.symlink(daemons.program("sms_reset_package"), str(tmp_path / "sms_reset_package"))
        ini = daemons.write(str(tmp_path / "sms.ini"), "[reset_X]\ntimeout = 45\nhostname = 127.0.0.1\nport = %d\ndatabase = SMS_CEN\nuser = u\npassword = p\n"
                            % silent.getsockname()[1], 0o600)
        began = time.monotonic()
        output = repair_hint("--extra-opts=reset_X@" + ini, text=" ".join("--package=CEN0000%d --child-site=S02" % n for n in range(3)), path=str(tmp_path))
        assert time.monotonic() - began < 27
    assert len(re.findall(r"^What .* would do:\n(UNKNOWN: timed out after 6 s.*\n|\(no answer within)", output, re.M)) == 3, output


def test_the_event_handler_waits_for_the_hard_state(fake_reset):
    text = "--package=CEN00001 --child-site=S02"
    assert repair_hint("--state=CRITICAL/SOFT", text=text, path=fake_reset) == ""
    assert "CEN00001" in repair_hint("--state=CRITICAL/HARD", text=text, path=fake_reset)


def test_no_shipped_file_applies_a_repair():
    for name in files("", ".cfg", ".conf", ".json", ".ini", "sms-repair-hint"):
        for line in config(name).splitlines():
            assert "--apply" not in line or line.lstrip().startswith(("#", "//")), "%s: %s" % (name, line)


# ---- what every file has

def test_every_file_names_its_licence_in_the_first_line():
    for name in files("", ".cfg", ".conf", ".ini", ".sql", ".py", ".md", "sms-repair-hint", ".mk"):
        lines = config(name).splitlines()
        assert "SPDX-License-Identifier: GPL-3.0-or-later" in "\n".join(lines[:2]), name
