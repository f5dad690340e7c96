"""How templates become Python: Jinja's own compiler, with less to do for every place of a page.

A list of fifty rows has two thousand places. Jinja asks at each of them, while the page is made, what can be said once, when its template is
compiled: is this function one that wants the context, is this value markup, is this text a message of ours. Here

- a function is called, without a look at what it may want, unless it stands in the environment as one that wants the context;
- a message that a template writes itself is looked up once a language (`Environment.word`), with its places filled in where it has any;
- what is shown goes through one function (`Environment.shown`), and what a component, a caller or a block wrote through none: all of its
  places have gone through it.

Pages are the same, sign for sign. Without autoescape (mails in plain text) templates are compiled as Jinja does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from keyword import iskeyword
from typing import Any, Protocol
from uuid import UUID

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import EvalContext
from markupsafe import Markup, _escape_inner  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage] - `escape` without a Markup around the result

COMPONENTS = "ui"
"""The global whose functions are macros."""
SHORT = 60
"""Characters of a text that is remembered as it is shown."""
_MESSAGES = frozenset({"_", "gettext"})
_COUNTING = "ngettext"
_WRITTEN = frozenset({"caller", "super"})
_TEXT_PLACES = re.compile(r"(?:[^%]|%%|%\(\w+\)s)*")


class Translations(Protocol):
    """What the portal provides: gettext functions that speak the language of the current request."""

    def gettext(self, message: str, /) -> str:
        """Translate a message."""
        ...

    def ngettext(self, singular: str, plural: str, n: int, /) -> str:
        """Translate a message that counts."""
        ...


def _same(text: str) -> str:
    return text


class Environment(jinja2.Environment):
    """An environment whose templates are compiled so.

    Attributes:
        shown: what every place of a template goes through last: the text as markup.
        word: a message in the current language, as markup.
        phrase: the same with values in its places.
        phrases: the same of a message that counts.
    """

    shown: Callable[[Any], str]
    word: Callable[[str], Markup]
    phrase: Callable[[str, Mapping[str, Any]], Markup]
    phrases: Callable[[str, str, int, Mapping[str, Any]], Markup]

    def speak(
        self,
        translations: Translations,
        language: Callable[[], str],
        plain: Callable[[str], str] = _same,
        plain_markup: Callable[[str], str] = _same,
    ) -> None:
        """Say how messages and values are written.

        Args:
            translations: gettext functions, asked once a message and language.
            language: gives the code of the current language.
            plain: what every text goes through before it is escaped.
            plain_markup: the same for markup, which some places may have come into elsewhere.
        """
        self.shown = _shown(plain, plain_markup)
        languages = _Languages(translations)

        def word(message: str) -> Markup:
            return languages[language()][message]

        def phrase(message: str, values: Mapping[str, Any]) -> Markup:
            return _filled(languages[language()].raw(message), values, self.shown)

        def phrases(singular: str, plural: str, number: int, values: Mapping[str, Any]) -> Markup:
            text = translations.ngettext(singular, plural, number)
            return _filled(text, {"num": number, **values}, self.shown)

        self.word, self.phrase, self.phrases = word, phrase, phrases


class _Words(dict[str, Markup]):
    """The messages of one language that templates write themselves, each looked up at its first use."""

    def __init__(self, translations: Translations) -> None:
        super().__init__()
        self._translations = translations
        self._raw: dict[str, str] = {}

    def raw(self, message: str) -> str:
        """The message with its places."""
        found = self._raw.get(message)
        if found is None:
            found = self._raw[message] = self._translations.gettext(message)
        return found

    def __missing__(self, message: str) -> Markup:
        word = self[message] = _filled(self.raw(message), {}, str)
        return word


class _Languages(dict[str, _Words]):
    """The messages of each language, by its code."""

    def __init__(self, translations: Translations) -> None:
        super().__init__()
        self._translations = translations

    def __missing__(self, language: str) -> _Words:
        words = self[language] = _Words(self._translations)
        return words


def _filled(message: str, values: Mapping[str, Any], shown: Callable[[Any], str]) -> Markup:
    """A message, which may hold markup, with values in its places, which are texts."""
    if _TEXT_PLACES.fullmatch(message):
        return Markup(message % {name: shown(value) for name, value in values.items()})  # noqa: S704 - each went through `shown`
    return Markup(message) % dict(values)  # noqa: S704 - our own message, and it escapes the values


def _shown(plain: Callable[[str], str], plain_markup: Callable[[str], str]) -> Callable[[Any], str]:
    escape: Callable[[str], str] = _escape_inner

    @lru_cache(maxsize=4096)
    def short(text: str) -> str:
        """Names, amounts and dashes, which come again and again."""
        return plain(text)

    def shown(value: Any) -> str:
        kind = type(value)
        if kind is str:
            return escape(value if value.isascii() else short(value) if len(value) < SHORT else plain(value))
        if kind is int or isinstance(value, UUID):
            return str(value)
        if hasattr(kind, "__html__"):
            text = str(value if kind is Markup else value.__html__())
            return text if text.isascii() else plain_markup(text)
        text = str(value)
        return escape(text if text.isascii() or not isinstance(value, str) else plain(text))

    return shown


class Generator(CodeGenerator):
    """Writes the Python of a template."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802 - Jinja's
        """A message, or a function that is called without a look at what it may want."""
        if not _escapes(frame) or self._wants_more(node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
        elif _is_message(node):
            self._message(node, frame)
        else:
            self.visit(node.node, frame)
            self.write("(")
            for one in (*node.args, *node.kwargs):
                self.visit(one, frame)
                self.write(", ")
            self.write("caller=caller)" if forward_caller else ")")

    def _wants_more(self, node: nodes.Call) -> bool:
        """Whether Jinja gives the function more than it is called with, or its arguments are known only then."""
        if node.dyn_args or node.dyn_kwargs:
            return True
        if _is_message(node):
            return False
        named = node.node.name if isinstance(node.node, nodes.Name) else None
        if hasattr(self.environment.globals.get(named or ""), "jinja_pass_arg"):
            return True
        return any(iskeyword(one.key) for one in node.kwargs)

    def _message(self, node: nodes.Call, frame: Frame) -> None:
        text, *counting = node.args
        self.write(
            "environment.phrases("
            if counting
            else "environment.phrase("
            if node.kwargs
            else "environment.word("
        )
        self.visit(text, frame)
        for one in counting:
            self.write(", ")
            self.visit(one, frame)
        if counting or node.kwargs:
            self.write(", {")
            for value in node.kwargs:
                self.write(f"{value.key!r}: ")
                self.visit(value.value, frame)
                self.write(", ")
            self.write("}")
        self.write(")")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if not _escapes(frame):
            super()._output_child_pre(node, frame, finalize)
        elif not self._is_written(node):
            self.write("environment.shown(")

    def _output_child_post(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if not _escapes(frame):
            super()._output_child_post(node, frame, finalize)
        elif not self._is_written(node):
            self.write(")")

    def _is_written(self, node: nodes.Expr) -> bool:
        """Whether this is markup whose every place went through `shown`: by a component, a caller, a block or a message."""
        if not isinstance(node, nodes.Call):
            return False
        if isinstance(node.node, nodes.Getattr):
            return isinstance(node.node.node, nodes.Name) and node.node.node.name == COMPONENTS
        return _is_message(node) or (isinstance(node.node, nodes.Name) and node.node.name in _WRITTEN)


Environment.code_generator_class = Generator


def _is_message(node: nodes.Call) -> bool:
    """Whether this asks for a text that the template writes itself."""
    if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
        return False
    texts = sum(isinstance(one, nodes.Const) and isinstance(one.value, str) for one in node.args[:2])
    if node.node.name == _COUNTING:
        return texts == 2 and len(node.args) == 3
    return node.node.name in _MESSAGES and texts == len(node.args) == 1


def _escapes(frame: Frame) -> bool:
    context: EvalContext = frame.eval_ctx
    return bool(context.autoescape) and not context.volatile
