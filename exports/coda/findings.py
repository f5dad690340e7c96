"""Making findings: where, which rule, how bad, and the two values compared."""

from typing import Literal

from exports.coda.model import thousandths_to_decimal
from exports.model import Finding

#: Of one rule in one statement this many findings are written out; one more says how many there are.
MOST = 20


class Findings:
    """Collects the findings of one statement."""

    def __init__(self) -> None:
        self.items: list[Finding] = []
        self._counts: dict[str, int] = {}

    def add(
        self,
        rule: str,
        severity: Literal["fatal", "warning"],
        record: int,
        text: str,
        *,
        position: int | None = None,
        **params: str,
    ) -> None:
        """Add a finding.

        Args:
            rule: Without its prefix: ``R1``, ``NEXT-LINK``.
            severity: ``fatal`` where the file must not be passed on unseen.
            record: Number of the record in the file, from 1.
            text: The sentence in English, with the values in it.
            position: Position in the record, from 1.
            params: The values, for a translated sentence.
        """
        count = self._counts.get(rule, 0) + 1
        self._counts[rule] = count
        if count > MOST:
            return
        location = f"record {record}" if position is None else f"record {record}, position {position}"
        self.items.append(
            Finding(rule=f"CODA-{rule}", severity=severity, location=location, text=text, params=params)
        )

    def done(self, statement_record: int) -> list[Finding]:
        """The findings, those that were too many of a kind summed up."""
        for rule, count in self._counts.items():
            if count > MOST:
                self.items.append(
                    Finding(
                        rule=f"CODA-{rule}",
                        severity="warning",
                        location=f"record {statement_record}",
                        text=f"{count - MOST} more of the kind.",
                        params={"count": str(count), "shown": str(MOST)},
                    )
                )
        return self.items


def money(thousandths: int) -> str:
    """An amount for a sentence: two decimals, or three where the third is not zero."""
    if thousandths % 10 == 0:
        return str(thousandths_to_decimal(thousandths))[:-1]
    return str(thousandths_to_decimal(thousandths))
