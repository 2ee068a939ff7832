# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions -> SQLite text with the type that SQL Server would give them."""

import dataclasses
from typing import NamedTuple

import tds_types as types
import tsql_ast as ast
from tds_errors import SqlError
from tds_types import BIGINT, DATETIME, FLOAT, INT, NULL, SqlType
from tsql_calls import Bound, bind_call
from tsql_catalog import quote

AGGREGATES = ("COUNT", "COUNT_BIG", "SUM", "AVG", "MIN", "MAX")


class Source(NamedTuple):
    name: str               # alias or table name, as used to qualify
    columns: tuple          # ((name, SqlType), ...)


class Scope:
    """What names mean in one SELECT; `outer` for correlated subqueries."""

    def __init__(self, sources, outer=None):
        self.sources, self.outer = sources, outer
        self.group_keys = None       # set: only grouped expressions and aggregates are allowed
        self.in_aggregate = False

    def look_up(self, parts):
        """(source, column, type) or None; SqlError 209 when ambiguous."""
        *qualifier, name = parts
        found = []
        for source in self.sources:
            if qualifier and source.name.casefold() != qualifier[-1].casefold():
                continue
            found += [(source, column, kind) for column, kind in source.columns if column.casefold() == name.casefold()]
        if len(found) > 1:
            raise SqlError(209, f"Ambiguous column name '{name}'.")
        return found[0] if found else None


