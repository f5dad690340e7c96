"""Forms sent after the session had ended: kept for their writer, shown again after signing in, never carried out by themselves.

All of it in the system scope: who writes was known when the page was made, and is not signed in now. A form is bound to the person, the
firm's host and the capacity of the page it stood on; nobody else is ever shown it, whoever signs in at that browser next.
"""

from datetime import datetime, timedelta
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.accounts import repository
from portal.features.accounts.models import KeptForm as KeptRow
from portal.features.accounts.models import PageToken
from portal.features.accounts.service.limits import limit
from portal.jobs.contract import Tools, clock_of
from portal.kernel.errors import TooMany
from portal.kernel.ids import new_id, token_hash
from portal.web.directories import KeptForm, PageOwner

KEPT = timedelta(days=1)
TOKENS_KEPT = timedelta(days=40)
"""A page that lies open longer than this is nobody's any more."""
MOST_KEPT = 20
"""Forms kept for one person; the oldest goes when another one comes."""
KEPT_PER_NETWORK = 60


def _kept(row: KeptRow) -> KeptForm:
    fields = tuple((str(name), str(value)) for name, value in row.fields)
    return KeptForm(str(row.id), row.action, row.page, fields)


class Forms:
    """The FormKeeper of the web."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def owner(self, token: str, firm_id: UUID, marks: tuple[str, ...]) -> PageOwner | None:
        """Whose page carried this form token, and whether this browser had that session."""
        async with self._tools.database.system_scope() as session:
            found = await repository.page_owner(session, token_hash(token), firm_id)
        if found is None:
            return None
        row, person = found
        is_here = row.mark_hash is not None and row.mark_hash in {token_hash(mark) for mark in marks}
        return PageOwner(person.id, row.firm_id, row.company_id, person.name, is_here)

    async def keep(
        self, owner: PageOwner, *, action: str, page: str, fields: tuple[tuple[str, str], ...], address: str
    ) -> str | None:
        """Keep what was typed, for a day; None when this network has had enough kept, or there is no room beside the own browser's."""
        try:
            await limit(self._tools, f"kept:ip:{address}", KEPT_PER_NETWORK)
        except TooMany:
            return None
        async with self._tools.database.system_scope() as session:
            row = KeptRow(
                id=new_id(),
                person_id=owner.person_id,
                firm_id=owner.firm_id,
                company_id=owner.company_id,
                action=action,
                page=page,
                fields=[list(field) for field in fields],
                own_browser=owner.is_here,
                kept_at=clock_of(session).now(),
            )
            repository.add(session, row)
            await session.flush()
            gone = await repository.drop_kept_beyond(session, owner.person_id, MOST_KEPT)
            return None if row.id in gone else str(row.id)

    async def find(self, owner: PageOwner, key: str) -> KeptForm | None:
        """What is kept under this key for this very person and capacity."""
        form_id = _form_id(key)
        if form_id is None:
            return None
        async with self._tools.database.system_scope() as session:
            row = await repository.kept_form(
                session, form_id, owner.person_id, owner.firm_id, owner.company_id, self._since()
            )
        return _kept(row) if row is not None else None

    async def forget(self, owner: PageOwner, key: str, action: str) -> None:
        """Delete a kept form: it was sent now."""
        form_id = _form_id(key)
        if form_id is None:
            return
        async with self._tools.database.system_scope() as session:
            row = await repository.kept_form(
                session, form_id, owner.person_id, owner.firm_id, owner.company_id, self._since()
            )
            if row is not None and row.action == action:
                await repository.drop_kept(session, row.id)

    def _since(self) -> datetime:
        return self._tools.clock.now() - KEPT


def _form_id(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


async def owner_of_kept(tools: Tools, firm_id: UUID, key: str) -> PageOwner | None:
    """For whom something is kept under this key, before anybody has signed in: which capacity to open."""
    form_id = _form_id(key)
    if form_id is None:
        return None
    async with tools.database.system_scope() as session:
        found = await repository.kept_form_of_host(session, form_id, firm_id)
    if found is None:
        return None
    row, person = found
    return PageOwner(person.id, row.firm_id, row.company_id, person.name)


async def waiting_on(tools: Tools, owner: PageOwner, page: str) -> str | None:
    """The key of what is kept for somebody on this page: they came back by another way than the sign-in page they were shown.

    Only what came from the browser that had the page: nobody else lays words into a form.
    """
    async with tools.database.system_scope() as session:
        row = await repository.latest_kept(
            session, page, owner.person_id, owner.firm_id, owner.company_id, tools.clock.now() - KEPT
        )
    return str(row.id) if row is not None else None


async def remember_page_token(session: WriteSession, owner: PageOwner, token: str, mark: str) -> None:
    """The pages of a new session carry this token; its browser keeps this mark."""
    repository.add(
        session,
        PageToken(
            token_hash=token_hash(token),
            mark_hash=token_hash(mark),
            person_id=owner.person_id,
            firm_id=owner.firm_id,
            company_id=owner.company_id,
            made_at=clock_of(session).now(),
        ),
    )


async def forget_old(session: WriteSession) -> None:
    """Forget tokens of pages that nobody has open any more, and forms that nobody came back for."""
    now = clock_of(session).now()
    await repository.drop_old_forms(session, tokens_before=now - TOKENS_KEPT, forms_before=now - KEPT)
