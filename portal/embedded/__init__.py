"""PostgreSQL and Valkey from wheels, as child processes: the engines of production, nothing to install.

Used by ``portal run`` (data under ``var/``) and by the tests (data under a temporary folder). Both servers
listen on 127.0.0.1 only, ask for a generated password, live in a session of their own (Ctrl-C in the
terminal does not reach them before the portal is done) and end by themselves when the process that started
them dies.
"""

from portal.db.roles import DatabaseUrls, RolePasswords, prepare_roles
from portal.embedded.postgres import EmbeddedPostgres, start_postgres
from portal.embedded.process import EmbeddedError
from portal.embedded.valkey import EmbeddedValkey, start_valkey

__all__ = [
    "DatabaseUrls",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedValkey",
    "RolePasswords",
    "prepare_roles",
    "start_postgres",
    "start_valkey",
]
