"""Settings of the firm: its profile."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession, lock_row
from portal.features.accounts import domain
from portal.features.accounts.domain import NOT_AN_ADDRESS
from portal.features.audit import service as audit
from portal.features.parties import service as parties
from portal.features.parties.models import Firm
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Invalid, NotFound
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext
from portal.kernel.numbers import NotANumber, parse_company_number, shown_number
from portal.web.edits import Clash, clashes_in_words, merge_edit
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

LANGUAGES = [(code.value, name) for code, name in LANGUAGE_NAMES.items()]
GROUPS = (("street", "postcode", "city"),)
"""Fields that say something together: a street of one writer and a town of another are nobody's address."""
_TEXTS = {"phone": 60, "street": 200, "postcode": 20, "city": 120}


async def _page(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    *,
    values: dict[str, str] | None = None,
    seen: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    overtaken: Sequence[Clash] = (),
    status: int = 200,
) -> Template:
    assert actor.firm_id is not None
    firm = await parties.firm(session, actor.firm_id)
    return render(
        request,
        "pages/accounts/settings.html",
        status=status,
        values=values or _values(firm),
        seen=seen or _values(firm),
        errors=errors or {},
        overtaken=overtaken,
        all_languages=LANGUAGES,
    )


def _values(firm: Firm) -> dict[str, str]:
    """The firm as its form shows it."""
    return {
        "name": firm.name,
        "number": shown_number(firm.country, firm.number),
        "email": firm.email,
        "language": firm.language.value,
        **{name: getattr(firm, name) or "" for name in _TEXTS},
    }


LABELS = {
    "name": N_("Name of the office"),
    "number": N_("Company number"),
    "email": N_("E-mail address"),
    "phone": N_("Phone"),
    "street": N_("Street and number"),
    "postcode": N_("Postcode"),
    "city": N_("City"),
    "language": N_("Language"),
}


def _words() -> dict[str, tuple[str, dict[str, str]]]:
    languages = {code.value: name for code, name in LANGUAGE_NAMES.items()}
    return {name: (gettext(label), languages if name == "language" else {}) for name, label in LABELS.items()}


@get("/settings", guards=[requires(Right.FIRM_SETTINGS)])
async def settings_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """The profile of the office."""
    return await _page(request, session, actor)


@post("/settings", guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def change_firm(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template | Response[Any]:
    """The firm's name, number, address and language: they stand under every mail."""
    if actor.firm_id is None:
        raise NotFound
    form = await Form.of(request)
    firm = await parties.firm(session, actor.firm_id)
    await lock_row(session, firm)
    present = _values(firm)
    edit = merge_edit(form, present, GROUPS)
    if edit.clashes:
        events = await audit.history_of(session, firm.id)
        overtaken = clashes_in_words(edit, form, present, _words(), events)
        return await _page(
            request, session, actor, values=form.values, seen=edit.seen, overtaken=overtaken, status=409
        )
    try:
        values: dict[str, Any] = {
            "name": form.text("name", required=True, longest=120),
            "email": form.address("email", required=True),
            "language": form.choice("language", Language),
            "number": _number(form),
            **{name: form.text(name, longest=longest) or None for name, longest in _TEXTS.items()},
        }
        if values["email"] and not domain.is_address(values["email"]):
            form.fault("email", NOT_AN_ADDRESS)
        form.check()
    except Invalid as wrong:
        return await _page(
            request,
            session,
            actor,
            values=form.values,
            seen=edit.seen,
            errors=wrong.field_texts(),
            status=422,
        )
    await parties.change_firm(session, actor, values)
    return go(request, "/settings", Toast("success", gettext(N_("Saved."))))


def _number(form: Form) -> str | None:
    text = form.text("number", longest=120)
    if not text:
        return None
    try:
        return parse_company_number(text, "BE").number
    except NotANumber as wrong:
        form.fault("number", wrong.reason)
        return None


ROUTES: list[Any] = [settings_page, change_firm]
