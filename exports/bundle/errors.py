"""What can go wrong with a bundle; see ``exports.errors`` for what every error carries."""

from __future__ import annotations

from collections.abc import Mapping

from exports.errors import UnreadableError, UnwritableError


class Unreadable(UnreadableError):
    """These bytes are not a bundle: no ZIP, or a manifest that is no manifest."""


class HeaderFault(UnwritableError):
    """The header's values cannot make a manifest: a local time, a number below 1, a hash that is none.

    Reasons: ``bad_number``, ``local_time``, ``bad_moment`` (outside of the years 1 to 9999 in UTC),
    ``broken_chain``, ``bad_hash``, ``bad_text``.
    """


class ItemFault(UnwritableError):
    """One item cannot leave. Where ``build`` raises it, nothing of the bundle may be used.

    Reasons: ``cannot_open``, ``cannot_read``, ``wrong_size``, ``wrong_hash``, ``no_files``, ``bad_amount``,
    ``bad_value``, ``duplicate_item``, ``duplicate_path``, ``path_is_folder`` (a file where another's folder is),
    ``bad_path``, ``shared_coda`` (one CODA file for statements of two accounts or currencies: cut it with
    ``coda.split`` first, else it would be booked twice, or on the wrong account), ``unexpected`` (a value that
    nobody thought of; what it raised is the cause).

    Attributes:
        item_id: ``Item.id`` of the item to blame.
    """

    def __init__(self, item_id: str, reason: str, params: Mapping[str, str] | None = None) -> None:
        self.item_id = item_id
        super().__init__(reason, None, {"item": item_id, **(params or {})})
