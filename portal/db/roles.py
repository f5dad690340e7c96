"""The three database roles and their rights: one list of statements for embedded, real and container servers.

``portal_owner`` owns the database and everything in it, and runs migrations. It bypasses row security: a
backfill under FORCE ROW LEVEL SECURITY would else touch nothing, silently. ``portal_app`` is what the web
and the worker use: it owns nothing, creates nothing and row security holds for it. ``portal_system`` sees
all tenants for the few allow-listed system tasks; it owns nothing either.
"""

import asyncio
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import msgspec

OWNER = "portal_owner"
APP = "portal_app"
SYSTEM = "portal_system"

MINIMUM_SERVER = 17
"""The first version with the built-in C.UTF-8 locale. Production and the embedded server are 18."""


class RolePasswords(msgspec.Struct, frozen=True):
    """Passwords of the three roles, in clear: keep them in a private file or a secret store."""

    owner: str
    app: str
    system: str

    @classmethod
    def generate(cls) -> "RolePasswords":
        """Three passwords of 256 random bits each."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    def __repr__(self) -> str:
        return "RolePasswords(…)"


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """SQLAlchemy URLs (``postgresql+asyncpg://…``) of one database for its three roles."""

    owner: str = field(repr=False)
    app: str = field(repr=False)
    system: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; ``unless`` is a query: when it gives a row, the statement is not needed."""

    sql: str
    unless: str | None = None
    in_database: bool = False
    """Runs inside the portal's database; else anywhere on the server."""


class RolesError(RuntimeError):
    """Roles or database cannot be prepared; the message says why."""


def statements(database: str, passwords: RolePasswords) -> list[Statement]:
    """Everything that makes roles, database and rights, in order. Each statement may be run again.

    Raises:
        RolesError: the database name is not a plain one (lower-case letters, digits, ``_``).
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", database, re.ASCII):
        raise RolesError(
            f"{database!r} is not a plain database name: use a-z, 0-9 and _, at most 63 characters."
        )
    attributes = {
        OWNER: ("BYPASSRLS", passwords.owner),
        APP: ("NOBYPASSRLS", passwords.app),
        SYSTEM: ("BYPASSRLS", passwords.system),
    }
    result: list[Statement] = []
    for role, (row_security, password) in attributes.items():
        result += [
            Statement(f"CREATE ROLE {role}", unless=_exists("pg_roles", "rolname", role)),
            Statement(
                f"ALTER ROLE {role} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
                f"{row_security} PASSWORD {_literal(password)}"
            ),
        ]
    # A forgotten transaction or a runaway query of the web must not hold locks for ever.
    for name, value in (
        ("statement_timeout", "60s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ):
        result.append(Statement(f"ALTER ROLE {APP} SET {name} = '{value}'"))
    result += [
        Statement(
            f"CREATE DATABASE {database} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
            unless=_exists("pg_database", "datname", database),
        ),
        Statement(f"ALTER DATABASE {database} OWNER TO {OWNER}"),
        Statement(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        Statement(f"GRANT CONNECT ON DATABASE {database} TO {APP}, {SYSTEM}"),
        Statement(f"ALTER DATABASE {database} SET timezone = 'UTC'"),
    ]
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER}"
    users = f"{APP}, {SYSTEM}"
    inside = [
        f"ALTER SCHEMA public OWNER TO {OWNER}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {users}",
        f"{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {users}",
        f"{defaults} GRANT USAGE, SELECT ON SEQUENCES TO {users}",
        f"{defaults} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        f"{defaults} GRANT EXECUTE ON FUNCTIONS TO {users}",
    ]
    return result + [Statement(sql, in_database=True) for sql in inside]


def _exists(catalogue: str, column: str, name: str) -> str:
    return f"SELECT 1 FROM {catalogue} WHERE {column} = '{name}'"  # noqa: S608 - our own, checked names


def psql_script(database: str, passwords: RolePasswords) -> str:
    """The statements that make the roles, as a script for ``psql`` (connected as superuser to the database ``postgres``)."""
    lines = ["\\set ON_ERROR_STOP on"]
    inside = False
    for statement in statements(database, passwords):
        if statement.in_database and not inside:
            inside = True
            lines.append(f"\\connect {database}")
        if statement.unless is None:
            lines.append(f"{statement.sql};")
        else:
            lines.append(f"SELECT {_literal(statement.sql)} WHERE NOT EXISTS ({statement.unless}) \\gexec")
    return "\n".join(lines) + "\n"


def prepare_roles(admin_url: str, database: str, passwords: RolePasswords) -> DatabaseUrls:
    """`prepare_roles_async` for callers without an event loop (it works inside one too, blocking it)."""
    answer: list[DatabaseUrls | BaseException] = []

    def run() -> None:
        try:
            answer.append(asyncio.run(prepare_roles_async(admin_url, database, passwords)))
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            answer.append(error)

    thread = threading.Thread(target=run, name="prepare-roles")
    thread.start()
    thread.join()
    if isinstance(answer[0], BaseException):
        raise answer[0]
    return answer[0]


async def prepare_roles_async(admin_url: str, database: str, passwords: RolePasswords) -> DatabaseUrls:
    """Bring roles, database and rights to the state of `statements`; changes nothing that is right already.

    Args:
        admin_url: ``postgresql://…`` of a superuser, with any database.
        database: name of the portal's database; created when missing.
        passwords: set on the roles each time, so that the given ones are always the valid ones.

    Raises:
        RolesError: the server is too old, cannot be reached, or refuses.
    """
    plan = statements(database, passwords)
    admin_url = admin_url.replace("postgresql+asyncpg://", "postgresql://", 1)
    try:
        await _run(admin_url, [statement for statement in plan if not statement.in_database])
        inside_url = _with(admin_url, database=database)
        await _run(inside_url, [statement for statement in plan if statement.in_database])
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise RolesError(
            f"The database server cannot be prepared: {error or type(error).__name__}"
        ) from error
    return database_urls(admin_url, database, passwords)


def database_urls(admin_url: str, database: str, passwords: RolePasswords) -> DatabaseUrls:
    """URLs of the three roles for ``database`` on the server of ``admin_url``. Asks nobody."""
    base = _with(admin_url, database=database)
    urls = {role: _with(base, user=role, password=word) for role, word in _words(passwords)}
    return DatabaseUrls(owner=urls[OWNER], app=urls[APP], system=urls[SYSTEM])


def _words(passwords: RolePasswords) -> Sequence[tuple[str, str]]:
    return ((OWNER, passwords.owner), (APP, passwords.app), (SYSTEM, passwords.system))


async def _run(url: str, plan: Sequence[Statement]) -> None:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        if connection.get_server_version().major < MINIMUM_SERVER:
            found = connection.get_server_version().major
            raise RolesError(f"The portal needs PostgreSQL {MINIMUM_SERVER} or newer; the server is {found}.")
        # Two portals that start at once on one server take turns.
        await connection.execute("SELECT pg_advisory_lock(7346212040)")
        for statement in plan:
            if statement.unless is None or await connection.fetchval(statement.unless) is None:
                await connection.execute(statement.sql)
    finally:
        await connection.close()


def _with(
    url: str, *, user: str | None = None, password: str | None = None, database: str | None = None
) -> str:
    parts = urlsplit(url)
    if user is not None and password is not None:
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
        parts = parts._replace(scheme="postgresql+asyncpg", netloc=netloc)
    if database is not None:
        parts = parts._replace(path=f"/{database}")
    return urlunsplit(parts)


def _literal(text: str) -> str:
    if "\0" in text:
        raise RolesError("A password must not contain the character NUL.")
    escaped = text.replace("'", "''")
    return f" E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in escaped else f"'{escaped}'"
