# SPDX-License-Identifier: GPL-3.0-or-later
"""check_sms_packages through unixODBC and FreeTDS against the tests' own TDS server."""

import os
import string

import packages
import pytest
import sitedb_judge
from packages import CRITICAL, DAY, HOUR, UNKNOWN, Server, durations
from sitedb_schema import PRODUCTS
from tds_fixture import Certificates
from test_packages_judgement import compare, random_database, recipe_rows

VERSIONS = ("7.1", "7.2", "7.3", "7.4")


@pytest.fixture
def demo(world):
    world.demo()
    return world


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_demo_over_every_protocol_version(world, version, product):
    lab = world.demo(product=product)
    with Server(world) as server:
        answer = server.check("-v", "--tds-version=" + version)
        compare(answer, sitedb_judge.judge(lab.db, "CEN", lab.now), version)
        names = {item["name"] for item in answer.items}
        assert {"1С:Предприятие 8.1", "Bürosoftware Zürich – Größenänderung 2.0"} <= names
        assert answer.item("CEN00002", "S03")["site_name"] == "Branch office Łódź"
        login = server.tds.requests("login7")[0]
        assert login["application"] == "check_sms_packages"
        # A second run looks up nothing and changes nothing.
        before = world.remembered()
        again = server.check("-v", "--tds-version=" + version)
        assert again.code == answer.code and world.remembered() == before


@pytest.mark.parametrize("version", VERSIONS)
def test_random_databases_through_freetds(world, version):
    looked = 0
    world.make()
    with Server(world) as server:
        for seed in range(25):
            # The server opens the file at each login: one server sees all databases.
            world.lab.close()
            os.unlink(world.database)
            world.lab = lab = random_database(world.database, 1000 + 25 * VERSIONS.index(version) + seed)
            world.state = os.path.join(world.folder, "state%d" % seed)
            os.mkdir(world.state, 0o755)
            verdict = sitedb_judge.judge(lab.db, "CEN", lab.now)
            compare(server.check("-v", "--tds-version=" + version), verdict, "seed %d" % seed)
            looked += len(verdict.items)
            if seed % 5 == 0:
                answer = server.check("-v", "--rule=recipe", "--tds-version=" + version)
                shown = {(item["package"].upper(), item["site"].upper()) for item in answer.items}
                assert shown == recipe_rows(lab), seed
    assert looked > 80


def test_the_connection_never_blocks_the_product(demo):
    with Server(demo) as server:
        server.check()
        first = server.tds.requests("batch")[0]["sql"]
        for setting in ("READ UNCOMMITTED", "LOCK_TIMEOUT 5000", "NOCOUNT ON", "DEADLOCK_PRIORITY LOW"):
            assert setting in first
        statements = [line["sql"] for line in server.tds.requests("batch") + server.tds.requests("rpc") if line.get("sql")]
        assert len(statements) >= 5
        for sql in statements:
            assert not any(word in sql.upper().split() for word in ("INSERT", "UPDATE", "DELETE", "EXEC", "INTO")), sql
            assert "*" not in sql.replace("COUNT(*)", "").replace("RATE *", ""), sql


def test_pairs_that_ended_are_looked_up_by_key_and_forgotten(demo):
    lab = demo.lab
    with Server(demo) as server:
        server.check().is_(CRITICAL)
        before = demo.remembered()
        lab.arrive("CEN00001", "S02")
        lab.target("CEN00002", "S03", status=3)
        lab.target("CEN00002", "S03", ["S03FS", lab.server_of("S03")], status=3)
        server.check()
        gone = set(before) - set(demo.remembered())
        assert gone == {"version/CEN00001@S02", "version/CEN00002@S03"}


def test_two_clocks_moved_together(demo):
    """The server says now: with its clock ahead, ages follow it and not the host's."""
    lab = demo.lab
    lab.age_all(2 * DAY)
    with Server(demo) as server:
        answer = server.check("--package=CEN00001")
        assert answer.item("CEN00001", "S02")["age"] in durations(6 * DAY)


def test_db_clock_local_of_a_server_in_another_zone(world):
    lab = world.make()
    world.stuck(age_s=5 * HOUR)
    lab.package("CEN00001", "Local", 3, source_date_age_s=9 * HOUR)
    lab.db.execute("UPDATE PkgStatus SET UpdateTime = strftime('%Y-%m-%d %H:%M:%f', UpdateTime, '-5 hours')")
    with Server(world, utc_offset=-300) as server:
        assert server.check("--db-clock=local").item("CEN00001", "S02")["age"] in durations(5 * HOUR)
        # Read as UTC the row seems older than the package's date, which then decides.
        assert server.check("--db-clock=utc").item("CEN00001", "S02")["age"] in durations(9 * HOUR)
        assert server.check("--db-clock=ignore").item("CEN00001", "S02")["age"] in durations(0)


