"""The web door: the application as a process of the web server (`portal.supervisor.serve`) imports it."""

import multiprocessing
import os
from typing import Any

from portal.app import create_app
from portal.config import Settings
from portal.kernel.processes import end_with_parent
from portal.web.observability import configure_logging

if (server := multiprocessing.parent_process()) is not None and server.pid is not None:
    end_with_parent(server.pid)  # when the process that holds the port is killed, nobody stays on it
settings = Settings.load(os.environ)
configure_logging(json=settings.log_json)
app: Any = create_app(settings)
