# ruff: noqa: INP001 - a script, not a module of a package

"""The catalogues of texts: ``python scripts/messages.py update|compile|check …``.

English is the source language and has no catalogue. The other three are ``portal/locale/<language>/LC_MESSAGES/
portal.po``; the compiled ``.mo`` files are not kept in the repository.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from babel.messages.catalog import Message

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "portal" / "locale"
LANGUAGES = ("nl", "fr", "de")
SOURCES = ("portal", "themes", "exports")
METHODS = [("**.py", "python"), ("templates/**.*", "jinja2")]
OPTIONS = {"templates/**.*": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
SHOWN = 20
"""Findings printed for each language."""


def path_of(language: str) -> Path:
    """Where a language's catalogue is kept."""
    return LOCALE / language / "LC_MESSAGES" / "portal.po"


def template() -> Catalog:
    """Every text that is marked for translation now."""
    catalog = Catalog(project="fidero", charset="utf-8")
    for source in SOURCES:
        found = extract_from_dir(
            str(ROOT / source),
            method_map=METHODS,
            options_map=OPTIONS,
            keywords=DEFAULT_KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for name, _line, message, comments, context in found:
            catalog.add(message, None, [(f"{source}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def read(language: str) -> Catalog:
    """A language's catalogue; an empty one when there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, domain="portal", project="fidero", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="portal")


def update() -> int:
    """Bring new texts into the catalogues and those no longer used out of them."""
    current = template()
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(current, no_fuzzy_matching=True, update_creation_date=False)
        catalog.fuzzy = False
        buffer = io.BytesIO()
        write_po(buffer, catalog, width=110, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != buffer.getvalue():
            path.write_bytes(buffer.getvalue())
        missing = sum(1 for _ in faults(catalog, current))
        print(f"{language}: {len(catalog)} texts, {missing} to do")  # noqa: T201 - a command line
    return 0


def compile_all() -> int:
    """Write the ``.mo`` files that gettext reads."""
    for language in LANGUAGES:
        if path_of(language).exists():
            buffer = io.BytesIO()
            write_mo(buffer, read(language))
            path_of(language).with_suffix(".mo").write_bytes(buffer.getvalue())
    return 0


def faults(catalog: Catalog, current: Catalog) -> Iterator[str]:
    """What is missing or wrong in a catalogue, one line each."""
    for wanted in current:
        if not wanted.id:
            continue
        shown = wanted.id if isinstance(wanted.id, str) else wanted.id[0]
        where = wanted.locations[0][0] if wanted.locations else "?"
        found: Message | None = catalog.get(shown, wanted.context)
        if found is None or not found.string or (not isinstance(found.string, str) and not all(found.string)):
            yield f"not translated: {shown!r} ({where})"
        elif found.fuzzy:
            yield f"fuzzy: {shown!r} ({where})"
        else:
            for error in found.check(catalog):
                yield f"{error}: {shown!r} ({where})"


def check() -> int:
    """Fail when a text is missing in a language, or its places differ from the English."""
    current = template()
    failed = 0
    for language in LANGUAGES:
        found = list(faults(read(language), current))
        if found:
            failed = 1
            print(f"{language}: {len(found)} of {len(current)} texts")  # noqa: T201 - a command line
            for line in found[:SHOWN]:
                print(f"  {line}")  # noqa: T201 - a command line
    return failed


COMMANDS = {"update": update, "compile": compile_all, "check": check}


def main() -> int:
    """Run the named commands in their order."""
    names = sys.argv[1:]
    if not names or set(names) - set(COMMANDS):
        print(f"usage: messages.py {'|'.join(COMMANDS)} …", file=sys.stderr)  # noqa: T201 - a command line
        return 2
    return max(COMMANDS[name]() for name in names)


if __name__ == "__main__":
    sys.exit(main())
