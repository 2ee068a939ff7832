# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in requests: ALL_HEADERS, RPC calls, transaction manager requests."""

import re
from typing import NamedTuple

from tds_errors import SqlError
from tds_packets import Reader
from tds_parameters import parameters
from tds_types import declared

PROCEDURES = {1: "sp_cursor", 2: "sp_cursoropen", 7: "sp_cursorfetch", 8: "sp_cursoroption", 9: "sp_cursorclose",
              10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 15: "sp_unprepare"}

BEGIN, COMMIT, ROLLBACK = 5, 7, 8


class Call(NamedTuple):
    procedure: str       # lower case
    parameters: list


class TransactionRequest(NamedTuple):
    kind: str            # BEGIN, COMMIT, ROLLBACK
    begin_another: bool


def skip_headers(reader, version):
    """Past ALL_HEADERS, which came with TDS 7.2."""
    if version >= 0x702:
        length = reader.number("I")
        reader.take(length - 4)


def batch_text(body, version):
    reader = Reader(body)
    skip_headers(reader, version)
    return reader.take(len(body) - reader.at).decode("utf-16-le", "surrogatepass")


def calls(body, version):
    """One message may hold several calls (parameter arrays)."""
    reader = Reader(body)
    skip_headers(reader, version)
    result = []
    while reader.more:
        length = reader.number("H")
        if length == 0xFFFF:
            name = PROCEDURES.get(reader.number("H"), "?")
        else:
            name = reader.take(2 * length).decode("utf-16-le", "replace")
        reader.number("H")
        result.append(Call(name.lower(), parameters(reader)))
        if reader.more:
            reader.number("B")
    return result


def transaction_request(body, version):
    reader = Reader(body)
    skip_headers(reader, version)
    kind = {BEGIN: "BEGIN", COMMIT: "COMMIT", ROLLBACK: "ROLLBACK"}.get(reader.number("H"))
    if kind is None:
        raise SqlError(3989, "New request is not allowed to start: this transaction manager request is not known.")
    another = False
    if kind != "BEGIN":
        reader.take(reader.number("B"))
        another = bool(reader.number("B") & 1)
    return TransactionRequest(kind, another)


def named(definitions, values):
    """{folded name: (type, value)} of the values of sp_executesql, sp_prepexec, sp_execute."""
    names = re.findall(r"@([\w$#@]+)\s+(?:AS\s+)?\w", definitions or "", re.I)
    result = {}
    for number, parameter in enumerate(values):
        name = parameter.name or (names[number] if number < len(names) else f"P{number + 1}")
        result[name.casefold()] = (parameter.type, parameter.value)
    return result


def declared_only(definitions):
    """The same without values, for sp_prepare: every parameter is NULL."""
    return {name.casefold(): (declared(kind), None) for name, kind in re.findall(
        r"@([\w$#@]+)\s+((?:\w+)(?:\s*\([^)]*\))?)", definitions or "")}
