"""Two people, or two tabs, at one form: fields that only one of them changed are both kept, a field that both changed is asked."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.totals import Rate
from portal.features.intake.service import quick_entry
from portal.kernel.actor import Actor, Role
from portal.kernel.kinds import Kind
from portal.web.edits import merge_edit
from portal.web.forms import Form
from tests.slices.web.test_session_over import all_forms, email_of, end, enter_on, send
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office, an_office
from tests.support.entries import patch_of
from tests.support.forms import WebForm, web_forms
from tests.support.inbox import dropped
from tests.support.servers import ROOT
from tests.support.world import World


class Editing(NamedTuple):
    """A form that changes something, and two of its fields with values for the first writer and the second."""

    page: str
    action: str
    field: str
    first: str
    second: str
    other: str
    other_value: str


EDITS = {
    "dossier": Editing("{base}/edit", "{base}/edit", "contact_name", "Els", "Eline", "contact_phone", "03 1"),
    "company": Editing(
        "{base}/edit/company", "{base}/edit/company", "name", "Els BV", "Eline BV", "city", "Gent"
    ),
    "package": Editing("{package}", "{package}", "name", "BOB", "Sage", "layout", "generic"),
    "policy": Editing("{base}/policy", "{base}/policy", "delay", "20", "30", "lock_exported", ""),
    "default policy": Editing(
        "/settings/export", "/settings/export", "run_day", "5", "6", "delay_unit", "hours"
    ),
    "office": Editing("/settings", "/settings", "phone", "03 1", "03 2", "city", "Gent"),
    "account": Editing("/account", "/account", "name", "An P.", "An Peeters-Maes", "language", "fr"),
    "note": Editing("{paper}", "{paper}/annotate", "note", "Bel terug", "Betaald?", "tags", "q4"),
    "entry": Editing("{paper}/edit", "{paper}/edit", "number", "F-1", "F-2", "due_date", "24/12/2026"),
}
NOT_EDITS = {
    "/account/mails": "one box of one's own",
    "/account/password": "a secret: nothing of it is shown",
    "/agents/code": "makes a code",
    "/agents/keys": "makes a key",
    "/agents/keys/*/revoke": "ends one",
    "/agents/*/revoke": "ends one",
    "/settings/packages": "adds one",
    "/settings/team": "sends a mail",
    "/settings/team/*/again": "sends a mail",
    "/settings/team/*/withdraw": "one button",
    "/dossiers": "makes a dossier",
    "/dossiers/*/edit/company/identifiers": "adds one",
    "/dossiers/import": "brings a list",
    "/dossiers/import/*/again": "makes a preview",
    "/dossiers/invite": "sends to what was ticked",
    "/dossiers/*/invitation": "sends a mail",
    "/dossiers/*/invitation/withdraw": "one button",
    "/dossiers/*/policy/default": "one button",
    "/dossiers/*/export": "chooses what leaves",
    "/dossiers/*/quick-entry": "hands files in",
    "/inbox": "hands files in",
    "/inbox/*/assign": "hands a file to a dossier; the second is told that it was handled",
    "/inbox/*/discard": "sets a file aside; the second is told that it was handled",
    "/dossiers/*/quick-entry/*": "makes a document; the second is told that it is made",
    "/dossiers/*/quick-entry/*/reject": "sets a file aside",
    "/dossiers/*/documents/*/delete": "one button",
    "/dossiers/*/documents/*/unlock": "a reason",
    "/dossiers/*/documents/*/put-aside": "a reason",
    "/dossiers/*/bank/*/put-aside": "a reason",
    "/dossiers/*/documents/*/erase": "a proposal; the second is told that there is one",
    "/dossiers/*/bank/*/erase": "a proposal; the second is told that there is one",
    "/dossiers/*/documents/*/erase/answer": "an answer; the second is told that there is one",
    "/dossiers/*/bank/*/erase/answer": "an answer; the second is told that there is one",
}


async def arranged(world: World) -> tuple[Office, Actor, Actor, str]:
    """An office with a typed paper, two owners, and the path of that paper."""
    office = await an_office(world)
    upload = await office.hand_in({"kasticket.pdf": a_pdf()})
    entry = Entry(
        kind=Kind.EXPENSE_RECEIPT,
        number="T-1",
        issue_date=date(2026, 10, 5),
        counterparty_name="Bakkerij Elders",
        rates=(Rate(percent=Decimal(21), taxable=Decimal(100), tax=Decimal(21)),),
    )
    async with world.tools.database.transaction(office.opened) as session:
        row = upload.outcomes[0].file
        handled = await quick_entry.enter(
            session, office.accountant, row, patch_of(entry), dossier_id=office.dossier.id
        )
        document = handled.document
    assert document is not None
    one = await a_staff_member(
        world, office.firm, Role.OWNER, email="een@noordzee.example", name="An Peeters"
    )
    two = await a_staff_member(world, office.firm, Role.OWNER, email="twee@noordzee.example", name="Pol Maes")
    return office, one, two, f"{office.base}/documents/{document.id}"


def placed(edit: Editing, office: Office, paper: str) -> Editing:
    package = f"/settings/packages/{office.dossier.target_id}"
    return edit._replace(
        page=edit.page.format(base=office.base, paper=paper, package=package),
        action=edit.action.format(base=office.base, paper=paper, package=package),
    )


async def opened(client: httpx.AsyncClient, edit: Editing) -> WebForm:
    """The form as somebody opens it."""
    page = await client.get(edit.page)
    assert page.status_code == 200, page.text
    return formed(page.text, edit)


def formed(html: str, edit: Editing) -> WebForm:
    return next(form for form in web_forms(html, edit.page) if form.action == edit.action)


@pytest.mark.parametrize("name", EDITS)
async def test_what_both_changed_is_asked_and_the_rest_is_kept(world: World, name: str) -> None:
    office, one, two, paper = await arranged(world)
    edit = placed(EDITS[name], office, paper)
    second_is = one if name == "account" else two  # one's own account: two tabs of one person
    async with sign_in(world, one) as first, sign_in(world, second_is) as second:
        mine, theirs, third = (
            await opened(first, edit),
            await opened(second, edit),
            await opened(second, edit),
        )
        was = dict(mine.sent())[edit.field]
        # The first one changes a field; the second, who opened it before, another one: both stand.
        mine.set(edit.field, edit.first)
        assert (await send(first, mine)).status_code == 303
        theirs.set(edit.other, edit.other_value)
        assert (await send(second, theirs)).status_code == 303
        now = dict((await opened(first, edit)).sent())
        assert now[edit.field] == edit.first
        assert now.get(edit.other, "") == edit.other_value
        # The third changes the same field: told what, from what, to what, by whom; nothing is overwritten.
        third.set(edit.field, edit.second)
        asked = await send(second, third)
        assert asked.status_code == 409
        told = asked.text.partition("data-overtaken")[2].partition("<form")[0]
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", told))
        for said in (edit.first, edit.second, "An P"):
            assert said in text, (said, text[:900])
        if was:
            assert was in text
        assert dict((await opened(first, edit)).sent())[edit.field] == edit.first
        # Their own text stands in the form, everything else as it is now; saving again decides.
        decided = formed(asked.text, edit)
        values = dict(decided.sent())
        assert values[edit.field] == edit.second
        assert values.get(edit.other, "") == edit.other_value
        assert (await send(second, decided)).status_code == 303
        assert dict((await opened(first, edit)).sent())[edit.field] == edit.second


@pytest.mark.parametrize(
    ("name", "field", "first", "other", "second"),
    [
        ("entry", "total", "242,00", "vat", "6"),
        ("entry", "kind", "purchase_credit_note", "total", "12,00"),
        ("policy", "delay", "20", "delay_unit", "hours"),
        ("default policy", "delay_unit", "hours", "delay", "20"),
    ],
)
async def test_fields_that_say_something_together_are_not_put_together_from_two(
    world: World, name: str, field: str, first: str, other: str, second: str
) -> None:
    """A total of one and a rate of another make an invoice that nobody entered."""
    office, one, two, paper = await arranged(world)
    edit = placed(EDITS[name], office, paper)
    async with sign_in(world, one) as client, sign_in(world, two) as late:
        mine, theirs = await opened(client, edit), await opened(late, edit)
        was = dict(theirs.sent())
        mine.set(field, first)
        assert (await send(client, mine)).status_code == 303
        now = dict((await opened(client, edit)).sent())
        theirs.set(other, second)
        asked = await send(late, theirs)
        assert asked.status_code == 409
        assert dict((await opened(client, edit)).sent())[other] == was[other]
        # The form still shows what its writer saw and typed; sending it again decides for all of it.
        decided = formed(asked.text, edit)
        values = dict(decided.sent())
        assert (values[field], values[other]) == (was[field], second)
        assert values[f"seen_{field}"] == now[field]
        assert (await send(late, decided)).status_code == 303


async def test_the_same_change_of_two_is_no_clash(world: World) -> None:
    office, one, two, paper = await arranged(world)
    edit = placed(EDITS["dossier"], office, paper)
    async with sign_in(world, one) as first, sign_in(world, two) as second:
        forms = [(first, await opened(first, edit)), (second, await opened(second, edit))]
        for client, form in forms:
            form.set(edit.field, edit.first)
            assert (await send(client, form)).status_code == 303


async def test_a_form_kept_over_the_end_of_a_session_notices_what_changed_meanwhile(world: World) -> None:
    office, one, two, paper = await arranged(world)
    edit = placed(EDITS["dossier"], office, paper)
    async with sign_in(world, one) as first, sign_in(world, two) as second:
        late = await opened(second, edit)
        late.set(edit.field, edit.second)
        end(second)
        over = await send(second, late)
        mine = await opened(first, edit)
        mine.set(edit.field, edit.first)
        await send(first, mine)
        where = (await enter_on(second, over, await email_of(world, two))).headers["location"]
        again = formed((await second.get(where)).text, edit)
        assert dict(again.sent())[edit.field] == edit.second
        assert (await send(second, again)).status_code == 409


async def test_every_form_of_fields_is_an_edit_that_is_tested_or_is_none(world: World) -> None:
    office, one, _two, paper = await arranged(world)
    await office.hand_in({"tweede.pdf": a_pdf("twee")})
    await dropped(world, one, {"derde.pdf": a_pdf("drie")})
    known = {placed(edit, office, paper).action for edit in EDITS.values()}
    ids = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/keys/)\w+")
    async with sign_in(world, one) as client:
        found = await all_forms(client)
        found += web_forms((await client.get(f"{paper}/edit")).text, f"{paper}/edit")
    filled = {
        form.action
        for form in found
        if any(
            one.tag in ("textarea", "select") or (one.tag == "input" and one.get("type", "text") != "hidden")
            for one in form.controls
        )
    }
    left = {ids.sub("*", action) for action in filled} - {ids.sub("*", action) for action in known}
    assert left <= set(NOT_EDITS), left - set(NOT_EDITS)


def test_every_template_that_shows_present_values_brings_what_was_seen() -> None:
    """Whoever adds an edit form cannot forget it: a form that is filled from a row brings `seen_fields`."""
    edits = {"accounts/account", "accounts/settings", "records/detail", "records/edit", "desk/edit_dossier"}
    edits |= {"dossiers/company", "policies/dossier", "policies/settings", "targets/edit"}
    folder = Path(ROOT / "themes" / "templates" / "pages")
    having = {
        path.relative_to(folder).with_suffix("").as_posix()
        for path in folder.rglob("*.html")
        if "ui.seen_fields(" in path.read_text() and "ui.overtaken(" in path.read_text()
    }
    assert having == edits


def test_a_form_that_has_no_such_field_says_nothing_of_it() -> None:
    form = Form({"name": "Nora", "seen_name": "Noor"})
    edit = merge_edit(form, {"name": "Noor", "street": "Kerkstraat 1"}, always_sent=True)
    assert (form.text("name"), form.text("street")) == ("Nora", "Kerkstraat 1")
    assert edit.touched == {"name"}


@pytest.mark.parametrize(
    ("typed", "seen", "now", "stands", "clash"),
    [
        ("a", "a", "a", "a", False),
        ("b", "a", "a", "b", False),
        ("a", "a", "c", "c", False),
        ("b", "a", "b", "b", False),
        ("b", "a", "c", "b", True),
        ("a\r\nb", "a\nb", "c", "c", False),
        (" a ", "a", "c", "c", False),
        ("", "a", "c", "", True),
        # Kept by an earlier release with a sign without width, or with its accent apart: no page shows that.
        ("b", "ca", "c\u200ba", "b", False),
        ("b", "\u00e9", "e\u0301", "b", False),
    ],
)
def test_a_field_laid_over_what_stands(typed: str, seen: str, now: str, stands: str, clash: bool) -> None:
    form = Form({"x": typed, "seen_x": seen})
    edit = merge_edit(form, {"x": now})
    assert bool(edit.clashes) is clash
    assert form.text("x") == stands


def test_several_values_of_one_field_are_one_value() -> None:
    form = Form({"seen_kinds": "a,b"})
    edit = merge_edit(form, {"kinds": ["a", "b", "c"]})
    assert edit.clashes == ("kinds",)


@pytest.mark.parametrize(
    ("typed", "now", "stands", "clashes"),
    [
        (("121", "6"), ("242", "21"), ("121", "6"), ("total", "vat")),
        (("121", "21"), ("242", "6"), ("242", "6"), ()),
        (("242", "6"), ("242", "21"), ("242", "6"), ()),
        (("242", "6"), ("242", "6"), ("242", "6"), ()),
        (("121", "6"), ("242", "6"), ("242", "6"), ()),
    ],
    ids=["each another one", "only they", "mine goes further", "the same", "theirs goes further"],
)
def test_a_group_stands_as_one_of_the_two_entered_it(
    typed: tuple[str, str], now: tuple[str, str], stands: tuple[str, str], clashes: tuple[str, ...]
) -> None:
    """Both saw 121 at 21 %."""
    form = Form({"total": typed[0], "vat": typed[1], "seen_total": "121", "seen_vat": "21"})
    edit = merge_edit(form, {"total": now[0], "vat": now[1]}, [("total", "vat")])
    assert edit.clashes == clashes
    assert (form.text("total"), form.text("vat")) == stands
