"""Pages of export policies: a dossier's, and the firm's default."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.figures import figures
from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.policies import service
from portal.features.policies.domain import (
    Cadence,
    DelayUnit,
    PolicyValues,
    delay_of,
    delay_shown,
    next_month_run,
)
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Invalid
from portal.kernel.kinds import KIND_PLURALS
from portal.kernel.language import N_, gettext
from portal.web.edits import Clash, Edit, clashes_in_words, merge_edit, seen_fields
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

CADENCES = (
    (
        Cadence.LAST_FULL_MONTH,
        N_("Last full month"),
        N_("Once a month, everything dated up to the end of the month before. Recommended."),
    ),
    (
        Cadence.AFTER_DELAY,
        N_("After some time"),
        N_("As soon as a document has not changed for so long. An edit starts the wait again."),
    ),
    (Cadence.NEVER, N_("Never by itself"), N_("Only when somebody exports by hand.")),
)
UNITS = {
    DelayUnit.SECONDS: N_("seconds"),
    DelayUnit.MINUTES: N_("minutes"),
    DelayUnit.HOURS: N_("hours"),
}
BOTH_WAYS = 999_999_999
"""More than any wait: the domain says what is too long, in words that fit."""


GROUPS = (("delay", "delay_unit"),)
"""Fields that say something together."""


def shown(values: PolicyValues) -> dict[str, Any]:
    """A policy as the fields of its form."""
    amount, unit = delay_shown(values.delay_seconds)
    return {
        "cadence": values.cadence.value,
        "delay": str(amount),
        "delay_unit": unit.value,
        "run_day": str(values.run_day),
        "run_hour": str(values.run_hour),
        "needs_approval": "yes" if values.needs_approval else "",
        "approval_kinds": [kind.value for kind in values.approval_kinds],
        "lock_exported": "yes" if values.lock_exported else "",
        "include_statements": "yes" if values.include_statements else "",
        "export_from": values.export_from.isoformat() if values.export_from else "",
        "hold_odd_attachments": "yes" if values.hold_odd_attachments else "",
    }


def typed(form: Form) -> dict[str, Any]:
    """What was typed, to show it again."""
    empty = {"needs_approval": "", "lock_exported": "", "include_statements": "", "hold_odd_attachments": ""}
    return {**empty, **form.values, "approval_kinds": form.all("approval_kinds")}


def read(form: Form, present: PolicyValues) -> PolicyValues:
    """The form as values; fields of a cadence that was not chosen keep what they were when they are empty.

    Raises:
        Invalid: with a message per field.
    """
    unit = form.choice("delay_unit", DelayUnit, default=DelayUnit.MINUTES)
    amount, present_unit = delay_shown(present.delay_seconds)
    given = form.number("delay", lowest=0, highest=BOTH_WAYS, default=-1)
    known = {kind.value: kind for kind in KIND_PLURALS}
    chosen = form.all("approval_kinds")
    if any(kind not in known for kind in chosen):
        form.fault("approval_kinds", N_("Choose one of the list."))
    values = PolicyValues(
        cadence=form.choice("cadence", Cadence),
        delay_seconds=delay_of(given, unit) if given >= 0 else delay_of(amount, present_unit),
        run_day=form.number("run_day", lowest=0, highest=BOTH_WAYS, default=present.run_day),
        run_hour=form.number("run_hour", lowest=0, highest=BOTH_WAYS, default=present.run_hour),
        needs_approval=form.ticked("needs_approval"),
        approval_kinds=tuple(known[kind] for kind in known if kind in chosen),
        lock_exported=form.ticked("lock_exported"),
        include_statements=form.ticked("include_statements"),
        export_from=form.day("export_from"),
        hold_odd_attachments=form.ticked("hold_odd_attachments"),
    )
    form.check()
    return values


def _choices(tools: Tools, policy: PolicyValues) -> dict[str, Any]:
    run, until = next_month_run(policy.run_day, policy.run_hour, tools.clock.now())
    return {
        "policy": policy,
        "wait": delay_shown(policy.delay_seconds),
        "units": [(unit.value, gettext(name)) for unit, name in UNITS.items()],
        "cadences": [(cadence.value, gettext(name), gettext(text)) for cadence, name, text in CADENCES],
        "kinds": [(kind.value, gettext(name)) for kind, name in KIND_PLURALS.items()],
        "hours": [(str(hour), f"{hour:02d}:00") for hour in range(24)],
        "next_run": run,
        "next_until": until,
    }


LABELS = {
    "cadence": N_("When documents leave"),
    "delay": N_("Wait"),
    "delay_unit": N_("Unit"),
    "run_day": N_("Day of the month"),
    "run_hour": N_("Hour"),
    "needs_approval": N_("The client approves first"),
    "approval_kinds": N_("What the client is asked about"),
    "lock_exported": N_("Exported documents become locked"),
    "include_statements": N_("Bank statements (CODA) go along"),
    "export_from": N_("Export from"),
    "hold_odd_attachments": N_("Documents with suspicious attachments wait for us"),
}
COLUMNS = {"delay": ("delay_seconds",), "delay_unit": ("delay_seconds",)}


async def _overtaken(
    session: WriteSession,
    edit: Edit,
    form: Form,
    present: dict[str, Any],
    policy_id: UUID,
    choices: dict[str, Any],
) -> list[Clash]:
    """What somebody else changed meanwhile, in words."""
    yes = {"yes": gettext(N_("yes")), "": gettext(N_("no"))}
    said: dict[str, dict[str, str]] = {
        "cadence": {value: name for value, name, _text in choices["cadences"]},
        "delay_unit": dict(choices["units"]),
        "run_hour": dict(choices["hours"]),
        "approval_kinds": dict(choices["kinds"]),
        "needs_approval": yes,
        "lock_exported": yes,
        "include_statements": yes,
        "hold_odd_attachments": yes,
    }
    words = {name: (gettext(label), said.get(name, {})) for name, label in LABELS.items()}
    return clashes_in_words(edit, form, present, words, await audit.history_of(session, policy_id), COLUMNS)


# ── one dossier ──────────────────────────────────────────────────────────────────────────────────────────────────


async def _dossier_context(
    session: ReadSession, actor: Actor, tools: Tools, dossier: Dossier
) -> dict[str, Any]:
    policy = await service.policy_for(session, dossier.firm_id, dossier.id)
    return {
        "dossier": dossier,
        "tab": "export",
        "own": policy.dossier_id is not None,
        "nobody_to_ask": bool((await figures(session, silent=service.nobody_to_ask([dossier]))).silent),
        "may_change": service.may_change(actor, dossier),
        "not_yours": gettext(service.NOT_YOURS),
        "default_href": "/settings/export" if actor.may(Right.FIRM_SETTINGS) else None,
        **_choices(tools, service.values_of(policy)),
    }


@get("/dossiers/{dossier_id:uuid}/policy", guards=[requires(Right.UNLOCK)])
async def dossier_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
) -> Template:
    """When this dossier's items leave, and what must happen before."""
    context = await _dossier_context(session, actor, tools, dossier)
    values = shown(context["policy"])
    return render(
        request,
        "pages/policies/dossier.html",
        values=values,
        seen=seen_fields(values),
        errors={},
        overtaken=[],
        **context,
    )


