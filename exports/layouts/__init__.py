"""Layouts: where a bundle's files go and what they are called, one small module per bookkeeping package."""

from collections.abc import Mapping
from types import MappingProxyType

from exports.layouts import codabox, exact_online, generic, octopus, sage_bob_demat, winbooks, yuki
from exports.layouts.base import FolderLayout, LayoutFault

__all__ = ["FolderLayout", "LayoutFault", "all", "get"]

_LAYOUTS: Mapping[str, FolderLayout] = MappingProxyType(
    {
        module.LAYOUT.name: module.LAYOUT
        for module in (sage_bob_demat, winbooks, octopus, exact_online, yuki, codabox, generic)
    }
)


def get(name: str) -> FolderLayout:
    """The layout of that name.

    Raises:
        LayoutFault: There is none (``unknown_layout``).
    """
    try:
        return _LAYOUTS[name]
    except KeyError:
        raise LayoutFault("unknown_layout", None, {"name": name, "known": ", ".join(_LAYOUTS)}) from None


def all() -> tuple[FolderLayout, ...]:  # noqa: A001 - always called as layouts.all()
    """Every layout, in the order in which to offer them to people."""
    return tuple(_LAYOUTS.values())
