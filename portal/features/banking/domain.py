"""Bank accounts and the CODA statements on them."""

from typing import ClassVar
from uuid import UUID

from portal.kernel.events import Event


class StatementArrived(Event, frozen=True, kw_only=True):
    """A company has a new bank statement."""

    name: ClassVar[str] = "banking.statement_arrived"
    company_id: UUID
    statement_id: UUID
