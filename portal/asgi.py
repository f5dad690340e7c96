"""The web door: `granian --interface asgi portal.asgi:app`."""

import os

from portal.app import create_app
from portal.config import Settings
from portal.web.observability import configure_logging

settings = Settings.load(os.environ)
configure_logging(json=settings.log_json)
app = create_app(settings)
