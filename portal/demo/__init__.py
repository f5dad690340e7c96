"""The demo: two firms with their own brands, made once; and the sample files a reader of the README tries it with."""

from portal.demo.seed import seed

__all__ = ["seed"]
