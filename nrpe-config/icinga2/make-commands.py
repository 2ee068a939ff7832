#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write commands.conf and the Director's baskets anew from the option tables of the checks.

usage: make-commands.py PLUGIN_DIRECTORY [OUTPUT_DIRECTORY]

Run it when an option was added, renamed or explained anew; a test compares the result with the tables.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import make_basket  # noqa: E402
from make_basket import Function, variable  # noqa: E402

CHECKS = (
    ("check_sms_packages", "packages that have not reached their child sites"),
    ("check_sms_dps", "distribution points that are pending, retrying or failed"),
    ("check_sms_despool", "package versions stalled in the logs of a child site"),
    ("check_sms_inbox", "files that wait in the inboxes of a site server"),
)
LEFT_OUT = ("help", "version")
PLUGIN_TIMEOUT, COMMAND_TIMEOUT = 45, 60

# The value of --extra-opts may be left out, so it stands behind '='; two sections are the rule.
EXTRA_OPTS = Function("""var sections = macro("$sms_extra_opts$")
if (!sections) {
  return []
}
if (typeof(sections) != Array) {
  sections = [ sections ]
}
return sections.map(section => "--extra-opts=" + section)""")

# Mail and pager get their values as NAME=VALUE in arguments of their own: no shell reads them. A value that is not
# there leaves its argument out.
READ = """for one; do case $one in
subject=*) subject=${one#*=} ;; host=*) host=${one#*=} ;; state=*) state=${one#*=} ;; output=*) output=${one#*=} ;;
comment=*) comment=${one#*=} ;; links=*) links=${one#*=} ;; to=*) to=${one#*=} ;;
esac; done
"""
# The subject ends with the first package of the text, which is the worst.
MAIL = READ + """package=$(printf '%s' "$output" | grep -Eow '[0-9A-Z]{3}[0-9A-F]{5}' | grep -m 1 '[0-9]')
printf '%s\\n\\n%s\\n\\n%s\\n%s\\n' "$subject" "$output" "$comment" "$links" | mail -s "$subject${package:+: $package}" "$to"
"""
# 160 characters of ASCII with whole words: state, host, and the first line without the check's own name.
PAGER = READ + """printf '%s %s: %s\\n' "$state" "$host" "${output#*" - "}" | head -n 1 | iconv -c -f UTF-8 -t ASCII//TRANSLIT | fold -s -w 157 |
awk 'NR == 1 { text = $0 } END { sub(/ +$/, "", text); print text (NR > 1 ? "..." : "") }' | mail "$to"
"""
VALUES = {
    "subject": "$notification.type$: $service.display_name$ on $host.display_name$ is $service.state$",
    "host": "$host.display_name$", "state": "$service.state$", "output": "$service.output$",
    "comment": "$notification.author$ $notification.comment$", "links": "$service.notes_url$ $service.action_url$",
}
NOTIFICATIONS = (("sms-mail", "mail", MAIL, "$user.email$"), ("sms-pager", "text message of 160 characters", PAGER, "$user.pager$"))


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


def arguments(options):
    """{argument: attributes}, the same for Icinga 2 and the Director."""
    found = {}
    for name, placeholder, _, words in options:
        macro = "$%s$" % variable(name)
        if not placeholder:
            found["--" + name] = {"set_if": macro, "description": words}
        elif name == "extra-opts":
            found["--" + name] = {"value": EXTRA_OPTS, "skip_key": True, "description": words, "order": -1}
        else:
            found["--" + name] = {"value": macro, "description": words}
    return found


def notification_arguments(recipient):
    values = {**VALUES, "to": recipient}
    return {name: {"value": "%s=%s" % (name, value), "skip_key": True, "order": order} for order, (name, value) in enumerate(values.items(), 1)}


def quoted(value):
    if isinstance(value, Function):
        return "{{\n%s\n      }}" % "\n".join(" " * 8 + line for line in value.body.splitlines())
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    return json.dumps(value)


def argument_lines(found):
    lines = ["  arguments = {"]
    for name, attributes in found.items():
        lines.append("    %s = {" % quoted(name))
        lines += ["      %s = %s" % (key, quoted(value)) for key, value in attributes.items()]
        lines.append("    }")
    return lines + ["  }"]


def icinga(checks):
    lines = ["// SPDX-License-Identifier: GPL-3.0-or-later",
             "// Commands of monitoring-plugins-sms, made by make-commands.py from the option tables of the checks.",
             "//",
             "// Every option --some-option is a custom variable sms_some_option; an array gives the option more than once.",
             "// There is none for a password: sms_password_file and sms_smb_auth name files. What is given nowhere keeps",
             "// the plugin's default; a variable that is not set leaves its option out.",
             "//",
             "// Time limits, each larger than the one before: plugin %d s (sms_timeout) < check_nrpe 50 s < NRPE 55 s < timeout %d s."
             % (PLUGIN_TIMEOUT, COMMAND_TIMEOUT)]
    for program, purpose, options in checks:
        lines += ["", "// " + purpose, 'object CheckCommand "%s" {' % program[len("check_"):],
                  '  command = [ PluginDir + "/%s" ]' % program, "  timeout = %ds" % COMMAND_TIMEOUT, ""]
        lines += argument_lines(arguments(options)) + ["", "  vars.sms_timeout = %d" % PLUGIN_TIMEOUT, "}"]
    for name, purpose, script, recipient in NOTIFICATIONS:
        # A '$' that is none of Icinga's is doubled; {{{ }}} takes every other character as it is.
        lines += ["", "// " + purpose, 'object NotificationCommand "%s" {' % name, '  command = [ "/bin/sh", "-c", {{{',
                  script.replace("$", "$$").rstrip("\n"), "}}}, %s ]" % quoted(name), ""]
        lines += argument_lines(notification_arguments(recipient)) + ["}"]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__.strip())
    target = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    checks = [(program, purpose, list(table(sys.argv[1], program))) for program, purpose in CHECKS
              if os.path.exists(os.path.join(sys.argv[1], program))]
    notifications = [(name, script.replace("$", "$$"), notification_arguments(recipient)) for name, _, script, recipient in NOTIFICATIONS]
    made = {"commands.conf": icinga(checks)}
    for name, version in (("director-basket.json", "1.11"), ("director-basket-1.10.json", "1.10")):
        made[name] = make_basket.Basket(checks, arguments, notifications, (PLUGIN_TIMEOUT, COMMAND_TIMEOUT), version).text()
    for name, text in made.items():
        with open(os.path.join(target, name), "w", encoding="utf-8") as out:
            out.write(text)


if __name__ == "__main__":
    main()
