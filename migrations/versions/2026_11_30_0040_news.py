"""What waits for an agent is said when it is committed, and what policies let leave is found by its date.

Revision: 0040, after 0036

The channel is `news`, what is said `deliveries:` and the id of whose they are: the web process in which an agent of theirs waits looks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Triggers that say it, and the index of what is ready."""
    op.execute(
        "create function tell_agents() returns trigger language plpgsql as $$"
        " begin perform pg_notify('news', 'deliveries:' || new.firm_id); return null; end $$"
    )
    for event, name in (("insert", "delivery_is_told"), ("update of state", "delivery_is_told_again")):
        op.execute(
            f"create trigger {name} after {event} on delivery for each row when (new.state = 'pending')"
            " execute function tell_agents()"
        )
    op.execute(
        "create trigger agent_is_told after update of state on agent for each row when (new.state = 'revoked')"
        " execute function tell_agents()"
    )
    op.create_index(
        "ix_dossier_item_ready",
        "dossier_item",
        ["firm_id", "item_date"],
        postgresql_where=sa.text("state = 'ready'"),
    )


def downgrade() -> None:
    """Agents and policies look again and again."""
    op.drop_index("ix_dossier_item_ready", table_name="dossier_item")
    op.execute("drop trigger agent_is_told on agent")
    for name in ("delivery_is_told", "delivery_is_told_again"):
        op.execute(f"drop trigger {name} on delivery")
    op.execute("drop function tell_agents()")
