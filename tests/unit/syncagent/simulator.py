"""A small portal that keeps the contract and, asked to, breaks it as networks, proxies and servers do."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portal.syncagent.cli import main

PROJECT = Path(__file__).resolve().parents[3]
CODE = "7KQ2-M9XD"
TOKEN = "token-0123456789abcdef"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


@dataclass
class Portal:
    """What the portal knows, what it was told, and which faults are due."""

    deliveries: dict[str, dict[str, Any]] = field(default_factory=dict)
    bundles: dict[str, bytes] = field(default_factory=dict)
    confirmations: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    refusals: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    heartbeats: list[dict[str, Any]] = field(default_factory=list)
    pairings: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    proofs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    revoked: bool = False
    agent: int = 0
    minimum_version: str = "0.0.1"
    latest_version: str = "0.1.0"
    clock: timedelta = timedelta()
    wait_seconds: float | None = None
    """What it offers; None as portals do that know nothing of waiting."""
    waits: list[dict[str, str]] = field(default_factory=list)
    on_wait: list[Callable[[], None]] = field(default_factory=list)
    """What happens while a call waits, one for each call; when there is none left its time is over."""
    # faults, each used up as it happens
    cut_bundle_after: list[int] = field(default_factory=list)
    html_bundles: int = 0
    corrupt_bundles: int = 0
    ignore_range: bool = False
    lose_confirm_answers: int = 0
    answers: dict[str, list[tuple[int, str, bytes, dict[str, str]]]] = field(default_factory=dict)
    url: str = ""
    server: HTTPServer | None = None

    def offer(
        self,
        files: dict[str, bytes],
        *,
        delivery_id: str | None = None,
        code: str | None = "0815",
        number: int = 1,
        bundle_id: str | None = None,
        company: str | None = "BE0403199702",
        members: dict[str, bytes] | None = None,
        **changes: Any,
    ) -> str:
        """Put a delivery of `files` (path → bytes) in the queue; `members` if the ZIP holds something else."""
        delivery_id = delivery_id or f"d{len(self.bundles) + 1}"
        data = zipped({"manifest.json": b"{}", **(files if members is None else members)})
        self.bundles[delivery_id] = data
        self.deliveries[delivery_id] = {
            "id": delivery_id,
            "dossier_id": f"dossier-{code}",
            "dossier_code": code,
            "dossier_name": "Bakkerij Peeters",
            "company_number": company,
            "bundle_id": bundle_id or f"bundle-{code}-{number}",
            "bundle_number": number,
            "sha256": sha(data),
            "size": len(data),
            "files": [
                {
                    "item_id": f"item-{re.sub(r'[^0-9A-Za-z]', '-', path)[:40]}",
                    "path": path,
                    "sha256": sha(content),
                    "size": len(content),
                    "role": "pdf" if path.endswith(".pdf") else "ubl",
                }
                for path, content in files.items()
            ],
        } | changes
        return delivery_id

    def fail(
        self,
        path: str,
        status: int,
        code: str = "",
        *,
        problem: bool = True,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer the next call of `path` (its end) with an error."""
        said = {
            "title": "Niet mogelijk",
            "detail": "Het archief is stuk: \u202eleef",
        }  # in somebody else's language
        body = json.dumps({"type": "about:blank", **said, "status": status, "code": code}).encode()
        kind = "application/problem+json" if problem else "text/html"
        self.answers.setdefault(path, []).append(
            (status, kind, body if problem else b"<h1>No</h1>", headers or {})
        )

    @property
    def confirmed(self) -> dict[str, list[dict[str, Any]]]:
        return dict(self.confirmations)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    portal: Portal

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of http.server)
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(datetime.now(UTC) + self.portal.clock, usegmt=True)

    def answer(self, status: int, body: object, kind: str = "application/json", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status: int, code: str) -> None:
        body = {"type": "about:blank", "title": "No", "status": status, "detail": "No.", "code": code}
        self.answer(status, body, "application/problem+json")

    def do_GET(self) -> None:
        self.handle_call({})

    def do_POST(self) -> None:
        self.handle_call(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def handle_call(self, body: dict[str, Any]) -> None:
        portal, path = self.portal, urlsplit(self.path).path
        portal.requests.append((self.command, path, dict(self.headers)))
        for end, queue in portal.answers.items():
            if path.endswith(end) and queue:
                status, kind, data, headers = queue.pop(0)
                return self.answer(status, data, kind, **headers)
        if path == "/api/v1/agent/pair":
            return self.pair(body)
        if portal.revoked or self.headers["Authorization"] != f"Bearer {TOKEN}{portal.agent}":
            return self.problem(401, "revoked")
        if path == "/api/v1/agent/heartbeat":
            portal.heartbeats.append(body)
            reply = {"poll_seconds": 1, "minimum_version": portal.minimum_version}
            if portal.wait_seconds is not None:
                reply["wait_seconds"] = portal.wait_seconds
            return self.answer(200, reply | {"latest_version": portal.latest_version})
        if path == "/api/v1/agent/deliveries":
            asked = dict(parse_qsl(urlsplit(self.path).query))
            if "wait" in asked:
                portal.waits.append(asked)
                if portal.on_wait:
                    portal.on_wait.pop(0)()
            waiting = list(portal.deliveries.values())
            mark = {} if portal.wait_seconds is None else {"mark": sha(json.dumps(waiting).encode())[:16]}
            return self.answer(200, {"deliveries": waiting} | mark)
        found = re.fullmatch(r"/api/v1/agent/deliveries/([^/]+)/(bundle|confirm|refuse)", path)
        if found is None or found[1] not in portal.bundles:
            return self.problem(404, "unknown")
        delivery_id = found[1]
        if found[2] == "bundle":
            return self.bundle(delivery_id)
        portal.deliveries.pop(delivery_id, None)
        if found[2] == "refuse":
            portal.refusals.append((delivery_id, body))
            return self.answer(200, {})
        files = body["files"]
        portal.confirmations.append((delivery_id, files))
        for each in files:  # a set, as the portal keeps one proof per file however often it is told
            portal.proofs[delivery_id, each["item_id"], each["path"]] = 1
        if portal.lose_confirm_answers:
            portal.lose_confirm_answers -= 1
            self.close_connection = True
            return None
        return self.answer(200, {"confirmed": len(files), "state": "confirmed"})

    def pair(self, body: dict[str, Any]) -> None:
        self.portal.pairings.append(body)
        if body["code"] != CODE:
            return self.problem(400, "wrong_code")
        self.portal.agent += 1
        names = {"agent_id": f"agent-{self.portal.agent}", "token": f"{TOKEN}{self.portal.agent}"}
        return self.answer(201, names | {"firm_name": "Kantoor Noordzee", "poll_seconds": 1})

    def bundle(self, delivery_id: str) -> None:
        portal, data = self.portal, self.portal.bundles[delivery_id]
        etag = f'"{sha(data)}"'
        if portal.html_bundles:
            portal.html_bundles -= 1
            return self.answer(200, b"<html>Please log in to the network</html>", "text/html")
        if portal.corrupt_bundles:
            portal.corrupt_bundles -= 1
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked and not portal.ignore_range and self.headers.get("If-Range") == etag:
            start = int(asked[1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Type", "application/zip")
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        rest = data[start:]
        if portal.cut_bundle_after:
            rest = rest[: portal.cut_bundle_after.pop(0)]
            self.close_connection = True
        self.wfile.write(rest)
        return None


@dataclass
class Agent:
    """The agent as its user sees it: commands, a settings folder, a root."""

    config: Path
    root: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> int:
        return main([*arguments, "--config", str(self.config)])

    def pair(self, portal: Portal, *more: str) -> int:
        return self("pair", portal.url, CODE, "--root", str(self.root), "--name", "SRV01", *more)

    def once(self) -> int:
        return self("run", "--once")

    def process(self, fail_at: str | None = None) -> subprocess.CompletedProcess[str]:
        """One round in a process of its own, which may die on the way."""
        env = {**os.environ, "PYTHONPATH": str(PROJECT)}
        env.pop("FIDERO_AGENT_FAIL_AT", None)
        if fail_at:
            env["FIDERO_AGENT_FAIL_AT"] = fail_at
        command = [sys.executable, "-m", "portal.syncagent", "run", "--once", "--config", str(self.config)]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)

    def files(self) -> dict[str, bytes]:
        """Everything under the root but the agent's mark."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and path.name != ".fidero-agent.json"
        }

    @property
    def said(self) -> str:
        out = self.capture.readouterr()
        return out.out + out.err
