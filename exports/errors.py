"""The errors this library raises: one root, one class for each kind of file, nothing else escapes."""

from collections.abc import Mapping


class ExportsError(Exception):
    """Root of every error of this library.

    Attributes:
        reason: A stable code in snake case (``"too_large"``), the key of the sentence a person reads.
        params: Values for that sentence.
        line: Line of the file, 1-based, or ``None`` where no line is to blame.
    """

    def __init__(self, reason: str, line: int | None = None, params: Mapping[str, str] | None = None) -> None:
        self.reason = reason
        self.line = line
        self.params: Mapping[str, str] = dict(params or {})
        where = f" (line {line})" if line is not None else ""
        details = ", ".join(f"{key}={value}" for key, value in self.params.items())
        super().__init__(f"{reason}{where}" + (f": {details}" if details else ""))


class UnreadableError(ExportsError):
    """The bytes are not a file of the expected kind, or break a limit of the reader."""


class UnwritableError(ExportsError):
    """The values cannot be written as the asked kind of file: one is missing or has a wrong form."""
