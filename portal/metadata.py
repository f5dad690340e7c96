"""Every table of the portal in one place: for migrations and for the tests that walk them all."""

from importlib import import_module
from pkgutil import iter_modules

from portal import features
from portal.db.base import Base


def _load() -> None:
    """Import the tables of every slice, and nothing else of it: whoever migrates needs no web."""
    import_module("portal.jobs.models")
    for slice_ in iter_modules(features.__path__, f"{features.__name__}."):
        package = import_module(slice_.name)
        if any(one.name == "models" for one in iter_modules(package.__path__)):
            import_module(f"{slice_.name}.models")


_load()
metadata = Base.metadata

__all__ = ["metadata"]
