# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a parsed T-SQL batch. Frozen, so that expressions can be compared (GROUP BY)."""

from dataclasses import dataclass
from typing import Any, Optional


def node(cls):
    return dataclass(frozen=True)(cls)


# Expressions

@node
class Literal:
    value: Any
    kind: str            # int bigint decimal float varchar nvarchar varbinary null


@node
class Variable:
    name: str            # without the @


@node
class Global:
    name: str            # upper case, without the @@


@node
class Column:
    parts: tuple         # ("p", "PkgID")


@node
class Star:
    source: Optional[str]


@node
class Unary:
    op: str
    operand: Any


@node
class Binary:
    op: str
    left: Any
    right: Any


@node
class IsNull:
    operand: Any
    negated: bool


@node
class In:
    operand: Any
    items: Any           # a tuple of expressions, or a query
    negated: bool


@node
class Like:
    operand: Any
    pattern: Any
    escape: Any
    negated: bool


@node
class Between:
    operand: Any
    low: Any
    high: Any
    negated: bool


@node
class Exists:
    query: Any


@node
class Case:
    base: Any
    whens: tuple         # ((condition, result), ...)
    otherwise: Any


@node
class Call:
    name: str            # upper case
    args: tuple
    distinct: bool = False


@node
class Convert:
    operand: Any
    type: Any            # SqlType
    style: int


@node
class Subquery:
    query: Any


@node
class Collate:
    operand: Any
    name: str


# Queries

@node
class Item:
    expression: Any
    alias: Optional[str]
    variable: Optional[str] = None   # SELECT @x = ...


@node
class Select:
    distinct: bool
    top: Any
    items: tuple
    source: Any
    where: Any
    group: tuple
    having: Any


@node
class Union:
    op: str
    left: Any
    right: Any


@node
class Query:
    body: Any            # Select or Union
    order: tuple = ()    # ((expression, descending), ...)


@node
class Table:
    parts: tuple
    alias: Optional[str]
    hints: tuple


@node
class Derived:
    query: Any
    alias: str


@node
class Join:
    kind: str
    left: Any
    right: Any
    on: Any


# Statements

@node
class SelectStatement:
    query: Any


@node
class Insert:
    table: tuple
    columns: tuple
    rows: tuple          # of tuples of expressions
    query: Any


@node
class Update:
    target: tuple
    hints: tuple
    sets: tuple          # ((column, expression), ...)
    source: Any
    where: Any


@node
class Delete:
    target: tuple
    hints: tuple
    source: Any
    where: Any


@node
class SetOption:
    name: str            # upper case: NOCOUNT, LOCK_TIMEOUT, TRANSACTION ISOLATION LEVEL
    value: Any


@node
class Declare:
    variables: tuple     # ((name, SqlType, expression or None), ...)


@node
class SetVariable:
    name: str
    expression: Any


@node
class If:
    condition: Any
    then: Any
    otherwise: Any


@node
class Block:
    statements: tuple


@node
class Transaction:
    action: str          # BEGIN COMMIT ROLLBACK SAVE


@node
class Print:
    expression: Any


@node
class RaiseError:
    args: tuple


@node
class WaitFor:
    seconds: float


@node
class Use:
    database: str


@node
class Ddl:
    text: str            # as written; SQLite takes the plain CREATE TABLE of T-SQL


@node
class Return:
    pass
