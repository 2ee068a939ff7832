# SPDX-License-Identifier: GPL-3.0-or-later
"""T-SQL's scalar functions. What SQL Server does not know is refused, as it would: error 195."""

from typing import NamedTuple

import tds_types as types
import tsql_ast as ast
from tds_dates import PARTS
from tds_errors import SqlError
from tds_types import DATETIME, INT, SqlType, nvarchar


class Bound(NamedTuple):
    """An expression as SQLite text."""
    sql: str
    type: SqlType
    column: str = ""        # the name of a plain column: it brings its own collation


def _text(argument):
    """The type of a text function's result."""
    kind = argument.type
    return kind if kind.is_text else SqlType("varchar", 8000)


def _coalesce(binder, args):
    kind = types.common([argument.type for argument in args])
    sql = args[0].sql if len(args) == 1 else f"coalesce({', '.join(argument.sql for argument in args)})"
    return Bound(sql, kind)


def _is_null(binder, args):
    kind = args[0].type if args[0].type.kind != "null" else args[1].type
    return Bound(f"ifnull({args[0].sql}, {args[1].sql})", kind)


def _null_if(binder, args):
    return Bound(f"CASE WHEN {binder.compare('=', args[0], args[1])} THEN NULL ELSE {args[0].sql} END", args[0].type)


def _same(template):
    """A function whose result has the type of its first argument."""
    return lambda binder, args: Bound(template.format(*(argument.sql for argument in args)), _text(args[0]))


def _typed(template, kind):
    return lambda binder, args: Bound(template.format(*(argument.sql for argument in args)), kind)


def _number(template):
    return lambda binder, args: Bound(template.format(*(argument.sql for argument in args)),
                                      args[0].type if args[0].type.is_number else types.FLOAT)


def _data_length(binder, args):
    if args[0].type.is_number or args[0].type.is_date:
        return Bound(f"CASE WHEN {args[0].sql} IS NULL THEN NULL ELSE {types.storage_bytes(args[0].type)} END", INT)
    wide = int(args[0].type.kind in ("nvarchar", "nchar", "ntext"))
    return Bound(f"t_data_length({args[0].sql}, {wide})", INT)


def _substring(binder, args):
    kind = _text(args[0])
    return Bound(f"substr({args[0].sql}, {args[1].sql}, {args[2].sql})", kind)


def _replicate(binder, args):
    kind = _text(args[0])
    length = types.MAX if kind.length == types.MAX else 4000 if kind.kind[0] == "n" else 8000
    repeated = f"replace(hex(zeroblob({args[1].sql})), '00', {args[0].sql})"
    return Bound(repeated if length == types.MAX else f"substr({repeated}, 1, {length})", SqlType(kind.kind, length))


def _char_index(binder, args):
    return Bound(f"t_charindex({', '.join(argument.sql for argument in args)})", INT)


# name -> (fewest, most arguments, how)
CALLS = {
    "COALESCE": (1, 99, _coalesce), "ISNULL": (2, 2, _is_null), "NULLIF": (2, 2, _null_if),
    "LEN": (1, 1, _typed("t_length({0})", INT)), "DATALENGTH": (1, 1, _data_length),
    "UPPER": (1, 1, _same("upper({0})")), "LOWER": (1, 1, _same("lower({0})")),
    "LTRIM": (1, 1, _same("ltrim({0}, ' ')")), "RTRIM": (1, 1, _same("rtrim({0}, ' ')")),
    "LEFT": (2, 2, _same("substr({0}, 1, {1})")), "RIGHT": (2, 2, _same("t_right({0}, {1})")),
    "SUBSTRING": (3, 3, _substring), "CHARINDEX": (2, 3, _char_index),
    "REPLACE": (3, 3, lambda binder, args: Bound(f"replace({args[0].sql}, {args[1].sql}, {args[2].sql})",
                                                 nvarchar(4000))),
    "REPLICATE": (2, 2, _replicate),
    "ABS": (1, 1, _number("abs({0})")), "ROUND": (2, 2, _number("round({0}, {1})")),
    "FLOOR": (1, 1, _number("floor({0})")), "CEILING": (1, 1, _number("ceil({0})")),
    "COL_LENGTH": (2, 2, _typed("t_column_length({0}, {1})", SqlType("smallint"))),
    "OBJECT_ID": (1, 2, _typed("t_object_id({0})", INT)),
    "ISDATE": (1, 1, _typed("({0} GLOB '[0-9][0-9][0-9][0-9]-[0-9]*')", INT)),
}


def bind_call(binder, call, scope):
    name = call.name
    if name in ("DATEDIFF", "DATEADD"):
        part = PARTS.get(call.args[0].value)
        if part is None or len(call.args) != 3:
            raise SqlError(155, f"'{call.args[0].value}' is not a recognized {name.lower()} option.", 15)
        first, second = (binder.bind(argument, scope).sql for argument in call.args[1:])
        if name == "DATEDIFF":
            return Bound(f"t_difference('{part}', {first}, {second})", INT)
        return Bound(f"t_add('{part}', {first}, {second})", DATETIME)
    if any(isinstance(argument, ast.Star) for argument in call.args):
        raise SqlError(102, "Incorrect syntax near '*'.", 15)
    args = [binder.bind(argument, scope) for argument in call.args]
    if name in CALLS:
        fewest, most, how = CALLS[name]
        if not fewest <= len(args) <= most:
            raise SqlError(174, f"The {name.lower()} function requires {fewest} argument(s).", 15)
        return how(binder, args)
    constants = [argument.value if isinstance(argument, ast.Literal) else None for argument in call.args]
    known = binder.environment.function(name, constants)
    if known is None:
        raise SqlError(195, f"'{name.lower()}' is not a recognized built-in function name.", 15)
    kind, value = known
    return Bound(binder.parameter(value), kind)
