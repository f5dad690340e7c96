"""How long a received original is kept, and what may be done with it meanwhile."""

from datetime import date

from portal.kernel.language import N_

YEARS = 10
"""Counted from 1 January after the date of the paper."""
LONGEST_REASON = 500
REASON_NEEDED = N_("Say why, in a few words: both sides read it.")
REASON_LONG = N_("At most 500 characters.")
KEPT = N_(
    "This is a received original: it is kept until %(day)s. Put it aside with a reason instead; both sides are told."
)


ERASED = N_(
    "This was erased by two people of the accountant's office. Nothing of it is kept but why, when and by whom."
)


def kept_until(day: date) -> date:
    """The last day on which an original of this date must be there: ten years from 1 January after it."""
    return date(min(day.year + YEARS, date.max.year), 12, 31)


def must_be_kept(day: date, today: date, *, draft: bool) -> bool:
    """Whether an original may not be deleted yet; what is still a draft of ours was never received from anybody.

    The trigger `keep_original` in the database says the same.
    """
    return not draft and today <= kept_until(day)


def reason_fault(reason: str) -> str | None:
    """What is wrong with a reason; None when nothing is."""
    if not reason:
        return REASON_NEEDED
    return REASON_LONG if len(reason) > LONGEST_REASON else None
