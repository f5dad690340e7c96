"""The three database roles: what each may and may not do, and that preparing them again changes nothing."""

from collections.abc import Iterator

import anyio
import asyncpg
import pytest

from portal.db.roles import (
    DatabaseUrls,
    RolePasswords,
    RolesError,
    database_urls,
    prepare_roles,
    prepare_roles_async,
    psql_script,
    statements,
)
from portal.embedded import EmbeddedPostgres, start_postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with start_postgres(tmp_path_factory.mktemp("var"), durable=False) as running:
        yield running


@pytest.fixture(scope="module")
def urls(server: EmbeddedPostgres) -> DatabaseUrls:
    return server.prepare("portal")


async def run(url: str, *sql: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in sql[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(sql[-1])
    finally:
        await connection.close()


SECURED = (
    "CREATE TABLE secured (id int PRIMARY KEY, tenant text NOT NULL)",
    "ALTER TABLE secured ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE secured FORCE ROW LEVEL SECURITY",
    "CREATE POLICY own ON secured USING (tenant = current_setting('app.tenant', true))",
    "INSERT INTO secured VALUES (1, 'a'), (2, 'b')",
)


async def test_row_security_holds_for_the_application_alone(urls: DatabaseUrls) -> None:
    await run(urls.owner, *SECURED, "SELECT 1")
    assert await run(urls.owner, "SELECT count(*) FROM secured") == 2
    assert await run(urls.system, "SELECT count(*) FROM secured") == 2
    assert await run(urls.app, "SELECT count(*) FROM secured") == 0
    assert await run(urls.app, "SET app.tenant = 'a'", "SELECT sum(id) FROM secured") == 1


async def test_new_tables_and_sequences_of_the_owner_are_usable_at_once(urls: DatabaseUrls) -> None:
    await run(urls.owner, "CREATE TABLE counted (id serial PRIMARY KEY, t text)", "SELECT 1")
    for url in (urls.app, urls.system):
        assert await run(url, "INSERT INTO counted (t) VALUES ('x') RETURNING t") == "x"
        await run(url, "UPDATE counted SET t = 'y'", "DELETE FROM counted", "SELECT 1")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "TRUNCATE probe",
        "DROP TABLE probe",
        "ALTER TABLE probe DISABLE ROW LEVEL SECURITY",
        "CREATE TRIGGER t BEFORE INSERT ON probe EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "SET ROLE portal_owner",
        "COPY probe TO '/tmp/out'",
    ],
)
async def test_neither_application_nor_system_may_change_the_house(urls: DatabaseUrls, sql: str) -> None:
    await run(urls.owner, "CREATE TABLE IF NOT EXISTS probe (id int)", "SELECT 1")
    for url in (urls.app, urls.system):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(url, sql, "SELECT 1")


async def test_the_roles_have_exactly_their_attributes(server: EmbeddedPostgres, urls: DatabaseUrls) -> None:
    sql = """
        SELECT string_agg(concat_ws(' ', rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls), ',' ORDER BY rolname)
        FROM pg_roles WHERE rolname LIKE 'portal%'
    """
    assert await run(server.admin_url, sql) == "portal_app f f f f,portal_owner f f f t,portal_system f f f t"
    assert urls.app.startswith("postgresql+asyncpg://portal_app:")
    assert (
        await run(
            server.admin_url, "SELECT count(*) FROM pg_auth_members WHERE roleid::regrole::text ~ 'portal'"
        )
        == 0
    )


async def test_the_database_sorts_by_code_point_and_knows_upper_case_of_accents(urls: DatabaseUrls) -> None:
    assert (
        await run(urls.app, "SELECT upper('café') || datlocale FROM pg_database WHERE datname = 'portal'")
        == "CAFÉC.UTF-8"
    )


async def test_preparing_again_keeps_data_and_passwords(server: EmbeddedPostgres, urls: DatabaseUrls) -> None:
    await run(urls.owner, "CREATE TABLE kept AS SELECT 3 AS n", "SELECT 1")
    assert server.prepare("portal") == urls
    assert await run(urls.app, "SELECT n FROM kept") == 3


async def test_the_owner_may_create_the_extensions_migrations_use(urls: DatabaseUrls) -> None:
    await run(
        urls.owner,
        *(f"CREATE EXTENSION IF NOT EXISTS {name}" for name in ("pg_trgm", "unaccent")),
        "SELECT 1",
    )


async def test_a_changed_password_replaces_the_old_one(server: EmbeddedPostgres, urls: DatabaseUrls) -> None:
    other = RolePasswords.generate()
    fresh = await prepare_roles_async(server.admin_url, "portal", other)
    try:
        assert await run(fresh.app, "SELECT 1") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await run(urls.app, "SELECT 1")
    finally:
        server.prepare("portal")


async def test_the_psql_script_does_the_same_on_a_server_of_its_own(
    server: EmbeddedPostgres, urls: DatabaseUrls
) -> None:
    passwords = RolePasswords("it's", "back\\slash", 'quo"te')
    try:
        for _ in range(2):
            psql = await anyio.run_process(
                [server._programs.folder / "pginstall" / "bin" / "psql", "-X", "-q", server.admin_url],
                input=psql_script("scripted", passwords).encode(),
                check=False,
            )
            assert (psql.returncode, psql.stderr) == (0, b"")
        made = database_urls(server.admin_url, "scripted", passwords)
        await run(made.owner, "CREATE TABLE t AS SELECT 9 AS n", "SELECT 1")
        assert await run(made.app, "SELECT n FROM t") == 9
        assert await run(made.system, "SELECT n FROM t") == 9
    finally:
        server.prepare("portal")


@pytest.mark.parametrize("name", ["", "Portal", "a-b", "a;drop", "1a", "x" * 64, "é"])
def test_a_database_name_that_is_not_plain_is_refused(name: str) -> None:
    with pytest.raises(RolesError, match="plain database name"):
        statements(name, RolePasswords.generate())


def test_an_unreachable_server_is_one_clear_error() -> None:
    with pytest.raises(RolesError, match="cannot be prepared"):
        prepare_roles("postgresql://x:y@127.0.0.1:1/postgres", "portal", RolePasswords.generate())


def test_passwords_never_show_in_a_representation() -> None:
    passwords = RolePasswords("secret-one", "secret-two", "secret-three")
    assert "secret" not in repr(passwords) + repr(database_urls("postgresql://a:b@h/d", "portal", passwords))
