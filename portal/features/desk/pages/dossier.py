"""One dossier: what it is, and changing it."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.figures import constant, figures
from portal.db.session import ReadSession, WriteSession, lock_row
from portal.features.accounts.service import people
from portal.features.audit import service as audit
from portal.features.desk.pages import regimes
from portal.features.desk.pages.dossiers import form_choices, read_dossier, read_id, read_number
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.domain.staff import is_own
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import changes, codes, dossiers, folders, numbers
from portal.features.dossiers.service.dossiers import VatRegimes
from portal.features.dossiers.service.folders import Move
from portal.features.dossiers.service.numbers import Kept, SecondDossier
from portal.features.items.service import moves
from portal.features.onboarding.service import invitations
from portal.features.parties import service as parties
from portal.features.parties.domain import SCHEME_NAMES
from portal.features.policies import service as policies
from portal.features.targets import service as targets
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.language import LANGUAGE_NAMES, N_, gettext
from portal.web.edits import Clash, clashes_in_words, merge_edit
from portal.web.forms import Form
from portal.web.menu_counts import page_figures
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff

DAYS = ("books_from", "books_until", "closed_until")


@get("/dossiers/{dossier_id:uuid}", guards=[staff])
async def detail_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """Name, number, contact, access, and the next step."""
    company = await dossiers.company_of(session, dossier)
    found = await page_figures(
        request,
        session,
        clashes=codes.clashes(actor, [dossier]),
        identifiers=parties.identifiers_of(company.id) if company is not None else constant([]),
        managers=dossiers.managers_of(dossier),
        package=targets.name_of(dossier.firm_id, dossier.target_id),
        nobody_to_ask=policies.nobody_to_ask([dossier]),
        regimes=dossiers.vat_regimes_of(session, dossier),
        put_aside=moves.put_aside_count(dossier.id),
    )
    return render(
        request,
        "pages/desk/dossier.html",
        dossier=dossier,
        clash=found.clashes.get(dossier.id),
        tab="detail",
        company=company,
        identifiers=[(gettext(SCHEME_NAMES[one.scheme]), one) for one in found.identifiers],
        managers=found.managers,
        package=found.package,
        nobody_to_ask=dossier.id in found.nobody_to_ask,
        **regimes.context(found.regimes),
        language_name=LANGUAGE_NAMES[dossier.language],
        may_edit=actor.may(Right.DOSSIERS_EDIT),
        put_aside=found.put_aside,
        **await invitations.invitation_context(session, dossier),
    )


@get("/dossiers/{dossier_id:uuid}/edit", guards=[requires(Right.DOSSIERS_EDIT)])
async def edit_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """The form for changing it."""
    found = await dossiers.vat_regimes(session, dossier)
    values = _values(dossier) | regimes.seen(found)
    return render(
        request,
        "pages/desk/edit_dossier.html",
        values=values,
        seen=values,
        errors={},
        overtaken=[],
        there=[],
        move=None,
        **await _edit_context(session, actor, dossier, found),
    )


def _values(dossier: Dossier) -> dict[str, str]:
    """The dossier as its form shows it."""
    return {
        "name": dossier.name,
        "number": dossier.number or "",
        "code": dossier.code or "",
        "language": dossier.language.value,
        "contact_name": dossier.contact_name or "",
        "contact_email": dossier.contact_email or "",
        "contact_phone": dossier.contact_phone or "",
        "activity": dossier.activity or "",
        "manager_id": str(dossier.manager_id or ""),
        "target_id": str(dossier.target_id),
        **{name: day.isoformat() if (day := getattr(dossier, name)) else "" for name in DAYS},
    }


LABELS = {
    "name": N_("Company name"),
    "number": N_("Company number"),
    "code": N_("Dossier code"),
    "language": N_("Language of the client"),
    "contact_name": N_("Contact person"),
    "contact_email": N_("E-mail address"),
    "contact_phone": N_("Phone"),
    "activity": N_("Activity"),
    "manager_id": N_("File manager"),
    "target_id": N_("Bookkeeping package"),
    "books_from": N_("You keep the books from"),
    "books_until": N_("You keep the books until"),
    "closed_until": N_("Books closed until"),
    **regimes.LABELS,
}
COLUMNS = {"target_id": ("target",)}


async def _words(
    session: WriteSession, actor: Actor, dossier: Dossier, *regime_lists: str
) -> dict[str, tuple[str, dict[str, str]]]:
    """What a field and its choices are called."""
    staff = await people.staff(session, actor.firm_id) if actor.firm_id is not None else []
    choices: dict[str, dict[str, str]] = {
        "language": {code.value: name for code, name in LANGUAGE_NAMES.items()},
        "manager_id": {str(person.id): person.name for _row, person in staff},
        "target_id": {str(one.id): one.name for one in await targets.listed(session, dossier.firm_id)},
        **regimes.words(*regime_lists),
    }
    return {name: (gettext(label), choices.get(name, {})) for name, label in LABELS.items()}


def may_number(dossier: Dossier) -> bool:
    """Whether a dossier has no company number yet and may get one."""
    return dossier.number is None and dossier.access is Access.MANAGED


async def _edit_context(
    session: ReadSession, actor: Actor, dossier: Dossier, found: VatRegimes
) -> dict[str, Any]:
    return {
        "dossier": dossier,
        "clash": (await figures(session, found=codes.clashes(actor, [dossier]))).found.get(dossier.id),
        "tab": "detail",
        "may_number": may_number(dossier),
        "may_close": is_own(actor, dossier.manager_id),
        **regimes.context(found),
        **await form_choices(session, actor, dossier),
    }


@post("/dossiers/{dossier_id:uuid}/edit", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def edit(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Change a dossier; a company in formation gets its number here."""
    await folders.hold(session, actor)
    await lock_row(session, dossier)
    form = await Form.of(request)
    # A field that is not the writer's to change is not on their form: it is neither seen nor overtaken.
    found = await dossiers.vat_regimes(session, dossier)
    stands = _values(dossier) | regimes.seen(found, form)
    present = {name: value for name, value in stands.items() if name in form.values}
    edit = merge_edit(form, present, [regimes.TOGETHER])
    errors: dict[str, str] = {}
    overtaken: list[Clash] = []
    there: Sequence[Kept] = []
    move: Move | None = None
    asked = False
    if edit.clashes:
        events = await audit.history_of(session, dossier.id)
        lists = (stands[regimes.ALL], form.values.get(regimes.ALL, ""))
        said = await _words(session, actor, dossier, *lists)
        overtaken = clashes_in_words(edit, form, present, said, events, COLUMNS)
    else:
        try:
            found_number = read_number(form, dossier.country) if may_number(dossier) else None
            number = found_number.number if found_number else None
            values: dict[str, Any] = read_dossier(form) | {
                name: form.day(name) for name in DAYS if name in form.values
            }
            if "target_id" in form.values:
                values["target_id"] = read_id("target_id", form)
            regime = regimes.chosen(form, edit, found)
            form.check()
            # What the writer left as it was stays as it is now: somebody else may have closed the books meanwhile.
            values = {name: value for name, value in values.items() if name in edit.touched}
            values.pop(regimes.FROM, None)
            values |= {regimes.REGIME: regime} if regime is not None else {}
            code: str | None = values.get("code", dossier.code)
            move = await folders.move_of(session, dossier, code, number or dossier.number)
            # Another folder at the agent is said before it is: what was written stays in the one that was.
            asked = move is not None and form.text("folder") != move.now
            if not asked:
                async with session.begin_nested():
                    await changes.change(session, actor, dossier, values)
                    if number is not None:
                        await numbers.give_number(session, tools, actor, dossier, number)
        except (Invalid, Conflict) as wrong:
            if isinstance(wrong, SecondDossier):
                there = wrong.there
            on_number = wrong.code in ("second_dossier", "claimed", "has_number")
            errors = wrong.field_texts() or {"number" if on_number else "code": wrong.text()}
    if errors or overtaken or asked:
        return render(
            request,
            "pages/desk/edit_dossier.html",
            status=409 if overtaken else 422,
            values=form.values,
            seen=edit.seen,
            errors=errors,
            overtaken=overtaken,
            there=there,
            move=move if asked else None,
            **await _edit_context(session, actor, dossier, found),
        )
    return go(request, f"/dossiers/{dossier.id}", Toast("success", gettext(N_("Saved."))))


ROUTES: list[Any] = [detail_page, edit_page, edit]
