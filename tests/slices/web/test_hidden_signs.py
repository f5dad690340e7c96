"""Whatever door a text comes through: nothing that hides in it is stored, shown, mailed or named; the original stays as it came."""

import email
import email.policy
import unicodedata
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import sqlalchemy as sa
from markupsafe import escape

from portal.db.base import PlainText
from portal.features.agents import service as agents
from portal.features.agents.domain import KeyScope
from portal.kernel.actor import Role
from portal.kernel.language import Language, gettext, use_language
from portal.kernel.texts import LEFT_OUT, hides, plain
from portal.metadata import metadata
from portal.syncagent.texts import visible
from portal.web.files import attachment_headers
from tests.slices.imports.test_importing import workbook
from tests.support.builders import a_number, a_staff_member, sign_in
from tests.support.builders_papers import a_coda, a_pdf, a_ubl, a_zip
from tests.support.builders_scene import US, an_office
from tests.support.ended import a_full_office, all_forms, send
from tests.support.forms import LINES, TEXT, web_forms
from tests.support.pages import kind_of, local_paths
from tests.support.world import World

SIGNS = [
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u3164\uffa0\u180e\u2800\ufe0f\ufe00",
    *"\U000e0041\U000e007f\U000e0100",
    *"\x01\x1b\x7f\x80\x9b\x9f",
]
NASTY = "€ 12\u202e21 €\u2066\u200b\u00ad\U000e0041\x9b"
SEEN = "€ 1221 €"
HIDDEN = "\u202e\u2066\u200b\u00ad\U000e0041"
GOOD = [
    "مؤسسة النور",
    "חברת אור",
    "می\u200cروم",
    "क्\u200dष",
    "👨\u200d👩\u200d👧 ❤\ufe0f",
    "Łódź – naïve “x”",
]


def unsafe(text: str) -> list[str]:
    return [hex(ord(sign)) for sign in text if hides(sign) and sign not in "\u200c\u200d\ufe0f"]


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: f"{ord(sign):04x}")
def test_every_hidden_sign_goes_everywhere_in_a_text(sign: str) -> None:
    for text in (f"a{sign}b", f"{sign}ab", f"ab{sign}", f"{sign}{sign}a{sign}b"):
        assert hides(text)
        assert plain(text) == "ab"
        assert plain(plain(text)) == plain(text)
        assert visible(text).isascii(), "the agent shows it as an escape"
        header = attachment_headers(f"{text}.pdf", "application/pdf")["content-disposition"]
        assert header == "attachment; filename=\"ab.pdf\"; filename*=UTF-8''ab.pdf"


@pytest.mark.parametrize("text", GOOD)
def test_letters_of_every_script_stay(text: str) -> None:
    assert not hides(text)
    assert plain(text) == unicodedata.normalize("NFC", text)


def test_every_text_column_leaves_them_out() -> None:
    for table in metadata.tables.values():
        for column in table.columns:
            kind = column.type.item_type if isinstance(column.type, sa.ARRAY) else column.type
            if isinstance(kind, sa.Text) or type(kind) is sa.String:
                pytest.fail(f"{table.name}.{column.name} is no PlainText")
            if isinstance(kind, PlainText):
                assert kind.process_bind_param(NASTY, None) == "€ 1221 €"  # type: ignore[arg-type] - no dialect is asked


async def stored(world: World) -> list[tuple[str, str]]:
    """Every text of every column of every table that holds hidden signs."""
    found: list[tuple[str, str]] = []
    async with world.as_system() as session:
        for table in metadata.sorted_tables:
            columns = [one for one in table.columns if isinstance(_kind(one), PlainText)]
            if not columns:
                continue
            for row in await session.execute(sa.select(*columns)):
                for column, value in zip(columns, row, strict=True):
                    texts = value if isinstance(value, list) else [value]
                    found += [(str(column), ascii(text)) for text in texts if text and unsafe(text)]
    return found


def _kind(column: sa.Column[Any]) -> Any:
    return column.type.item_type if isinstance(column.type, sa.ARRAY) else column.type


async def crawled(client: httpx.AsyncClient, start: str) -> int:
    """How many pages were looked at from one on; each shows nothing hidden."""
    waiting, seen = [start], {start}
    while waiting:
        page = await client.get(waiting.pop())
        assert page.status_code < 500, page.url
        assert unsafe(unquote(page.headers.get("content-disposition", ""))) == []
        if page.headers.get("content-type", "").startswith("text/html"):
            assert unsafe(page.text) == [], page.url
            for link in local_paths(page.text, page.url.path):
                if kind_of(link) not in {kind_of(one) for one in seen} and not link.startswith("/static/"):
                    seen.add(link)
                    waiting.append(link)
    return len(seen)


