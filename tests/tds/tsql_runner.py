# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs T-SQL batches on SQLite and writes their answers."""

import dataclasses
import re
import sqlite3
import time

import tds_tokens as tokens
import tsql_ast as ast
from tds_errors import Attention, Closed, SqlError
from tds_types import text_of
from tsql_binder import Scope
from tsql_catalog import Catalog
from tsql_functions import install
from tsql_parser import parse
from tsql_queries import Binder, view_columns
from tsql_state import LockWait

PROGRESS_STEPS = 20000       # virtual machine steps between two looks for ATTENTION


class StopBatch(Exception):
    """RETURN."""


class Runner:
    """One session's database work. reply is set for each request by the session."""

    def __init__(self, state, channel):
        self.state, self.channel, self.reply = state, channel, None
        self.descriptor = 0          # of the open transaction, 0 for none
        self.last_descriptor = 0x1000
        self.stopped_by = None
        self.db = sqlite3.connect(f"file:{state.facts.path}?mode=rw", uri=True, isolation_level=None, timeout=0,
                                  check_same_thread=False)
        self.db.text_factory = lambda text: text.decode("utf-8", "replace")
        self.execute("PRAGMA synchronous=OFF")
        hidden = state.facts.denied if state.facts.hide_denied else ()
        self.catalog = Catalog(self.execute, state.database, lambda sql: view_columns(self.catalog, sql), hidden)
        install(self.db, self.catalog, self._function_failed)
        self.db.set_progress_handler(self._progress, PROGRESS_STEPS)

    def close(self):
        self.db.close()              # SQLite rolls an open transaction back

    def _function_failed(self, error):
        self.stopped_by = error

    def _progress(self):
        try:
            self.channel.check_attention()
        except (Attention, Closed) as error:
            self.stopped_by = error
            return 1
        return 0

    # SQLite

    def execute(self, sql, parameters=()):
        """One SQLite statement; waits for locks as long as LOCK_TIMEOUT allows."""
        wait = LockWait(self.state.settings.lock_timeout_ms)
        while True:
            self.stopped_by = None
            try:
                return self.db.execute(sql, parameters)
            except sqlite3.Error as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise self.translated(error)
            wait.pause(self.channel.check_attention)

    def translated(self, error):
        if self.stopped_by is not None:
            return self.stopped_by
        text = str(error)
        for pattern, number, message, level in (
                (r"no such table: (.*)", 208, "Invalid object name '{}'.", 16),
                (r"no such column: (.*)", 207, "Invalid column name '{}'.", 16),
                (r'near "(.*)": syntax error', 102, "Incorrect syntax near '{}'.", 15),
                (r"(?:table|view|index) (.*) already exists", 2714, "There is already an object named '{}' in the "
                                                                    "database.", 16),
                (r"cannot modify (\S+) because it is a view", 4406,
                 "Update or insert of view or function '{}' failed because it contains a derived or constant field.",
                 16),
                (r"UNIQUE constraint failed: (.*)", 2627, "Violation of UNIQUE KEY constraint on '{}'. Cannot insert "
                                                          "duplicate key.", 14),
                (r"NOT NULL constraint failed: (.*)", 515, "Cannot insert the value NULL into column '{}'.", 16),
                (r"constraint failed(.*)", 547, "The statement conflicted with a constraint{}.", 16),
                (r"readonly database()", 3906, "Failed to update the database because it is read-only.", 16)):
            match = re.search(pattern, text)
            if match:
                return SqlError(number, message.format(match[1]), level)
        return SqlError(823, f"The operating system returned an error to SQL Server: {text}", 24)

    # Transactions. SQLite's begins with the first lock that must last, as SQL Server's locks do.

    def lock(self):
        if self.state.nesting and not self.db.in_transaction:
            self.execute("BEGIN IMMEDIATE")

    def begin(self):
        self.state.nesting += 1
        if self.state.nesting == 1:
            self.last_descriptor += 1
            self.descriptor = self.last_descriptor
            self.reply.transaction(tokens.BEGIN, self.descriptor)

    def commit(self):
        if not self.state.nesting:
            raise SqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if self.state.nesting == 1:
            if self.db.in_transaction:
                self.execute("COMMIT")
            self.reply.transaction(tokens.COMMIT, self.descriptor)
            self.descriptor = 0
        self.state.nesting -= 1

    def rollback(self):
        if not self.state.nesting:
            raise SqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if self.db.in_transaction:
            self.execute("ROLLBACK")
        self.state.nesting = 0
        self.reply.transaction(tokens.ROLLBACK, self.descriptor)
        self.descriptor = 0

    # Batches

    def batch(self, sql):
        """Runs a batch; True unless it failed. The errors are in the reply."""
        try:
            statements = parse(sql)
        except SqlError as error:
            return self.failed(error)
        success = True
        for statement in statements:
            try:
                self.statement(statement)
                self.state.last_error = 0 if not isinstance(statement, ast.RaiseError) else self.state.last_error
            except StopBatch:
                break
            except SqlError as error:
                success = self.failed(error)
                if self.state.settings.abort_on_error and self.state.nesting and error.number != 50000:
                    self.rollback()
                    break
                if error.ends_batch:
                    break
        return success

    def failed(self, error):
        self.state.last_error, self.state.row_count = error.number, 0
        self.reply.error(error)
        self.reply.statement_done(failed=True)
        if error.level >= 20:
            self.reply.end()
            raise Closed(f"error {error.number} of class {error.level}")
        return False

    def procedure(self, sql, variables):
        """A batch with parameters, in its own scope."""
        kept = self.state.variables, dataclasses.replace(self.state.settings)
        self.state.variables = variables
        self.reply.in_procedure = True
        try:
            return self.batch(sql)
        finally:
            self.reply.in_procedure = False
            self.state.variables, self.state.settings = kept

    def described(self, sql, variables):
        """The columns of the first result, without running anything (sp_prepare)."""
        for statement in parse(sql):
            if isinstance(statement, ast.SelectStatement):
                kept, self.state.variables = self.state.variables, variables
                try:
                    return self.binder().select_statement(statement.query).columns
                finally:
                    self.state.variables = kept
        return None

    def statement(self, statement):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(statement).__name__).lower()
        getattr(self, "run_" + name)(statement)

    # Statements

    def binder(self):
        self.catalog.database = self.state.database
        self.catalog.refresh()
        return Binder(self.catalog, self.state, self.state.facts.major >= 13)

    def counted(self, rows):
        self.state.row_count = rows
        return None if self.state.settings.no_count else rows

    def silent(self, command=""):
        """The end of a statement that counts nothing; it sets @@ROWCOUNT to 0."""
        self.state.row_count = 0
        self.reply.statement_done(command)

    def run_select_statement(self, statement):
        plan = self.binder().select_statement(statement.query)
        self.state.need("SELECT", plan.reads)
        if plan.locking or (plan.reads and self.state.settings.isolation in ("SERIALIZABLE", "REPEATABLE READ")):
            self.lock()
        cursor = self.execute(plan.sql, plan.parameters)
        if plan.assigned:
            return self.assign(plan, cursor)
        self.reply.columns(plan.columns)
        self.null_warning(plan)
        count = 0
        try:
            for count, row in enumerate(cursor, 1):
                self.reply.row(row)
                if count & 255 == 0:
                    self.channel.check_attention()
        except sqlite3.Error as error:
            raise self.translated(error)
        finally:
            cursor.close()
        self.reply.rows_end()
        self.reply.statement_done("SELECT", self.counted(count))

    def null_warning(self, plan):
        """Aggregates read everything before their first row, so this comes before the rows."""
        if plan.null_warning and self.state.facts.null_warning:
            self.reply.info(8153, "Warning: Null value is eliminated by an aggregate or other SET operation.", 10)

    def assign(self, plan, cursor):
        rows = cursor.fetchall()
        for row in rows:
            for name, value, (_, kind) in zip(plan.assigned, row, plan.columns):
                self.state.variables[name.casefold()] = (self.state.variable(name)[0], value)
        self.reply.statement_done("SELECT", self.counted(len(rows)))

    def change(self, action, plan):
        self.state.need(action, [plan.writes])
        self.state.need("SELECT", plan.reads)
        self.lock()
        cursor = self.execute(plan.sql, plan.parameters)
        self.reply.statement_done(action, self.counted(max(cursor.rowcount, 0)))

    def run_update(self, statement):
        self.change("UPDATE", self.binder().update(statement))

    def run_delete(self, statement):
        self.change("DELETE", self.binder().delete(statement))

    def run_insert(self, statement):
        self.change("INSERT", self.binder().insert(statement))

    def run_ddl(self, statement):
        self.lock()
        text = re.sub(r"(?i)\[?\bdbo\]?\.", "", statement.text)
        # SQLite takes no (max); and a database's texts compare without case.
        text = re.sub(r"(?i)\[?\b(n?(?:var)?char)\]?\s*\(\s*(\w+)\s*\)", r"[\1(\2)] COLLATE NOCASE", text)
        self.execute(text)
        self.silent()

    def run_set_option(self, statement):
        name, value, settings = statement.name, statement.value, self.state.settings
        if name == "NOCOUNT":
            settings.no_count = value == "ON"
        elif name == "XACT_ABORT":
            settings.abort_on_error = value == "ON"
        elif name == "LOCK_TIMEOUT":
            settings.lock_timeout_ms = int(value)
        elif name == "TRANSACTION ISOLATION LEVEL":
            settings.isolation = value
        elif name == "IMPLICIT_TRANSACTIONS" and value == "ON":
            raise SqlError(195, "SET IMPLICIT_TRANSACTIONS ON is not built here.", 15)
        self.silent("SET")

    def run_transaction(self, statement):
        if statement.action != "SAVE":
            getattr(self, statement.action.lower())()
        self.silent(statement.action)

    def evaluate(self, expression, condition=False):
        binder = self.binder()
        bound = (binder.condition if condition else binder.bind)(expression, Scope([]))
        self.state.need("SELECT", binder.reads)
        return self.execute(f"SELECT {bound.sql}", binder.parameters).fetchone()[0], bound.type

    def run_declare(self, statement):
        for name, kind, expression in statement.variables:
            value = None if expression is None else self.evaluate(expression)[0]
            self.state.variables[name.casefold()] = (kind, value)

    def run_set_variable(self, statement):
        kind, _ = self.state.variable(statement.name)
        self.state.variables[statement.name.casefold()] = (kind, self.evaluate(statement.expression)[0])

    def run_if(self, statement):
        if self.evaluate(statement.condition, condition=True)[0]:
            self.statement(statement.then)
        elif statement.otherwise is not None:
            self.statement(statement.otherwise)
        else:
            self.state.row_count = 0

    def run_block(self, statement):
        for inner in statement.statements:
            self.statement(inner)

    def run_return(self, statement):
        raise StopBatch

    def run_print(self, statement):
        self.reply.info(0, text_of(self.evaluate(statement.expression)[0] or ""))
        self.silent()

    def run_raise_error(self, statement):
        message, level, state = (self.evaluate(argument)[0] for argument in statement.args[:3])
        if isinstance(message, int):
            number, message = message, f"Error {message}."
        else:
            number = 50000
        if level > 10:
            raise SqlError(number, text_of(message), level, state)
        self.reply.info(number, text_of(message), level, state)
        self.silent()

    def run_wait_for(self, statement):
        end = time.monotonic() + statement.seconds
        while time.monotonic() < end:
            self.channel.check_attention(max(0, end - time.monotonic()))
        self.silent()

    def run_use(self, statement):
        names = {name.casefold(): name for name in self.state.facts.databases}
        if names and statement.database.casefold() not in names:
            raise SqlError(911, f"Database '{statement.database}' does not exist. Make sure that the name is entered "
                                "correctly.")
        old, self.state.database = self.state.database, names.get(statement.database.casefold(), statement.database)
        self.reply.environment(tokens.DATABASE, self.state.database, old)
        self.reply.info(5701, f"Changed database context to '{self.state.database}'.", 0, 2)
        self.silent()
