# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session knows: its settings, variables, and the answers about server and rights."""

import dataclasses
import os
import time

import tds_dates as dates
import tds_types as types
from tds_errors import SqlError
from tds_types import INT, SqlType, nvarchar

PRODUCTS = {8: "2000", 9: "2005", 10: "2008", 11: "2012", 12: "2014", 13: "2016", 14: "2017", 15: "2019", 16: "2022"}

WINDOWS_NAME, VARIANT = nvarchar(128), nvarchar(4000)


@dataclasses.dataclass
class ServerFacts:
    """Of the whole server; from the command line."""
    path: str
    version: str = "15.0.2000.5"
    name: str = "TDSTEST"
    databases: tuple = ()
    denied: frozenset = frozenset()      # names without SELECT, folded
    read_only: bool = False              # no UPDATE, INSERT, DELETE
    hide_denied: bool = False            # no metadata of denied objects either
    utc_offset: int = 0                  # minutes, of GETDATE()
    null_warning: bool = False

    @property
    def major(self):
        return int(self.version.split(".")[0])


@dataclasses.dataclass
class Settings:
    """SET options; a procedure's changes end with it."""
    no_count: bool = False
    lock_timeout_ms: int = -1            # -1: wait for ever
    isolation: str = "READ COMMITTED"
    abort_on_error: bool = False


class State:

    def __init__(self, facts, spid=51):
        self.facts, self.spid = facts, spid
        self.database, self.login, self.host, self.application = "master", "", "", ""
        self.settings = Settings()
        self.variables = {}              # folded name -> (SqlType, value)
        self.row_count = self.last_error = self.nesting = 0

    # Rights

    def need(self, action, names):
        for name in names:
            if not self.allowed(action, name):
                raise SqlError(229, f"The {action} permission was denied on the object '{name}', database "
                                    f"'{self.database}', schema 'dbo'.", 14, 5)

    def allowed(self, action, name):
        if action != "SELECT" and self.facts.read_only:
            return False
        return action != "SELECT" or name.casefold() not in self.facts.denied

    # What expressions ask for

    def variable(self, name):
        if name.casefold() not in self.variables:
            raise SqlError(137, f"Must declare the scalar variable \"@{name}\".", 15)
        return self.variables[name.casefold()]

    def system(self, name):
        known = {"ROWCOUNT": self.row_count, "TRANCOUNT": self.nesting, "ERROR": self.last_error, "SPID": self.spid,
                 "LOCK_TIMEOUT": self.settings.lock_timeout_ms, "MAX_PRECISION": 38, "PROCID": 0}
        if name in known:
            return INT, known[name]
        if name == "VERSION":
            product = PRODUCTS.get(self.facts.major, "")
            return nvarchar(300), (f"Microsoft SQL Server {product} - {self.facts.version} (X64) \n\tTest server\n\t"
                                   "Standard Edition (64-bit) on Windows NT 6.3 <X64>\n")
        if name in ("SERVERNAME", "SERVICENAME"):
            return WINDOWS_NAME, self.facts.name if name == "SERVERNAME" else "MSSQLSERVER"
        if name == "LANGUAGE":
            return WINDOWS_NAME, "us_english"
        raise SqlError(137, f"Must declare the scalar variable \"@@{name}\".", 15)

    def function(self, name, constants):
        """(SqlType, value) of a function of the session, or None."""
        if name in ("GETUTCDATE", "SYSUTCDATETIME"):
            return self._now(name, 0)
        if name in ("GETDATE", "SYSDATETIME"):
            return self._now(name, self.facts.utc_offset)
        names = {"DB_NAME": self.database, "SUSER_SNAME": self.login, "SUSER_NAME": self.login,
                 "ORIGINAL_LOGIN": self.login, "USER_NAME": "dbo", "HOST_NAME": self.host, "SCHEMA_NAME": "dbo",
                 "APP_NAME": self.application}
        if name in names:
            return WINDOWS_NAME, names[name]
        first = str(constants[0]) if constants and constants[0] is not None else ""
        if name == "SERVERPROPERTY":
            return VARIANT, self._property(first.lower())
        if name == "HAS_DBACCESS":
            return INT, int(first.casefold() in {d.casefold() for d in (*self.facts.databases, self.database)})
        if name == "DB_ID":
            return SqlType("smallint"), 5
        if name == "HAS_PERMS_BY_NAME":
            action = str(constants[2]).upper() if len(constants) > 2 else "SELECT"
            return INT, int(self.allowed(action, first.strip("[]").split(".")[-1].strip("[]")))
        if name in ("IS_MEMBER", "IS_SRVROLEMEMBER", "IS_ROLEMEMBER"):
            return INT, 0
        return None

    def _now(self, name, offset):
        now = dates.now(offset)
        return (types.DATETIME2, dates.as_datetime2(now)) if name.startswith("SYS") else (types.DATETIME, now)

    def _property(self, name):
        return {"productversion": self.facts.version, "productlevel": "RTM", "edition": "Standard Edition (64-bit)",
                "servername": self.facts.name, "machinename": self.facts.name, "engineedition": "2",
                "collation": "SQL_Latin1_General_CP1_CI_AS", "isintegratedsecurityonly": "0", "instancename": None,
                "processid": str(os.getpid())}.get(name)


class LockWait:
    """How long a statement waits for a lock (SET LOCK_TIMEOUT)."""

    def __init__(self, timeout_ms):
        self.end = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        self.pause_s = 0.002

    def pause(self, check_attention):
        if self.end is not None and time.monotonic() >= self.end:
            raise SqlError(1222, "Lock request time out period exceeded.", 16, 51)
        check_attention(self.pause_s)
        self.pause_s = min(self.pause_s * 2, 0.02)
