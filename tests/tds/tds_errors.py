# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a request early: SQL errors by native number, a cancel, a lost client."""


class SqlError(Exception):
    """An error as SQL Server sends it. A class of 20 or more ends the connection."""

    def __init__(self, number, message, level=16, state=1):
        super().__init__(f"{number}: {message}")
        self.number, self.message, self.level, self.state = number, message, level, state

    @property
    def ends_batch(self):
        """Binding, syntax and conversion errors end the batch; these only their statement."""
        return self.number not in (229, 230, 515, 547, 1222, 2601, 2627, 50000)


class Attention(Exception):
    """The client cancelled the request that runs."""


class Closed(Exception):
    """The connection is over: the client went away, or a rule ended it."""


def syntax(near):
    return SqlError(102, f"Incorrect syntax near '{near}'.", 15)


def keyword(near):
    return SqlError(156, f"Incorrect syntax near the keyword '{near}'.", 15)
