"""`fidero-agent`: pair, run, status, folders, unpair."""

import argparse
import io
import logging
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import msgspec

from portal.syncagent import VERSION, contract, logs, root
from portal.syncagent.address import portal_url
from portal.syncagent.client import Portal, describe_platform
from portal.syncagent.config import Config, Home, home
from portal.syncagent.deliver import plan
from portal.syncagent.errors import (
    EXIT_INCOMPLETE,
    EXIT_OK,
    EXIT_USAGE,
    AgentError,
    AlreadyRunningError,
    AwayError,
    RefusalError,
)
from portal.syncagent.journal import Journal
from portal.syncagent.lock import only_one
from portal.syncagent.names import UnsafeNameError, check_component, dossier_folder
from portal.syncagent.runner import Runner, utc_now
from portal.syncagent.stopping import Stop
from portal.syncagent.texts import visible

log = logging.getLogger("fidero_agent")

SHOWN_FILES = 20
"""So many files of the last bundle are listed by `status`."""
EPILOG = """\
exit codes: 0 all done; 1 something was refused or is still waiting; 2 wrong use, not paired or not possible;
3 the portal revoked this agent; 4 another agent is running; 5 the portal or the folder is away.
"""


def _print(text: object = "", *, file: TextIO | None = None) -> None:
    """Say something; names from outside cannot act on the terminal."""
    print("\n".join(map(visible, str(text).split("\n"))), file=file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    chosen = _parser().parse_args(arguments)
    command: Callable[[Home, argparse.Namespace], int] = chosen.command
    try:
        return command(home(chosen.config), chosen)
    except AgentError as error:
        _tell(error)
        return error.exit_code
    except sqlite3.Error as error:
        _tell(AgentError("config_unreadable", path=home(chosen.config).journal_file, detail=error))
        return EXIT_USAGE
    finally:
        logs.stop()


def _tell(error: AgentError) -> None:
    """Say it once: in the log, which the console shows too, or where there is none to the person directly."""
    if logs.started():
        log.error("%s", error)
    else:
        _print(error, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fidero-agent",
        description="Fetches bundles from your accountancy portal and writes their files for bookkeeping.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fidero-agent {VERSION}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", metavar="DIR", help="the agent's settings folder")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    each = commands.add_parser("pair", parents=[common], help="connect this computer with a portal")
    each.add_argument("host", help="the portal's address, for example my.office.be")
    each.add_argument("code", help="the code shown in the portal under Agents")
    each.add_argument("--root", metavar="DIR", help="where dossier folders go (default: Fidero in your home)")
    each.add_argument("--name", help="what the portal calls this computer (default: its own name)")
    each.add_argument("--take-over", action="store_true", help="take a folder from an agent that is gone")
    each.set_defaults(command=pair)

    each = commands.add_parser("run", parents=[common], help="fetch and write, until stopped")
    each.add_argument("--once", action="store_true", help="one round, then end")
    each.set_defaults(command=run)

    each = commands.add_parser("status", parents=[common], help="how the agent is")
    each.set_defaults(command=status)

    each = commands.add_parser("folders", parents=[common], help="where files go, per dossier")
    each.add_argument("--root", metavar="DIR", help="write there from now on")
    each.add_argument(
        "--dossier", metavar="CODE", help="with --root: only this dossier; alone: as the others"
    )
    each.add_argument("--take-over", action="store_true", help="take a folder from an agent that is gone")
    each.set_defaults(command=folders)

    each = commands.add_parser("unpair", parents=[common], help="forget the portal on this computer")
    each.set_defaults(command=unpair)
    return parser


def pair(place: Home, chosen: argparse.Namespace) -> int:
    """Exchange a code for an identity, and keep it."""
    url = portal_url(chosen.host)
    place.prepare()
    with only_one(place.lock_file):
        known = _known(place)
        if known is not None and known.url != url:
            raise AgentError("already_paired", host=known.url, firm=known.firm_name)
        # The folder first: a code counts once and is not to be spent on a mistyped path.
        wanted = chosen.root or (known.root if known else str(Path.home() / "Fidero"))
        folder = _chosen_folder(wanted)
        ids = frozenset({known.agent_id}) if known else frozenset[str]()
        root.check_free(folder, ids, take_over=chosen.take_over)
        name = (chosen.name or socket.gethostname()).strip()[:100]
        with closing(Portal(url, None, utc_now)) as portal:
            request = contract.PairRequest(chosen.code.strip(), name, describe_platform(), VERSION)
            paired = portal.pair(request)
        config = Config(
            url=url,
            agent_id=paired.agent_id,
            agent_name=name,
            firm_name=paired.firm_name,
            root=str(folder),
            dossier_roots=known.dossier_roots if known else {},
            file_mode=known.file_mode if known else "0600",
            poll_seconds=paired.poll_seconds,
        )
        place.save(config, paired.token)
        for each in config.roots():
            root.claim(each, root.Mark(paired.agent_id, url))
    _print(f"Paired with {paired.firm_name} ({url}) as {name}.")
    _print(f"Files go to {folder}. Start with `fidero-agent run`.")
    return EXIT_OK


def run(place: Home, chosen: argparse.Namespace) -> int:
    """Rounds until stopped, or one."""
    config, token = place.load()
    place.prepare()
    with only_one(place.lock_file):
        logs.start(place.log_file, console=True)
        with (
            closing(Portal(config.url, token, utc_now)) as portal,
            closing(Journal(place.journal_file)) as journal,
            _stopping() as stop,
        ):
            runner = Runner(
                place,
                config,
                portal,
                journal,
                now=utc_now,
                clock=time.monotonic,
                wait=stop.wait,
                during=stop.during,
            )
            if not chosen.once:
                log.info("fidero-agent %s: %s, %s", VERSION, config.url, config.root)
                runner.forever()
                return EXIT_OK
            result = runner.once()
    if result.away is not None:
        return result.away.exit_code
    confirmed = _counted(result.confirmed, "file", "files")
    _print(f"{confirmed} confirmed, {_counted(result.waiting, 'delivery', 'deliveries')} waiting.")
    return EXIT_INCOMPLETE if result.waiting else EXIT_OK


def status(place: Home, _: argparse.Namespace) -> int:
    """How the agent is, from what it keeps; the portal is not asked."""
    config, _token = place.load()
    state = place.state()
    healthy = state.last_error is None and not state.problems and state.last_contact is not None
    rows = [("Portal", f"{config.url} ({config.firm_name})"), ("Agent", f"{config.agent_name}, {VERSION}")]
    for folder in config.roots():
        try:
            free = root.look(folder, config)
            rows.append(("Folder", f"{folder} ({free / 1e9:.1f} GB free)"))
        except AwayError as error:
            healthy = False
            rows.append(("Folder", str(error)))
    try:
        with only_one(place.lock_file):
            running = "no"
    except AlreadyRunningError:
        running = "yes"
    contact = state.last_contact
    rows += [
        ("Running", running),
        ("Last contact", contact.strftime("%Y-%m-%d %H:%M:%S UTC") if contact else "never"),
        ("Waiting", _counted(state.queue, "delivery", "deliveries")),
        *_last_confirmed(place),
        *(("Problem", problem.detail) for problem in state.problems),
    ]
    if state.last_error:
        rows.append(("Last error", state.last_error))
    for label, value in rows:
        _print(f"{label:<13} {value}")
    return EXIT_OK if healthy else EXIT_INCOMPLETE


def folders(place: Home, chosen: argparse.Namespace) -> int:
    """Say, or change, where files go."""
    config, token = place.load()
    if chosen.root or chosen.dossier:
        with only_one(place.lock_file):
            config = _change_folder(place, config, chosen)
    _print(f"{'all dossiers':<16} {config.root}")
    for code, folder in config.dossier_roots.items():
        _print(f"{code:<16} {folder}")
    shown: dict[str, tuple[str | None, str, str | None, list[str]]] = {}
    if place.journal_file.exists():
        with closing(Journal(place.journal_file)) as journal:
            for known in journal.dossiers():
                shown[known.id] = (known.code, known.name, known.company_number, known.folders)
    code = EXIT_OK
    try:
        with closing(Portal(config.url, token, utc_now)) as portal:
            for raw in portal.deliveries().deliveries:
                each = msgspec.json.decode(raw, type=contract.Delivery)
                old = shown.get(each.dossier_id)
                named = (each.dossier_code, each.dossier_name, each.company_number)
                used = {*(old[3] if old else []), *_folders_of(each, config)}
                shown[each.dossier_id] = (*named, sorted(used))
    except (AgentError, ValueError) as error:
        code = error.exit_code if isinstance(error, AgentError) else EXIT_INCOMPLETE
        _print(f"What waits could not be asked: {error}", file=sys.stderr)
    _print()
    for dossier_id, (number, name, company, used) in sorted(
        shown.items(), key=lambda item: (item[1][0] or "~", item[1][1])
    ):
        try:
            folder = str(config.root_of(number).joinpath(*dossier_folder(number, company, dossier_id)))
        except UnsafeNameError as error:
            folder = f"nowhere: {error}"
        _print(f"{number or '(no code)':<16} {name:<30} {folder}")
        for each in sorted(used):
            _print(f"{'':<16} {'':<30}   {each}")
    if not shown:
        _print("No dossier has had or waits for a delivery yet.")
    return code


def _folders_of(delivery: contract.Delivery, config: Config) -> set[str]:
    """The folders a waiting delivery will fill; none if its names are refused."""
    top = config.root_of(delivery.dossier_code)
    try:
        return {str(top.joinpath(*item.parts[:-1])) for item in plan(delivery, top)}
    except RefusalError:
        return set()


def unpair(place: Home, _: argparse.Namespace) -> int:
    """Forget the portal here; the portal itself is told there."""
    config, _token = place.load()
    with only_one(place.lock_file):
        unconfirmed = 0
        if place.journal_file.exists():
            with closing(Journal(place.journal_file)) as journal:
                unconfirmed = len(journal.in_state("written"))
        for folder in config.roots():
            root.release(folder, config.agent_id)
        place.forget()
    if unconfirmed:
        count = _counted(unconfirmed, "delivery", "deliveries")
        _print(f"Written but not yet confirmed to the portal: {count}.")
    _print(f"Forgotten: {config.url}. Written files stay. Revoke {config.agent_name} in the portal, too.")
    return EXIT_OK


def _known(place: Home) -> Config | None:
    """The present pairing, if there is one."""
    try:
        return place.load()[0]
    except AgentError as error:
        if error.code == "not_paired":
            return None
        raise


def _chosen_folder(text: str) -> Path:
    """The folder a person typed; said when it was not there, because that may be a typing error."""
    there = Path(text).expanduser().exists()
    folder = root.choose(text)
    if not there:
        _print(f"Made this folder: {folder}")
    return folder


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _last_confirmed(place: Home) -> list[tuple[str, str]]:
    """Rows of `status`: the last bundle the portal confirmed, each file with its SHA-256."""
    if not place.journal_file.exists():
        return []
    with closing(Journal(place.journal_file)) as journal:
        last = journal.last_confirmed()
    if last is None:
        return []
    number, code, at, entries = last
    rows = [("Confirmed", f"bundle {number} of {code or '(no code)'}, {at:%Y-%m-%d %H:%M:%S} UTC")]
    rows += [("", f"{entry.sha256}  {entry.target}") for entry in entries[:SHOWN_FILES]]
    if len(entries) > SHOWN_FILES:
        rows.append(("", f"and {len(entries) - SHOWN_FILES} more"))
    return rows


def _change_folder(place: Home, config: Config, chosen: argparse.Namespace) -> Config:
    mark = root.Mark(config.agent_id, config.url)
    roots = dict(config.dossier_roots)
    if chosen.dossier:
        try:
            check_component(chosen.dossier)
        except UnsafeNameError as error:
            raise AgentError("unsafe_path", path=chosen.dossier, detail=error) from error
    if not chosen.root:
        roots.pop(chosen.dossier, None)
        changed = msgspec.structs.replace(config, dossier_roots=roots)
    else:
        folder = _chosen_folder(chosen.root)
        root.check_free(folder, frozenset({config.agent_id}), take_over=chosen.take_over)
        root.claim(folder, mark)
        if chosen.dossier:
            roots[chosen.dossier] = str(folder)
            changed = msgspec.structs.replace(config, dossier_roots=roots)
        else:
            changed = msgspec.structs.replace(config, root=str(folder))
    place.save(changed)
    for left in set(config.roots()) - set(changed.roots()):
        root.release(left, config.agent_id)
    return changed


@contextmanager
def _stopping() -> Generator[Stop]:
    """Notes when the system or a person asks to stop; asked twice, the program ends at once."""
    asked = Stop()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.getsignal(each) for each in signals}

    def stop(*_: object) -> None:
        asked.ask()
        for each, handler in before.items():
            signal.signal(each, handler)

    for each in signals:
        signal.signal(each, stop)
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
