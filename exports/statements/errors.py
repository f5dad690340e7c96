"""The one error reading statements raises."""

from exports.errors import UnreadableError as ExportsUnreadableError


class UnreadableError(ExportsUnreadableError):
    """The bytes cannot safely be read as this kind of statement; nothing of them is given out.

    ``reason`` is one of: ``empty``, ``too_large``, ``too_deep``, ``too_many``, ``doctype``, ``encoding``, ``not_xml``, ``not_camt``,
    ``other_message`` (``message`` names it: camt.052 and camt.054 are no statements), ``not_mt940``, ``missing`` (``element``),
    ``not_an_amount``, ``not_a_date``, ``currency``, ``page_missing``, ``truncated``. ``params`` holds ``element`` and ``found`` beside.
    """


Unreadable = UnreadableError
