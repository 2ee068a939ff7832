# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries and data changes -> one SQLite statement each."""

import dataclasses
from typing import NamedTuple, Optional

import tds_types as types
import tsql_ast as ast
from tds_errors import SqlError
from tsql_binder import AGGREGATES, ExpressionBinder, Scope, Source
from tsql_catalog import quote
from tsql_parser import Parser

LOCKING = {"UPDLOCK", "HOLDLOCK", "SERIALIZABLE", "XLOCK", "TABLOCKX", "REPEATABLEREAD"}


class Plan(NamedTuple):
    sql: str
    parameters: dict
    columns: Optional[tuple]     # ((name, SqlType), ...) of a result
    reads: tuple                 # names of the objects that need SELECT
    writes: Optional[str]        # the object that is changed
    locking: bool                # a hint asks for locks that last
    assigned: tuple              # variables of SELECT @x = ...
    null_warning: bool


def has_aggregate(expression):
    if isinstance(expression, ast.Call) and expression.name in AGGREGATES:
        return True
    if isinstance(expression, (ast.Query, ast.Select)):
        return False
    if dataclasses.is_dataclass(expression):
        return any(has_aggregate(getattr(expression, field.name)) for field in dataclasses.fields(expression))
    return isinstance(expression, tuple) and any(has_aggregate(part) for part in expression)