@post("/dossiers/{dossier_id:uuid}/policy", guards=[requires(Right.UNLOCK)], status_code=200)
async def change_dossier(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """The dossier has a policy of its own from now on."""
    await service.lock_policies(session, actor)
    policy = await service.policy_for(session, dossier.firm_id, dossier.id)
    values_now = service.values_of(policy)
    present = shown(values_now)
    form = await Form.of(request)
    edit = merge_edit(form, present, GROUPS)
    errors: dict[str, str] = {}
    overtaken: list[Clash] = []
    if edit.clashes:
        choices = _choices(tools, values_now)
        overtaken = await _overtaken(session, edit, form, present, policy.id, choices)
    else:
        try:
            values = read(form, values_now)
            await service.change(session, actor, dossier, values, catch_up=form.ticked("catch_up"))
        except Invalid as wrong:
            errors = wrong.field_texts()
    if errors or overtaken:
        return render(
            request,
            "pages/policies/dossier.html",
            status=409 if overtaken else 422,
            values=typed(form),
            seen=edit.seen,
            errors=errors,
            overtaken=overtaken,
            **await _dossier_context(session, actor, tools, dossier),
        )
    text = gettext(N_("Saved. Open documents are looked at again."))
    return go(request, f"/dossiers/{dossier.id}/policy", Toast("success", text))


@post("/dossiers/{dossier_id:uuid}/policy/default", guards=[requires(Right.UNLOCK)], status_code=200)
async def follow_default(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """Back to what the firm says for everybody."""
    await service.back_to_default(session, actor, dossier)
    text = gettext(N_("This dossier follows the office's default again."))
    return go(request, f"/dossiers/{dossier.id}/policy", Toast("success", text))


# ── the firm's default ───────────────────────────────────────────────────────────────────────────────────────────


async def _firm_context(session: ReadSession, actor: Actor, tools: Tools) -> dict[str, Any]:
    assert actor.firm_id is not None
    policy = await service.own_policy(session, actor.firm_id, None)
    own = await service.dossiers_with_own(session, actor.firm_id)
    values = service.values_of(policy) if policy is not None else PolicyValues(cadence=Cadence.NEVER)
    every = await dossiers.all_of(session, actor)
    silent = (await figures(session, silent=service.nobody_to_ask(every))).silent
    return {"with_own": len(own), "silent": len(silent), **_choices(tools, values)}


@get("/settings/export", guards=[requires(Right.FIRM_SETTINGS)])
async def firm_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
) -> Template:
    """The policy of every dossier that has none of its own."""
    context = await _firm_context(session, actor, tools)
    values = shown(context["policy"])
    return render(
        request,
        "pages/policies/settings.html",
        values=values,
        seen=seen_fields(values),
        errors={},
        overtaken=[],
        **context,
    )


@post("/settings/export", guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def change_firm(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Change the export policy of the office, for all dossiers without one of their own."""
    form = await Form.of(request)
    await service.lock_policies(session, actor)
    context = await _firm_context(session, actor, tools)
    present = shown(context["policy"])
    edit = merge_edit(form, present, GROUPS)
    errors: dict[str, str] = {}
    overtaken: list[Clash] = []
    own = await service.own_policy(session, actor.firm_id, None) if actor.firm_id is not None else None
    if edit.clashes and own is not None:
        overtaken = await _overtaken(session, edit, form, present, own.id, context)
    else:
        try:
            values = read(form, context["policy"])
            await service.change(session, actor, None, values, catch_up=form.ticked("catch_up"))
        except Invalid as wrong:
            errors = wrong.field_texts()
    if errors or overtaken:
        return render(
            request,
            "pages/policies/settings.html",
            status=409 if overtaken else 422,
            values=typed(form),
            seen=edit.seen,
            errors=errors,
            overtaken=overtaken,
            **context,
        )
    text = gettext(N_("Saved. Open documents are looked at again."))
    return go(request, "/settings/export", Toast("success", text))


ROUTES: list[Any] = [dossier_page, change_dossier, follow_default, firm_page, change_firm]
