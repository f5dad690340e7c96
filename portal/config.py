"""Settings: frozen, read from the environment once, every fault reported at once. Nothing else reads os.environ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class BadSettings(Exception):
    """The environment does not make sense; `faults` lists everything that is wrong, in words."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NotRunning(Exception):
    """There is no portal in this folder whose settings could be taken; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the portal is told from outside.

    Attributes:
        database_url: PostgreSQL as the plain application role (`postgresql+asyncpg://…`).
        database_system_url: the same database as the role that bypasses row security.
        database_owner_url: the same database as its owner; only migrations and the demo seed need it.
        redis_url: Valkey or Redis, the doorbell of jobs.
        storage_url: originals and bundles: `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`.
        storage_key, storage_secret: credentials of the S3 server.
        mail_url: `smtp://user:password@host:587`, `smtps://…`, or `outbox:///folder` that keeps mails as files.
        scheme: `https` in production; `http` only behind loopback.
        port: the port people see in the address, when it is not the scheme's own.
        listen_host, listen_port: where the web process listens.
        web_processes: how many processes share that port, so that one that is busy holds nobody up.
        embedded: whether this is the self-contained demo: it opens the mailbox page under /_mail.
        max_upload_bytes: the largest file taken in.
        scanner_url: ClamAV, that looks for malware: `clamd://host:3310` or `unix:///run/clamav/clamd.ctl`; without, nothing is scanned.
        trusted_proxy: whether X-Forwarded-For of the peer is believed (only behind our own proxy).
        worker_jobs: how many jobs one worker runs side by side.
        job_lease_seconds: how long a job of a worker that died stays its own; living workers renew it three times as often.
        log_json: logs as JSON lines instead of readable text.
        dev: for developers: every statement is told in the log, and changed templates are seen at once.
    """

    database_url: str = field(repr=False)
    database_system_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    storage_url: str
    mail_url: str = field(repr=False)
    database_owner_url: str | None = field(default=None, repr=False)
    storage_key: str | None = field(default=None, repr=False)
    storage_secret: str | None = field(default=None, repr=False)
    scheme: str = "https"
    port: int | None = None
    listen_host: str = "127.0.0.1"
    listen_port: int = 8000
    web_processes: int = 2
    embedded: bool = False
    max_upload_bytes: int = 25 * 1024 * 1024
    scanner_url: str | None = None
    trusted_proxy: bool = False
    worker_jobs: int = 4
    job_lease_seconds: int = 30
    log_json: bool = False
    dev: bool = False

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry Secure and the __Host- prefix; a browser refuses both on plain http but for loopback."""
        return self.scheme == "https"

    def origin(self, host: str) -> str:
        """The address of a host as people type it, without a trailing slash."""
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `PORTAL_*`.

        Raises:
            BadSettings: listing every missing, unknown or malformed setting.
        """
        faults: list[str] = []
        known = dict(_READERS)
        faults.extend(
            f"{name} is not a setting; see the table in README.md"
            for name in sorted(environ)
            if name.startswith("PORTAL_") and name not in known and name not in _ELSEWHERE
        )
        values: dict[str, object] = {}
        for name, (attribute, reader, required) in known.items():
            text = environ.get(name, "").strip()
            if not text:
                if required:
                    faults.append(f"{name} is not set: {_WHAT[name]}")
                continue
            try:
                values[attribute] = reader(text)
            except ValueError as error:
                faults.append(f"{name}: {error}")
        if faults:
            raise BadSettings(faults)
        return cls(**values)  # pyright: ignore[reportArgumentType] - the readers give the right types


def _postgres(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme in ("postgres", "postgresql"):
        text = "postgresql+asyncpg://" + text.split("://", 1)[1]
    elif parts.scheme != "postgresql+asyncpg":
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    if not parts.path.strip("/"):
        raise ValueError("names no database")
    return text


def _redis(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("must look like redis://host:6379/0")
    return text


def _storage(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme == "file" and Path(parts.path).is_absolute():
        return text
    if parts.scheme == "s3" and parts.netloc:
        return text
    raise ValueError("must look like file:///folder or s3://bucket/prefix?endpoint=https://…")


def _mail(text: str) -> str:
    if urlsplit(text).scheme not in ("smtp", "smtps", "outbox"):
        raise ValueError("must look like smtp://user:password@host:587 or outbox:///folder")
    return text


def _scanner(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return text
    if parts.scheme == "clamd" and parts.hostname:
        _ = parts.port  # raises for what is no port
        return text
    raise ValueError("must look like clamd://host:3310 or unix:///run/clamav/clamd.ctl")


def _scheme(text: str) -> str:
    if text not in ("http", "https"):
        raise ValueError("must be http or https")
    return text


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError(f"{text!r} is not a whole number above zero")
    return int(text)


def _switch(text: str) -> bool:
    try:
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
    except KeyError:
        raise ValueError("must be yes or no") from None


_READERS = {
    "PORTAL_DATABASE_URL": ("database_url", _postgres, True),
    "PORTAL_DATABASE_SYSTEM_URL": ("database_system_url", _postgres, True),
    "PORTAL_DATABASE_OWNER_URL": ("database_owner_url", _postgres, False),
    "PORTAL_REDIS_URL": ("redis_url", _redis, True),
    "PORTAL_STORAGE_URL": ("storage_url", _storage, True),
    "PORTAL_STORAGE_KEY": ("storage_key", str, False),
    "PORTAL_STORAGE_SECRET": ("storage_secret", str, False),
    "PORTAL_MAIL_URL": ("mail_url", _mail, True),
    "PORTAL_SCHEME": ("scheme", _scheme, False),
    "PORTAL_PORT": ("port", _number, False),
    "PORTAL_LISTEN_HOST": ("listen_host", str, False),
    "PORTAL_LISTEN_PORT": ("listen_port", _number, False),
    "PORTAL_WEB_PROCESSES": ("web_processes", _number, False),
    "PORTAL_EMBEDDED": ("embedded", _switch, False),
    "PORTAL_MAX_UPLOAD_BYTES": ("max_upload_bytes", _number, False),
    "PORTAL_SCANNER_URL": ("scanner_url", _scanner, False),
    "PORTAL_TRUSTED_PROXY": ("trusted_proxy", _switch, False),
    "PORTAL_WORKER_JOBS": ("worker_jobs", _number, False),
    "PORTAL_JOB_LEASE_SECONDS": ("job_lease_seconds", _number, False),
    "PORTAL_LOG_JSON": ("log_json", _switch, False),
    "PORTAL_DEV": ("dev", _switch, False),
}
_ELSEWHERE = {"PORTAL_CORPUS", "PORTAL_FAIL_AT"}
"""Names read by the tests: where others' data lies, and where a worker should die."""
_WHAT = {
    "PORTAL_DATABASE_URL": "the database as the application role, postgresql://…",
    "PORTAL_DATABASE_SYSTEM_URL": "the database as the system role, postgresql://…",
    "PORTAL_REDIS_URL": "Valkey or Redis, redis://…",
    "PORTAL_STORAGE_URL": "where originals are kept, file:///… or s3://…",
    "PORTAL_MAIL_URL": "how mail leaves, smtp://… or outbox:///…",
}
