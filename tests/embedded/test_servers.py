"""The embedded servers, really started: first start, second start, faults, and who ends them."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
import redis

from portal.embedded import EmbeddedError, start_postgres, start_valkey
from portal.embedded.process import command_line, free_port, port_is_free


async def value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


async def test_a_second_start_finds_the_data_and_the_port_of_the_first(folder: Path) -> None:
    with start_postgres(folder, durable=False) as server:
        port = server.port
        await value(server.admin_url, "CREATE TABLE kept AS SELECT 41 + 1 AS n")
    assert not server.running
    with start_postgres(folder, durable=False) as server:
        assert server.port == port
        assert await value(server.admin_url, "SELECT n FROM kept") == 42


async def test_only_who_knows_the_password_gets_in_and_only_on_loopback(folder: Path) -> None:
    with start_postgres(folder, durable=False) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await value(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres", "SELECT 1")
        assert await value(server.admin_url, "SHOW listen_addresses") == "127.0.0.1"
    for note in (folder / "postgres.json", folder / "postgres.log"):
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o700


async def test_a_taken_port_is_replaced_and_the_new_one_remembered(folder: Path) -> None:
    import socket

    with start_postgres(folder, durable=False) as server:
        port = server.port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with start_postgres(folder, durable=False) as server:
            assert server.port != port
            moved = server.port
    with start_postgres(folder, durable=False) as server:
        assert server.port == moved


def test_a_folder_in_use_is_refused_with_the_holder_named(folder: Path) -> None:
    with (
        start_postgres(folder, durable=False),
        pytest.raises(EmbeddedError, match=f"in use by another portal \\(process {os.getpid()}\\)"),
    ):
        start_postgres(folder, durable=False)


async def test_a_killed_server_recovers_what_was_committed(folder: Path) -> None:
    server = start_postgres(folder)
    await value(server.admin_url, "CREATE TABLE survives AS SELECT 7 AS n")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with start_postgres(folder, durable=False) as server:
        assert await value(server.admin_url, "SELECT n FROM survives") == 7


async def test_a_stale_pid_file_that_names_another_living_process_does_not_block_the_start(
    folder: Path,
) -> None:
    server = start_postgres(folder, durable=False)
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    # as after a restart of a container: the number belongs to somebody else of the same account
    owner = server.data.stat()
    other = subprocess.Popen(  # noqa: ASYNC220 - only started; nothing waits for it here
        ["/bin/sleep", "60"], user=owner.st_uid, group=owner.st_gid
    )
    try:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        pid_file.chmod(0o600)
        with start_postgres(folder, durable=False) as server:
            assert await value(server.admin_url, "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_a_lost_note_costs_only_the_old_password(folder: Path) -> None:
    with start_postgres(folder, durable=False) as server:
        old = server.admin_url
        await value(old, "CREATE TABLE IF NOT EXISTS still_here AS SELECT 5 AS n")
    (folder / "postgres.json").unlink()
    with start_postgres(folder, durable=False) as server:
        assert server.admin_url != old
        assert await value(server.admin_url, "SELECT n FROM still_here") == 5


def test_data_of_another_version_are_refused_untouched(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    (tmp_path / "postgres.json").write_text(
        '{"port": 5432, "password": "x", "roles": {"owner": "a", "app": "b", "system": "c"}}'
    )
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 15, the installed one is 18"):
        start_postgres(tmp_path)
    assert (data / "PG_VERSION").read_text() == "15\n"


def test_a_cluster_half_made_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with start_postgres(tmp_path, durable=False) as server:
        assert server.running
    assert not half.exists()


PORTAL = """
import sys, signal
from pathlib import Path
from portal.embedded import start_postgres, start_valkey
folder = Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may have it ignored
postgres, valkey = start_postgres(folder, durable=False), start_valkey(folder, durable=False)
try:
    print(postgres.pid, valkey.pid, flush=True)
    signal.pause()
except KeyboardInterrupt:
    print(postgres.running, valkey.running, flush=True)
    sys.stdin.readline()
    valkey.stop(), postgres.stop()
"""


def portal(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that holds both servers, as the leader of a process group like a program in a terminal."""
    process = subprocess.Popen(
        [sys.executable, "-c", PORTAL, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    return process, [int(word) for word in process.stdout.readline().split()]


def gone(pids: list[int], within: float = 20) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not any(command_line(pid) for pid in pids):
            return True
    return False


def test_ctrl_c_reaches_the_servers_only_through_the_portal(folder: Path) -> None:
    process, pids = portal(folder)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does
    assert process.stdout is not None
    assert process.stdout.readline().split() == ["True", "True"]
    process.communicate("go on\n")
    assert process.returncode == 0
    assert gone(pids)


def test_the_servers_end_when_the_portal_is_killed(folder: Path) -> None:
    process, pids = portal(folder)
    process.kill()
    process.communicate()
    assert gone(pids)


def test_servers_left_by_a_portal_killed_with_its_guards_are_replaced(folder: Path) -> None:
    process, pids = portal(folder)
    for guard in (int(path.name) for path in Path("/proc").glob("[0-9]*")):
        if group(guard) in pids and "read -r _" in command_line(guard):
            os.kill(guard, signal.SIGKILL)
    process.kill()
    process.communicate()
    assert [bool(command_line(pid)) for pid in pids] == [True, True]
    with start_postgres(folder, durable=False) as postgres, start_valkey(folder, durable=False) as valkey:
        assert postgres.running
        assert valkey.running
        assert gone(pids)


def group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def test_valkey_keeps_its_data_and_asks_for_the_password(folder: Path) -> None:
    with start_valkey(folder) as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", "yes")
        with (
            redis.Redis(port=server.port) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("kept")
    with start_valkey(folder) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"


def test_a_killed_valkey_starts_again(folder: Path) -> None:
    server = start_valkey(folder)
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with start_valkey(folder) as server:
        assert server.running


def test_a_free_port_is_free() -> None:
    assert port_is_free(free_port())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers under another account")
def test_root_gives_the_servers_an_account_without_any_right_it_does_not_need(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with start_postgres(closed / "var", durable=False) as server:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{server.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert status["Uid"].split()[1] != "0"
        assert status["NoNewPrivs"] == "1"
        # nothing, or the one capability to walk through folders that root keeps closed
        assert int(status["CapEff"], 16).bit_count() <= 1
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
def test_an_ordinary_user_starts_it_too_and_is_told_when_root_was_there_first(tmp_path: Path) -> None:
    import shutil
    import tempfile

    root = Path(tempfile.mkdtemp())  # below /tmp, which everybody can reach
    try:
        os.chown(root, 65534, 65534)
        code = (
            "import os, sys; from pathlib import Path\n"
            "from portal.embedded import start_postgres, EmbeddedError\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "try:\n"
            "    with start_postgres(Path(sys.argv[1]), durable=False) as s: print('started', s.running)\n"
            "except EmbeddedError as error: print('refused', error)\n"
        )
        run = [sys.executable, "-c", code, str(root / "var")]
        project = Path(__file__).parents[2]
        answer = subprocess.run(run, capture_output=True, text=True, cwd=project, check=False)
        if "Permission denied" in answer.stdout + answer.stderr:
            pytest.skip("the project's folder is closed to other users")
        assert answer.stdout.strip() == "started True", answer.stderr
        os.chown(root / "var" / "postgres", 0, 0)
        answer = subprocess.run(run, capture_output=True, text=True, cwd=project, check=False)
        assert "belongs to the account root" in answer.stdout
    finally:
        shutil.rmtree(root)