def mails(world: World) -> str:
    """Everything that was mailed, as a mail program reads it."""
    read = ""
    for path in sorted((world.folder / "outbox").glob("**/*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        read += "".join(f"{name}: {value}" for name, value in message.items())
        read += "".join(
            part.get_content() for part in message.walk() if part.get_content_maintype() == "text"
        )
    return read


async def test_a_ubl_is_read_without_them_and_says_so(world: World) -> None:
    office = await an_office(world)
    data = a_ubl(
        number="2026\u202e-77\u200b", supplier_name=f"Telecom {NASTY}", customer=US, note=f"Let op {NASTY}"
    )
    await office.hand_in({"f\u202efdp.xml": data})
    async with sign_in(world, office.accountant) as client:
        listed = await client.get(f"{office.base}/documents")
        assert "2026-77" in listed.text
        assert f"Telecom {SEEN}" in listed.text
        [path] = [
            link
            for link in local_paths(listed.text, office.base)
            if kind_of(link) == kind_of(f"{office.base}/documents/{office.dossier.id}")
        ]
        page = await client.get(path)
        assert "Invisible signs were left out (number, supplier, note)" in page.text
        original = await client.get(f"{path}/files/original")
        assert original.content == data
        assert "ffdp.xml" in original.headers["content-disposition"]
        await crawled(client, office.base)
    assert await stored(world) == []


async def test_the_same_number_with_hidden_signs_is_the_same_number(world: World) -> None:
    office = await an_office(world)
    reasons = []
    for place, number in enumerate(("2026-77", "2026\u200b-\u202e77", "２０２６-77")):
        upload = await office.hand_in({f"{place}.xml": a_ubl(number=number, customer=US)})
        reasons.append(upload.outcomes[0].file.reason)
    # Written with other letters it is no twin either: a person sees both side by side.
    assert reasons == [None, "already", "ubl.differs"]


async def test_coda_archives_lists_and_papers_are_read_without_them(world: World) -> None:
    office = await an_office(world)
    coda = a_coda(name="Claes\u00adDak").replace(b"Bakkerij", b"Bak\x9bkeri")
    await office.hand_in({"uit\u202etreksel.cod": coda})
    await office.hand_in({"z.zip": a_zip({"b\ufe0fon.pdf": a_pdf("b"), "a\u3164.pdf": a_pdf("a")})})
    await office.hand_in({"bon\u2066\x1b[31m.pdf": a_pdf("c")})
    data = workbook([a_number(14), f"Slager {HIDDEN}", "B\u200b1", ""])
    owner = await a_staff_member(world, office.firm, Role.OWNER)
    async with sign_in(world, owner) as client:
        preview = await client.post("/dossiers/import", files={"files": ("l\u202eist.xlsx", data)})
        shown = await client.get(preview.headers["location"])
        assert "held invisible signs" in shown.text
        assert await crawled(client, "/") > 12
        await crawled(client, preview.headers["location"])
    assert await stored(world) == []


@pytest.mark.parametrize("role", [Role.OWNER, Role.ENTREPRENEUR])
async def test_every_form_of_every_page_takes_texts_without_them(world: World, role: Role) -> None:
    office = await a_full_office(world)
    person = await a_staff_member(world, office.firm, role) if role is Role.OWNER else office.entrepreneur
    told = 0
    sentences: list[str] = []  # the account's form changes the language as well
    for language in Language:
        with use_language(language):
            sentences.append(str(escape(gettext(LEFT_OUT))))
    async with sign_in(world, person) as client:
        forms = await all_forms(client)
    for known in forms:  # one of them may end the session
        world.clock.at += timedelta(minutes=11)
        async with sign_in(world, person) as client:
            page = await client.get(known.page)
            form = next((one for one in web_forms(page.text, known.page) if one.action == known.action), None)
            if form is None or not {TEXT, LINES} & {value for _name, value in form.fill().sent()}:
                continue
            fields = [
                (name, f"{value}{HIDDEN}" if value in (TEXT, LINES) else value) for name, value in form.sent()
            ]
            answer = await send(client, form, fields)
            assert answer.status_code < 500, form.action
            if answer.status_code == 303:
                answer = await client.get(answer.headers["location"])
            assert unsafe(answer.text) == [], form.action
            told += any(said in answer.text for said in sentences)
    async with sign_in(world, person) as client:
        await crawled(client, "/")
    assert told > (5 if role is Role.OWNER else 1)
    await world.run_jobs()
    assert unsafe(mails(world)) == []
    assert await stored(world) == []


async def test_programs_hear_which_text_hides_something(world: World) -> None:
    office = await an_office(world)
    document = await office.purchase()
    owner = await a_staff_member(world, office.firm, Role.OWNER)
    async with world.as_scope(firm_id=office.firm.id) as session:
        key = await agents.new_key(session, owner, f"Web{HIDDEN}shop", KeyScope.DOCUMENTS_WRITE)
    async with world.client() as client:
        client.headers["authorization"] = f"Bearer {key}"
        path = f"/api/v1{office.base}/documents/{document.id}"
        for body, field in (({"note": f"a{HIDDEN}"}, "note"), ({"tags": ["a", f"b{HIDDEN}"]}, "tags")):
            refused = await client.patch(path, json=body)
            assert refused.status_code == 400
            assert refused.json()["code"] == "hidden_signs"
            assert list(refused.json()["fields"]) == [field]
        for good in GOOD:
            assert (await client.patch(path, json={"note": good})).status_code == 200
            assert (await client.get(path)).json()["note"] == plain(good)
    assert await stored(world) == []
