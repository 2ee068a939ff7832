# SPDX-License-Identifier: GPL-3.0-or-later
"""The Director's configuration basket: used by make-commands.py.

Two forms of one content. The Director knows an object again by its UUID from 1.11 on; 1.10 refuses a UUID at a command and
takes one at a data field for another setting, so that every import would make the field once more. There the fields hold
nothing that changes with a help text.

No name here is one of commands.conf and templates.conf: both may be deployed on the same Icinga 2.
"""
import json
import uuid

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://monitoring-plugins-sms.invalid/director")
INTERVAL, RETRY, ATTEMPTS = 900, 300, 3
PAGES = "/monitoring-plugins-sms/"
DATA_TYPE = "Icinga\\Module\\Director\\DataType\\DataType"
CATEGORIES = {
    "SMS: where to look": "timeout state-dir extra-opts hostname port database user password-file driver tds-version encryption tls-ca dsn connect"
                          " log pck smb-auth encoding timezone max-bytes box match recursive logs db-clock",
    "SMS: what to look at": "site package exclude-package child-site exclude-site server include-removals include-branch-dps known",
    "SMS: how to judge and show": "",
}
# service template: (program, display name)
SERVICES = {
    "sms-director-packages": ("check_sms_packages", "SMS packages"),
    "sms-director-dps": ("check_sms_dps", "SMS distribution points"),
    "sms-director-log": ("check_sms_despool", "SMS log"),
    "sms-director-inbox": ("check_sms_inbox", "SMS inboxes"),
}
# How long a stall is new, for the second service of the pair.
NEW = "10m"
SETS = {
    "sms-director-owning-site": ("An owning site: its database is asked.", ("sms-director-packages", "sms-director-dps")),
    "sms-director-child-site": ("A child site: its logs and inboxes are read.", ("sms-director-log", "sms-director-inbox")),
}


class Function:
    """A value that Icinga 2 computes: the inside of {{ }}."""

    def __init__(self, body):
        self.body = body


def variable(name):
    return "sms_" + name.lower().replace("-", "_")


def as_json(value):
    if isinstance(value, Function):
        return {"type": "Function", "body": value.body}
    raise TypeError(value)


