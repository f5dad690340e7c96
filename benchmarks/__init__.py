"""What is measured, as ratios in one run: each module's `run()` gives rows, ``python -m benchmarks`` prints them in one table."""

from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        work: what was measured, with what it took.
        against: what it is compared with, with what that took.
        ratio: of the two; the goal says which way round is better.
        goal: `≤ 1.5`, `≥ 2`, or `measured` when there is none.
    """

    work: str
    against: str
    ratio: float
    goal: str