class Binder(ExpressionBinder):

    def __init__(self, catalog, environment, strict_datetime2=True):
        super().__init__(environment, strict_datetime2)
        self.catalog = catalog
        self.reads, self.locking, self.assigned = [], False, ()

    def plan(self, sql, columns=None, writes=None):
        return Plan(sql, self.parameters, columns, tuple(dict.fromkeys(self.reads)), writes, self.locking,
                    self.assigned, self.null_warning)

    # FROM

    def collect(self, source, sources):
        """The FROM text with {} for each ON, and the ONs; `sources` gets what can be named."""
        if isinstance(source, ast.Join):
            left, left_ons = self.collect(source.left, sources)
            right, right_ons = self.collect(source.right, sources)
            if isinstance(source.right, ast.Join):
                right = f"({right})"
            text = f"{left} {source.kind} JOIN {right}"
            if source.on is None:
                return text, left_ons + right_ons
            return text + " ON {}", left_ons + right_ons + [source.on]
        if isinstance(source, ast.Derived):
            sql, columns = self.query(source.query, None, derived=source.alias)
            name, text = source.alias, f"({sql})"
        else:
            relation = self.catalog.need(source.parts)
            self.reads.append(relation.name)
            self.locking = self.locking or bool(LOCKING & set(source.hints))
            name, text, columns = source.alias or relation.name, relation.sql, relation.columns
        if any(other.name.casefold() == name.casefold() for other in sources):
            raise SqlError(1013, f"The objects \"{name}\" and \"{name}\" in the FROM clause have the same exposed "
                                 "names. Use correlation names to distinguish them.")
        sources.append(Source(name, columns))
        return f"{text.replace('{', '{{').replace('}', '}}')} AS {quote(name)}", []

    # SELECT

    def query(self, query, outer, derived=None):
        """(SQLite text, columns); `derived` is the name of the derived table it stands in."""
        body = query.body
        if isinstance(body, ast.Union):
            sql, columns = self.union(body, outer)
            order = [self.order_of_union(expression, columns) + " DESC" * down for expression, down in query.order]
            return sql + (" ORDER BY " + ", ".join(order) if order else ""), columns
        if derived and query.order and body.top is None:
            raise SqlError(1033, "The ORDER BY clause is invalid in views, inline functions, derived tables, "
                                 "subqueries, and common table expressions, unless TOP or FOR XML is also specified.",
                           15)
        sql, columns = self.select(body, outer, query.order)
        for number, (name, _) in enumerate(columns if derived else (), 1):
            if not name:
                raise SqlError(8155, f"No column name was specified for column {number} of '{derived}'.")
            if [other.casefold() for other, _ in columns].count(name.casefold()) > 1:
                raise SqlError(8156, f"The column '{name}' was specified multiple times for '{derived}'.")
        return sql, columns

    def order_of_union(self, expression, columns):
        if isinstance(expression, ast.Literal) and expression.kind == "int":
            return str(expression.value)
        for number, (name, _) in enumerate(columns, 1):
            if isinstance(expression, ast.Column) and name.casefold() == expression.parts[-1].casefold():
                return str(number)
        raise SqlError(104, "ORDER BY items must appear in the select list if the statement contains a UNION, "
                            "INTERSECT or EXCEPT operator.", 15)

    def union(self, union, outer):
        sides = []
        for side in (union.left, union.right):
            sql, columns = self.union(side, outer) if isinstance(side, ast.Union) else self.select(side, outer, ())
            if isinstance(side, ast.Select) and side.top is not None:
                sql = f"SELECT * FROM ({sql})"
            sides.append((sql, columns))
        (left, first), (right, second) = sides
        if len(first) != len(second):
            raise SqlError(205, "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal "
                                "number of expressions in their target lists.")
        columns = tuple((name, types.common([a, b])) for (name, a), (_, b) in zip(first, second))
        return f"{left} {union.op} {right}", columns

    def select(self, select, outer, order):
        sources, source_sql, ons = [], "", []
        if select.source is not None:
            source_sql, ons = self.collect(select.source, sources)
        scope = Scope(sources, outer)
        if select.source is not None:
            source_sql = " FROM " + source_sql.format(*(self.condition(on, scope).sql for on in ons))
        where = " WHERE " + self.condition(select.where, scope).sql if select.where is not None else ""
        group = ""
        if select.group:
            group = " GROUP BY " + ", ".join(self.bind(expression, scope).sql for expression in select.group)
        if select.group or select.having is not None or any(has_aggregate(item) for item in select.items):
            scope.group_keys = {self.key(expression, scope) for expression in select.group}
        bound, columns = self.items(select.items, scope)
        having = " HAVING " + self.condition(select.having, scope).sql if select.having is not None else ""
        order_sql = ""
        if order:
            order_sql = " ORDER BY " + ", ".join(self.order(expression, columns, scope) + " DESC" * down
                                                 for expression, down in order)
        limit = ""
        if select.top is not None:
            limit = f" LIMIT {self.bind(select.top, Scope([])).sql}"
        distinct = "DISTINCT " if select.distinct else ""
        return f"SELECT {distinct}{', '.join(bound)}{source_sql}{where}{group}{having}{order_sql}{limit}", columns

    def items(self, items, scope):
        bound, columns = [], []
        for item in items:
            if isinstance(item.expression, ast.Star):
                chosen = [source for source in scope.sources if item.expression.source is None
                          or source.name.casefold() == item.expression.source.casefold()]
                if not chosen:
                    raise SqlError(107, f"The column prefix '{item.expression.source}' does not match with a table "
                                        "name or alias name used in the query." if item.expression.source
                                   else "Must specify table to select from.", 15)
                for source in chosen:
                    for name, _ in source.columns:
                        value = self.bind(ast.Column((source.name, name)), scope)
                        bound.append(f"{value.sql} AS {quote(name)}")
                        columns.append((name, value.type))
                continue
            value = self.bind(item.expression, scope)
            name = item.alias or value.column.replace("collated", "")
            bound.append(f"{value.sql} AS {quote(name)}" if name else value.sql)
            columns.append((name, value.type))
            if item.variable:
                self.assigned += (item.variable,)
        if self.assigned and len(self.assigned) != len(items):
            raise SqlError(141, "A SELECT statement that assigns a value to a variable must not be combined with "
                                "data-retrieval operations.", 15)
        return bound, tuple(columns)

    def order(self, expression, columns, scope):
        if isinstance(expression, ast.Literal) and expression.kind == "int":
            if not 1 <= expression.value <= len(columns):
                raise SqlError(108, f"The ORDER BY position number {expression.value} is out of range of the number "
                                    "of items in the select list.", 15)
            return str(expression.value)
        if isinstance(expression, ast.Column) and len(expression.parts) == 1:
            for number, (name, _) in enumerate(columns, 1):
                if name.casefold() == expression.parts[0].casefold():
                    return str(number)
        return self.bind(expression, scope).sql

    # Changes

    def target(self, parts, source):
        """The relation that is changed, and the FROM's sources where there is one."""
        for table in tables(source):
            if table.alias and len(parts) == 1 and table.alias.casefold() == parts[0].casefold():
                return self.catalog.need(table.parts), table.alias
        relation = self.catalog.need(parts)
        return relation, relation.name

    def restriction(self, relation, name, source, where, hints):
        """The WHERE text of an UPDATE or DELETE."""
        self.locking = self.locking or bool(LOCKING & set(hints))
        if source is None:
            if where is None:
                return ""
            self.reads.append(relation.name)
            return " WHERE " + self.condition(where, Scope([Source(relation.name, relation.columns)])).sql
        sources = []
        text, ons = self.collect(source, sources)
        scope = Scope(sources)
        text = text.format(*(self.condition(on, scope).sql for on in ons))
        inner = " WHERE " + self.condition(where, scope).sql if where is not None else ""
        return f" WHERE rowid IN (SELECT {quote(name)}.rowid FROM {text}{inner})"

    def stored(self, value, kind):
        """A value as the column's type keeps it."""
        if kind.is_date and value.type.kind != "null":
            return f"t_datetime({value.sql})" if kind.kind != "datetime2" else self.as_datetime2(value)
        if kind.kind in types.INTEGERS and value.type.kind not in types.INTEGERS:
            return f"t_integer({value.sql}, '{kind.kind}')"
        if kind.is_text and (value.type.is_number or value.type.is_date):
            return self.converted(value, kind).sql
        return value.sql

    def column_type(self, relation, name):
        for column, kind in relation.columns:
            if column.casefold() == name.casefold():
                return column, kind
        raise SqlError(207, f"Invalid column name '{name}'.")

    def update(self, statement):
        relation, name = self.target(statement.target, statement.source)
        scope, sets = Scope([Source(relation.name, relation.columns)]), []
        for column, expression in statement.sets:
            column, kind = self.column_type(relation, column)
            sets.append(f"{quote(column)} = {self.stored(self.bind(expression, scope), kind)}")
        where = self.restriction(relation, name, statement.source, statement.where, statement.hints)
        return self.plan(f"UPDATE {relation.sql} SET {', '.join(sets)}{where}", writes=relation.name)

    def delete(self, statement):
        relation, name = self.target(statement.target, statement.source)
        where = self.restriction(relation, name, statement.source, statement.where, statement.hints)
        return self.plan(f"DELETE FROM {relation.sql}{where}", writes=relation.name)

    def insert(self, statement):
        relation = self.catalog.need(statement.table)
        columns = [self.column_type(relation, name) for name in statement.columns] or list(relation.columns)
        into = f"INSERT INTO {relation.sql} ({', '.join(quote(name) for name, _ in columns)}) "
        if statement.query is not None:
            sql, found = self.query(statement.query, None)
            counts = [len(found)]
        else:
            scope = Scope([])
            rows = [", ".join(self.stored(self.bind(value, scope), kind) for value, (_, kind) in zip(row, columns))
                    for row in statement.rows]
            sql, counts = "VALUES " + ", ".join(f"({row})" for row in rows), [len(row) for row in statement.rows]
        if any(count != len(columns) for count in counts):
            raise SqlError(213, "Column name or number of supplied values does not match table definition.")
        return self.plan(into + sql, writes=relation.name)

    def select_statement(self, query):
        sql, columns = self.query(query, None)
        return self.plan(sql, columns)


def tables(source):
    if isinstance(source, ast.Join):
        return tables(source.left) + tables(source.right)
    return [source] if isinstance(source, ast.Table) else []


class NoEnvironment:
    """For the text of a view: it has no variables and knows no session."""

    def variable(self, name):
        raise SqlError(137, f"Must declare the scalar variable \"@{name}\".", 15)

    def system(self, name):
        return types.INT, None

    def function(self, name, constants):
        return types.nvarchar(128), None


def view_columns(catalog, sql):
    """The columns of a view by its text; None where that is no T-SQL."""
    try:
        parser = Parser(sql)
        while not parser.next().is_word("AS"):
            if parser.here.kind == "end":
                return None
        return Binder(catalog, NoEnvironment()).query(parser.query(), None)[1]
    except SqlError:
        return None
