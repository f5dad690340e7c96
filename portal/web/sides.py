"""The guard of pages that both sides have: staff under /dossiers/{dossier_id}/…, members under a path of their own."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from portal.kernel.errors import NotFound
from portal.web.security import check_signed_in


async def own_side(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Somebody is signed in, and came by the path of their own side; the other side's does not exist for them."""
    check_signed_in(connection)
    if connection.state.actor.is_firm != ("dossier_id" in connection.path_params):
        raise NotFound
