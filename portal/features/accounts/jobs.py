"""Jobs and sweeps of accounts: password links, old sessions, counts and forms."""

from portal.db.session import WriteSession
from portal.features.accounts.service import sessions
from portal.jobs.contract import Tools, sweeps


@sweeps("accounts.forget_expired", every=600)
async def forget_expired(session: WriteSession, _tools: Tools) -> None:
    """Sessions, counts of tries and links whose time is over."""
    await sessions.end_expired(session)
