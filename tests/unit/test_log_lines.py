"""Lines of several processes on one output stay whole."""

import io

import pytest
import structlog

from portal import supervisor
from portal.web.observability import configure_logging


class Writes(io.StringIO):
    """An output that is not buffered, with each write as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def write(self, text: str) -> int:
        self.seen.append(text)
        return super().write(text)


@pytest.mark.parametrize("json", [True, False])
def test_a_line_of_the_log_and_its_end_are_one_write(monkeypatch: pytest.MonkeyPatch, json: bool) -> None:
    output, before = Writes(), structlog.get_config()
    monkeypatch.setattr("sys.stdout", output)
    try:
        configure_logging(json=json)
        structlog.get_logger().info("part.back", part="web")
    finally:
        structlog.configure(**before)
    assert [text.count("\n") for text in output.seen] == [1]
    assert output.seen[0].endswith("\n")


def test_what_the_portal_says_itself_is_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Writes()
    monkeypatch.setattr("sys.stdout", output)
    supervisor._say("Ready in 3.0 s.\n")
    assert output.seen == ["Ready in 3.0 s.\n\n"]
