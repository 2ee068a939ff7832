# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection from accept to close."""

import time

import tds_login
import tds_requests as requests
import tds_types as types
from tds_errors import Attention, Closed, SqlError
from tds_packets import ATTENTION, BATCH, LOGIN7, PRELOGIN, RPC, TRANSACTION, Channel
from tds_tokens import Reply
from tsql_runner import Runner
from tsql_state import State


class Session:
    """options: the server's (see tds_server); log(**fields) writes one line of the request log."""

    def __init__(self, sock, number, options, rules, log):
        self.channel = Channel(sock, 50 + number % 1000)
        self.options, self.rules, self.log = options, rules, log
        self.version, self.prepared, self.last_handle = 0x704, {}, 0
        self.runner = None

    def run(self):
        try:
            self.act(self.rules.find("accept"))
            if self.login():
                while True:
                    self.request(*self.channel.message())
        except (Closed, Attention) as error:
            self.log(event="closed", why=str(error) or type(error).__name__)
        finally:
            if self.runner is not None:
                self.runner.close()
            self.channel.sock.close()

    # Rules

    def act(self, rule):
        """Does what a rule says; returns where the request shall go on."""
        if rule is None:
            return
        self.log(event="rule", rule=rule.spec)
        if rule.action == "hang":
            self.channel.hang(rule.get("seconds"))
        elif rule.action in ("close", "partial") or (rule.action == "refuse" and "accept" in rule.places):
            raise Closed("by rule")
        elif rule.action == "reset":
            self.channel.reset()
        elif rule.action == "drip":
            self.channel.bytes_per_second = rule.get("bytes_per_second", 1)
        elif rule.action == "delay":
            end = time.monotonic() + rule.get("seconds", 1)
            while time.monotonic() < end:
                self.channel.check_attention(end - time.monotonic())
        elif rule.action == "info":
            self.runner.reply.info(rule.get("number", 50000), rule.get("message", "Information by rule."),
                                   rule.get("level", 0))
        elif rule.action == "refuse":
            raise rule.error(18456, "Login failed.")
        else:
            raise rule.error()

    def watch_rows(self, reply, rule):
        """Lets a rule strike when so many rows of a result were sent."""
        def on_row(sent):
            if sent >= rule.get("rows", 0):
                reply.on_row = None
                self.channel.flush()
                self.act(rule)
        if rule is not None:
            reply.on_row = on_row

    # Login

    def login(self):
        kind, body = self.channel.message()
        only_login = False
        if kind == PRELOGIN:
            self.act(self.rules.find("prelogin"))
            only_login = self.prelogin(body)
            kind, body = self.channel.message()
            if only_login:
                self.channel.stop_tls()
        if kind != LOGIN7:
            raise Closed(f"message of type {kind} where LOGIN7 was expected")
        login = tds_login.Login(body)
        facts = self.options.facts
        self.version = min(login.version, tds_login.newest_version(facts.major))
        reply = Reply(self.channel, self.version, facts.name)
        self.log(event="login7", tds=f"{login.version >> 8}.{login.version & 15}", user=login.user,
                 database=login.database, host=login.host, application=login.application, server=login.server,
                 library=login.library, packet_size=login.packet_size, integrated=login.integrated,
                 read_only_intent=login.read_only_intent)
        rule = self.rules.find("login")
        try:
            if rule is not None and rule.when == "before":
                self.act(rule)
            name = tds_login.Authenticator(self.options, self.log).check(login, self.channel, reply)
            database = self.database(login, name)
            self.start(login, name, database)
            if rule is not None and rule.when == "after":
                self.act(rule)
        except SqlError as error:
            self.log(event="login refused", number=error.number)
            reply.error(error)
            if error.number == 4060:
                reply.error(tds_login.refused(login.user))
            reply.statement_done(failed=True)
            reply.end()
            raise Closed("login refused")
        size = min(max(login.packet_size or 4096, 512), 32767)
        version = bytes(int(part) for part in facts.version.split(".")[:2]) + int(
            (facts.version.split(".") + ["0", "0"])[2]).to_bytes(2, "big")
        tds_login.write_acknowledgement(reply, login, database, version, size)
        reply.end()
        self.channel.packet_size = size
        self.channel.bytes_per_second = 0
        return True

    def prelogin(self, body):
        """Answers PRELOGIN and starts TLS; True when only the login shall be encrypted."""
        offered = tds_login.prelogin_options(body)
        wanted = offered.get(1, b"\2")[0]
        answer, extent = tds_login.encryption(wanted, self.options.encrypt)
        major, minor, build = (self.options.facts.version.split(".") + ["0", "0"])[:3]
        self.log(event="prelogin", encryption=tds_login.ENCRYPTION_NAMES.get(wanted, wanted),
                 answer=tds_login.ENCRYPTION_NAMES[answer])
        self.channel.put(tds_login.prelogin_answer(answer, bytes([int(major), int(minor)])
                                                   + int(build).to_bytes(2, "big")))
        self.channel.end()
        if extent == "refused":
            raise Closed("the client does not encrypt")
        if extent != "none":
            version, cipher = self.channel.start_tls(self.options.tls)
            self.log(event="tls", version=version, cipher=cipher, extent=extent)
        return extent == "login"

    def database(self, login, name):
        known = {database.casefold(): database for database in self.options.facts.databases}
        if not login.database:
            return next(iter(known.values()), "master")
        if known and login.database.casefold() not in known:
            raise SqlError(4060, f"Cannot open database \"{login.database}\" requested by the login. "
                                 "The login failed.", 11)
        return known.get(login.database.casefold(), login.database)

    def start(self, login, name, database):
        state = State(self.options.facts, self.channel.spid)
        state.database, state.login, state.host = database, name, login.host
        state.application = login.application
        self.runner = Runner(state, self.channel)

    # Requests

    def request(self, kind, body):
        reply = self.runner.reply = Reply(self.channel, self.version, self.options.facts.name)
        if kind == ATTENTION:
            self.log(event="attention", late=True)
            reply.acknowledge_attention(in_request=False)
            return
        handler = {BATCH: self.batch, RPC: self.rpc, TRANSACTION: self.transaction}.get(kind)
        if handler is None:
            raise Closed(f"message of type {kind}")
        try:
            try:
                handler(body, reply)
            except SqlError as error:
                self.channel.hold = False
                self.runner.failed(error)
            reply.end()
        except Attention:
            self.log(event="attention", late=False)
            self.channel.hold = False
            reply.acknowledge_attention(in_request=True)
        finally:
            self.channel.bytes_per_second = 0

    def under_rules(self, place, text, reply, work):
        """Runs work() with the rules for this event."""
        rule = self.rules.find(place, text)
        row_rule = rule if rule is not None and rule.action == "partial" else \
            self.rules.find("row", text) if place != "tm" else None
        self.watch_rows(reply, row_rule)
        if rule is None or rule is row_rule:
            return work()
        if rule.when == "before":
            self.act(rule)
            return work()
        self.channel.hold = True
        try:
            work()
            if rule.action in ("error", "refuse"):
                reply.forget()
            self.act(rule)
        finally:
            self.channel.hold = False

    def batch(self, body, reply):
        sql = requests.batch_text(body, self.version)
        self.log(event="batch", sql=sql)
        self.under_rules("batch", sql, reply, lambda: self.runner.batch(sql))

    def transaction(self, body, reply):
        request = requests.transaction_request(body, self.version)
        self.log(event="tm", request=request.kind, begin_another=request.begin_another)

        def work():
            getattr(self.runner, request.kind.lower())()
            if request.begin_another:
                self.runner.begin()
        self.under_rules("tm", request.kind, reply, work)

    def rpc(self, body, reply):
        found = requests.calls(body, self.version)
        for number, call in enumerate(found):
            sql = self.text_of(call)
            self.log(event="rpc", procedure=call.procedure, sql=sql,
                     parameters=[{"type": p.type.kind, "value": p.value} for p in self.values_of(call)])
            self.under_rules("rpc", sql, reply, lambda: self.call(call, reply, number + 1 < len(found)))

    def text_of(self, call):
        """The SQL that a call runs, for the log and the rules."""
        position = {"sp_executesql": 0, "sp_prepare": 2, "sp_prepexec": 2}.get(call.procedure)
        if position is not None and len(call.parameters) > position:
            return types.text_of(call.parameters[position].value)
        if call.procedure in ("sp_execute", "sp_unprepare") and call.parameters:
            return self.prepared.get(call.parameters[0].value, ("", ""))[1]
        return call.procedure

    def values_of(self, call):
        return call.parameters[{"sp_executesql": 2, "sp_prepare": 3, "sp_prepexec": 3, "sp_execute": 1}.get(
            call.procedure, 0):]

    def call(self, call, reply, more):
        given, name = call.parameters, call.procedure
        values, handle, success = self.values_of(call), None, True
        if name == "sp_executesql":
            definitions = given[1].value if len(given) > 1 else ""
            success = self.runner.procedure(self.text_of(call), requests.named(definitions, values))
        elif name in ("sp_prepare", "sp_prepexec"):
            self.last_handle = handle = self.last_handle + 1
            definitions, sql = given[1].value or "", given[2].value
            self.prepared[handle] = (definitions, sql)
            if name == "sp_prepexec":
                success = self.runner.procedure(sql, requests.named(definitions, values))
            else:
                columns = self.runner.described(sql, requests.declared_only(definitions))
                if columns is not None:
                    reply.columns(columns)
                    reply.in_procedure = True
                    reply.statement_done("SELECT")
                    reply.in_procedure = False
        elif name == "sp_execute":
            if given[0].value not in self.prepared:
                raise SqlError(8179, f"Could not find prepared statement with handle {given[0].value}.")
            definitions, sql = self.prepared[given[0].value]
            success = self.runner.procedure(sql, requests.named(definitions, values))
        elif name == "sp_unprepare":
            self.prepared.pop(given[0].value, None)
        else:
            raise SqlError(2812, f"Could not find stored procedure '{name}'.")
        reply.return_status(0 if success else self.runner.state.last_error)
        if handle is not None:
            reply.return_handle(handle)
        reply.procedure_done(failed=not success, more=more)
