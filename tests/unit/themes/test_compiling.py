"""Templates are compiled with less to do for a row, and write what Jinja's own compiler would."""

from __future__ import annotations

import gettext
from typing import Any

import pytest
from jinja2 import UndefinedError
from jinja2.compiler import CodeGenerator
from markupsafe import Markup

from portal.kernel.texts import plain, unhidden
from themes import compiling
from themes.assets import Assets
from themes.compiling import Environment
from themes.environment import create_environment, remembered
from themes.gallery import BRANDS, NOW, STATES, pages

HOSTILE = "<b>'&\" %(x)s 100 %"
HIDDEN = "a\u202eb\u200bé"


class Counted(gettext.NullTranslations):
    """Translations that mark what they translate, and count how often they were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def gettext(self, message: str) -> str:
        self.asked += 1
        return f"[{message}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.asked += 1
        return f"[{msgid1 if n == 1 else msgid2}]"


def environment(assets: Assets, translations: gettext.NullTranslations | None = None) -> Environment:
    return create_environment(
        assets=assets,
        translations=translations or Counted(),
        language=lambda: "en",
        now=lambda: NOW,
        states=STATES,
        shown=plain,
        shown_markup=unhidden,
    )


@pytest.fixture
def ours(assets: Assets) -> Environment:
    return environment(assets)


@pytest.fixture
def theirs(assets: Assets, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The same with Jinja's own compiler."""
    made = environment(assets)
    monkeypatch.setattr(made, "code_generator_class", CodeGenerator)
    return made


@pytest.mark.parametrize("key", list(BRANDS))
def test_sample_pages_are_those_of_jinjas_own_compiler(
    ours: Environment, theirs: Environment, key: str
) -> None:
    assert dict(pages(ours, BRANDS[key], "/b.css")) == dict(pages(theirs, BRANDS[key], "/b.css"))


SNIPPETS = [
    "{{ name }}|{{ markup }}|{{ number }}|{{ nothing }}|{{ state }}|{{ names }}|{{ 'é' }}",
    "{{ _('Hello') }}|{{ gettext('100 %% <i>sure</i>') }}|{{ _('Hello') ~ name }}|{{ _('Hello') | upper }}",
    "{{ _('Hello %(who)s', who=name) }}|{{ _('From %(from)s', from=markup) }}|{{ _('%(n)s of %(class)s', n=number, **{'class': 3}) }}",
    "{{ ngettext('%(num)s thing', '%(num)s things', number) }}|{{ ngettext('one %(a)s', 'many %(a)s', 1, a=name) }}",
    "{% trans who=name %}Dear {{ who }}{% endtrans %}|{% trans count=number %}one{% pluralize %}{{ count }}{% endtrans %}",
    "{% macro m(x, y=2) %}<i>{{ x }}{{ y }}{{ caller(x) if caller is defined else '' }}</i>{% endmacro %}{{ m(name) }}{{ m(markup, y=name) }}{% call(z) m(name) %}{{ z }}!{% endcall %}",
    "{% set x %}<p>{{ name }}</p>{% endset %}{{ x }}|{{ x ~ name }}|{{ [x, name] | join(', ') }}",
    "{% for one in names %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ one.upper() }}{{ one[:1] }}{% endfor %}",
    "{% call ui.card(name, subtitle=_('Hello %(who)s', who=name)) %}{{ ui.chip('item.held', name) }}{{ ui.badge(markup) }}{% endcall %}",
    "{{ ui.button(name, attrs={'title': name, 'x-y': markup}) }}{{ icon('close', label=name) }}{{ csrf_field() }}",
    "{% block a %}{{ name }}{% endblock %}{{ self.a() }}{{ dict(a=name).items() | list }}{{ name.split(' ')[0] if names else '–' }}",
    "{{ here_with(q=name) }}{{ url_with('/d', 'a=1', q=name, sort=none) }}{{ names | map('upper') | list | length }}",
]


@pytest.mark.parametrize("source", SNIPPETS)
def test_a_template_says_what_it_says_with_jinjas_own_compiler(
    ours: Environment, theirs: Environment, source: str
) -> None:
    values: dict[str, Any] = {
        "name": HOSTILE,
        "markup": Markup("<b>é</b>"),
        "number": 3,
        "nothing": None,
        "state": next(iter(STATES)),
        "names": ["An <b>", "Béa"],
        "csrf_token": "token",
        "current_path": "/d",
        "query": "",
    }
    assert ours.from_string(source).render(values) == theirs.from_string(source).render(values)


