"""What the web must ask of the slices above it: declared here, implemented by branding, accounts and agents, joined in app.py."""

import hashlib
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from portal.kernel.actor import Actor
from portal.kernel.ids import FirmId
from portal.kernel.language import Language


@dataclass(frozen=True, slots=True)
class HostFirm:
    """The firm that answers under a host, and its published house style as pages need it."""

    firm_id: FirmId
    name: str
    language: Language
    host: str
    css_url: str
    logo_url: str | None
    favicon_url: str | None
    login_title: str
    login_image_url: str | None


@dataclass(frozen=True, slots=True)
class PageOwner:
    """Whose a page is: a person at a firm's host, as its staff or (`company_id`) as member of a company.

    `is_here`: whether the browser that asks had the session of that page. No other one is told the name.
    """

    person_id: UUID
    firm_id: UUID
    company_id: UUID | None
    name: str
    is_here: bool = False

    @property
    def key(self) -> str:
        """A key of person and capacity, whatever the session: one value for each, which tells nobody who that is."""
        said = f"page owner:{self.person_id}:{self.firm_id}:{self.company_id}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: who, in which capacity, and the token that unsafe requests must carry."""

    actor: Actor
    email: str
    language: Language
    csrf_token: str
    session_hash: bytes
    company_name: str | None = None

    @property
    def owner(self) -> PageOwner:
        """Whose the pages of this session are."""
        actor = self.actor
        assert actor.person_id is not None, "people sign in"
        assert actor.host_firm_id is not None, "on a host"
        return PageOwner(actor.person_id, actor.host_firm_id, actor.company_id, actor.name)


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What somebody typed and could not send, because their session had ended.

    Attributes:
        action: where the form was sent to.
        page: the page it stands on.
        fields: name and value of every field, in their order; never a password, never a file.
    """

    key: str
    action: str
    page: str
    fields: tuple[tuple[str, str], ...]


class HostDirectory(Protocol):
    """Finds the firm that a host belongs to."""

    async def find(self, host: str) -> HostFirm | None:
        """The firm under this (normalised) host, or None: the answer is then the neutral 404."""
        ...


class SessionDirectory(Protocol):
    """Finds and touches the session of a cookie."""

    async def find(self, token: str, firm_id: FirmId) -> SignedIn | None:
        """The live session of this cookie on this firm's host; None for any other, ended, expired or another host's."""
        ...


class KeyDirectory(Protocol):
    """Finds the agent or program that a bearer key belongs to."""

    async def find(self, key: str, firm_id: FirmId) -> Actor | None:
        """Whoever this bearer key of this firm belongs to; None for unknown and revoked keys."""
        ...


class FormKeeper(Protocol):
    """Forms that were sent when the session had ended: whose they are, and what was typed."""

    async def owner(self, token: str, firm_id: UUID, marks: tuple[str, ...]) -> PageOwner | None:
        """Whose page carried this form token, also when that session has ended; None for a token nobody was given here.

        `marks`: those of the asking browser's sessions.
        """
        ...

    async def keep(
        self, owner: PageOwner, *, action: str, page: str, fields: tuple[tuple[str, str], ...], address: str
    ) -> str | None:
        """Keep what was typed for its writer alone, for a day; its key, or None when too much was kept already.

        What came from another browser than the page's gives way to what came from that one.
        """
        ...

    async def find(self, owner: PageOwner, key: str) -> KeptForm | None:
        """What is kept under this key for this very person and capacity; None for anybody else's."""
        ...

    async def forget(self, owner: PageOwner, key: str, action: str) -> None:
        """It was sent now."""
        ...


@dataclass(frozen=True, slots=True)
class Directories:
    """What the gate asks of the slices, in one value."""

    hosts: HostDirectory
    sessions: SessionDirectory
    keys: KeyDirectory
    forms: FormKeeper
