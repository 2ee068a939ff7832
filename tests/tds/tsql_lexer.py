# SPDX-License-Identifier: GPL-3.0-or-later
"""T-SQL text -> tokens."""

import re
from typing import NamedTuple

from tds_errors import SqlError, syntax

TOKEN = re.compile(r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<text>N?'(?:[^']|'')*')
  | (?P<quoted>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
  | (?P<binary>0x[0-9A-Fa-f]*)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<variable>@@?[\w$\#@]+)
  | (?P<word>[^\W\d][\w$\#@]*|\#[\w$\#@]+)
  | (?P<op><>|!=|<=|>=|!<|!>|[-+*/%&|^~=<>(),.;?{}])
""", re.X | re.S)

# Words that cannot be a name or an alias without brackets; those of SQL Server that matter here.
RESERVED = frozenset("""
    ALL ALTER AND AS ASC BEGIN BETWEEN BY CASE COALESCE COLLATE COMMIT CONVERT CREATE CROSS CURRENT_TIMESTAMP DECLARE
    DEFAULT DELETE DESC DISTINCT DROP ELSE END ESCAPE EXEC EXECUTE EXISTS FROM FULL GOTO GRANT GROUP HAVING HOLDLOCK IF
    IN INNER INSERT INTO IS JOIN KEY LEFT LIKE NOT NULL NULLIF ON OPTION OR ORDER OUTER PRIMARY PRINT RAISERROR RETURN
    RIGHT ROLLBACK SAVE SELECT SET SYSTEM_USER TABLE THEN TO TOP TRAN TRANSACTION TRUNCATE UNION UNIQUE UPDATE USE
    VALUES VIEW WAITFOR WHEN WHERE WHILE WITH
""".split())


class Token(NamedTuple):
    kind: str
    text: str       # as written; for `text` and `quoted` without the quotes
    start: int
    end: int
    national: bool = False   # N'...'

    @property
    def upper(self):
        return self.text.upper()

    def is_word(self, *words):
        return self.kind == "word" and self.text.upper() in words

    def is_op(self, *ops):
        return self.kind == "op" and self.text in ops


def tokens(sql):
    result, at = [], 0
    while at < len(sql):
        match = TOKEN.match(sql, at)
        if match is None:
            if sql[at] == "'" or sql.startswith("N'", at):
                raise SqlError(105, f"Unclosed quotation mark after the character string '{sql[at + 1:]}'.", 15)
            raise syntax(sql[at])
        kind, text = match.lastgroup, match.group()
        if kind == "text":
            national = text[0] != "'"
            body = text[2 if national else 1:-1].replace("''", "'")
            result.append(Token(kind, body, at, match.end(), national))
        elif kind == "quoted":
            result.append(Token(kind, text[1:-1].replace(text[-1] * 2, text[-1]), at, match.end()))
        elif kind != "space":
            result.append(Token(kind, text, at, match.end()))
        at = match.end()
    result.append(Token("end", "", at, at))
    return result
