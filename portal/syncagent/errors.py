"""The agent's error tree. What is not here is a bug and is logged as one."""

from portal.syncagent.contract import RefusalReason
from portal.syncagent.texts import say

EXIT_OK, EXIT_INCOMPLETE, EXIT_USAGE, EXIT_REVOKED, EXIT_LOCKED, EXIT_AWAY = range(6)


class AgentError(Exception):
    """Something a person can read and act on. `code` is a key of `texts.TEXTS`."""

    exit_code: int = EXIT_USAGE

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(say(code, **params))


class AlreadyRunningError(AgentError):
    """Another process holds the lock of this settings folder."""

    exit_code = EXIT_LOCKED


class RevokedError(AgentError):
    """The portal refuses this agent's token for good."""

    exit_code = EXIT_REVOKED


class AwayError(AgentError):
    """Passing trouble with the portal or the root: try again later, never give a delivery up for it.

    `retry_after`: seconds the portal asked for, if it did.
    """

    exit_code = EXIT_AWAY

    def __init__(self, code: str, *, retry_after: float | None = None, **params: object) -> None:
        self.retry_after = retry_after
        super().__init__(code, **params)


class HostAwayError(AwayError):
    """The portal cannot be reached or cannot answer properly now."""


class RootAwayError(AwayError):
    """The folder for the files is missing, is not ours or cannot be written."""


class DeliveryGoneError(AgentError):
    """The portal no longer has this delivery, or it is finished."""

    exit_code = EXIT_INCOMPLETE


class RefusalError(AgentError):
    """This delivery cannot be written here; the portal is told `reason`."""

    exit_code = EXIT_INCOMPLETE

    def __init__(self, reason: RefusalReason, *, item_id: str | None = None, **params: object) -> None:
        self.reason: RefusalReason = reason
        self.item_id = item_id
        super().__init__(reason, **params)


class DeliveryFailedError(AgentError):
    """The portal could not serve this delivery now; others may go on, this one is tried again later."""

    exit_code = EXIT_INCOMPLETE


class DeliveryUnavailableError(DeliveryFailedError):
    """One delivery did not come because the portal, or what is in between, is busy or away: it may be so for all deliveries."""
