"""The Export tab of a dossier: what would leave, which of it, and the button."""

from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.figures import figures
from portal.db.session import ReadSession, WriteSession
from portal.features.bundles.domain import (
    OPEN,
    ExportOptions,
    ExportState,
    WhyNot,
)
from portal.features.bundles.service import runs as bundles_runs
from portal.features.bundles.service import selection
from portal.features.dossiers.domain.codes import code_fault
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier
from portal.features.items.service import moves
from portal.features.policies import service as policies
from portal.features.policies.domain import Cadence, PolicyValues
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.days import month_of
from portal.kernel.errors import Conflict
from portal.kernel.kinds import CREDIT_NOTES, KIND_NAMES, PAPERS, PURCHASES, SALES, Kind
from portal.kernel.language import N_, current_language, gettext, ngettext
from portal.web.forms import Form, uuid_or_none
from portal.web.menu_counts import page_figures
from portal.web.periods import UP_TO, AskedPeriod, asked_period, offered
from portal.web.render import Toast, ToastKind, go, is_fragment, render
from portal.web.security import requires, staff

REASONS = {
    WhyNot.WAITING: N_("waiting for approval"),
    WhyNot.REJECTED: N_("rejected by the client"),
    WhyNot.HELD: N_("held back"),
    WhyNot.EXPORTED: N_("exported before"),
    WhyNot.BEFORE_START: N_("dated before the first day of export"),
    WhyNot.AFTER_PERIOD: N_("dated after the period"),
    WhyNot.BEFORE_PERIOD: N_("dated before the period"),
    WhyNot.KIND: N_("of a kind that was not chosen"),
    WhyNot.RESERVED: N_("in the export that is running"),
    WhyNot.RECENT: N_("final only since a moment ago"),
}
GROUPS: dict[str, frozenset[Kind]] = {
    "sales": SALES - CREDIT_NOTES,
    "purchases": (PURCHASES | PAPERS) - CREDIT_NOTES,
    "credit_notes": CREDIT_NOTES,
    "statements": frozenset({Kind.STATEMENT}),
}
LOOK_FIRST = N_("The choice has changed: this is what leaves now.")
NOTHING_TICKED = N_("Tick what is to leave.")
TOASTS: dict[str, ToastKind] = {"nothing_new": "info", "wrong_code": "warning"}
"""What keeps an export from beginning and is told on its page."""


def cadence_text(cadence: Cadence, delay_seconds: int) -> str:
    """When items leave by themselves, in words."""
    if cadence is Cadence.NEVER:
        return gettext(N_("by hand only"))
    if cadence is Cadence.LAST_FULL_MONTH:
        return gettext(N_("last full month"))
    minutes, rest = divmod(delay_seconds, 60)
    if rest:
        text = ngettext("after %(num)s second", "after %(num)s seconds", delay_seconds)
        return text % {"num": delay_seconds}
    return ngettext("after %(num)s minute", "after %(num)s minutes", minutes) % {"num": minutes}


def last_full_month(today: date) -> tuple[str, str]:
    """The choice of everything up to the end of the last month, with what came late: its code and words."""
    month = month_of(today.replace(day=1) - timedelta(days=1))
    assert month.until is not None
    return UP_TO + month.code, gettext(N_("up to %(day)s")) % {"day": f"{month.until:%d/%m/%Y}"}


def read_period_of(form: Form) -> AskedPeriod:
    """The period of the export form. A wrong date is a fault of the form."""
    asked = asked_period(form.values.get("period"), form.text("since"), form.text("until"))
    for name, text in asked.faults:
        form.fault(name, text)
    return asked


def read_options(form: Form) -> ExportOptions:
    """The options of the export form; nothing chosen among the kinds means all of them."""
    chosen = {name for name in form.all("kinds") if name in GROUPS}
    kinds: frozenset[Kind] = frozenset().union(*(GROUPS[name] for name in chosen or GROUPS))
    period = read_period_of(form)
    return ExportOptions(
        since=period.first,
        until=period.last,
        kinds=kinds,
        include_exported=form.ticked("include_exported"),
        include_unapproved=form.ticked("include_unapproved"),
    )


def query_of(form: Form, options: ExportOptions) -> str:
    """The query of the page that rehearses what this form asks for."""
    fields = [(name, form.text(name)) for name in ("period", "since", "until") if form.text(name)]
    fields += [("kinds", name) for name in form.all("kinds") if name in GROUPS]
    fields += [(name, "yes") for name in ("include_exported", "include_unapproved") if getattr(options, name)]
    return urlencode(fields)


def options_key(options: ExportOptions) -> str:
    """What a list of ticks was made for: the same options give the same key."""
    kinds = ",".join(sorted(name for name, kinds in GROUPS.items() if kinds <= options.kinds))
    return "|".join(
        (
            str(options.since or ""),
            str(options.until or ""),
            kinds,
            "exported" if options.include_exported else "",
            "unapproved" if options.include_unapproved else "",
        )
    )


def read_ticks(form: Form) -> frozenset[UUID] | None:
    """The items that were ticked; None where nothing was listed to tick."""
    if not form.text("listed_for"):
        return None
    return frozenset(found for one in form.all("item") if (found := uuid_or_none(one)) is not None)