class ExpressionBinder:
    """environment: variable(name) and system(name) give (SqlType, value), function(name, args) what a session knows."""

    def __init__(self, environment, strict_datetime2=True):
        self.environment, self.strict = environment, strict_datetime2
        self.parameters = {}
        self.null_warning = False    # an aggregate may have skipped NULLs

    def parameter(self, value):
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return "@" + name

    # Identity of expressions, for GROUP BY

    def key(self, expression, scope):
        if isinstance(expression, ast.Column):
            found = scope.look_up(expression.parts)
            return ("column", found[0].name.casefold(), found[1].casefold()) if found else expression.parts
        if dataclasses.is_dataclass(expression):
            return (type(expression).__name__,) + tuple(self.key(getattr(expression, field.name), scope)
                                                        for field in dataclasses.fields(expression))
        if isinstance(expression, tuple) and not isinstance(expression, SqlType):
            return tuple(self.key(part, scope) for part in expression)
        return expression

    # Values

    def bind(self, expression, scope):
        if scope.group_keys and not scope.in_aggregate and self.key(expression, scope) in scope.group_keys:
            scope.in_aggregate = True
            try:
                return self._bind(expression, scope)
            finally:
                scope.in_aggregate = False
        return self._bind(expression, scope)

    def _bind(self, expression, scope):
        return getattr(self, "bind_" + type(expression).__name__.lower())(expression, scope)

    def bind_literal(self, literal, scope):
        value, kind = literal.value, literal.kind
        if value is None:
            return Bound("NULL", NULL)
        if kind in ("int", "bigint"):
            return Bound(str(value), SqlType(kind))
        if kind == "float":
            return Bound(repr(value), FLOAT)
        if kind == "decimal":
            digits = value.as_tuple()
            return Bound(str(value), SqlType("decimal", precision=max(len(digits.digits), -digits.exponent),
                                             scale=-digits.exponent))
        if kind == "varbinary":
            return Bound(f"X'{value.hex()}'", SqlType("varbinary", len(value)))
        try:
            value.encode()
            sql = self.parameter(value) if "\0" in value else "'" + value.replace("'", "''") + "'"
        except UnicodeEncodeError:
            sql = f"X'{types.ucs2(value).hex()}'"
        return Bound(sql, SqlType(kind, max(len(value), 1)))

    def bind_variable(self, variable, scope):
        kind, value = self.environment.variable(variable.name)
        return Bound(self.parameter(value), kind)

    def bind_global(self, variable, scope):
        kind, value = self.environment.system(variable.name)
        return Bound(self.parameter(value), kind)

    def bind_column(self, column, scope):
        level = scope
        while level is not None:
            found = level.look_up(column.parts)
            if found:
                break
            level = level.outer
        else:
            if len(column.parts) > 1 and not self.is_source(column.parts[-2], scope):
                raise SqlError(4104, f"The multi-part identifier \"{'.'.join(column.parts)}\" could not be bound.")
            raise SqlError(207, f"Invalid column name '{column.parts[-1]}'.")
        source, name, kind = found
        if level.group_keys is not None and not level.in_aggregate:
            raise SqlError(8120, f"Column '{source.name}.{name}' is invalid in the select list because it is not "
                                 "contained in either an aggregate function or the GROUP BY clause.")
        return Bound(f"{quote(source.name)}.{quote(name)}", kind, name)

    @staticmethod
    def is_source(name, scope):
        """Of a source that exists only the column is unknown (207), else the whole name cannot be bound (4104)."""
        while scope is not None:
            if any(source.name.casefold() == name.casefold() for source in scope.sources):
                return True
            scope = scope.outer
        return False

    def bind_star(self, star, scope):
        raise SqlError(102, "Incorrect syntax near '*'.", 15)

    def bind_unary(self, unary, scope):
        if unary.op == "NOT":
            return self.condition(unary, scope)
        operand = self.bind(unary.operand, scope)
        return Bound(f"({unary.op} {operand.sql})", operand.type)

    def bind_binary(self, binary, scope):
        op = binary.op
        if op in ("AND", "OR", "=", "<>", "<", ">", "<=", ">="):
            return self.condition(binary, scope)
        left, right = self.bind(binary.left, scope), self.bind(binary.right, scope)
        if op == "+" and not any(side.type.is_number or side.type.is_date for side in (left, right)):
            length = left.type.length + right.type.length
            if types.MAX not in (left.type.length, right.type.length):
                length = min(length, 4000 if "n" in (left.type.kind + right.type.kind) else 8000)
            kind = types.common([left.type, right.type]).kind
            return Bound(f"({left.sql} || {right.sql})", SqlType(kind.replace("nchar", "nvarchar"), length))
        if left.type.is_date and op in "+-" and not right.type.is_date:
            return Bound(f"t_add_days({left.sql}, {'-' if op == '-' else ''}({right.sql}))", DATETIME)
        kind = types.common([left.type, right.type])
        if kind.kind == "null" or kind.is_text:
            kind = INT
        sides = [side.sql if side.type.is_number or side.type.kind == "null"
                 else f"t_integer({side.sql}, '{kind.kind}')" for side in (left, right)]
        if op == "/":
            return Bound(f"t_divide({sides[0]}, {sides[1]})", kind)
        if op == "^":
            return Bound(f"(({sides[0]} | {sides[1]}) - ({sides[0]} & {sides[1]}))", kind)
        return Bound(f"({sides[0]} {op} {sides[1]})", kind)

    def bind_case(self, case, scope):
        parts, kinds = ["CASE"], []
        base = None if case.base is None else self.bind(case.base, scope)
        for when, then in case.whens:
            condition = self.condition(when, scope).sql if base is None \
                else self.compare("=", base, self.bind(when, scope))
            result = self.bind(then, scope)
            kinds.append(result.type)
            parts.append(f"WHEN {condition} THEN {result.sql}")
        if case.otherwise is not None:
            result = self.bind(case.otherwise, scope)
            kinds.append(result.type)
            parts.append(f"ELSE {result.sql}")
        kind = types.common(kinds)
        if kind.kind == "null":
            raise SqlError(8133, "None of the result expressions in a CASE specification can be NULL.")
        return Bound(" ".join(parts) + " END", kind)

    def bind_convert(self, convert, scope):
        return self.converted(self.bind(convert.operand, scope), convert.type, convert.style)

    def converted(self, operand, kind, style=0):
        sql, source = operand.sql, operand.type
        if kind.is_text:
            if source.is_date:
                wide = int(source.kind == "datetime2")
                sql = f"t_date_text({sql}, {style or (121 if wide else 0)}, {wide})"
            pad = int(kind.kind in ("char", "nchar"))
            length = kind.length if kind.kind not in ("ntext", "text") else types.MAX
            return Bound(f"t_sized({sql}, {length}, {pad})", kind)
        if kind.kind in ("datetime", "smalldatetime"):
            return Bound(f"t_datetime({sql})", DATETIME)
        if kind.kind == "datetime2":
            return Bound(self.as_datetime2(operand), kind)
        if kind.kind == "date":
            return Bound(f"substr(t_datetime2({sql}), 1, 10)", kind)
        if kind.kind in types.INTEGERS:
            return Bound(f"t_integer({sql}, '{kind.kind}')", kind)
        if kind.kind in ("float", "decimal"):
            cast = f"CAST({sql} AS REAL)"
            return Bound(cast if kind.kind == "float" else f"round({cast}, {kind.scale})", kind)
        return Bound(f"CAST({sql} AS BLOB)", kind)

    def bind_collate(self, collate, scope):
        operand = self.bind(collate.operand, scope)
        name = "BINARY" if "_CS" in collate.name.upper() or "_BIN" in collate.name.upper() else "NOCASE"
        return Bound(f"({operand.sql} COLLATE {name})", operand.type, "collated")

    def bind_subquery(self, subquery, scope):
        sql, columns = self.query(subquery.query, scope)
        if len(columns) != 1:
            raise SqlError(116, "Only one expression can be specified in the select list when the subquery is not "
                                "introduced with EXISTS.")
        return Bound(f"({sql})", columns[0][1])

    def bind_exists(self, exists, scope):
        return self.condition(exists, scope)

    bind_isnull = bind_in = bind_like = bind_between = bind_exists

    def bind_call(self, call, scope):
        if call.name in AGGREGATES:
            return self.aggregate(call, scope)
        return bind_call(self, call, scope)

    def aggregate(self, call, scope):
        if scope.in_aggregate:
            raise SqlError(130, "Cannot perform an aggregate function on an expression containing an aggregate.")
        if scope.group_keys is None:
            raise SqlError(147, "An aggregate may not appear in the WHERE clause unless it is in a subquery "
                                "contained in a HAVING clause or a select list.")
        count = INT if call.name == "COUNT" else BIGINT
        if isinstance(call.args[0], ast.Star):
            if call.name not in ("COUNT", "COUNT_BIG"):
                raise SqlError(102, "Incorrect syntax near '*'.", 15)
            return Bound("count(*)", count)
        scope.in_aggregate = True
        try:
            operand = self.bind(call.args[0], scope)
        finally:
            scope.in_aggregate = False
        self.null_warning = True
        inner = ("DISTINCT " if call.distinct else "") + operand.sql
        kind = operand.type
        if call.name in ("COUNT", "COUNT_BIG"):
            return Bound(f"count({inner})", count)
        if call.name in ("MIN", "MAX"):
            return Bound(f"{call.name.lower()}({inner})", kind)
        if not kind.is_number or kind.kind == "bit":
            raise SqlError(8117, f"Operand data type {kind.kind} is invalid for {call.name.lower()} operator.")
        if kind.kind == "decimal":
            kind = SqlType("decimal", precision=38, scale=kind.scale)
        elif kind.kind in ("tinyint", "smallint"):
            kind = INT
        sql = f"{call.name.lower()}({inner})"
        if call.name == "AVG" and kind.kind in types.INTEGERS:
            sql = f"CAST({sql} AS INTEGER)"
        return Bound(sql, kind)

    # Conditions

    def condition(self, expression, scope):
        if isinstance(expression, ast.Binary) and expression.op in ("AND", "OR"):
            return Bound(self.balanced([self.condition(side, scope).sql for side in self.chain(expression)],
                                       f" {expression.op} "), INT)
        if isinstance(expression, ast.Unary) and expression.op == "NOT":
            return Bound(f"(NOT {self.condition(expression.operand, scope).sql})", INT)
        if isinstance(expression, ast.Binary):
            left, right = self.bind(expression.left, scope), self.bind(expression.right, scope)
            return Bound(self.compare(expression.op, left, right), INT)
        if isinstance(expression, ast.Exists):
            return Bound(f"EXISTS ({self.query(expression.query, scope)[0]})", INT)
        negated = "NOT " if getattr(expression, "negated", False) else ""
        operand = self.bind(expression.operand, scope)
        if isinstance(expression, ast.IsNull):
            return Bound(f"({operand.sql} IS {negated}NULL)", INT)
        if isinstance(expression, ast.Between):
            low = self.compare(">=", operand, self.bind(expression.low, scope))
            high = self.compare("<=", operand, self.bind(expression.high, scope))
            return Bound(f"({negated}({low} AND {high}))", INT)
        if isinstance(expression, ast.In):
            return Bound(self.contained(operand, expression, negated, scope), INT)
        return Bound(self.like(operand, expression, negated, scope), INT)

    @staticmethod
    def chain(expression):
        """a OR b OR c ... -> [a, b, c, ...]"""
        op, parts, rest = expression.op, [], expression
        while isinstance(rest, ast.Binary) and rest.op == op:
            parts.append(rest.right)
            rest = rest.left
        return [rest] + parts[::-1]

    def balanced(self, parts, op):
        """SQLite's parser goes 100 deep, a chain of SQL Server's has no end."""
        if len(parts) == 1:
            return parts[0]
        middle = len(parts) // 2
        return f"({self.balanced(parts[:middle], op)}{op}{self.balanced(parts[middle:], op)})"

    def contained(self, operand, expression, negated, scope):
        if not isinstance(expression.items, tuple):
            return f"({operand.sql} {negated}IN ({self.query(expression.items, scope)[0]}))"
        items = [self.bind(item, scope) for item in expression.items]
        if operand.type.is_date:
            any_of = " OR ".join(self.compare("=", operand, item) for item in items)
            return f"({negated}({any_of}))"
        collate = "" if operand.column or not operand.type.is_text else " COLLATE NOCASE"
        return f"({operand.sql}{collate} {negated}IN ({', '.join(item.sql for item in items)}))"

    def like(self, operand, expression, negated, scope):
        pattern = self.bind(expression.pattern, scope)
        if expression.escape is not None:
            escape = self.bind(expression.escape, scope).sql
            return f"({negated}t_like({operand.sql}, {pattern.sql}, {escape}))"
        plain = isinstance(expression.pattern, ast.Literal) and "[" not in expression.pattern.value
        if plain:
            return f"({operand.sql} {negated}LIKE {pattern.sql})"
        return f"({negated}t_like({operand.sql}, {pattern.sql}, NULL))"

    def as_datetime2(self, side):
        if side.type.kind in ("datetime", "smalldatetime"):
            return f"t_{'widened' if self.strict else 'datetime2'}({side.sql})"
        return f"t_datetime2({side.sql})"

    def compare(self, op, left, right):
        kinds = {left.type.kind, right.type.kind}
        if "null" in kinds:
            return f"({left.sql} {op} {right.sql})"
        if "datetime2" in kinds or "date" in kinds:
            return f"({self.as_datetime2(left)} {op} {self.as_datetime2(right)})"
        if left.type.is_date or right.type.is_date:
            # Order does not need the 1/300 s, and a bare column is ten times as fast.
            sides = [side.sql if op not in ("=", "<>") and side.type.is_date else f"t_datetime({side.sql})"
                     for side in (left, right)]
            return f"({sides[0]} {op} {sides[1]})"
        if left.type.is_text and right.type.is_text and not left.column and not right.column:
            return f"({left.sql} {op} {right.sql} COLLATE NOCASE)"
        if left.type.is_number and right.type.is_text and not right.column:
            return f"({left.sql} {op} t_integer({right.sql}, '{left.type.kind}'))"
        if right.type.is_number and left.type.is_text and not left.column:
            return f"(t_integer({left.sql}, '{right.type.kind}') {op} {right.sql})"
        return f"({left.sql} {op} {right.sql})"

    def query(self, query, outer):
        raise NotImplementedError
