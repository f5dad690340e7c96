"""Export policies: when items leave, what must happen before, and what happens after."""

import enum


class Cadence(enum.StrEnum):
    """When items leave by themselves."""

    NEVER = "never"
    LAST_FULL_MONTH = "last_full_month"
    AFTER_DELAY = "after_delay"
