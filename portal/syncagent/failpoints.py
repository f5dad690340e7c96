"""Test hook: die at a named point, as a power cut or `kill -9` would.

`FIDERO_AGENT_FAIL_AT=after_rename:2` ends the process with status 9, without any clean-up, the second time
that point is passed (`:1` may be left out). Without the variable nothing happens. Points: `after_write`
(everything is under temporary names on the disk), `after_rename` (after each file got its name),
`before_confirm`, `after_confirm` (the portal has answered, the journal does not know it yet).
"""

import os
from collections import Counter

VARIABLE = "FIDERO_AGENT_FAIL_AT"
POINTS = ("after_write", "after_rename", "before_confirm", "after_confirm")

_passed: Counter[str] = Counter()


def reach(point: str) -> None:
    """Pass a point; returns unless the environment asks to die here."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    name, _, nth = wanted.partition(":")
    if name == point:
        _passed[point] += 1
        if _passed[point] == int(nth or "1"):
            os._exit(9)
