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
STRICT_TRANSPORT = b"max-age=31536000"


def with_security(headers: list[tuple[bytes, bytes]], *, https: bool) -> list[tuple[bytes, bytes]]:
    """The headers with ours added; one that an answer has set itself (a stricter policy for a download) stays."""
    present = {name.lower() for name, _value in headers}
    added = [(name, value) for name, value in ALWAYS.items() if name not in present]
    if b"cache-control" not in present:
        added.append((b"cache-control", b"no-store"))
        added.append((b"vary", b"Host, Cookie"))
    if https:
        added.append((b"strict-transport-security", STRICT_TRANSPORT))
    return [(name, value) for name, value in headers if name.lower() != b"server"] + added
