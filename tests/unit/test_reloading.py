"""What a changed file asks for while somebody develops."""

from pathlib import Path

import pytest

from portal.reloading import Step, steps_for


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("portal/web/gate.py", [Step.RESTART]),
        ("exports/ubl/reader.py", [Step.RESTART]),
        ("themes/css.py", [Step.RESTART]),
        ("themes/templates/pages/desk/home.html", [Step.STATIC]),
        ("themes/static/src/20-base.css", [Step.STATIC]),
        ("portal/locale/nl/LC_MESSAGES/portal.po", [Step.CATALOGUES, Step.RESTART]),
        ("migrations/versions/0099_more.py", [Step.MIGRATE, Step.RESTART]),
        ("portal/locale/nl/LC_MESSAGES/portal.mo", []),
        ("portal/web/__pycache__/gate.cpython-311.pyc", []),
        ("themes/static/dist/ui.0123.css", []),
        ("portal/syncagent/cli.py", []),
        ("portal/demo/files/note.txt", []),
    ],
)
def test_a_change_asks_for_what_makes_it_seen(path: str, steps: list[Step]) -> None:
    assert steps_for([Path(path)]) == steps


def test_many_changes_ask_for_each_step_once_and_in_order() -> None:
    paths = ["portal/web/gate.py", "portal/locale/fr/LC_MESSAGES/portal.po", "themes/static/src/app.js"]
    assert steps_for(map(Path, paths)) == [Step.STATIC, Step.CATALOGUES, Step.RESTART]
