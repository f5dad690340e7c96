"""Who is calling, for rate limits."""

from collections.abc import Sequence
from typing import Any

from litestar.connection import ASGIConnection

from portal.jobs.contract import Tools


def last_forwarded(headers: Sequence[str]) -> str | None:
    """The last address of the last X-Forwarded-For header; None without one."""
    return headers[-1].rpartition(",")[2].strip()[:64] if headers else None


def client_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The network address of the caller.

    Behind our own proxy (`PORTAL_TRUSTED_PROXY`) the last address of X-Forwarded-For, which that proxy has written itself; else the
    peer's: a header anybody may send is never believed.
    """
    tools: Tools = connection.app.state.tools
    if tools.settings.trusted_proxy:
        forwarded = last_forwarded(connection.headers.getall("x-forwarded-for", []))
        if forwarded is not None:
            return forwarded
    return connection.client.host if connection.client else "unknown"
