"""The web: hosts, identities, security, rendering; the only place that knows status codes, cookies and headers."""
