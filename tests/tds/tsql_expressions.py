# SPDX-License-Identifier: GPL-3.0-or-later
"""Parser of T-SQL expressions (the dialect of SQL Server 2000)."""

import decimal

import tds_types as types
import tsql_ast as ast
from tds_errors import SqlError, keyword, syntax
from tsql_lexer import RESERVED, tokens

COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!<": ">=", "!>": "<="}

# Functions that read as reserved words.
CALLABLE = ("LEFT", "RIGHT", "COALESCE", "NULLIF")


class ExpressionParser:
    """Walks the tokens; the parsers of queries and statements build on it."""

    def __init__(self, sql):
        self.sql = sql
        self.tokens = tokens(sql)
        self.at = 0

    # Tokens

    @property
    def here(self):
        return self.tokens[self.at]

    def ahead(self, count=1):
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def next(self):
        token = self.here
        if token.kind != "end":
            self.at += 1
        return token

    def take_word(self, *words):
        if self.here.is_word(*words):
            return self.next().upper
        return None

    def take_op(self, *ops):
        if self.here.is_op(*ops):
            return self.next().text
        return None

    def fail(self):
        token = self.here
        if token.kind == "end":
            raise syntax(self.tokens[self.at - 1].text if self.at else "")
        raise keyword(token.text) if token.kind == "word" and token.upper in RESERVED else syntax(token.text)

    def need_word(self, *words):
        return self.take_word(*words) or self.fail()

    def need_op(self, *ops):
        return self.take_op(*ops) or self.fail()

    def at_name(self):
        return self.here.kind == "quoted" or (self.here.kind == "word" and self.here.upper not in RESERVED)

    def name(self):
        return self.next().text if self.at_name() else self.fail()

    def dotted(self):
        parts = [self.name()]
        while self.take_op("."):
            while self.take_op("."):            # database..table
                parts.append("dbo")
            parts.append(self.name())
        return tuple(parts)

    def parenthesized(self, parse):
        self.need_op("(")
        result = parse()
        self.need_op(")")
        return result

    def list_of(self, parse):
        result = [parse()]
        while self.take_op(","):
            result.append(parse())
        return tuple(result)

    # Conditions

    def condition(self):
        left = self.conjunction()
        while self.take_word("OR"):
            left = ast.Binary("OR", left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.take_word("AND"):
            left = ast.Binary("AND", left, self.negation())
        return left

    def negation(self):
        if self.take_word("NOT"):
            return ast.Unary("NOT", self.negation())
        return self.predicate()

    def predicate(self):
        if self.take_word("EXISTS"):
            return ast.Exists(self.parenthesized(self.query))
        # A parenthesis opens a condition or a value: the first that parses decides.
        if self.here.is_op("(") and not self.ahead().is_word("SELECT"):
            back = self.at
            try:
                inner = self.parenthesized(self.condition)
                if isinstance(inner, (ast.Exists, ast.IsNull, ast.In, ast.Like, ast.Between)) \
                        or is_condition(inner):
                    return inner
            except SqlError:
                pass
            self.at = back
        left = self.value()
        op = self.take_op(*COMPARISONS)
        if op:
            return ast.Binary(COMPARISONS[op], left, self.value())
        if self.take_word("IS"):
            negated = bool(self.take_word("NOT"))
            self.need_word("NULL")
            return ast.IsNull(left, negated)
        negated = bool(self.take_word("NOT"))
        if self.take_word("IN"):
            self.need_op("(")
            items = self.query() if self.here.is_word("SELECT") else self.list_of(self.value)
            self.need_op(")")
            return ast.In(left, items, negated)
        if self.take_word("LIKE"):
            pattern = self.value()
            return ast.Like(left, pattern, self.value() if self.take_word("ESCAPE") else None, negated)
        if self.take_word("BETWEEN"):
            low = self.value()
            self.need_word("AND")
            return ast.Between(left, low, self.value(), negated)
        if negated:
            self.fail()
        return left

    # Values

    def value(self):
        left = self.product()
        while True:
            op = self.take_op("+", "-", "&", "|", "^")
            if not op:
                return left
            left = ast.Binary(op, left, self.product())

    def product(self):
        left = self.unary()
        while True:
            op = self.take_op("*", "/", "%")
            if not op:
                return left
            left = ast.Binary(op, left, self.unary())

    def unary(self):
        op = self.take_op("-", "+", "~")
        if op:
            operand = self.unary()
            if op == "-" and isinstance(operand, ast.Literal) and operand.kind in ("int", "bigint", "float"):
                return number(-operand.value)
            return ast.Unary(op, operand) if op != "+" else operand
        result = self.primary()
        while self.take_word("COLLATE"):
            result = ast.Collate(result, self.name())
        return result

    def primary(self):
        token = self.here
        if token.kind == "text":
            self.next()
            return ast.Literal(token.text, "nvarchar" if token.national else "varchar")
        if token.kind == "number":
            self.next()
            return number_text(token.text)
        if token.kind == "binary":
            self.next()
            digits = token.text[2:]
            return ast.Literal(bytes.fromhex("0" * (len(digits) % 2) + digits), "varbinary")
        if token.kind == "variable":
            self.next()
            if token.text.startswith("@@"):
                return ast.Global(token.upper[2:])
            return ast.Variable(token.text[1:])
        if token.is_op("("):
            if self.ahead().is_word("SELECT"):
                return ast.Subquery(self.parenthesized(self.query))
            return self.parenthesized(self.value)
        if token.is_word("CASE"):
            return self.case()
        if token.is_word("CONVERT", "CAST") and self.ahead().is_op("("):
            return self.convert()
        if token.is_word("NULL"):
            self.next()
            return ast.Literal(None, "null")
        if token.is_word("CURRENT_TIMESTAMP"):
            self.next()
            return ast.Call("GETDATE", ())
        if token.is_word("SYSTEM_USER"):
            self.next()
            return ast.Call("SUSER_SNAME", ())
        if self.ahead().is_op("(") and (self.at_name() or token.is_word(*CALLABLE)):
            return self.call()
        return ast.Column(self.dotted())

    def case(self):
        self.need_word("CASE")
        base = None if self.here.is_word("WHEN") else self.value()
        whens = []
        while self.take_word("WHEN"):
            condition = self.condition() if base is None else self.value()
            self.need_word("THEN")
            whens.append((condition, self.value()))
        if not whens:
            self.fail()
        otherwise = self.value() if self.take_word("ELSE") else None
        self.need_word("END")
        return ast.Case(base, tuple(whens), otherwise)

    def convert(self):
        if self.next().upper == "CAST":
            self.need_op("(")
            operand = self.value()
            self.need_word("AS")
            kind, style = self.type(), 0
        else:
            self.need_op("(")
            kind = self.type()
            self.need_op(",")
            operand, style = self.value(), 0
            if self.take_op(","):
                style = int(self.next().text) if self.here.kind == "number" else self.fail()
        self.need_op(")")
        return ast.Convert(operand, kind, style)

    def type(self):
        token = self.here
        name, numbers = self.name(), []
        if self.take_op("("):
            numbers = [types.MAX if t.is_word("MAX") else int(t.text) if t.text.isdigit() else self.fail()
                       for t in self.list_of(self.next)]
            self.need_op(")")
        elif name.lower() in ("char", "varchar", "nchar", "nvarchar") and self.in_conversion:
            numbers = [30]
        try:
            return types.make(name, numbers)
        except ValueError:
            raise SqlError(243, f"Type {token.text} is not a defined system type.")

    in_conversion = True

    def call(self):
        name = self.next().upper
        self.need_op("(")
        distinct = bool(self.take_word("DISTINCT"))
        if self.take_op("*"):
            args = (ast.Star(None),)
        elif self.here.is_op(")"):
            args = ()
        elif name in ("DATEDIFF", "DATEADD", "DATEPART"):
            args = (ast.Literal(self.name().upper(), "part"),)
            while self.take_op(","):
                args += (self.value(),)
        else:
            args = self.list_of(self.value)
        self.need_op(")")
        return ast.Call(name, args, distinct)

    def query(self):
        raise NotImplementedError


def is_condition(expression):
    """T-SQL has no boolean values: (a = b) is a condition, (a + b) is not."""
    if isinstance(expression, ast.Binary):
        return expression.op in ("AND", "OR", "=", "<>", "<", ">", "<=", ">=")
    if isinstance(expression, ast.Unary):
        return expression.op == "NOT"
    return isinstance(expression, (ast.Exists, ast.IsNull, ast.In, ast.Like, ast.Between))


def number(value):
    if isinstance(value, float):
        return ast.Literal(value, "float")
    return ast.Literal(value, "int" if -2 ** 31 <= value < 2 ** 31 else "bigint")


def number_text(text):
    if "e" in text.lower():
        return ast.Literal(float(text), "float")
    if "." in text:
        return ast.Literal(decimal.Decimal(text), "decimal")
    return number(int(text))
