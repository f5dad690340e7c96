"""What the web must ask of the slices above it: declared here, implemented by branding, accounts and agents, joined in app.py."""

from dataclasses import dataclass
from typing import Protocol

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
class SignedIn:
    """A live session: who, in which capacity, and the token that unsafe requests must carry."""

    actor: Actor
    email: str
    language: Language
    csrf_token: str
    session_hash: bytes
    company_name: str | None = None


class HostDirectory(Protocol):
    """Hosts of firms."""

    async def find(self, host: str) -> HostFirm | None:
        """The firm under this (normalised) host, or None: the answer is then the neutral 404."""
        ...


class SessionDirectory(Protocol):
    """Sessions of people."""

    async def find(self, token: str, firm_id: FirmId) -> SignedIn | None:
        """The live session of this cookie on this firm's host; None for any other, ended, expired or another host's."""
        ...


class KeyDirectory(Protocol):
    """Keys of programs."""

    async def find(self, key: str, firm_id: FirmId) -> Actor | None:
        """Whoever this bearer key of this firm belongs to; None for unknown and revoked keys."""
        ...


@dataclass(frozen=True, slots=True)
class Directories:
    """The three together."""

    hosts: HostDirectory
    sessions: SessionDirectory
    keys: KeyDirectory
