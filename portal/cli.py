"""The command line: run everything here, or one part of it there.

python -m portal run            PostgreSQL and Valkey from wheels, migrations, demo once, web and worker; Ctrl-C stops all
python -m portal dev            the same for developers: what is changed is seen at the next request, statements are told in the log
python -m portal web            the web process alone
python -m portal worker         the worker alone
python -m portal migrate        bring the database to the newest schema (PORTAL_DATABASE_OWNER_URL)
python -m portal roles          print the SQL that makes the three database roles; with --apply, make them (FIDERO_ADMIN_URL)
python -m portal seed           the demo, once
python -m portal jobs [--revive ID]     dead letters
python -m portal audit verify   walk the hash chains of the audit log
python -m portal check          read the settings, reach database, Valkey and store

The last three look into the portal that `run` has started, in var/ or --var DIR, when PORTAL_DATABASE_URL is not set.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn
from uuid import UUID

from portal.config import BadSettings, NotRunning, Settings
from portal.db.roles import RolePasswords, RolesError, prepare_roles, psql_script
from portal.web.observability import configure_logging

ROOT = Path(__file__).parent.parent
VAR = ROOT / "var"


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse and do; ends the process with 0, 1 (found something) or 2 (cannot)."""
    options = _parser().parse_args(arguments)
    try:
        sys.exit(options.do(options))
    except BadSettings as bad:
        print(
            "The settings do not make sense:",
            *(f"  {fault}" for fault in bad.faults),
            sep="\n",
            file=sys.stderr,
        )
        sys.exit(2)
    except NotRunning as why:
        print(why, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal", description="The portal's command line.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, what in (
        ("run", "everything on this machine, with a demo"),
        ("dev", "the same for developers: reloads"),
    ):
        run = commands.add_parser(name, help=what)
        run.add_argument("--var", type=Path, default=VAR, help="where data is kept (default: var/)")
        run.add_argument("--port", type=int, default=8000)
        run.add_argument("--no-demo", action="store_true", help="do not seed the demo")
        run.set_defaults(do=_run, dev=name == "dev")
    commands.add_parser("web", help="the web process").set_defaults(do=_web)
    commands.add_parser("worker", help="the worker process").set_defaults(do=_worker)
    commands.add_parser("migrate", help="bring the database to the newest schema").set_defaults(do=_migrate)
    roles = commands.add_parser("roles", help="print the SQL that makes the database roles, or run it")
    roles.add_argument("--database", default="portal")
    roles.add_argument("--apply", action="store_true", help="connect as FIDERO_ADMIN_URL and make them")
    roles.set_defaults(do=_roles)
    commands.add_parser("seed", help="make the demo, once").set_defaults(do=_seed)
    jobs = commands.add_parser("jobs", help="list dead letters, or give one another round of tries")
    jobs.add_argument("--revive", type=UUID, metavar="ID")
    _looks_inside(jobs, _jobs)
    audit = commands.add_parser("audit", help="the audit log")
    audit.add_argument("action", choices=["verify", "seal"])
    _looks_inside(audit, _audit)
    _looks_inside(commands.add_parser("check", help="read the settings and reach every server"), _check)
    return parser


def _looks_inside(command: argparse.ArgumentParser, do: Callable[[argparse.Namespace], int]) -> None:
    command.add_argument(
        "--var",
        type=Path,
        help="the folder of the portal that runs here (default: var/, without PORTAL_DATABASE_URL)",
    )
    command.set_defaults(do=do)


def _settings() -> Settings:
    settings = Settings.load(os.environ)
    configure_logging(json=settings.log_json)
    return settings


def _settings_of(options: argparse.Namespace) -> Settings:
    """Those of the environment; without them, or with --var, those of the portal that runs in a folder."""
    if options.var is None and os.environ.get("PORTAL_DATABASE_URL"):
        return _settings()
    from portal.supervisor import running

    settings = Settings.load(running((options.var or VAR).resolve()))
    configure_logging(json=settings.log_json)
    return settings


def _run(options: argparse.Namespace) -> int:
    from portal.supervisor import run

    return run(options.var.resolve(), port=options.port, demo=not options.no_demo, dev=options.dev)


def _web(_options: argparse.Namespace) -> int:
    from portal.supervisor import serve

    serve(_settings())
    return 0


def _worker(_options: argparse.Namespace) -> int:
    from portal.worker import run_worker

    run_worker()
    return 0


