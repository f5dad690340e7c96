"""PostgreSQL and Valkey for tests: started for one run, or kept running between runs.

A run of everything starts servers of its own. Whoever runs one test again and again (`make test T=…`) uses kept ones: a process of their
own holds them under ``var/tests`` and ends, with them, when no run has used them for half an hour.
"""

import asyncio
import fcntl
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec

from portal.db.roles import DatabaseUrls, RolePasswords, database_urls, prepare_roles
from portal.embedded import start_postgres, start_valkey
from portal.embedded.process import FolderLock, is_held, read_note, write_note

ROOT = Path(__file__).parent.parent.parent
KEPT = ROOT / "var" / "tests"
IDLE_SECONDS = 1800.0
"""Kept servers that no run has used for so long are stopped."""
START_SECONDS = 120.0
TEMPLATE = "portal_template"
_names = itertools.count(1)


class Note(msgspec.Struct, frozen=True):
    """Where kept servers are. Readable by its owner only."""

    admin_url: str
    redis_url: str
    passwords: RolePasswords


@dataclass(frozen=True, slots=True)
class Servers:
    """PostgreSQL with a migrated template database, and Valkey."""

    admin_url: str
    redis_url: str
    passwords: RolePasswords
    template: str = TEMPLATE

    async def new_database(self) -> DatabaseUrls:
        """A fresh copy of the migrated database: what a test commits, no other test sees."""
        name = f"portal_test_{os.getpid()}_{next(_names)}"
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(f"create database {name} template {self.template} owner portal_owner")
            await admin.execute(f"grant connect on database {name} to portal_app, portal_system")
        finally:
            await admin.close()
        return database_urls(self.admin_url, name, self.passwords)

    async def drop_database(self, urls: DatabaseUrls) -> None:
        """Throw a copy away."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(f"drop database if exists {urls.app.rpartition('/')[2]} with (force)")
        finally:
            await admin.close()


def migrate(owner_url: str) -> None:
    """Bring a database to the newest schema."""
    from alembic import command
    from alembic.config import Config

    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Start both servers in a folder of their own; stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="portal-tests-") as folder:
        Path(folder).chmod(0o755)
        postgres = start_postgres(Path(folder), durable=False)
        valkey = start_valkey(Path(folder), durable=False)
        try:
            passwords = RolePasswords.generate()
            urls = prepare_roles(postgres.admin_url, TEMPLATE, passwords)
            migrate(urls.owner)
            yield Servers(postgres.admin_url, valkey.url, passwords)
        finally:
            valkey.stop()
            postgres.stop()


def kept_servers(folder: Path = KEPT) -> Servers:
    """The servers that are kept running, started when they are not; with a template of the migrations as they stand now.

    Raises:
        RuntimeError: they do not start; their log is in the folder.
    """
    note = _note_of(folder)
    (folder / "used").touch()
    template = f"{TEMPLATE}_{_fingerprint()}"
    servers = Servers(note.admin_url, note.redis_url, note.passwords, template)
    with (folder / "template.lock").open("w") as one_run:
        fcntl.flock(one_run, fcntl.LOCK_EX)
        if not asyncio.run(_tidied(servers)):
            migrate(prepare_roles(note.admin_url, f"{template}_new", note.passwords).owner)
            asyncio.run(_rename(servers, f"{template}_new", template))
    return servers


def _note_of(folder: Path) -> Note:
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    address, lock = folder / "addresses.json", folder / "kept.lock"
    begun = None
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        note = read_note(address, Note) if is_held(lock) else None
        if note is not None:
            return note
        if begun is None and not is_held(lock):
            with (folder / "kept.log").open("ab") as log:
                begun = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.servers", str(folder)],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if begun is not None and begun.poll() is not None and not is_held(lock):
            break
        time.sleep(0.05)
    raise RuntimeError(f"the servers for tests do not start: see {folder / 'kept.log'}")


def _fingerprint() -> str:
    """Of everything that makes the schema."""
    found = hashlib.sha256()
    for path in sorted([*ROOT.glob("migrations/**/*.py"), ROOT / "portal/db/roles.py"]):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


async def _tidied(servers: Servers) -> bool:
    """Drop what ended runs and earlier schemas left; whether the template of today's is there."""
    admin = await asyncpg.connect(servers.admin_url)
    try:
        names = {row[0] for row in await admin.fetch("select datname from pg_database")}
        for name in names:
            ended = name.startswith("portal_test_") and not _lives(int(name.split("_")[2]))
            if ended or (name.startswith(TEMPLATE) and name != servers.template):
                await admin.execute(f"drop database if exists {name} with (force)")
    finally:
        await admin.close()
    return servers.template in names


async def _rename(servers: Servers, old: str, new: str) -> None:
    admin = await asyncpg.connect(servers.admin_url)
    try:
        await admin.execute(f"alter database {old} rename to {new}")
    finally:
        await admin.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def keep(folder: Path) -> None:
    """Hold both servers until nobody has used them for `IDLE_SECONDS`. The body of the process that keeps them."""
    lock = FolderLock(folder / "kept.lock", "servers for tests")
    address, used = folder / "addresses.json", folder / "used"
    address.unlink(missing_ok=True)
    used.touch()
    postgres = start_postgres(folder, durable=False)
    valkey = start_valkey(folder, durable=False)
    try:
        passwords = RolePasswords.generate()
        prepare_roles(postgres.admin_url, "portal_empty", passwords)
        write_note(address, Note(postgres.admin_url, valkey.url, passwords))
        while postgres.running and time.time() - used.stat().st_mtime < IDLE_SECONDS:
            time.sleep(1)
    finally:
        address.unlink(missing_ok=True)
        valkey.stop()
        postgres.stop()
        lock.release()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
