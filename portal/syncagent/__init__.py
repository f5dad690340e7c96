"""The desktop agent: fetches bundles from the portal and writes them where the bookkeeping package reads.

A program of its own, `fidero-agent`: only the standard library, httpx and msgspec, nothing else of `portal`.
"""

VERSION = "0.1.0"