def test_survey_over_tds(demo):
    import subprocess
    with Server(demo) as server:
        answer = subprocess.run(
            [packages.PLUGIN, "--hostname=127.0.0.1", "--port=%d" % server.tds.port, "--database=SMS_CEN", "--user=probe",
             "--password-file=" + server.password_file, "--survey"],
            env=dict(demo.env, FREETDSCONF=server.freetds), cwd="/", capture_output=True, text=True)
    assert answer.returncode == UNKNOWN and "Rule recipe matches 66 of 69 rows" in answer.stdout
    assert "PackageType              not there" in answer.stdout


def test_verbose_tells_driver_server_versions_and_no_secret(demo):
    with Server(demo, password="Sehr;Geheim{1}") as server:
        answer = server.check("-vvv")
        text = answer.stderr.decode()
        assert answer.code == CRITICAL and "libtdsodbc" in text and "15.00.2000" in text and "connected to" in text
        assert "Geheim" not in text + answer.text and "--user=probe (command line)" in text


PRINTABLE = "".join(chr(code) for code in range(32, 127))


@pytest.mark.parametrize("characters, printable", [("a%sb", PRINTABLE), ("%sa", string.punctuation), ("a%s", string.punctuation)])
def test_each_printable_character_in_a_password(demo, characters, printable):
    accounts = ["u%d=%s" % (number, characters % character) for number, character in enumerate(printable)]
    with Server(demo, account=accounts) as server:
        for number, character in enumerate(printable):
            path = server.keep_password(characters % character)
            answer = server.check("--user=u%d" % number, "--password-file=" + path, "--max-items=0")
            assert answer.code == CRITICAL, "%r: %s" % (character, answer)
            ini = os.path.join(demo.folder, "password.ini")
            with open(ini, "w", encoding="utf-8") as file:
                os.chmod(ini, 0o600)
                file.write("[check_sms_packages]\npassword=%s\nuser=u%d\n" % (characters % character, number))
            if characters == "a%sb":
                answer = packages.run("-H", "127.0.0.1", "-p", server.tds.port, "-d", "SMS_CEN", "--extra-opts=@" + ini,
                                      "--state-dir=" + demo.state, "--max-items=0", env=dict(demo.env, FREETDSCONF=server.freetds))
                assert answer.code == CRITICAL, "ini %r: %s" % (character, answer)


@pytest.mark.parametrize("password", ["Pässwört €", "{a}b;", "a;PWD=c", "a=b;{c", "=", "{", "}", "ab}", "{}", ";", "'\"`$%\\"])
def test_passwords_that_a_connection_string_makes_hard(demo, password):
    with Server(demo, password=password) as server:
        assert server.check("--max-items=0").code == CRITICAL


def test_a_password_that_the_driver_cannot_carry_is_refused_with_the_reason(demo):
    with Server(demo, password="a};b") as server:
        answer = server.check().fails("};")
        assert "a};b" not in answer.text
        assert not server.tds.requests("login7")


def test_encryption(demo, certificates):
    with Server(demo, encrypt="on", **certificates.options) as server:
        assert server.check("--encryption=require").code == CRITICAL
        assert server.check("--encryption=request").code == CRITICAL
        answer = server.check("--tls-ca=" + certificates.ca, "--hostname=localhost", env={"FREETDSCONF": None})
        assert answer.code == CRITICAL, answer
    with Server(demo) as plain:
        plain.check("--encryption=require").fails("encrypt")
        assert plain.check("--encryption=off").code == CRITICAL


def test_a_server_that_another_ca_signed_is_refused(demo, certificates, tmp_path):
    other = Certificates(tmp_path / "other")
    with Server(demo, encrypt="on", **certificates.options) as server:
        server.check("--tls-ca=" + other.ca, "--hostname=localhost", env={"FREETDSCONF": None}).fails("certificate")
        server.check("--tls-ca=/nonexistent/ca.pem", env={"FREETDSCONF": None}).fails("/nonexistent/ca.pem")


def test_a_dsn(demo):
    import odbc
    with Server(demo) as server:
        odbc.environment(demo.odbc, {"SMS": {"Driver": "FreeTDS", "Server": "127.0.0.1", "Port": server.tds.port,
                                             "Database": "SMS_CEN", "TDS_Version": "7.4"}})
        env = dict(demo.env, ODBCINI=os.path.join(demo.odbc, "odbc.ini"), FREETDSCONF=server.freetds)
        answer = packages.run("--dsn=SMS", "--user=probe", "--password-file=" + server.password_file,
                              "--state-dir=" + demo.state, env=env)
        assert answer.code == CRITICAL, answer
        answer = packages.run("--dsn=Nope", "--user=probe", "--password-file=" + server.password_file,
                              "--state-dir=" + demo.state, env=env)
        answer.fails("Nope")


def test_windows_logins_reach_the_server_as_blobs(demo):
    with Server(demo, user="CORP\\monitor", password="Streng:Geheim") as server:
        answer = server.check()
        assert answer.code == CRITICAL, answer
        login = server.tds.requests("login7")[0]
        assert login["integrated"] and not login["user"], "NTLM sends no user in LOGIN7"
    with Server(demo, user="CORP\\monitor", password="Streng:Geheim", windows="untrusted") as server:
        server.check().fails("18452")


