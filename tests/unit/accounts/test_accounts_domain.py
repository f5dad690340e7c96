"""What an address looks like, and what a browser calls itself."""

import pytest

from portal.features.accounts.domain import browser_name, is_address


@pytest.mark.parametrize(
    "text",
    [
        "an@noordzee.example",
        "a.b+c@x.y.example",
        "o'brien@x.example",
        "1@2.co",
        "a" * 64 + "@b.example",
        "x@xn--caf-dma.example",
    ],
)
def test_addresses_that_mail_servers_take(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "an", "an@", "@b.example", "an@b", "an@@b.example", "an@b..example", "a.@b.example", ".a@b.example", "a..b@c.example",
        "an b@c.example", "an@b.example\nBcc: c@d.example", "an@b.example,c@d.example", "<an@b.example>", "é@b.example",
        "an@-b.example", "an@b-.example", "an@b.1", "a" * 65 + "@b.example", "a@" + "b." * 130 + "example", '"a b"@c.example',
    ],
)  # fmt: skip
def test_addresses_that_are_none(text: str) -> None:
    assert not is_address(text)


def test_every_address_that_is_taken_fits_a_mail_header() -> None:
    from email.headerregistry import Address

    for text in (
        "an@noordzee.example",
        "a.b+c@x.y.example",
        "o'brien@x.example",
        "!#$%&'*+/=?^_`{|}~-@x.example",
    ):
        assert is_address(text)
        assert Address(addr_spec=text).addr_spec == text


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "Chrome, Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        ("curl/8.9", None),
        ("", None),
    ],
)
def test_a_browser_is_named_as_far_as_it_can_be_told(user_agent: str, shown: str | None) -> None:
    assert browser_name(user_agent) == shown
