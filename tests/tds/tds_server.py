#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SQL Server for tests: TDS 7.1 to 7.4 over a SQLite file. Listens on 127.0.0.1 only.

Prints `listening on 127.0.0.1:PORT` when it is ready; SIGTERM ends it.

tds_server      options, log, accept
tds_session     one connection: rules, login, requests
  tds_packets   packets and TLS              tds_login       PRELOGIN, LOGIN7, who may in
  tds_rules     what goes wrong on purpose   tds_ntlm        challenge and proof
  tds_requests  what a request holds         tds_parameters  values in it
  tds_tokens    what an answer holds         tds_types, tds_dates  values in it
tsql_runner     batches: statements, transactions, locks
  tsql_state    what a session knows         tsql_catalog    tables and their declared types
  tsql_parser   text to tsql_ast             tsql_expressions, tsql_lexer
  tsql_queries  tsql_ast to SQLite text      tsql_binder, tsql_calls, tsql_functions
tds_fixture     the server for tests; odbc_client is their client
"""

import argparse
import itertools
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time
import traceback
from types import SimpleNamespace

from tds_rules import Rules
from tds_session import Session
from tsql_state import ServerFacts


class RequestLog:
    """JSON lines; passwords never get here."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", errors="surrogatepass") if path else None
        self.lock = threading.Lock()

    def write(self, **fields):
        if self.file is not None:
            line = json.dumps(fields, default=lambda value: value.hex() if isinstance(value, bytes) else str(value))
            with self.lock:
                self.file.write(line + "\n")
                self.file.flush()


def tls_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # As SQL Server does for TDS 7; FreeTDS deadlocks in a 1.3 handshake and takes no session tickets.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET
    return context


def serve(listener, options, rules, log):
    for number in itertools.count(1):
        sock, address = listener.accept()

        def converse(sock=sock, number=number, port=address[1]):
            def session_log(**fields):
                log.write(time=round(time.time(), 3), connection=number, **fields)
            session_log(event="accept", port=port)
            try:
                Session(sock, number, options, rules, session_log).run()
            except Exception:
                session_log(event="exception", text=traceback.format_exc())
                traceback.print_exc()
        threading.Thread(target=converse, daemon=True).start()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", required=True, metavar="FILE", help="the SQLite file")
    parser.add_argument("--port", type=int, default=0, help="0 (default): a free one")
    parser.add_argument("--user", help=r"login name; DOMAIN\user for NTLM")
    parser.add_argument("--password", default="", help="visible in ps: a test's only")
    parser.add_argument("--account", action="append", default=[], metavar="USER=PASSWORD", help="one more login")
    parser.add_argument("--windows", choices=("accept", "refuse", "untrusted"), default="accept",
                        help="what becomes of Windows logins: refuse gives 18456, untrusted 18452")
    parser.add_argument("--database", action="append", default=[], metavar="NAME",
                        help="a database that exists (default: every name does); any other gives 4060")
    parser.add_argument("--encrypt", choices=("off", "login", "on"), default="off")
    parser.add_argument("--cert", metavar="FILE")
    parser.add_argument("--key", metavar="FILE")
    parser.add_argument("--deny", action="append", default=[], metavar="OBJECT", help="SELECT on it gives 229")
    parser.add_argument("--hide-denied", action="store_true", help="no COL_LENGTH or OBJECT_ID of denied objects")
    parser.add_argument("--no-update", action="store_true", help="changes give 229")
    parser.add_argument("--utc-offset", type=int, default=0, metavar="MINUTES", help="of GETDATE()")
    parser.add_argument("--server-version", default="15.0.2000.5", metavar="A.B.C.D",
                        help="8.x is SQL Server 2000 and speaks TDS 7.1 at most; datetime2 is strict from 13.x on")
    parser.add_argument("--null-warning", action="store_true", help="aggregates send the warning 8153")
    parser.add_argument("--rules", metavar="FILE", help="JSON; read again when it changes")
    parser.add_argument("--until-eof", action="store_true",
                        help="end when stdin does, so that the server never outlives its test")
    parser.add_argument("--log", metavar="FILE", help="JSON lines of all requests")
    return parser, parser.parse_args()


def main():
    parser, args = arguments()
    if args.encrypt != "off" and not (args.cert and args.key):
        parser.error("--encrypt needs --cert and --key")
    if not os.path.exists(args.db):
        parser.error(f"no such file: {args.db}")
    accounts = dict(account.split("=", 1) for account in args.account)
    if args.user is not None:
        accounts[args.user] = args.password
    facts = ServerFacts(path=os.path.abspath(args.db), version=args.server_version, databases=tuple(args.database),
                        denied=frozenset(name.casefold() for name in args.deny), read_only=args.no_update,
                        hide_denied=args.hide_denied, utc_offset=args.utc_offset, null_warning=args.null_warning)
    options = SimpleNamespace(facts=facts, accounts=accounts, windows=args.windows, encrypt=args.encrypt,
                              tls=tls_context(args.cert, args.key) if args.cert else None)
    log = RequestLog(args.log)
    # Sessions are daemon threads, some of them hang by rule: nothing here is worth waiting for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if args.until_eof:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    listener = socket.create_server(("127.0.0.1", args.port), backlog=128)
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    serve(listener, options, Rules(args.rules), log)


if __name__ == "__main__":
    sys.exit(main())