class Basket:
    def __init__(self, checks, arguments, notifications, timeouts, director):
        """checks: [(program, purpose, option table)]; arguments: table to arguments; notifications: [(name, script, arguments)];
        timeouts: of plugin and console, seconds; director: the version that it is for, "1.10" or "1.11"."""
        self.checks, self.arguments, self.notifications = checks, arguments, notifications
        self.plugin_timeout, self.console_timeout = timeouts
        self.uuids = director != "1.10"
        self.programs = {program: options for program, _, options in checks}
        self.fields, self.ids = self.datafields()

    def named(self, kind, name, **properties):
        """An object with its name and, where the Director takes it, its UUID, which follows from kind and name."""
        found = {**properties}
        if self.uuids:
            found["uuid"] = str(uuid.uuid5(NAMESPACE, "%s %s" % (kind, name)))
        return found

    def object(self, kind, name, **properties):
        return self.named(kind, name, object_name=name, **properties)

    def datafields(self):
        """{id: field} and {variable: id}; the checks share the fields of the options that they share."""
        fields, ids = {}, {}
        for program, _, options in self.checks:
            for name, placeholder, flags, words in options:
                if variable(name) in ids:
                    continue
                kind, settings = "String", {"visibility": "visible"}
                if not placeholder:
                    kind, settings = "Boolean", {}
                elif "repeatable" in flags:
                    kind, settings = "Array", {}
                category = next((title for title, names in CATEGORIES.items() if name in names.split()), list(CATEGORIES)[-1])
                ids[variable(name)] = len(ids) + 1
                fields[str(ids[variable(name)])] = self.named(
                    "field", variable(name), varname=variable(name), caption="SMS: " + name.replace("-", " "),
                    description=words if self.uuids else "Option --%s; what it does stands at this argument of the command." % name,
                    datatype=DATA_TYPE + kind, format=None, settings=settings, category=category)
        return fields, ids

    def fields_of(self, names):
        return [{"datafield_id": self.ids[variable(name)], "is_required": "n", "var_filter": None} for name in names if variable(name) in self.ids]

    def commands(self):
        found = {}
        common = {"disabled": False, "imports": [], "is_string": None, "object_type": "object", "zone": None}
        for program, _, options in self.checks:
            found[program] = self.object(
                "command", program, arguments=self.arguments(options), command="/usr/lib/nagios/plugins/" + program, methods_execute="PluginCheck",
                timeout=str(self.console_timeout), vars={"sms_timeout": str(self.plugin_timeout)}, fields=self.fields_of(one[0] for one in options),
                **common)
        for name, script, arguments in self.notifications:
            name = name.replace("sms-", "sms-director-")
            first = {"-c": {"value": script, "order": -2}, "name": {"value": name, "skip_key": True, "order": -1}}
            found[name] = self.object("command", name, arguments={**first, **arguments}, command="/bin/sh", methods_execute="PluginNotification",
                                      timeout="60", vars={}, fields=[], **common)
        return found

    def host_templates(self):
        common = {"object_type": "template", "check_command": "dummy", "check_interval": 300, "imports": [], "vars": {}}
        place = ("extra-opts", "state-dir", "known")
        fields = {
            "sms-director-owning-site": place + ("site", "hostname", "port", "database", "user", "password-file", "dsn", "connect", "min-rate"),
            "sms-director-child-site": place + ("site", "log", "pck", "smb-auth", "timezone", "box"),
        }
        return {name: self.object("host", name, fields=self.fields_of(fields[name]), notes=SETS[name][0], **common) for name in fields}

    def service_templates(self):
        found = {"sms-director-service": self.object(
            "service", "sms-director-service", object_type="template", check_interval=INTERVAL, retry_interval=RETRY, max_check_attempts=ATTEMPTS,
            enable_perfdata=True, groups=["sms-director-services"], imports=[], fields=[], vars={})}
        for name, (program, _) in self.services():
            found[name] = self.object(
                "service", name, object_type="template", check_command=program, notes="Tells " + self.purpose(program) + ".",
                notes_url=PAGES + program + ".html", imports=["sms-director-service"], fields=[], vars={})
            if self.pairs(program):
                found[name + "-new"] = self.object(
                    "service", name + "-new", object_type="template", max_check_attempts=1, volatile=True, imports=[name], fields=[],
                    notes="Pages once for every new stall, beside the service that shows the state.", vars={"sms_new": NEW})
        return found

    def services(self):
        return [(name, value) for name, value in SERVICES.items() if value[0] in self.programs]

    def purpose(self, program):
        return next(purpose for name, purpose, _ in self.checks if name == program)

    def pairs(self, program):
        return any(option[0] == "new" for option in self.programs[program])

    def service_sets(self):
        found = {}
        for name, (words, templates) in SETS.items():
            services = []
            for template, (program, shown) in self.services():
                if template not in templates:
                    continue
                services.append((shown, template))
                if self.pairs(program):
                    services.append((shown + ", new", template + "-new"))
            members = [self.named("service in " + name, shown, object_name=shown, object_type="object", imports=[template], vars={})
                       for shown, template in services]
            found[name] = self.object(
                "set", name, object_type="template", description=words, imports=[], vars={}, assign_filter="%%22%s%%22=host.templates" % name,
                services=members if self.uuids else {one["object_name"]: one for one in members})
        return found

    def notification_templates(self):
        common = {"object_type": "template", "imports": [], "vars": {}, "fields": []}
        types, every_state = ["Acknowledgement", "Custom", "Problem", "Recovery"], ["Critical", "OK", "Unknown", "Warning"]
        # The second service of the pair pages each stall once: again after an interval, or when it is over, is the first one's part.
        return {name: self.object("notification", name, command="sms-director-" + command, notification_interval=interval,
                                  states=states, types=one_types, **common)
                for name, command, interval, states, one_types in (
                    ("sms-director-mail", "mail", 3600, every_state, types), ("sms-director-pager", "pager", 3600, every_state, types),
                    ("sms-director-new-mail", "mail", 0, ["Critical"], ["Custom", "Problem"]),
                    ("sms-director-new-pager", "pager", 0, ["Critical"], ["Custom", "Problem"]))}

    def dependency(self):
        """One page for one cause: a service that asks what another one finds dead is not run and does not page."""
        name = "sms-director-one-cause"
        return {name: self.object("dependency", name, object_type="template", imports=[], disable_checks=True, disable_notifications=True,
                                  ignore_soft_states=True, states=[])}

    def text(self):
        content = {
            "DatafieldCategory": {name: {"category_name": name, "description": None} for name in CATEGORIES},
            "Command": self.commands(),
            "HostTemplate": self.host_templates(),
            "ServiceGroup": {"sms-director-services": self.object("servicegroup", "sms-director-services", object_type="object",
                                                                  display_name="SMS package replication")},
            "ServiceTemplate": self.service_templates(),
            "ServiceSet": self.service_sets(),
            "NotificationTemplate": self.notification_templates(),
            "Dependency": self.dependency(),
            "Datafield": self.fields,
        }
        return json.dumps(content, indent=2, ensure_ascii=False, default=as_json) + "\n"
