"""Pages of bank accounts and statements. The same for both sides."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession
from portal.features.banking.domain import FORM_NAMES, StatementForm, StatementQuery, remarks, why_kept_back
from portal.features.banking.service import statements as banking
from portal.features.documents.service import lookups
from portal.features.dossiers.service import opening, places
from portal.features.dossiers.service.places import Place
from portal.features.items.service import deletion
from portal.features.records.service import statements
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import NotFound
from portal.kernel.language import current_language
from portal.web.files import attachment
from portal.web.forms import uuid_or_none
from portal.web.menu_counts import page_figures
from portal.web.periods import asked_period, offered
from portal.web.render import go, render
from portal.web.sides import own_side

LIST = ["/dossiers/{dossier_id:uuid}/bank", "/bank"]
ONE = ["/dossiers/{dossier_id:uuid}/bank/{statement_id:uuid}", "/bank/{statement_id:uuid}"]


@get(LIST, guards=[own_side])
async def bank_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    tools: NamedDependency[Tools],
    account: FromQuery[str] = "",
    aside: FromQuery[str] = "",
    period: FromQuery[str | None] = None,
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    sort: FromQuery[str] = "-date",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """The accounts with what is missing on them, and all statements."""
    if not actor.may(Right.DOCUMENTS_SEE):
        raise NotFound
    account_id = uuid_or_none(account)
    asked = asked_period(period, since, until)
    query = StatementQuery(
        account_id=account_id,
        since=asked.first,
        until=asked.last,
        aside=bool(aside),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        cursor=after or before,
    )
    accounts = await banking.accounts(session, actor, place.company_id)
    page = await statements.listed(session, actor, place.company_id, place.dossier_id, query)
    found = await page_figures(request, session, aside_count=banking.aside_count(actor, place.company_id))
    return render(
        request,
        "pages/records/statements.html",
        block="rows",
        place=place,
        dossier=place.dossier,
        tab="bank",
        accounts=accounts,
        page=page,
        account_id=account_id,
        period=asked,
        periods=offered(local_date(tools.clock.now()), current_language().value, asked),
        aside=query.aside,
        aside_count=found.aside_count,
        account_name=banking.account_name,
        form_names=FORM_NAMES,
        statement_number=banking.statement_number,
        statement_date=banking.statement_date,
        may_upload=actor.may(Right.UPLOAD) and place.open,
    )


@get(ONE, guards=[own_side])
async def statement_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    statement_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """One statement with its movements, read from its own bytes: after the transaction, so that no connection waits for the store."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row, account = await banking.statement(session, actor, place.company_id, statement_id, erased=True)
        if row.erased_at is not None:
            return go(request, f"{place.base}/bank/{row.id}/erasure")
        gaps = await banking.gaps(session, account.id) if lookups.own_uploads_only(actor) is None else []
        found = await page_figures(
            request,
            session,
            standing=banking.standing_of(account.id),
            made=banking.made_of(row.id),
            locked=banking.is_locked(row.id),
            has_left=deletion.has_left(row.id),
            may_move=places.may_move(actor, place),
        )
        stays = deletion.why_statement_stays(locked=found.locked, has_left=found.has_left)
    other = await banking.read_foreign(tools, row) if row.form is not StatementForm.CODA else None
    return render(
        request,
        "pages/records/statement.html",
        place=place,
        dossier=place.dossier,
        tab="bank",
        row=row,
        account=account,
        name=banking.account_name(account),
        number=banking.statement_number(row),
        may_move=found.may_move and stays is None and row.aside_at is None,
        may_put_aside=actor.may(Right.UPLOAD) and stays is None and row.aside_at is None,
        may_bring_back=actor.may(Right.UPLOAD) and row.aside_at is not None,
        form_name=FORM_NAMES[row.form],
        kept_back=why_kept_back(row.form, row.new_date, found.standing) if not found.has_left else None,
        made=found.made,
        day=banking.statement_date(row),
        read=await banking.read_original(tools, row)
        if row.form is StatementForm.CODA
        else other and other.values,
        pending=other.pending if other is not None else (),
        remarks=remarks(row.findings),
        gap=next((gap for gap in gaps if row.id in (gap.before, gap.after)), None),
    )


@get([one + "/file" for one in ONE], guards=[own_side])
async def statement_file(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    statement_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[bytes]:
    """The statement's own file, as a download."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row, _account = await banking.statement(session, actor, place.company_id, statement_id)
    media_type = "application/xml" if row.form is StatementForm.CAMT else "text/plain"
    return attachment(row.original_name, media_type, await banking.file_of(tools, row))


ROUTES: list[Any] = [bank_page, statement_page, statement_file]
