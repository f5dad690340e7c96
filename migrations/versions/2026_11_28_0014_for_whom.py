"""A bundle is for an agent or to be downloaded; which of the earlier ones a new agent takes; how often an item left again.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATES = "'by_hand', 'pending', 'downloaded', 'written', 'confirmed', 'refused'"
ON_THEIR_WAY = "'pending', 'downloaded', 'written'"
NOBODY = """
not exists (select 1 from agent a where a.firm_id = delivery.firm_id and a.state <> 'revoked' and a.revoked_at is null)
"""
AGAIN = """
update dossier_item i set reexports = b.times
from (select firm_id, item_id, count(*) as times from bundle_item where reexport group by firm_id, item_id) as b
where b.firm_id = i.firm_id and b.item_id = i.id
"""


def upgrade() -> None:
    """Add the state, the choice and the count; nothing is on its way where there is no agent."""
    op.execute("alter table delivery drop constraint ck_delivery_deliverystate")
    op.execute(f"alter table delivery add constraint ck_delivery_deliverystate check (state in ({STATES}))")
    op.add_column(
        "pairing_code",
        sa.Column(
            "takes",
            sa.Enum(
                "from_now",
                "never_downloaded",
                "all",
                name="takes",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="from_now",
            nullable=False,
        ),
    )
    op.add_column("dossier_item", sa.Column("reexports", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        f"update delivery set state = 'by_hand', agent_id = null where state in ({ON_THEIR_WAY}) and {NOBODY}"
    )
    op.execute(AGAIN)


def downgrade() -> None:
    """What was to be downloaded waits for an agent again."""
    op.drop_column("dossier_item", "reexports")
    op.drop_column("pairing_code", "takes")
    op.execute("update delivery set state = 'pending' where state = 'by_hand'")
    op.execute("alter table delivery drop constraint ck_delivery_deliverystate")
    old = STATES.removeprefix("'by_hand', ")
    op.execute(f"alter table delivery add constraint ck_delivery_deliverystate check (state in ({old}))")
