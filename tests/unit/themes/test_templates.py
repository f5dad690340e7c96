"""Templates compile, stay within the content security policy, and render for both brands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError
from jinja2_fragments import render_block
from lxml import html

from themes.assets import Assets, AssetsMissingError, load
from themes.environment import TEMPLATES, UnknownIconError
from themes.gallery import BRANDS, STATES, context, pages
from themes.icons import ICONS

DUTCH = {"approved": "goedgekeurd", "Hello %(name)s": "Dag %(name)s", "many": "veel"}
FILES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob("**/*.html"))
# Mails and printed pages are no pages of the portal: mail readers know only style attributes.
PAGES = [name for name in FILES if not name.startswith(("mail/", "print/"))]


def source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_every_template_compiles(environment: Environment, name: str) -> None:
    environment.compile(source(name), name)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_script_or_style_inside(name: str) -> None:
    text = re.sub(r"\{#.*?#\}", "", source(name), flags=re.DOTALL)
    assert not re.search(r"<style\b", text, re.IGNORECASE)
    assert not re.search(r"\sstyle\s*=", text, re.IGNORECASE)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"'{]", text, re.IGNORECASE)
    assert not re.search(r"hx-on|hx-vals=[\"']js:|javascript:", text, re.IGNORECASE)
    for tag in re.findall(r"<script\b[^>]*>.*?</script>", text, re.IGNORECASE | re.DOTALL):
        assert re.fullmatch(r"<script src=\"[^\"]+\"(?: defer)?></script>", tag), tag


@pytest.mark.parametrize("name", FILES)
def test_icons_of_a_template_are_in_the_sprite(name: str) -> None:
    named = re.findall(r"\bicon\(\s*[\"']([\w-]+)[\"']|icon_name=[\"']([\w-]+)[\"']", source(name))
    assert {one or two for one, two in named} <= set(ICONS)


@pytest.mark.parametrize("name", FILES)
def test_only_what_a_template_writes_itself_is_a_message(name: str) -> None:
    """Of a text that somebody typed, `_` would fill in what follows a per cent sign, and take its tags for markup."""
    assert re.findall(r"(?<![\w.])(?:n?gettext|_)\(\s*[^\s\"']", source(name)) == []


def test_a_text_in_a_variable_is_translated_and_stays_a_text(environment: Environment) -> None:
    shown = environment.from_string("{{ text | translated }}").render(text="100 % <b>%(x)s")
    assert shown == "100 % &lt;b&gt;%(x)s"


def test_the_sprite_holds_exactly_the_icons_of_the_list(assets: Assets) -> None:
    from themes.assets import DIST

    sprite = (DIST / assets.files["icons.svg"]).read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([\w-]+)"', sprite)) == set(ICONS)


def test_an_unknown_icon_is_refused(environment: Environment) -> None:
    with pytest.raises(UnknownIconError, match="no-such"):
        environment.from_string('{{ icon("no-such") }}').render()


def test_a_missing_value_is_an_error_and_not_a_gap(environment: Environment) -> None:
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nobody }}").render()


def test_values_are_escaped(environment: Environment) -> None:
    shown = environment.from_string("{{ ui.chip('item.held', text) }}{{ ui.button(text) }}").render(
        text="<b>&"
    )
    assert "<b>" not in shown
    assert shown.count("&lt;b&gt;&amp;") == 2


def test_no_component_of_two_files_has_the_same_name() -> None:
    names = [
        macro for name in FILES if name.startswith("components/")
        for macro in re.findall(r"\{% macro ([a-z]\w*)\(", source(name))
    ]  # fmt: skip
    assert len(names) == len(set(names))


def test_every_component_is_described_where_writers_look() -> None:
    import themes

    for name in FILES:
        if name.startswith("components/"):
            for macro in re.findall(r"\{% macro ([a-z]\w*)\(", source(name)):
                assert f"``{macro}" in (themes.__doc__ or "") or macro == "csrf", macro


@pytest.mark.parametrize("key", list(BRANDS))
def test_sample_pages_are_sound_html(environment: Environment, key: str) -> None:
    for name, text in pages(environment, BRANDS[key], "/brand.css"):
        tree = html.document_fromstring(text)
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), name
        assert len(tree.xpath("//h1")) == 1, name
        assert len(tree.xpath("//main")) == 1, name
        for field in tree.xpath("//input[not(@type='hidden')] | //select | //textarea"):
            labelled = field.get("aria-label") or tree.xpath(f"//label[@for='{field.get('id')}']")
            assert labelled or field.xpath("ancestor::label"), (name, field.attrib)
        for form in tree.xpath("//form[@method='post']"):
            assert form.xpath(".//input[@name='csrf_token'][@value]"), (name, form.get("action"))
        for described in tree.xpath("//@aria-describedby"):
            assert all(one in ids for one in described.split()), (name, described)
        assert tree.xpath("//html/@lang") == ["en"]


def test_a_page_of_nobodys_host_names_no_brand(environment: Environment) -> None:
    text = environment.get_template("base/neutral.html").render(language="nl")
    assert "brand" not in text
    assert "Fidero" not in text
    assert "csrf" not in text


@pytest.mark.parametrize("name", PAGES)
def test_the_vendors_name_stands_on_no_page(name: str) -> None:
    assert "fidero" not in source(name).lower()


def test_a_block_rendered_alone_knows_the_components(environment: Environment) -> None:
    values = context(BRANDS["noordzee"], "/brand.css") | {"rows": []}
    part = render_block(environment, "gallery/work_list.html", "content", values)
    assert part.lstrip().startswith('<nav class="ui-tiles"')
    assert "<html" not in part


def test_the_error_page_is_in_the_shell_for_a_signed_in_person_and_bare_for_others(
    environment: Environment,
) -> None:
    shown = dict(pages(environment, BRANDS["noordzee"], "/brand.css"))
    assert "ui-nav" in shown["error"]
    assert "ui-nav" not in shown["error-anonymous"]


def test_a_sorted_head_tells_its_order_and_turns_it(environment: Environment) -> None:
    head = environment.from_string('{{ ui.th_sort("Name", "name", "/d", query) }}')
    assert 'aria-sort="ascending"' in head.render(query="q=a&sort=name")
    assert 'href="/d?q=a&amp;sort=-name"' in head.render(query="q=a&sort=name")
    assert 'href="/d?sort=name"' in head.render(query="sort=-name")


def test_a_field_joins_its_help_and_its_error(environment: Environment) -> None:
    text = environment.from_string('{{ ui.field("x", "X", help="H", error="E") }}').render()
    field = html.fragment_fromstring(text).xpath(".//input")[0]
    assert field.get("aria-describedby") == "x-help x-error"
    assert field.get("aria-invalid") == "true"


def test_a_password_is_never_written_back(environment: Environment) -> None:
    text = environment.from_string('{{ ui.field("p", "P", "secret", type="password") }}').render()
    assert "secret" not in text


def test_a_job_asks_for_its_progress_until_it_has_no_address(environment: Environment) -> None:
    bar = environment.from_string('{{ ui.progress("job", "Building", 340, 1204, url) }}')
    assert 'hx-get="/jobs/1"' in bar.render(url="/jobs/1")
    assert "340 of 1,204" in bar.render(url="/jobs/1")
    assert "hx-get" not in bar.render(url=None)


def test_words_are_translated_when_shown_and_not_when_loaded(assets: Assets) -> None:
    from themes.environment import create_environment
    from themes.gallery import NOW

    class Catalogue:
        language = "en"

        def gettext(self, message: str, /) -> str:
            return DUTCH.get(message, message) if self.language == "nl" else message

        def ngettext(self, singular: str, plural: str, n: int, /) -> str:
            return self.gettext(singular if n == 1 else plural)

    words = Catalogue()
    environment = create_environment(
        assets=assets, translations=words, language=lambda: words.language, now=lambda: NOW, states=STATES
    )
    page = environment.from_string(
        "{{ ui.chip('approval.approved') }}|{{ _('Hello %(name)s', name='<An>') }}|{% trans count=n %}one{% pluralize %}many{% endtrans %}"
    )
    first = page.render(n=2)
    words.language = "nl"
    second = page.render(n=2)
    assert "approved" in first
    assert "Hello &lt;An&gt;" in first
    assert "goedgekeurd" in second
    assert "Dag &lt;An&gt;" in second
    assert second.endswith("veel")


def test_assets_that_were_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissingError, match=r"themes\.build"):
        load(tmp_path)
    with pytest.raises(AssetsMissingError, match=r"no-such\.css"):
        Assets({"ui.css": "ui.1.css"})("no-such.css")