@pytest.mark.parametrize(
    "source",
    [
        "{{ name }}",
        "{{ _('Hello %(who)s', who=name) }}",
        "{{ ngettext('one %(who)s', 'many %(who)s', 2, who=name) }}",
        "{% trans who=name %}Dear {{ who }}{% endtrans %}",
        "{{ ui.badge(name, title=name) }}",
        "{% call ui.card(name) %}{{ name }}{% endcall %}",
        "{{ markup ~ name }}",
        "{{ [markup, name] | join }}",
        "{% set x %}{{ name }}{% endset %}{{ x }}",
        "{{ ui.button('x', attrs={'title': name}) }}",
        "{{ icon('close', label=name) }}",
        "{{ markup_that_hides }}",
    ],
)
def test_nothing_that_hides_is_shown_whatever_way_it_comes(ours: Environment, source: str) -> None:
    hiding = Markup(HIDDEN)  # noqa: S704 - what nobody should have made
    values = {"name": HIDDEN, "markup": Markup("<i>"), "markup_that_hides": hiding}
    assert unhidden(shown := ours.from_string(source).render(values)) == shown
    assert "abé" in shown


def test_a_name_that_begins_with_a_stroke_leaves_the_tag_before_it_whole(ours: Environment) -> None:
    """Normal form C of `>` and a stroke is one other sign: it is for texts, and never for the markup around them."""
    page = ours.from_string("{% call ui.card() %}<b>{{ name }}</b>{{ ui.badge(name) }}é{% endcall %}")
    text = page.render(name="\u0338x")
    assert "<b>\u0338x</b>" in text
    assert "\u226f" not in text


def test_what_is_missing_is_an_error(ours: Environment) -> None:
    for source in ("{{ gone }}", "{{ gone() }}", "{{ ui.badge(gone) }}", "{{ _('%(x)s', x=gone) }}"):
        with pytest.raises(UndefinedError):
            ours.from_string(source).render()


def test_text_without_escaping_is_left_to_jinja(ours: Environment) -> None:
    texts = ours.overlay(autoescape=False)
    assert texts.from_string("{{ name }} {{ _('Hello %(who)s', who=name) }}").render(
        name="O'Brien & é\u202e"
    ) == ("O'Brien & é [Hello O'Brien & é]")


def test_a_component_is_remembered_and_text_never_taken_for_markup(ours: Environment) -> None:
    page = ours.from_string("{{ ui.badge(one) }}{{ ui.badge(other) }}")
    shown = page.render(one=Markup("<i>x</i>"), other="<i>x</i>")
    assert shown.count("<i>x</i>") == 1
    assert shown.count("&lt;i&gt;") == 1
    shown = page.render(one=True, other=1)
    assert ">True<" in shown
    assert ">1<" in shown


ROWS = """
{% for row in rows %}<td data-label="{{ _('Number') }}">{{ row | number }}</td><td>{{ ui.chip("item.held") }}</td>
{% if row %}{{ ui.badge(_("sent"), "info", title=_("by the client")) }}{{ ui.reexported(2, client=true) }}{% endif %}{% endfor %}
"""


def test_messages_are_looked_up_as_often_for_many_rows_as_for_one(assets: Assets) -> None:
    words = Counted()
    made = environment(assets, words)
    page = made.from_string(ROWS)

    def asked(rows: int) -> int:
        before = words.asked
        page.render(rows=range(rows))
        return words.asked - before

    assert asked(2) > 0
    assert asked(2) == asked(1000) == 0


def test_no_context_is_derived_for_a_row(ours: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jinja gives every function that wants it a context of its own, with all names of the page: for each message of each row."""
    derived: list[str] = []
    monkeypatch.setattr(
        "jinja2.runtime.Context.derived", lambda _self, *_values: derived.append("") or pytest.fail("derived")
    )
    ours.from_string(ROWS).render(rows=range(10))
    assert derived == []


def test_the_compiler_is_ours(ours: Environment) -> None:
    assert ours.code_generator_class is compiling.Generator


def test_a_fault_inside_a_component_is_told_after_one_try() -> None:
    """A list, which nobody remembers, is shown; whatever else is wrong is no reason to do it again."""
    tries: list[object] = []

    def macro(value: object) -> Markup:
        tries.append(value)
        return Markup("%d") % len(value)  # type: ignore[arg-type] - a value of the test, which has a length

    component = remembered(macro, lambda: "en")
    assert component(["a list"]) == "1"
    tries.clear()
    with pytest.raises(TypeError):
        component(1)
    assert tries == [1]