def _migrate(_options: argparse.Namespace) -> int:
    from portal.supervisor import migrate

    address = os.environ.get("PORTAL_DATABASE_OWNER_URL", "")
    if not address:
        raise BadSettings(
            ["PORTAL_DATABASE_OWNER_URL is not set: migrations run as the owner of the database"]
        )
    migrate(address)
    print("The database has the newest schema.")
    return 0


def _roles(options: argparse.Namespace) -> int:
    passwords = {
        name: os.environ.get(f"FIDERO_{name.upper()}_PASSWORD", "") for name in ("owner", "app", "system")
    }
    admin_url = os.environ.get("FIDERO_ADMIN_URL", "")
    missing = [f"FIDERO_{name.upper()}_PASSWORD is not set" for name, word in passwords.items() if not word]
    if options.apply and not admin_url:
        missing.append("FIDERO_ADMIN_URL is not set: a superuser of the server, postgresql://…")
    if missing:
        raise BadSettings(missing)
    try:
        if options.apply:
            prepare_roles(admin_url, options.database, RolePasswords(**passwords))
            print("Roles, database and rights are as they should be.")
        else:
            print(psql_script(options.database, RolePasswords(**passwords)), end="")
    except RolesError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _seed(_options: argparse.Namespace) -> int:
    from portal.demo import seed

    for line in asyncio.run(seed(_settings())):
        print(line)
    _leave(0)


def _jobs(options: argparse.Namespace) -> int:
    return asyncio.run(_jobs_async(_settings_of(options), options.revive))


async def _jobs_async(settings: Settings, revive: UUID | None) -> int:
    from portal.app import create_tools
    from portal.jobs import ledger

    tools = create_tools(settings, name="cli")
    try:
        async with tools.database.system_scope() as session:
            if revive is not None:
                found = await ledger.revive(session, revive)
                print("It will be tried again." if found else "There is no dead letter with this id.")
                return 0 if found else 2
            letters = await ledger.dead_letters(session)
            for row in letters:
                print(
                    f"{row.id}  {row.name}  {row.attempts} tries  given up {row.dead_at:%Y-%m-%d %H:%M}  {row.last_error}"
                )
            print(f"{len(letters)} dead letters")
            return 1 if letters else 0
    finally:
        await tools.database.close()


def _audit(options: argparse.Namespace) -> int:
    return asyncio.run(_audit_async(_settings_of(options), options.action))


async def _audit_async(settings: Settings, action: str) -> int:
    from portal.app import create_tools
    from portal.features.audit import service as audit

    tools = create_tools(settings, name="cli")
    try:
        async with tools.database.system_scope() as session:
            if action == "seal":
                print(f"{await audit.seal(session, 1_000_000)} events sealed")
                return 0
            report = await audit.verify(session)
        print(f"{report.events} sealed events in {report.chains} chains, {report.unsealed} not sealed yet")
        for fault in report.faults:
            print(f"chain {fault.chain}, number {fault.sequence}: {fault.what}")
        print("Every chain holds." if report.holds else "The log was tampered with.")
        return 0 if report.holds else 1
    finally:
        await tools.database.close()


def _check(options: argparse.Namespace) -> int:
    _leave(asyncio.run(_check_async(_settings_of(options))))


def _leave(code: int) -> NoReturn:
    """End a command that used the object store.

    Its threads may still be letting go of the last request; an interpreter that is taken down under them aborts (seen in one of
    ten runs), so it is not taken down.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _check_async(settings: Settings) -> int:
    from arq import create_pool
    from redis.exceptions import RedisError

    from portal.app import create_tools
    from portal.db.session import NOBODY
    from portal.jobs.doorbell import redis_settings

    tools = create_tools(settings, name="cli")
    faults: list[str] = []
    try:
        try:
            async with tools.database.transaction(NOBODY), tools.database.system_scope():
                pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is named and the next part is looked at
            faults.append(f"database: {type(error).__name__}")
        try:
            pool = await create_pool(redis_settings(settings.redis_url))
            await pool.aclose()
        except (OSError, RedisError) as error:
            faults.append(f"Valkey: {type(error).__name__}")
        if not await tools.store.healthy():
            faults.append("store: cannot be written")
        if not await tools.scanner.answers():
            faults.append("scanner: does not answer")
    finally:
        await tools.database.close()
    scanned = (
        "Files are scanned for malware." if tools.scanner.is_on else "Files are not scanned for malware."
    )
    print("\n".join(faults) if faults else f"Database, Valkey and store answer. {scanned}")
    return 2 if faults else 0