async def _context(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    tools: Tools,
    dossier: Dossier,
    form: Form,
) -> dict[str, Any]:
    options, asked = read_options(form), read_period_of(form)
    today = local_date(tools.clock.now())
    open_access = dossier.access in OPEN_ACCESS
    runs = await bundles_runs.recent(session, dossier.id)
    chosen = [name for name, kinds in GROUPS.items() if kinds <= options.kinds]
    found = await page_figures(
        request,
        session,
        policy=policies.asked_for(dossier.firm_id, dossier.id),
        left=moves.left_before(dossier.id),
        nobody_to_ask=policies.nobody_to_ask([dossier]),
        fetched=bundles_runs.downloaded([run.id for run, _delivery in runs]),
    )
    policy: PolicyValues = found.policy
    rest = partial(figures, session, put_aside=moves.put_aside_of(dossier.id, limit=selection.FIRST))
    rehearsal, shown = (
        await selection.rehearse(session, dossier, options, policy=policy, left=found.left, together=rest)
        if open_access
        else (None, await rest())
    )
    return {
        "dossier": dossier,
        "tab": "export",
        "policy": policy,
        "cadence": cadence_text(policy.cadence, policy.delay_seconds),
        "rehearsal": rehearsal,
        "first": selection.FIRST,
        "reasons": {key: gettext(word) for key, word in REASONS.items()},
        "put_aside": shown.put_aside,
        "nobody_to_ask": bool(found.nobody_to_ask),
        "wrong_code": gettext(fault) if (fault := code_fault(dossier.code or "")) else None,
        "runs": runs,
        "fetched": found.fetched,
        "running": next((run for run, _delivery in runs if run.state in OPEN), None),
        "options": options,
        "chosen": chosen,
        "period": asked,
        "up_to": [last_full_month(today)],
        "periods": offered(today, current_language().value, asked),
        "listed_for": options_key(options),
        "most_ticked": selection.MOST_TICKED,
        "kind_names": {one: gettext(name) for one, name in KIND_NAMES.items()}
        | {Kind.STATEMENT: gettext(N_("bank statement"))},
        "may_export": actor.may(Right.EXPORT) and open_access,
        "may_set_policy": actor.may(Right.UNLOCK),
    }


@get("/dossiers/{dossier_id:uuid}/export", guards=[staff])
async def export_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
) -> Template:
    """What would leave now, the button, and the history. The form's own fields in the query rehearse other options."""
    query = request.query_params
    form = Form({name: query.get(name) for name in query} | {"": query})
    context = await _context(request, session, actor, tools, dossier, form)
    return render(request, "pages/bundles/export.html", block="rehearsal", **context)


@post("/dossiers/{dossier_id:uuid}/export", guards=[requires(Right.EXPORT)], status_code=200)
async def start_export(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Choose, reserve, and ask a worker; a double click finds the export that is running."""
    form = await Form.of(request)
    options = read_options(form)
    here = f"/dossiers/{dossier.id}/export"
    ticked = read_ticks(form)
    if form.faults:
        context = await _context(request, session, actor, tools, dossier, form)
        return render(request, "pages/bundles/export.html", status=422, **context)
    # What leaves is what was looked at: the options may have changed since the list was made (a page without script).
    if ticked is not None and form.text("listed_for") != options_key(options):
        told = Toast("info", gettext(LOOK_FIRST))
        return go(request, f"{here}?{query_of(form, options)}#rehearsal", told)
    if ticked is not None and not ticked:
        return go(request, f"{here}?{query_of(form, options)}", Toast("info", gettext(NOTHING_TICKED)))
    try:
        async with session.begin_nested():
            export = await selection.request_export(session, actor, dossier, options, ticked=ticked)
    except Conflict as conflict:
        if conflict.code not in TOASTS:
            raise
        return go(request, here, Toast(TOASTS[conflict.code], conflict.text()))
    less = len(ticked) - export.total if ticked is not None else 0
    if less <= 0:
        return go(request, here)
    text = ngettext(
        "%(n)s item that was ticked stays: it changed meanwhile.",
        "%(n)s items that were ticked stay: they changed meanwhile.",
        less,
    )
    return go(request, here, Toast("warning", text % {"n": less}))


@post("/dossiers/{dossier_id:uuid}/export/try-again", guards=[requires(Right.EXPORT)], status_code=200)
async def try_again(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """What was put aside because its file was damaged goes on; one that still is comes back here."""
    count = await moves.try_again(session, actor, dossier)
    text = ngettext("%(n)s item goes on.", "%(n)s items go on.", count) % {"n": count}
    return go(request, f"/dossiers/{dossier.id}/export", Toast("success", text) if count else None)


@get("/dossiers/{dossier_id:uuid}/export/{export_id:uuid}/progress", guards=[staff])
async def export_progress(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    export_id: FromPath[UUID],
    session: NamedDependency[ReadSession],
) -> Template | Response[Any]:
    """The progress bar while it builds; the page again when it is done."""
    export = await bundles_runs.export_of(session, dossier.id, export_id)
    here = f"/dossiers/{dossier.id}/export"
    if export.state in OPEN:
        if not is_fragment(request):
            return go(request, here)
        return render(request, "pages/bundles/export.html", block="running", dossier=dossier, running=export)
    if export.state is ExportState.FINISHED:
        text = gettext("Bundle %(number)s is ready.") % {"number": export.number}
        return go(request, here, Toast("success", text, f"{here}/{export.id}/download", gettext("Download")))
    problem = gettext(export.problem or N_("The export was given up.")) % export.problem_params
    return go(request, here, Toast("danger", problem))


ROUTES: list[Any] = [export_page, start_export, try_again, export_progress]
