"""Headers on every answer: a strict content policy, no sniffing, no framing, no caching of anything dynamic."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=()",
}
_REPLACED = (b"server", b"vary")
STRICT_TRANSPORT = b"max-age=31536000"


def with_security(headers: list[tuple[bytes, bytes]], *, https: bool) -> list[tuple[bytes, bytes]]:
    """The headers with ours added; one that an answer has set itself (a stricter policy for a download) stays."""
    present = {name.lower() for name, _value in headers}
    added = [(name, value) for name, value in ALWAYS.items() if name not in present]
    vary = [value for name, value in headers if name.lower() == b"vary"]
    if b"cache-control" not in present:
        added.append((b"cache-control", b"no-store"))
        vary.append(b"Host, Cookie")
    if vary:
        added.append((b"vary", _one_list(vary)))
    if https:
        added.append((b"strict-transport-security", STRICT_TRANSPORT))
    return [(name, value) for name, value in headers if name.lower() not in _REPLACED] + added


def _one_list(values: list[bytes]) -> bytes:
    """What several parts of the application said in one header, each word once."""
    words = [word.strip() for word in b",".join(values).split(b",") if word.strip()]
    first: dict[bytes, bytes] = {}
    for word in words:
        first.setdefault(word.lower(), word)
    return b", ".join(first.values())
