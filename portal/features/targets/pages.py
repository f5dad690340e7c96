"""Settings of the firm: its bookkeeping packages."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from exports import layouts
from portal.db.session import ReadSession, WriteSession, lock_row
from portal.features.audit import service as audit
from portal.features.targets import service
from portal.features.targets.domain import DEFAULT_LAYOUT, LONGEST_NAME, DeliveryMethod
from portal.features.targets.models import Target
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Invalid, NotFound
from portal.kernel.language import N_, gettext
from portal.web.edits import Clash, clashes_in_words, merge_edit
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

METHODS = {
    DeliveryMethod.AGENT: N_("An agent writes the files"),
    DeliveryMethod.DOWNLOAD: N_("Bundles are downloaded"),
}
LABELS = {"name": N_("Name"), "layout": N_("Made for")}
COMMON_TITLES = {"generic": N_("Generic folders")}
"""Layouts called by common words; the others by the name of their package, which is the same in every language."""


def _layouts() -> dict[str, str]:
    return {
        one.name: gettext(COMMON_TITLES[one.name]) if one.name in COMMON_TITLES else one.title
        for one in layouts.all()
    }


def _values(target: Target) -> dict[str, str]:
    """A package as its form shows it."""
    return {"name": target.name, "layout": target.layout}


async def _page(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Template:
    assert actor.firm_id is not None
    titles = _layouts()
    return render(
        request,
        "pages/targets/list.html",
        status=422 if errors else 200,
        targets=[
            (one, titles.get(one.layout, one.layout), gettext(METHODS[one.delivery_method]))
            for one in await service.listed(session, actor.firm_id)
        ],
        layouts=list(titles.items()),
        methods=[(method.value, gettext(text)) for method, text in METHODS.items()],
        values=values
        or {"name": "", "layout": DEFAULT_LAYOUT, "delivery_method": DeliveryMethod.AGENT.value},
        errors=errors or {},
    )


@get("/settings/packages", guards=[requires(Right.FIRM_SETTINGS)])
async def packages_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """The packages there are, and the form for one more."""
    return await _page(request, session, actor)


@post("/settings/packages", guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def add_package(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template | Response[Any]:
    """Add a bookkeeping package to the office."""
    form = await Form.of(request)
    try:
        method = form.choice("delivery_method", DeliveryMethod)
        name = form.text("name", longest=LONGEST_NAME)
        form.check()
        await service.add(session, actor, name, form.text("layout"), method)
    except Invalid as wrong:
        return await _page(request, session, actor, values=form.values, errors=wrong.field_texts())
    return go(request, "/settings/packages", Toast("success", gettext(N_("Saved."))))


@get("/settings/packages/{target_id:uuid}", guards=[requires(Right.FIRM_SETTINGS)])
async def package_page(
    request: HTMXRequest,
    target_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """The form for changing a package."""
    target = await _target(session, actor, target_id)
    values = _values(target)
    return render(
        request,
        "pages/targets/edit.html",
        target=target,
        layouts=list(_layouts().items()),
        values=values,
        seen=values,
        errors={},
        overtaken=[],
    )


@post("/settings/packages/{target_id:uuid}", guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def change_package(
    request: HTMXRequest,
    target_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Call it otherwise, or write for another package."""
    target = await _target(session, actor, target_id)
    await lock_row(session, target)
    form = await Form.of(request)
    present = _values(target)
    edit = merge_edit(form, present, always_sent=True)
    errors: dict[str, str] = {}
    overtaken: list[Clash] = []
    if edit.clashes:
        words = {
            name: (gettext(label), _layouts() if name == "layout" else {}) for name, label in LABELS.items()
        }
        events = await audit.history_of(session, target.id)
        overtaken = clashes_in_words(edit, form, present, words, events)
    else:
        try:
            name = form.text("name", longest=LONGEST_NAME)
            form.check()
            await service.change(session, actor, target, name, form.text("layout"))
        except Invalid as wrong:
            errors = wrong.field_texts()
    if errors or overtaken:
        return render(
            request,
            "pages/targets/edit.html",
            status=409 if overtaken else 422,
            target=target,
            layouts=list(_layouts().items()),
            values=form.values,
            seen=edit.seen,
            errors=errors,
            overtaken=overtaken,
        )
    return go(request, "/settings/packages", Toast("success", gettext(N_("Saved."))))


async def _target(session: ReadSession, actor: Actor, target_id: UUID) -> Target:
    if actor.firm_id is None:
        raise NotFound
    return await service.target(session, actor.firm_id, target_id)


ROUTES: list[Any] = [packages_page, add_package, package_page, change_package]
