"""The brand's stylesheet and pictures."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from portal.db.session import ReadSession
from portal.features.branding import service
from portal.jobs.contract import Tools
from portal.kernel.errors import NotFound
from portal.web.directories import HostFirm
from portal.web.hosts import normalised_host
from portal.web.security import public
from themes.css import stylesheet

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


@get("/brand/{name:str}", guards=[public], include_in_schema=False)
async def brand_css(
    name: FromPath[str], firm: NamedDependency[HostFirm], session: NamedDependency[ReadSession]
) -> Response[str]:
    """The custom properties of the published house style; the name is its hash, so it may be kept for ever."""
    css = stylesheet(service.brand_of(firm.name, await service.published(session, firm.firm_id)))
    # A page rendered a moment before a new publication asks for the old name: it gets the new colours, uncached.
    headers = FOREVER if css.name == name else {"cache-control": "no-store"}
    return Response(css.text, media_type="text/css", headers=headers)


@get("/brand/{version:int}/{picture:str}", guards=[public], include_in_schema=False)
async def brand_picture(
    version: FromPath[int],
    picture: FromPath[str],
    firm: NamedDependency[HostFirm],
    session: NamedDependency[ReadSession],
) -> Response[bytes]:
    """Logo, favicon or login image; all were re-encoded as PNG when they came in."""
    style = await service.published(session, firm.firm_id)
    pictures = {
        "logo.png": style.logo if style else None,
        "favicon.png": style.favicon if style else None,
        "login.png": style.login_image if style else None,
    }
    data = pictures.get(picture)
    if data is None or style is None or style.version != version:
        raise NotFound
    return Response(data, media_type="image/png", headers=FOREVER)


@get("/health/tls-ask", guards=[public], include_in_schema=False)
async def tls_ask(tools: NamedDependency[Tools], domain: FromQuery[str] = "") -> Response[str]:
    """The proxy asks before it gets a certificate for a name: 200 when some firm answers under it, 404 for all others.

    It lies under /health/, which the gate opens for any host and the proxy closes to the outside.
    """
    named = normalised_host([(b"host", domain.encode())])
    known = named == domain and await service.Hosts(tools).find(domain) is not None
    return Response("yes" if known else "no", status_code=200 if known else 404, media_type="text/plain")


ROUTES: list[Any] = [brand_css, brand_picture, tls_ask]
