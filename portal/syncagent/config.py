r"""What the agent keeps on disk: one folder, readable only by the user that runs it.

`config.json` (the pairing and the folders), `token`, `journal.db`, `state.json` (what `status` shows),
`agent.lock`, `logs/`, `downloads/`. The folder is `--config`, else `FIDERO_AGENT_CONFIG`, else
`%PROGRAMDATA%\Fidero Agent` on Windows and `~/.config/fidero-agent` elsewhere.
"""

import getpass
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from portal.syncagent.contract import AgentProblem
from portal.syncagent.errors import AgentError

VARIABLE = "FIDERO_AGENT_CONFIG"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """One pairing with one portal host.

    `url`: scheme and host without a path; `root`: where dossier folders are; `dossier_roots`: dossiers (by
    code) whose folder is below another root; `file_mode`: octal permissions of written files where the
    system knows such, `0600` unless the bookkeeping package reads them as another user.
    """

    url: str
    agent_id: str
    agent_name: str
    firm_name: str
    root: str
    dossier_roots: dict[str, str] = {}
    file_mode: str = "0600"
    poll_seconds: float = 60.0

    def roots(self) -> list[Path]:
        """Every root, the general one first, each once."""
        return list(dict.fromkeys([Path(self.root), *map(Path, self.dossier_roots.values())]))

    def root_of(self, dossier_code: str | None) -> Path:
        """The root below which this dossier's folder is."""
        return Path(self.dossier_roots.get(dossier_code or "", self.root))

    @property
    def mode(self) -> int:
        """`file_mode` as a number, never with execute bits."""
        return int(self.file_mode, 8) & 0o666


class State(msgspec.Struct, kw_only=True):
    """What the last cycle saw, for `status` and for the next heartbeat. Times in UTC."""

    last_contact: datetime | None = None
    last_cycle: datetime | None = None
    last_error: str | None = None
    queue: int = 0
    problems: list[AgentProblem] = []


class Home:
    """The agent's own folder: configuration, key, journal and log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config_file = folder / "config.json"
        self.token_file = folder / "token"
        self.journal_file = folder / "journal.db"
        self.state_file = folder / "state.json"
        self.lock_file = folder / "agent.lock"
        self.log_file = folder / "logs" / "agent.log"
        self.downloads = folder / "downloads"

    def prepare(self) -> None:
        """Make the folder with its sub-folders, closed to other users.

        Raises:
            AgentError: `config_unwritable`.
        """
        try:
            fresh = not self.folder.exists()
            for folder in (self.folder, self.log_file.parent, self.downloads):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if fresh and sys.platform == "win32":
                subprocess.run(  # noqa: S603 (a fixed program, our own arguments)
                    windows_protection(self.folder, getpass.getuser()), check=True, capture_output=True
                )
        except (OSError, subprocess.SubprocessError) as error:
            raise AgentError("config_unwritable", path=self.folder, detail=error) from error

    def load(self) -> tuple[Config, str]:
        """The pairing and its token.

        Raises:
            AgentError: `not_paired`, `config_unreadable`.
        """
        path = self.config_file
        try:
            config = msgspec.json.decode(path.read_bytes(), type=Config)
            int(config.file_mode, 8)
            path = self.token_file
            token = path.read_text("ascii").strip()
        except FileNotFoundError as error:
            raise AgentError("not_paired") from error
        except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
            raise AgentError("config_unreadable", path=path, detail=error) from error
        return config, token

    def save(self, config: Config, token: str | None = None) -> None:
        """Keep a pairing; the token first, so that a pairing without one is never seen.

        Raises:
            AgentError: `config_unwritable`.
        """
        self.prepare()
        try:
            if token is not None:
                write_private(self.token_file, token.encode("ascii"))
            write_private(self.config_file, msgspec.json.format(msgspec.json.encode(config), indent=2))
        except OSError as error:
            raise AgentError("config_unwritable", path=self.folder, detail=error) from error

    def forget(self) -> None:
        """Remove the pairing. The log stays."""
        for path in (self.token_file, self.config_file, self.state_file, self.journal_file):
            path.unlink(missing_ok=True)
        for path in self.downloads.glob("*.part"):
            path.unlink(missing_ok=True)

    def state(self) -> State:
        """What the last cycle left; an empty one if there was none or it cannot be read."""
        try:
            return msgspec.json.decode(self.state_file.read_bytes(), type=State)
        except (OSError, ValueError):
            return State()

    def keep_state(self, state: State) -> None:
        """Replace the state. A full disk here must not stop deliveries elsewhere: it is let go."""
        try:
            write_private(self.state_file, msgspec.json.encode(state))
        except OSError:
            return


def home(folder: str | None, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Home:
    """The agent's folder: the one given, of the environment, or the system's usual place."""
    if named := folder or environ.get(VARIABLE):
        return Home(Path(named).expanduser().absolute())
    if platform == "win32":
        return Home(Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Fidero Agent")
    base = environ.get("XDG_CONFIG_HOME")
    return Home((Path(base) if base else Path.home() / ".config") / "fidero-agent")


def write_private(path: Path, data: bytes) -> None:
    """Replace a file in one step, readable by its owner only, on the disk when this returns."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # 0600 by itself
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def windows_protection(folder: Path, user: str) -> list[str]:
    """The command that closes a folder below %PROGRAMDATA% (open to every user by default).

    Only SYSTEM (S-1-5-18), the administrators (S-1-5-32-544) and `user` keep access.
    """
    grants = [f"{who}:(OI)(CI)F" for who in ("*S-1-5-18", "*S-1-5-32-544", user)]
    return ["icacls", str(folder), "/inheritance:r", "/grant:r", *grants]
