"""How lists of dossiers are asked for, and what they answer."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.features.dossiers.domain.dossiers import Access, titled
from portal.kernel.language import Language
from portal.kernel.questions import Question


class WrittenFor(Question[set[UUID]], frozen=True, kw_only=True):
    """For which of some dossiers of a firm an agent has written files."""

    firm_id: UUID
    dossier_ids: Collection[UUID]


@dataclass(frozen=True, slots=True)
class Present:
    """A dossier that is there, as far as lists and new dossiers are compared with it."""

    id: UUID
    company_id: UUID
    target_id: UUID
    code: str | None
    code_key: str | None
    name: str
    activity: str | None
    country: str
    number: str | None
    language: Language
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None
    access: Access
    access_since: datetime
    created_at: datetime
    seen: bool
    """Whether the actor may see it."""

    @property
    def clashes(self) -> bool:
        """Whether its code names the same folder as an older dossier's."""
        return self.code is not None and self.code_key is None

    @property
    def title(self) -> str:
        """Its name for people: with the activity, where it has one."""
        return titled(self.name, self.activity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """By what dossiers are looked for that may be those of a list: ids, numbers, codes, and keys of codes and names."""

    ids: Collection[UUID] = ()
    numbers: Collection[str] = ()
    codes: Collection[str] = ()
    code_keys: Collection[str] = ()
    name_keys: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class DossierQuery:
    """What a list of dossiers shows: a search text, a filter of the work list, a manager, a sort and a place."""

    search: str = ""
    only: str = ""
    manager_id: UUID | None = None
    sort: str = "name"
    descending: bool = False
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ListedDossier:
    """A row of a list of dossiers: what lists show of one, and what they are sorted by."""

    id: UUID
    target_id: UUID
    code: str | None
    code_key: str | None
    name: str
    sort_key: str
    activity: str | None
    country: str
    number: str | None
    access: Access
    quick_entry_count: int
    waiting_count: int
    ready_count: int
    approvers: int
    oldest_open_at: datetime | None
    last_activity_at: datetime
    handed_over_at: datetime | None
    manager_id: UUID | None

    @property
    def clashes(self) -> bool:
        """Whether its code names the same folder as an older dossier's."""
        return self.code is not None and self.code_key is None

    @property
    def title(self) -> str:
        """Its name for people: with the activity, where it has one."""
        return titled(self.name, self.activity)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all dossiers an actor may list."""

    dossiers: int
    with_work: int
    quick_entry: int
    waiting: int
    ready: int
    clashing: int


@dataclass(frozen=True, slots=True)
class CodeHolder:
    """The dossier that has a code."""

    id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class MemberDossier:
    """What a member of a company may know of a firm's dossier on it."""

    id: UUID
    firm_id: UUID
    firm_name: str
    name: str
    access: Access
    access_since: datetime
    handed_over_at: datetime | None
    activity: str | None = None

    @property
    def title(self) -> str:
        """Its name, with the activity where it has one."""
        return titled(self.name, self.activity)
