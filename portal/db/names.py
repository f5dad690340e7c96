"""Columns beside a name that lists sort and search by: `portal.kernel.names.name_keys` writes them, whatever writes the name.

A table has `sort_key` where lists sort by the name, `fold` where they search it, or both.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.kernel.names import name_keys


class Keyed:
    """A table with keys beside a name. Its model validates that column with `write_keys`; statements write `keyed` values."""

    named_by: ClassVar[str] = "name"
    """The column that holds the name."""
    __table__: ClassVar[Any]

    @classmethod
    def keys_of(cls, name: str) -> dict[str, str]:
        """The key columns of this table for a name."""
        return {key: value for key, value in name_keys(name)._asdict().items() if key in cls.__table__.c}

    @classmethod
    def keyed(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values for an INSERT or UPDATE, with the keys where the name is among them."""
        keys = cls.keys_of(values[cls.named_by]) if cls.named_by in values else {}
        return {**values, **keys}

    def write_keys(self, name: str) -> str:
        """Write the keys of a name; gives it back, as a validator does."""
        for key, value in self.keys_of(name).items():
            setattr(self, key, value)
        return name
