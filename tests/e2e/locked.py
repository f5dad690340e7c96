"""An exported document is locked, whoever asks: the page, a program with a key, raw SQL."""

import re
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person, Running


def locked_in_the_page(sofie: Person, facts: dict[str, Any]) -> str:
    """The page offers neither *Correct* nor *Delete*; who asks all the same is refused in words, and the document stays."""
    page = sofie.go(f"/dossiers/{facts['dossier']}/documents")
    page.locator("tbody tr", has_text="V2026-031").get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("locked since bundle 1")
    assert page.get_by_role("link", name="Correct").count() == 0
    assert page.get_by_role("link", name="Delete").count() == 0
    document = page.url
    sofie.shoot("06-locked")
    for word in ("edit", "delete"):
        refused = page.goto(f"{document}/{word}")
        assert refused is not None
        assert refused.status == 409, word
        expect(page.locator("main")).to_contain_text("locked")
        status, said = page.evaluate(
            """async address => {
                const token = document.querySelector('meta[name="csrf-token"]').content;
                const body = new URLSearchParams({csrf_token: token, version: "1", number: "X"});
                const answer = await fetch(address, {method: "POST", body});
                return [answer.status, await answer.text()];
            }""",
            f"{document}/{word}",
        )
        assert status == 409, word
        assert "locked" in said
    still = page.goto(document)
    assert still is not None
    assert still.status == 200
    expect(page.locator("main")).to_contain_text("V2026-031")
    return document.rpartition("/")[2]


def locked_in_the_interface(sofie: Person, facts: dict[str, Any], document: str) -> None:
    """A program with a key of its own reads the document and may note something, and changes or deletes it no more than people do."""
    page = sofie.go("/agents")
    page.fill("[name=key_name]", "Webshop")
    page.select_option("[name=scope]", "documents:write")
    page.get_by_role("button", name="Make a key").click()
    key = re.search(r"[\w-]{43}", page.locator(".ui-alert").first.inner_text())
    assert key is not None
    path = f"/api/v1/dossiers/{facts['dossier']}/documents/{document}"
    with httpx.Client(
        base_url=f"http://127.0.0.1:{sofie.portal.port}",
        headers={"host": f"noordzee.localhost:{sofie.portal.port}", "authorization": f"Bearer {key[0]}"},
    ) as program:
        assert program.get(path).json()["number"] == "V2026-031"
        assert program.patch(path, json={"note": "from the shop"}).status_code == 200
        for answer in (program.patch(path, json={"number": "X"}), program.delete(path)):
            assert answer.status_code == 409, answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert answer.json()["code"] == "locked"
        assert program.get(path).json()["number"] == "V2026-031"


async def locked_in_sql(portal: Running) -> None:
    url = _environment_of_web(portal)["PORTAL_DATABASE_URL"].replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        firm, company, document = await _a_locked_document(portal)
        for statement in (
            "update document set gross = 1 where id = $1",
            "delete from document where id = $1",
        ):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("select set_config('app.firm_id', $1, true)", str(firm))
            await connection.execute("select set_config('app.opened_company_id', $1, true)", str(company))
            with pytest.raises(asyncpg.PostgresError) as refused:
                await connection.execute(statement, document)
            assert refused.value.sqlstate == "FL001"  # pyright: ignore[reportAttributeAccessIssue] - set when it is raised
            await transaction.rollback()
    finally:
        await connection.close()


async def _a_locked_document(portal: Running) -> tuple[Any, Any, Any]:
    url = _environment_of_web(portal)["PORTAL_DATABASE_SYSTEM_URL"].replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "select firm_id, company_id, document_id from document_lock where document_id is not null limit 1"
        )
        assert row is not None
        return row["firm_id"], row["company_id"], row["document_id"]
    finally:
        await connection.close()


def _environment_of_web(portal: Running) -> dict[str, str]:
    """The environment the supervisor gave to its web process."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            status = (process / "status").read_text()
            if b"web" in command and f"PPid:\t{portal.process.pid}\n" in status:
                pairs = (process / "environ").read_text().split("\0")
                return {name: value for name, _is, value in (pair.partition("=") for pair in pairs if pair)}
        except OSError:
            continue
    raise AssertionError("the web process was not found")
