"""What a page of history shows, and to whom."""

from datetime import datetime
from uuid import UUID

import msgspec


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of history shows. Empty values filter nothing.

    `actions` are beginnings of action names; `search` looks into what things are called.
    """

    subject_id: UUID | None = None
    person_id: UUID | None = None
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    cursor: str | None = None


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose history: one dossier's (with its company's papers), a firm's, or (neither) a company's.

    Attributes:
        company_ids: with a dossier its company, once it is open; of a company that one.
        manager_id: of a firm: whose dossiers alone the reader sees; None who sees all of them.
        everything: of a firm: also what is about no dossier (people, agents, settings), whoever did it.
        reader: whose own acts are shown in any case.
        actions: of a company: the beginnings of what its members are told; `own` limits it to what the reader did.
    """

    firm_id: UUID | None = None
    dossier_id: UUID | None = None
    company_ids: tuple[UUID, ...] = ()
    manager_id: UUID | None = None
    everything: bool = False
    reader: UUID | None = None
    actions: tuple[str, ...] = ()
    own: bool = False
