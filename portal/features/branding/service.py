"""Hosts and house styles: which firm answers, and how it looks."""

import time
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.branding import repository
from portal.features.branding.models import BrandState, FirmBrand, Host
from portal.features.parties.models import Firm
from portal.jobs.contract import Tools, clock_of
from portal.kernel.errors import NotFound
from portal.kernel.ids import FirmId
from portal.kernel.language import N_
from portal.web.directories import HostFirm
from themes.css import stylesheet
from themes.tokens import Brand

NEUTRAL_COLOURS = ("#334155", "#1e293b", "#334155")
"""Main, navigation and button of a firm that has not chosen yet."""
REMEMBERED_SECONDS = 3.0


def brand_of(firm_name: str, style: FirmBrand | None) -> Brand:
    """The theming engine's brand for a firm's published style."""
    main, navigation, button = (
        (style.main_colour, style.navigation_colour, style.button_colour) if style else NEUTRAL_COLOURS
    )
    version = style.version if style else 0
    return Brand(
        name=firm_name,
        main=main,
        navigation=navigation,
        button=button,
        login_title=(style.login_title if style else None) or "",
        logo_url=f"/brand/{version}/logo.png" if style and style.logo else None,
        favicon_url=f"/brand/{version}/favicon.png" if style and style.favicon else None,
        login_image_url=f"/brand/{version}/login.png" if style and style.login_image else None,
    )


def host_firm(host: str, firm: Firm, style: FirmBrand | None) -> HostFirm:
    """What the web needs to know of the firm under a host."""
    brand = brand_of(firm.name, style)
    return HostFirm(
        firm_id=FirmId(firm.id),
        name=firm.name,
        language=firm.language,
        host=host,
        css_url=f"/brand/{stylesheet(brand).name}",
        logo_url=brand.logo_url,
        favicon_url=brand.favicon_url,
        login_title=brand.login_title,
        login_image_url=brand.login_image_url,
    )


class Hosts:
    """The HostDirectory of the web. Answers are remembered for a few seconds: every request asks."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._known: dict[str, tuple[float, HostFirm | None]] = {}

    async def find(self, host: str) -> HostFirm | None:
        """The firm under a normalised host."""
        known = self._known.get(host)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = await self._tools.database.system_look_up(lambda session: repository.by_host(session, host))
        firm = host_firm(host, *found) if found else None
        if len(self._known) > 5000:  # unknown names cost memory too: forget all and begin again
            self._known.clear()
        self._known[host] = (time.monotonic() + REMEMBERED_SECONDS, firm)
        return firm


async def main_host(session: ReadSession, firm_id: UUID) -> str:
    """The firm's active host: links in mails and PDFs use this one, never a request's.

    Raises:
        NotFound: the firm has no active host.
    """
    host = await repository.main_host(session, firm_id)
    if host is None:
        raise NotFound(N_("This firm has no address yet."), code="no_host")
    return host


async def published(session: ReadSession, firm_id: UUID) -> FirmBrand | None:
    """The published house style of a firm, or None when it has not chosen one."""
    return await repository.published(session, firm_id)


async def is_taken(session: ReadSession, host: str) -> bool:
    """Whether some firm answers under this host; runs in the system scope."""
    return await repository.by_host(session, host) is not None


async def add_host(session: WriteSession, firm_id: UUID, host: str) -> None:
    """Let a firm answer under a host; runs in the system scope."""
    repository.add(session, Host(host=host, firm_id=firm_id, active=True, main=True))


async def publish_first(
    session: WriteSession,
    firm_id: UUID,
    *,
    main: str,
    navigation: str,
    button: str,
    login_title: str | None = None,
    logo: bytes | None = None,
    favicon: bytes | None = None,
    login_image: bytes | None = None,
) -> FirmBrand:
    """The first published house style of a firm; the colours are checked by the theming engine.

    Raises:
        themes.tokens.BrandError: a colour that is not one.
    """
    Brand(name="check", main=main, navigation=navigation, button=button)
    style = FirmBrand(
        firm_id=firm_id,
        version=1,
        state=BrandState.PUBLISHED,
        main_colour=main,
        navigation_colour=navigation,
        button_colour=button,
        login_title=login_title,
        logo=logo,
        favicon=favicon,
        login_image=login_image,
        published_at=clock_of(session).now(),
    )
    repository.add(session, style)
    await session.flush()
    return style
