"""The one error reading raises."""

from exports.errors import UnreadableError as ExportsUnreadableError


class UnreadableError(ExportsUnreadableError):
    """The bytes cannot safely be read as CODA; nothing of them is given out.

    Attributes:
        reason: ``empty``, ``too_large``, ``not_coda``, ``unsupported_version``, ``length``, ``truncated``,
            ``unknown_record``, ``order``, ``not_a_number``, ``sign``; merging adds ``mixed_line_ends`` and
            ``mixed_encodings``.
        record: Number of the record, from 1, blank lines not counted; ``None`` when the file as a whole is
            to blame.
        position: Position in the record, from 1; ``None`` when the record as a whole is to blame.
        expected: What should stand there.
        found: What stands there.
    """

    def __init__(
        self,
        reason: str,
        record: int | None = None,
        position: int | None = None,
        expected: str = "",
        found: str = "",
    ) -> None:
        params = {"expected": expected, "found": found}
        if position is not None:
            params["position"] = str(position)
        super().__init__(reason, record, {key: value for key, value in params.items() if value})
        self.record = record
        self.position = position
        self.expected = expected
        self.found = found


Unreadable = UnreadableError
