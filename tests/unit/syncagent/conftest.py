"""A portal of the contract and an agent, for each test its own."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.unit.syncagent.simulator import Agent, Handler, Portal


class Server(ThreadingHTTPServer):
    """Says nothing about connections that the agent closed on purpose."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        return


@pytest.fixture
def portal() -> Iterator[Portal]:
    """A portal on a free port of this computer, under a name that only browsers know."""
    state = Portal()
    handler = type("OneHandler", (Handler,), {"portal": state})
    server = Server(("127.0.0.1", 0), handler)
    state.server = server
    state.url = f"noordzee.localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def unpaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Agent:
    return Agent(tmp_path / "settings", tmp_path / "bob", capsys)


@pytest.fixture
def agent(unpaired: Agent, portal: Portal) -> Agent:
    assert unpaired.pair(portal) == 0
    assert "Kantoor Noordzee" in unpaired.said
    return unpaired


FILES = {
    "Demat/Aankopen/20261001_000001_Peeters_F12.xml": b"<Invoice/>" * 400,
    "Demat/Aankopen/20261001_000001_Peeters_F12.pdf": b"%PDF-1.7 " + bytes(range(256)) * 40,
    "Demat/Verkopen/20261002_000002_F7.xml": b"<Invoice>2</Invoice>",
    "CODA/20261003_000003.cod": b"0000003102612345".ljust(128) + b"\r\n",
}


@pytest.fixture
def files() -> dict[str, bytes]:
    return dict(FILES)
