"""The Jinja environment that every page, mail and print template is rendered with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

from jinja2 import FileSystemLoader, StrictUndefined, pass_context
from jinja2.ext import i18n
from jinja2.runtime import Context
from markupsafe import Markup, escape

from themes.assets import Assets
from themes.compiling import COMPONENTS, Environment, Translations
from themes.filters import Formats
from themes.icons import ICONS
from themes.links import chosen, query_pairs, sorted_by, toggled, url_with
from themes.states import Lookup, State, States

TEMPLATES = Path(__file__).parent / "templates"


class UnknownIconError(LookupError):
    """A template asks for an icon that is not in ``themes/icons.py``."""


def icon_function(assets: Assets) -> Callable[..., Markup]:
    """``icon(name, label=None, classes="")``: an image from the sprite; without label, not spoken."""

    @lru_cache(maxsize=4096)
    def icon(name: str, label: str | None = None, classes: str = "") -> Markup:
        if name not in ICONS:
            raise UnknownIconError(f"There is no icon {name!r} in themes/icons.py")
        names = f"icon {classes}".strip()
        spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup('<svg class="{}" {} focusable="false"><use href="{}#{}"/></svg>').format(
            names, spoken, assets("icons.svg"), name
        )

    return icon


REMEMBERED = "components/status.html"
"""The component whose macros are remembered by what they are given: states and counts, the same few in every row."""


class Components:
    """All macros of ``components/*.html`` under one name, ``ui``, known in every template and every block.

    A global and not an import: a block rendered alone as a fragment does not run its template's imports.
    """

    def __init__(self, environment: Environment, language: Callable[[], str]) -> None:
        self._environment = environment
        self._language = language
        self._files = environment.list_templates(filter_func=lambda name: name.startswith("components/"))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for file in self._files:
                macro = getattr(self._environment.get_template(file).module, name, None)
                if macro is not None:
                    if self._environment.auto_reload:
                        return macro
                    if file == REMEMBERED:
                        macro = remembered(macro, self._language)
                    setattr(self, name, macro)  # a table asks thousands of times
                    return macro
        raise AttributeError(f"There is no component {name!r} in themes/templates/components")


def remembered(macro: Callable[..., Markup], language: Callable[[], str]) -> Callable[..., Markup]:
    """A macro that says the same of the same in one language. Markup and text are told apart: one is shown as it is, the other escaped."""

    @lru_cache(maxsize=8192, typed=True)
    def written(_language: str, *values: Any, **named: Any) -> Markup:
        return macro(*values, **named)

    def component(*values: Any, **named: Any) -> Markup:
        try:
            hash((values, *named.values()))
        except TypeError:  # a list, which nobody remembers
            return macro(*values, **named)
        return written(language(), *values, **named)

    return component


@pass_context
def csrf_field(context: Context) -> Markup:
    """The hidden field that makes a form of this session; for use in a page, where the context is known.

    In the answer to a form a second one says which page it stands on: the address of that answer is no page.
    """
    field = Markup('<input type="hidden" name="{}" value="{}">')
    page = context.get("form_page")
    return field.format("csrf_token", escape(context["csrf_token"])) + (
        field.format("form_page", escape(page)) if page else Markup()
    )


@pass_context
def here_with(context: Context, **changes: Any) -> str:
    """The current page with other query parameters (see :func:`themes.links.url_with`)."""
    return url_with(context["current_path"], context["query"], **changes)


def _finalize(shown: Callable[[str], str]) -> Callable[[Any], Any]:
    """For templates without autoescape; all others have `Environment.shown`."""

    def finalize(value: Any) -> Any:
        return shown(value) if isinstance(value, str) and not value.isascii() else value

    return finalize


def create_environment(
    *,
    assets: Assets,
    translations: Translations,
    language: Callable[[], str],
    now: Callable[[], datetime],
    states: States | None = None,
    timezone: str = "Europe/Brussels",
    folders: Sequence[Path] = (),
    extra: Mapping[str, Any] | None = None,
    auto_reload: bool = False,
    spelled: Callable[[str, str | None], str] | None = None,
    shown: Callable[[str], str] | None = None,
    shown_markup: Callable[[str], str] | None = None,
) -> Environment:
    """Make the environment.

    Args:
        assets: the built static files.
        translations: gettext functions, asked at every use, so that they may answer per request.
        language: gives the code of the current language, for dates and numbers.
        now: gives the current time, aware.
        states: how the states are shown that ``ui.chip`` is asked for.
        timezone: in which points in time are shown.
        folders: further template folders, searched first.
        extra: further globals.
        auto_reload: look for changed templates at every use; for development.
        spelled: how company numbers are shown.
        shown: what every text that stands in a template's place goes through last, such as leaving out what hides.
        shown_markup: the same for markup that stands there.

    Templates get, beside Jinja's own, the filters ``money signed number percent date datetime when timeago
    filesize initials company_number translated`` and the globals ``ui asset icon csrf_field here_with url_with toggled chosen
    sorted_by query_pairs state_of current_language now``.
    """
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=auto_reload,
        cache_size=-1,
        extensions=[i18n],
        finalize=_finalize(shown) if shown else None,
    )
    environment.speak(translations, language, shown or str, shown_markup or str)
    # Line breaks inside {% trans %} are layout, not text: translators get one line.
    environment.policies["ext.i18n.trimmed"] = True
    install: Callable[..., None] = vars(environment)["install_gettext_callables"]
    install(translations.gettext, translations.ngettext, newstyle=True)
    formats = Formats(language, now, translations.gettext, timezone, spelled)
    filters = cast("dict[str, Any]", environment.filters)
    filters.update(
        money=formats.money,
        signed=formats.signed,
        number=formats.number,
        percent=formats.percent,
        date=formats.date,
        typed_day=formats.typed_day,
        datetime=formats.datetime,
        when=formats.when,
        timeago=formats.timeago,
        filesize=formats.filesize,
        initials=formats.initials,
        company_number=formats.company_number,
        capitalize=formats.capitalize,
        translated=partial(_translated, translations.gettext),
    )

    look_up = Lookup(states or {})

    def state_of(name: str) -> State:
        state = look_up(name)
        return state._replace(word=translations.gettext(state.word))

    names = cast("dict[str, Any]", environment.globals)  # Jinja types it by what it begins with
    names.update(
        asset=assets,
        icon=icon_function(assets),
        csrf_field=csrf_field,
        here_with=here_with,
        url_with=url_with,
        toggled=toggled,
        chosen=chosen,
        query_pairs=query_pairs,
        sorted_by=sorted_by,
        state_of=state_of,
        current_language=language,
        now=now,
        **{COMPONENTS: Components(environment, language)},
        **(extra or {}),
    )
    return environment


def _translated(gettext: Callable[[str], str], text: str) -> str:
    """A text that was kept to be translated when it is shown; its values follow it behind `\u241f`, as `name=value`."""
    words, *given = str(text).split("\u241f")
    if not given:
        return gettext(words)
    values = (one.partition("=") for one in given)
    return gettext(words) % {name: value for name, _, value in values}
