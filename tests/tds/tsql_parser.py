# SPDX-License-Identifier: GPL-3.0-or-later
"""Parser of T-SQL batches: queries and statements.

Our own, because a server must refuse what SQL Server refuses, with its number, and tell the type of every column.
sqlglot 10.6.3 (Debian 12) translated 29 of the 73 statements of test_tds_tsql.py to the right value and refused 3 of the
39 wrong ones; statements without a semicolon between them (SET NOCOUNT ON SELECT 1) it takes as one text.
"""

import re

import tsql_ast as ast
from tds_errors import SqlError
from tsql_expressions import ExpressionParser, is_condition
from tsql_lexer import RESERVED

STARTERS = ("SELECT", "INSERT", "UPDATE", "DELETE", "SET", "DECLARE", "IF", "BEGIN", "COMMIT", "ROLLBACK", "SAVE",
            "PRINT", "RAISERROR", "WAITFOR", "USE", "CREATE", "DROP", "ALTER", "RETURN", "END", "ELSE", "EXEC",
            "EXECUTE", "TRUNCATE", "WHILE", "GOTO", "GRANT")


class Parser(ExpressionParser):

    # Queries

    def query(self):
        body = self.select()
        while self.here.is_word("UNION"):
            self.next()
            op = "UNION ALL" if self.take_word("ALL") else "UNION"
            body = ast.Union(op, body, self.select())
        order = ()
        if self.take_word("ORDER"):
            self.need_word("BY")
            order = self.list_of(self.order_item)
        return ast.Query(body, order)

    def order_item(self):
        expression = self.value()
        return expression, (self.take_word("ASC", "DESC") == "DESC")

    def select(self):
        if self.here.is_op("("):
            return self.parenthesized(self.select)
        self.need_word("SELECT")
        distinct = bool(self.take_word("DISTINCT"))
        self.take_word("ALL")
        top = None
        if self.take_word("TOP"):
            top = self.parenthesized(self.value) if self.here.is_op("(") else self.primary()
        items = self.list_of(self.item)
        source = self.sources() if self.take_word("FROM") else None
        where = self.required_condition() if self.take_word("WHERE") else None
        group = ()
        if self.take_word("GROUP"):
            self.need_word("BY")
            group = self.list_of(self.value)
        having = self.required_condition() if self.take_word("HAVING") else None
        return ast.Select(distinct, top, items, source, where, group, having)

    def required_condition(self):
        start = self.at
        condition = self.condition()
        if not is_condition(condition):
            raise SqlError(4145, "An expression of non-boolean type specified in a context where a condition is "
                                 f"expected, near '{self.here.text or self.tokens[start].text}'.", 15)
        return condition

    def item(self):
        if self.take_op("*"):
            return ast.Item(ast.Star(None), None)
        if self.at_name() and self.ahead().is_op(".") and self.ahead(2).is_op("*"):
            source = self.name()
            self.next()
            self.next()
            return ast.Item(ast.Star(source), None)
        if self.here.kind == "variable" and self.ahead().is_op("="):
            variable = self.next().text[1:]
            self.next()
            return ast.Item(self.value(), None, variable)
        if self.at_name() and self.ahead().is_op("="):
            alias = self.name()
            self.next()
            return ast.Item(self.value(), alias)
        expression = self.value()
        return ast.Item(expression, self.alias(texts=True))

    def alias(self, texts=False):
        if self.take_word("AS"):
            if texts and self.here.kind == "text":
                return self.next().text
            return self.name()
        if self.at_name() and not self.here.is_word(*STARTERS):
            return self.next().text
        return None

    def sources(self):
        left = self.joined()
        while self.take_op(","):
            left = ast.Join("CROSS", left, self.joined(), None)
        return left

    def joined(self):
        left = self.source()
        while True:
            kind = self.join_kind()
            if kind is None:
                return left
            right = self.source()
            # a JOIN b JOIN c ON .. ON ..: the inner one closes first
            while kind != "CROSS" and self.here.is_word("JOIN", "INNER", "LEFT", "RIGHT", "FULL"):
                inner = self.join_kind()
                third = self.source()
                self.need_word("ON")
                right = ast.Join(inner, right, third, self.required_condition())
            on = None
            if kind != "CROSS":
                self.need_word("ON")
                on = self.required_condition()
            left = ast.Join(kind, left, right, on)

    def join_kind(self):
        if self.take_word("CROSS"):
            self.need_word("JOIN")
            return "CROSS"
        kind = None
        if self.take_word("INNER"):
            kind = "INNER"
        else:
            word = self.take_word("LEFT", "RIGHT", "FULL")
            if word:
                self.take_word("OUTER")
                kind = word
        if kind:
            self.need_word("JOIN")
            return kind
        return "INNER" if self.take_word("JOIN") else None

    def source(self):
        if self.here.is_op("("):
            if self.ahead().is_word("SELECT") or self.ahead().is_op("("):
                back = self.at
                try:
                    query = self.parenthesized(self.query)
                    return ast.Derived(query, self.alias() or self.fail())
                except SqlError:
                    if self.tokens[back + 1].is_word("SELECT"):
                        raise
                    self.at = back
            return self.parenthesized(self.sources)
        parts = self.dotted()
        alias = self.alias()
        return ast.Table(parts, alias, self.hints())

    def hints(self):
        """WITH (NOLOCK), and the old (NOLOCK) without WITH."""
        hints = ()
        if self.here.is_word("WITH") and self.ahead().is_op("("):
            self.next()
            hints = self.parenthesized(lambda: self.list_of(self.hint))
        elif self.here.is_op("(") and self.ahead().is_word("NOLOCK", "HOLDLOCK", "UPDLOCK", "READPAST", "ROWLOCK"):
            hints = self.parenthesized(lambda: self.list_of(self.hint))
        return hints

    def hint(self):
        token = self.next()
        if token.kind != "word":
            self.at -= 1
            self.fail()
        return token.upper

    # Statements

    def batch(self):
        result = []
        while self.here.kind != "end":
            if not self.take_op(";"):
                result.append(self.statement())
        return tuple(result)

    def statement(self):
        token = self.here
        method = getattr(self, "statement_" + token.text.lower(), None) if token.kind == "word" else None
        if method is None:
            # A name is a procedure call, but only at the start of a batch.
            if token.kind != "word" or token.upper in RESERVED or self.at:
                self.fail()
            raise SqlError(2812, f"Could not find stored procedure '{token.text}'.")
        result = method()
        self.take_op(";")
        return result

    def statement_select(self):
        return ast.SelectStatement(self.query())

    def statement_insert(self):
        self.next()
        self.take_word("INTO")
        table, columns = self.dotted(), ()
        if self.here.is_op("("):
            columns = self.parenthesized(lambda: self.list_of(self.name))
        if self.take_word("VALUES"):
            row = lambda: self.parenthesized(lambda: self.list_of(self.value))
            return ast.Insert(table, columns, self.list_of(row), None)
        return ast.Insert(table, columns, (), self.query())

    def statement_update(self):
        self.next()
        target, hints = self.dotted(), self.hints()
        self.need_word("SET")
        sets = self.list_of(self.assignment)
        source = self.sources() if self.take_word("FROM") else None
        where = self.required_condition() if self.take_word("WHERE") else None
        return ast.Update(target, hints, sets, source, where)

    def assignment(self):
        column = self.dotted()[-1]
        self.need_op("=")
        return column, self.value()

    def statement_delete(self):
        self.next()
        self.take_word("FROM")
        target, hints = self.dotted(), self.hints()
        source = self.sources() if self.take_word("FROM") else None
        where = self.required_condition() if self.take_word("WHERE") else None
        return ast.Delete(target, hints, source, where)

    def statement_set(self):
        self.next()
        if self.here.kind == "variable":
            name = self.next().text[1:]
            self.need_op("=")
            return ast.SetVariable(name, self.value())
        if self.take_word("TRANSACTION"):
            words = [self.need_word("ISOLATION"), self.need_word("LEVEL")]
            words = [self.need_word("READ", "REPEATABLE", "SERIALIZABLE", "SNAPSHOT")]
            if words[0] in ("READ", "REPEATABLE"):
                words.append(self.need_word("COMMITTED", "UNCOMMITTED", "READ"))
            return ast.SetOption("TRANSACTION ISOLATION LEVEL", " ".join(words))
        # SET a, b ON is one statement with several options; the first name stands for all.
        name = self.list_of(lambda: self.next().upper)[0]
        if self.take_op("-"):
            return ast.SetOption(name, "-" + self.next().text)
        token = self.next()
        if token.kind not in ("word", "number", "text", "variable"):
            self.at -= 1
            self.fail()
        return ast.SetOption(name, token.text.upper())

    def statement_declare(self):
        self.next()
        return ast.Declare(self.list_of(self.declaration))

    def declaration(self):
        token = self.next()
        if token.kind != "variable":
            self.at -= 1
            self.fail()
        self.take_word("AS")
        self.in_conversion = False
        kind = self.type()
        self.in_conversion = True
        return token.text[1:], kind, self.value() if self.take_op("=") else None

    def statement_if(self):
        self.next()
        condition = self.required_condition()
        then = self.statement()
        return ast.If(condition, then, self.statement() if self.take_word("ELSE") else None)

    def statement_begin(self):
        self.next()
        if self.take_word("TRAN", "TRANSACTION"):
            return self.transaction_name("BEGIN")
        statements = []
        while not self.take_word("END"):
            if not self.take_op(";"):
                statements.append(self.statement())
        return ast.Block(tuple(statements))

    def transaction_name(self, action):
        if self.at_name() or self.here.kind == "variable":
            if not self.here.is_word(*STARTERS):
                self.next()
        return ast.Transaction(action)

    def statement_commit(self):
        action = self.next().upper
        if self.take_word("TRAN", "TRANSACTION"):
            return self.transaction_name(action)
        self.take_word("WORK")
        return ast.Transaction(action)

    statement_rollback = statement_commit

    def statement_save(self):
        self.next()
        self.need_word("TRAN", "TRANSACTION")
        return self.transaction_name("SAVE")

    def statement_print(self):
        self.next()
        return ast.Print(self.value())

    def statement_raiserror(self):
        self.next()
        args = self.parenthesized(lambda: self.list_of(self.value))
        if self.take_word("WITH"):
            self.list_of(self.name)
        return ast.RaiseError(args)

    def statement_waitfor(self):
        self.next()
        self.need_word("DELAY")
        match = re.fullmatch(r"(\d+):(\d+)(?::(\d+(?:\.\d+)?))?", self.next().text)
        if match is None:
            self.at -= 1
            self.fail()
        return ast.WaitFor(int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3] or 0))

    def statement_use(self):
        self.next()
        return ast.Use(self.name())

    def statement_return(self):
        self.next()
        return ast.Return()

    def statement_create(self):
        """DDL goes to SQLite as written, up to the next statement."""
        start, depth = self.next().start, 0
        if not self.here.is_word("TABLE", "VIEW", "INDEX", "UNIQUE", "CLUSTERED", "NONCLUSTERED"):
            self.fail()
        view = self.here.is_word("VIEW")
        while self.here.kind != "end" and not (depth == 0 and self.here.is_op(";")):
            if depth == 0 and not view and self.here.is_word(*STARTERS):
                break
            depth += self.here.is_op("(") - self.here.is_op(")")
            self.next()
        return ast.Ddl(self.sql[start:self.tokens[self.at - 1].end])

    statement_drop = statement_alter = statement_create


def parse(sql):
    return Parser(sql).batch()
