"""What a bookkeeping package of an office is: how bundles reach it, and which packages share their dossier codes. Pure."""

import enum
from collections.abc import Collection, Iterable
from uuid import UUID

from portal.kernel.language import N_
from portal.kernel.names import fold

DEFAULT_LAYOUT = "sage-bob-demat"
LONGEST_NAME = 80

CodeSpace = frozenset[UUID]
"""The packages among which a dossier code is given once."""


class DeliveryMethod(enum.StrEnum):
    """How bundles get into a package."""

    AGENT = "agent"  # an agent writes them where the package reads; while none is paired they are downloaded
    DOWNLOAD = "download"  # people download them, whether there is an agent or not


def code_spaces(methods: Iterable[tuple[UUID, DeliveryMethod]]) -> dict[UUID, CodeSpace]:
    """The space of dossier codes of each package.

    What agents write stands in one folder per code below their root, whichever package it is for: packages with agents share one space.
    A package that is downloaded for has its codes to itself.

    Args:
        methods: all packages of one firm.
    """
    methods = list(methods)
    by_agents = frozenset(target_id for target_id, method in methods if method is DeliveryMethod.AGENT)
    return {
        target_id: by_agents if method is DeliveryMethod.AGENT else frozenset({target_id})
        for target_id, method in methods
    }


def faults(name: str, layout: str, layouts: Collection[str], names: Collection[str]) -> dict[str, str]:
    """What is wrong with a package, by form field; empty when nothing is.

    Args:
        layouts: the names of the layouts there are.
        names: what the firm's other packages are called.
    """
    found: dict[str, str] = {}
    if not name:
        found["name"] = N_("Give the package a name.")
    elif fold(name) in {fold(other) for other in names}:
        found["name"] = N_("Another package of your office has this name.")
    if layout not in layouts:
        found["layout"] = N_("Choose one of the list.")
    return found
