"""All dossiers, and a new one."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import people
from portal.features.desk.pages import regimes
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.domain.queries import DossierQuery
from portal.features.dossiers.domain.vat import VatRegime
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import creation, dossiers
from portal.features.dossiers.service.numbers import SecondDossier
from portal.features.policies import service as policies
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.countries import country_name
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.ids import new_id
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext
from portal.kernel.names import name_keys
from portal.kernel.numbers import COUNTRIES, CompanyNumber, NotANumber, parse_company_number
from portal.web.forms import NOT_A_CHOICE, Form, uuid_or_none
from portal.web.menu_counts import page_figures
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff


def query_of(q: str, only: str, mine: str, sort: str, cursor: str | None, actor: Actor) -> DossierQuery:
    """What a list page's address asks for."""
    key = sort.removeprefix("-")
    return DossierQuery(
        search=q.strip()[:100],
        only=only,
        manager_id=actor.person_id if mine == "yes" else None,
        sort=key,
        descending=sort.startswith("-"),
        cursor=cursor,
    )


ACTIVITY_NEEDED = N_("Say in a word or two what tells it apart, for example Transport.")


@get("/dossiers", guards=[staff])
async def dossiers_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    q: FromQuery[str] = "",
    only: FromQuery[str] = "",
    mine: FromQuery[str] = "",
    sort: FromQuery[str] = "name",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """Every dossier of the firm."""
    page = await dossiers.listed(session, actor, query_of(q, only, mine, sort, after or before, actor))
    found = await page_figures(
        request,
        session,
        nobody_to_ask=policies.nobody_to_ask(page.rows),
        managers=people.staff_names(_firm(actor)),
        totals=dossiers.totals(actor),
    )
    return render(
        request,
        "pages/desk/dossiers.html",
        block="rows",
        page=page,
        q=q,
        may_edit=actor.may(Right.DOSSIERS_EDIT),
        **vars(found),
    )


def _firm(actor: Actor) -> UUID:
    assert actor.firm_id is not None
    return actor.firm_id


async def form_choices(session: ReadSession, actor: Actor, dossier: Dossier | None = None) -> dict[str, Any]:
    """The lists the form of a dossier, or (None) of a new one, chooses from."""
    return {
        "languages_of_clients": [(code.value, name) for code, name in LANGUAGE_NAMES.items()],
        "regimes": list(regimes.names().items()),
        **({"regime_lines": []} if dossier is None else {}),
        "staff": await dossiers.managers_to_choose(session, actor, dossier),
        "countries": countries(),
        "packages": await dossiers.packages_to_choose(session, actor, dossier),
    }


@get("/dossiers/new", guards=[requires(Right.DOSSIERS_EDIT)])
async def new_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """The form for one new dossier."""
    return render(
        request,
        "pages/desk/new_dossier.html",
        values={"key": str(new_id())},
        errors={},
        there=[],
        **await form_choices(session, actor),
    )


@post("/dossiers", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def new_dossier(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Make it; a number that is claimed makes an access request."""
    form = await Form.of(request)
    try:
        number = read_number(form, read_country(form))
        values = read_dossier(form)
        form.check()
        async with session.begin_nested():
            key = uuid_or_none(form.text("key"))
            second = form.text("second") == "yes"
            dossier = await creation.create(
                session,
                tools,
                actor,
                number=number.number if number else None,
                country=number.country if number else read_country(form),
                vat_id=number.given_vat if number else None,
                key=key,
                second=second,
                **values,
            )
    except (Invalid, Conflict) as wrong:
        errors = wrong.field_texts() or {"code" if wrong.code == "code_taken" else "number": wrong.text()}
        there = wrong.there if isinstance(wrong, SecondDossier) else []
        if isinstance(wrong, SecondDossier):
            errors = second_faults(wrong, form.values.get("activity"))
        return render(
            request,
            "pages/desk/new_dossier.html",
            status=422,
            values=form.values,
            errors=errors,
            there=there,
            **await form_choices(session, actor),
        )
    text = (
        N_("%(name)s has an account already. Its owner is asked to give you access.")
        if dossier.access is Access.REQUESTED
        else N_("%(name)s is ready: files can be handed in.")
    )
    return go(request, f"/dossiers/{dossier.id}", Toast("success", gettext(text) % {"name": dossier.name}))


def second_faults(wrong: SecondDossier, activity: str | None) -> dict[str, str]:
    """What a form that would make a second dossier on a company still needs, beside its fields."""
    if wrong.same_activity:
        return {"activity": wrong.text()}
    return {} if activity else {"activity": gettext(ACTIVITY_NEEDED)}


def countries() -> list[tuple[str, str]]:
    """The countries that a company may be of, each with its name in the reader's language: those around us first."""
    first, rest = COUNTRIES[:5], COUNTRIES[5:]
    named = sorted(((code, country_name(code)) for code in rest), key=lambda one: name_keys(one[1]).sort_key)
    return [*((code, country_name(code)) for code in first), *named]


def read_country(form: Form) -> str:
    """The company's country; a fault beside the field when it is none of those that numbers are known of."""
    country = form.text("country") or "BE"
    if country not in COUNTRIES:
        form.fault("country", NOT_A_CHOICE)
        return "BE"
    return country


def read_number(form: Form, country: str) -> CompanyNumber | None:
    """The company number of a dossier form; a fault beside the field when it is none."""
    text = form.text("number", longest=120)
    if not text:
        return None
    try:
        return parse_company_number(text, country)
    except NotANumber as wrong:
        form.fault("number", wrong.reason)
        return None


def read_dossier(form: Form) -> dict[str, Any]:
    """What a dossier form says; the manager only where the form asks for one, no day of the regime where it names none."""
    values: dict[str, Any] = {
        "name": form.text("name", required=True, longest=200),
        "code": form.text("code", longest=30) or None,
        "language": form.choice("language", Language, default=Language.NL),
        "contact_name": form.text("contact_name", longest=120) or None,
        "contact_email": form.address("contact_email") or None,
        "contact_phone": form.text("contact_phone", longest=60) or None,
        "activity": form.text("activity", longest=80) or None,
        "vat_regime": form.choice("vat_regime", VatRegime, default=VatRegime.QUARTERLY),
        "vat_regime_from": form.day("vat_regime_from"),
    }
    if "manager_id" in form.values:
        manager = form.text("manager_id")
        values["manager_id"] = read_id("manager_id", form) if manager else None
    return values


def read_id(name: str, form: Form) -> UUID | None:
    """What was chosen of a list of ids; a fault beside the field when it is no id."""
    try:
        return UUID(form.text(name))
    except ValueError:
        form.fault(name, N_("Choose one of the list."))
        return None


ROUTES: list[Any] = [dossiers_page, new_page, new_dossier]
