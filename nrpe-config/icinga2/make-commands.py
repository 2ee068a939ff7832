#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write commands.conf and director-basket.json anew from the option tables of the checks.

usage: make-commands.py PLUGIN_DIRECTORY [OUTPUT_DIRECTORY]

Run it when an option was added, renamed or explained anew; a test compares the result with the tables.
"""
import json
import os
import subprocess
import sys

CHECKS = (
    ("check_sms_packages", "packages that have not reached their child sites", "check_sms_packages.md"),
    ("check_sms_dps", "distribution points that are pending, retrying or failed", "check_sms_dps.md"),
    ("check_sms_despool", "package versions stalled in the logs of a child site", "check_sms_despool.md"),
)
LEFT_OUT = ("help", "version")
PLUGIN_TIMEOUT, COMMAND_TIMEOUT = 45, 60
INTERVAL, RETRY, ATTEMPTS = 900, 300, 3


def table(directory, program):
    """The option table: (name, placeholder, flags, help) of everything that has a form on the command line."""
    path = os.path.join(directory, program)
    made = subprocess.run([path, "--describe=tsv"], stdout=subprocess.PIPE, check=False)
    if made.returncode != 3:
        sys.exit("%s --describe=tsv: exit code %d" % (path, made.returncode))
    for line in made.stdout.decode().splitlines():
        name, _, placeholder, _, flags, words = line.split("\t")
        if name not in LEFT_OUT and "ini-only" not in flags.split(","):
            yield name, placeholder, flags.split(","), words


def variable(name):
    return "sms_" + name.lower().replace("-", "_")


def arguments(directory, program):
    """{argument: attributes}, the same for Icinga 2 and the Director."""
    found = {}
    for name, placeholder, _, words in table(directory, program):
        macro = "$%s$" % variable(name)
        if not placeholder:
            found["--" + name] = {"set_if": macro, "description": words}
        elif name == "extra-opts":
            # Its value may be left out, so it stands behind '='.
            found["--" + name] = {"value": "--%s=%s" % (name, macro), "skip_key": True, "description": words, "order": -1}
        else:
            found["--" + name] = {"value": macro, "description": words}
    return found


def quoted(value):
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    return json.dumps(value)


def icinga(directory):
    lines = ["// SPDX-License-Identifier: GPL-3.0-or-later",
             "// CheckCommands of monitoring-plugins-sms, made by make-commands.py from the option tables of the checks.",
             "//",
             "// Every option --some-option is a custom variable sms_some_option; an array gives the option more than once.",
             "// There is none for a password: sms_password_file and sms_smb_auth name files. What is given nowhere keeps",
             "// the plugin's default; a variable that is not set leaves its option out.",
             "//",
             "// Time limits, each larger than the one before: plugin %d s (sms_timeout) < check_nrpe 50 s < NRPE 55 s < timeout %d s."
             % (PLUGIN_TIMEOUT, COMMAND_TIMEOUT)]
    for program, purpose, _ in CHECKS:
        lines += ["", "// " + purpose, 'object CheckCommand "%s" {' % program[len("check_"):],
                  '  command = [ PluginDir + "/%s" ]' % program, "  timeout = %ds" % COMMAND_TIMEOUT, "", "  arguments = {"]
        for name, attributes in arguments(directory, program).items():
            lines.append("    %s = {" % quoted(name))
            lines += ["      %s = %s" % (key, quoted(value)) for key, value in attributes.items()]
            lines.append("    }")
        lines += ["  }", "", "  vars.sms_timeout = %d" % PLUGIN_TIMEOUT, "}"]
    return "\n".join(lines) + "\n"


def datafields(directory):
    """{id: field} and {variable: id}; the checks share the fields of the options that they share."""
    fields, ids = {}, {}
    for program, _, _ in CHECKS:
        for name, placeholder, flags, words in table(directory, program):
            if variable(name) in ids:
                continue
            kind, settings = "String", {"visibility": "visible"}
            if not placeholder:
                kind, settings = "Boolean", {}
            elif "repeatable" in flags and name != "extra-opts":
                kind, settings = "Array", {}
            ids[variable(name)] = len(ids) + 1
            fields[str(ids[variable(name)])] = {
                "varname": variable(name), "caption": "SMS: " + name.replace("-", " "), "description": words,
                "datatype": "Icinga\\Module\\Director\\DataType\\DataType" + kind, "format": None, "settings": settings}
    return fields, ids


def basket(directory):
    fields, ids = datafields(directory)
    commands, templates = {}, {}
    for program, purpose, page in CHECKS:
        name = program[len("check_"):]
        used = [variable(option) for option, _, _, _ in table(directory, program)]
        commands[name] = {
            "arguments": arguments(directory, program), "command": "/usr/lib/nagios/plugins/" + program, "disabled": False,
            "fields": [{"datafield_id": ids[one], "is_required": "n", "var_filter": None} for one in used],
            "imports": [], "is_string": None, "methods_execute": "PluginCheck", "object_name": name, "object_type": "object",
            "timeout": str(COMMAND_TIMEOUT), "vars": {"sms_timeout": str(PLUGIN_TIMEOUT)}, "zone": None}
        template = name.replace("_", "-").replace("despool", "log") + "-service"
        templates[template] = {
            "check_command": name, "check_interval": INTERVAL, "retry_interval": RETRY, "max_check_attempts": ATTEMPTS,
            "enable_perfdata": True, "imports": [], "notes": "Tells " + purpose + ".",
            "notes_url": "/monitoring-plugins-sms/" + page,
            "action_url": "/grafana/d/sms-replication?var-host=$host.name$&var-service=$service.name$",
            "object_name": template, "object_type": "template", "vars": {}}
    return json.dumps({"Command": commands, "ServiceTemplate": templates, "Datafield": fields}, indent=2,
                      ensure_ascii=False) + "\n"


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__.strip())
    target = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    for name, text in (("commands.conf", icinga(sys.argv[1])), ("director-basket.json", basket(sys.argv[1]))):
        with open(os.path.join(target, name), "w", encoding="utf-8") as out:
            out.write(text)


if __name__ == "__main__":
    main()
