"""Names and headers of what people download."""

import pytest

from portal.web.files import attachment_headers, safe_name


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("factuur 7.pdf", "factuur 7.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\temp\\a.pdf", "C__temp_a.pdf"),
        ("a\x00b\nc.pdf", "ab c.pdf"),
        ("exe.\u202efdp", "exe.fdp"),
        ('a"b<c>|d?*.pdf', "a_b_c__d__.pdf"),
        ("Café.pdf".replace("é", "e\u0301"), "Café.pdf"),
        (" . ", "file"),
        ("", "file"),
    ],
)
def test_a_name_is_one_that_every_system_takes(given: str, safe: str) -> None:
    assert safe_name(given) == safe


def test_a_long_name_keeps_what_it_is() -> None:
    safe = safe_name("x" * 400 + ".pdf")
    assert safe.endswith("x.pdf")
    assert len(safe) <= 120
    assert len(safe_name("x" * 400)) == 120


def test_a_download_is_never_shown_and_has_a_name_for_old_and_new_browsers() -> None:
    headers = attachment_headers("Café ✓.pdf", "application/pdf", 7, "ab")
    assert headers["content-disposition"] == (
        "attachment; filename=\"Cafe .pdf\"; filename*=UTF-8''Caf%C3%A9%20%E2%9C%93.pdf"
    )
    assert headers["content-security-policy"].startswith("sandbox;")
    assert (headers["content-length"], headers["etag"]) == ("7", '"ab"')


def test_a_name_without_one_ascii_letter_has_an_ascii_stand_in() -> None:
    headers = attachment_headers("✓✓", "application/pdf")
    assert 'filename="file"' in headers["content-disposition"]
    assert "content-length" not in headers
