"""Leave out of a stylesheet what no template can use.

A rule stays when every class in one of its selectors is a word of the given sources (templates, our scripts
and Python files). That is generous on purpose; a class name built from parts must appear whole somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"-?[_a-zA-Z][\w-]*")
_CLASS = re.compile(r"\.(-?[_a-zA-Z](?:[\w-]|\\.)*)")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")
_DECLARATION = re.compile(r"""(?<=[{;\s])(--[\w-]+)\s*:\s*((?:"[^"]*"|'[^']*'|[^;{}"'])*)(;|(?=\}))""")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


def words(texts: Iterable[str]) -> set[str]:
    """Every word that could be a class name."""
    return {word for text in texts for word in _WORD.findall(text)}


def _blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """Top-level statements of a stylesheet: (prelude, body), or (statement, None) for one without a body."""
    start = position = depth = 0
    prelude = ""
    while position < len(css):
        character = css[position]
        if character in "\"'":
            string = _STRING.match(css, position)
            position = string.end() if string else position + 1
            continue
        if character == "{":
            if depth == 0:
                prelude, start = css[start:position].strip(), position + 1
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                yield prelude, css[start:position]
                start = position + 1
        elif character == ";" and depth == 0:
            yield css[start:position].strip(), None
            start = position + 1
        position += 1


def _selectors(prelude: str) -> list[str]:
    """The comma-separated selectors of a rule; commas inside brackets do not separate."""
    parts, depth, start = list[str](), 0, 0
    for position, character in enumerate(prelude):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(prelude[start:position].strip())
            start = position + 1
    return [*parts, prelude[start:].strip()]


def _needed(selector: str, used: AbstractSet[str]) -> bool:
    # :not(.x) speaks of what is absent, so its classes need not be used anywhere.
    positive = re.sub(r":not\([^()]*(?:\([^()]*\)[^()]*)*\)", "", selector)
    return all(name.replace("\\", "") in used for name in _CLASS.findall(positive))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _purged(css: str, used: AbstractSet[str]) -> Iterator[str]:
    for prelude, body in _blocks(css):
        if body is None:
            if prelude and not prelude.startswith("@charset"):
                yield f"{_squeezed(prelude)};"
        elif prelude.startswith(("@media", "@supports", "@layer", "@container")):
            inner = "".join(_purged(body, used))
            if inner:
                yield f"{_squeezed(prelude)}{{{inner}}}"
        elif prelude.startswith("@"):
            yield f"{_squeezed(prelude)}{{{_squeezed(body)}}}"
        else:
            kept = [_squeezed(one) for one in _selectors(prelude) if _needed(one, used)]
            if kept and body.strip():
                yield f"{','.join(kept)}{{{_squeezed(body)}}}"


def purge(css: str, used: AbstractSet[str]) -> str:
    """The stylesheet with only the rules whose classes are among ``used``, without comments and spare blanks.

    Rules nested inside a kept rule are kept as they are.
    """
    return "\n".join(_purged(_COMMENT.sub("", css), used))


def minified(css: str) -> str:
    """A stylesheet of our own, without comments and spare blanks; nothing is left out."""
    return _squeezed(_COMMENT.sub("", css))


def without_unread_properties(css: str, also_read: str = "") -> str:
    """Drop declarations of custom properties that no ``var()`` reads, until nothing more falls away."""
    read: set[str] = set()

    def kept(found: re.Match[str]) -> str:
        return found.group(0) if found.group(1) in read else ""

    before = ""
    while before != css:
        before = css
        read = set(_VARIABLE.findall(css)) | set(_VARIABLE.findall(also_read))
        css = _DECLARATION.sub(kept, css)
    return css