def test_without_a_user_a_kerberos_ticket_is_shown(demo):
    from kerberos_cache import write_cache
    conf, cache = os.path.join(demo.folder, "krb5.conf"), os.path.join(demo.folder, "cache")
    with open(conf, "w", encoding="ascii") as file:
        file.write("[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\n"
                   "dns_canonicalize_hostname = false\nrdns = false\n")
    with Server(demo) as server:
        write_cache(cache, "EXAMPLE.TEST", "mon", [("MSSQLSvc", "127.0.0.1:%d" % server.tds.port)])
        path = os.path.join(demo.folder, "site.ini")
        with open(path, "w", encoding="ascii") as file:
            file.write("[check_sms_packages]\nKRB5CCNAME=FILE:%s\n" % cache)
        arguments = ["--hostname=127.0.0.1", "--port=%d" % server.tds.port, "--database=SMS_CEN", "--state-dir=" + demo.state]
        env = dict(demo.env, FREETDSCONF=server.freetds, KRB5_CONFIG=conf)
        packages.run("--extra-opts=@" + path, *arguments, env=env)
        login = server.tds.requests("login7")
        assert len(login) == 1 and login[0]["integrated"] and not login[0]["user"], login
        # Without a ticket nothing gets that far, and the principal is named.
        packages.run(*arguments, env=dict(env, KRB5CCNAME="FILE:/nonexistent")).fails("MSSQLSvc/127.0.0.1:%d" % server.tds.port)
        assert len(server.tds.requests("login7")) == 1


def test_columns_of_an_older_product(world):
    lab = world.demo(without=("v_DistributionPoint.LastRefreshTime", "v_Site.Status"))
    with Server(world) as server:
        compare(server.check("-v"), sitedb_judge.judge(lab.db, "CEN", lab.now), "without")


def test_bigint_versions(world):
    lab = world.make()
    big = 2 ** 40 + 7
    lab.db.execute("DROP TABLE PkgStatus")
    lab.db.execute("CREATE TABLE PkgStatus (ID nvarchar(8) COLLATE NOCASE, Type int, SiteCode nvarchar(3) COLLATE NOCASE,"
                   " PkgServer nvarchar(255), Status int, SourceVersion bigint, UpdateTime datetime)")
    lab.package("CEN00001", "Big", 3)
    lab.target("CEN00001", "S02")
    lab.db.execute("INSERT INTO PkgStatus VALUES ('CEN00001', 1, 'S02', 'S021', 1, ?, NULL)", (big,))
    with Server(world) as server:
        for version in VERSIONS:
            assert server.check("--tds-version=" + version).item("CEN00001", "S02")["held"] == str(big)


@pytest.mark.parametrize("name", ["CM_CEN", "sms_cen"])
def test_the_owning_site_comes_from_the_name_of_the_database(demo, name):
    with Server(demo, database=name) as server:
        assert server.check().is_(CRITICAL).value("examined") == 64


def test_a_database_with_a_name_of_its_own_needs_the_site(demo):
    with Server(demo, database="Packages") as server:
        server.check().fails("'Packages'", "SMS_xxx", "--site=CODE")
        assert server.check("--site=cen").is_(CRITICAL).value("examined") == 64
        assert server.check("--site=PR1").is_(CRITICAL, "PR100001").value("examined") == 1


def test_everything_in_the_ini_file_under_an_empty_environment(demo):
    """As Debian's NRPE starts a plugin: one fixed argument and nothing in the environment."""
    with Server(demo) as server:
        path = os.path.join(demo.folder, "site.ini")
        with open(path, "w", encoding="utf-8") as file:
            os.chmod(path, 0o640)
            file.write("[check_sms_packages]\nhostname=127.0.0.1\nport=%d\ndatabase=SMS_CEN\nuser=probe\npassword=%s\n"
                       "tds-version=7.4\nencryption=off\ntimeout=5\nODBCSYSINI=%s\nFREETDSCONF=%s\nstate-dir=%s\n"
                       % (server.tds.port, server.password, demo.odbc, server.freetds, demo.state))
        answer = packages.run("--extra-opts=@" + path).is_(CRITICAL)
        assert answer.item("CEN00008", "S04")["name"] == "1С:Предприятие 8.1"
        login = server.tds.requests("login7")[0]
        assert "7.4" in login["tds"] or login["tds"].startswith("74"), login


def test_a_private_freetds_conf_leaves_nothing_behind(demo, certificates):
    folder = os.path.join(demo.folder, "tmp")
    os.mkdir(folder)
    with Server(demo, encrypt="on", **certificates.options) as server:
        for rules, code in (([], CRITICAL), ([{"at": "login", "do": "close"}], UNKNOWN), ([{"at": "batch", "do": "hang"}], UNKNOWN)):
            server.tds.rules(rules)
            answer = server.check("-t", 2, "--tls-ca=" + certificates.ca, "--hostname=localhost", env={"FREETDSCONF": None, "TMPDIR": folder})
            assert answer.code == code, answer
            assert os.listdir(folder) == [] and answer.seconds < 2.5
