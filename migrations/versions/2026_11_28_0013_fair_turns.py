"""Jobs know whose they are and how urgent, so that each owner gets a turn.

What waits is given its urgency by name; the bell no longer names jobs, so when one was rung for is forgotten.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

from migrations.ops import policy, secure

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UNFINISHED = "done_at is null and dead_at is null"
WAITING = f"{UNFINISHED} and lease_until is null"
NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"
URGENCY = {
    0: (
        "intake.read_upload",
        "mail.deliver",
        "mail.send_reset",
        "dossiers.send_invitation",
        "dossiers.tell_owner",
    ),
    2: ("documents.draw_pdf",),
    3: ("upkeep.sweep_objects", "upkeep.drop_old_rows"),
}


def upgrade() -> None:
    """Add the columns, the indexes of the claim, and the table of turns."""
    op.add_column(
        "job",
        sa.Column(
            "owner", sa.Uuid(), sa.Computed(f"coalesce(firm_id, company_id, {NOBODY})", persisted=True)
        ),
    )
    op.add_column(
        "job", sa.Column("lane", sa.Uuid(), sa.Computed(f"coalesce(company_id, {NOBODY})", persisted=True))
    )
    op.alter_column("job", "owner", nullable=False)
    op.alter_column("job", "lane", nullable=False)
    op.add_column("job", sa.Column("priority", sa.SmallInteger(), server_default="1", nullable=False))
    for priority, names in URGENCY.items():
        listed = ", ".join(f"'{name}'" for name in names)
        op.execute(f"update job set priority = {priority} where {UNFINISHED} and name in ({listed})")
    op.drop_index("ix_job_due", "job")
    op.drop_column("job", "rung_at")
    op.create_index(
        "ix_job_heads", "job", ["owner", "priority", "due_at", "id"], postgresql_where=sa.text(WAITING)
    )
    op.create_index(
        "ix_job_lanes",
        "job",
        ["owner", "priority", "lane", "due_at", "id"],
        postgresql_where=sa.text(WAITING),
    )
    op.create_index(
        "ix_job_leases",
        "job",
        ["lease_until", "owner"],
        postgresql_where=sa.text(f"lease_until is not null and {UNFINISHED}"),
    )
    op.create_table(
        "job_turn",
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.Uuid(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_job_turn")),
    )
    op.create_index(op.f("ix_job_turn_served_at"), "job_turn", ["served_at"])
    secure("job_turn")
    policy("job_turn", "system_only", "false")
    op.execute("revoke all on job_turn from portal_app")


def downgrade() -> None:
    """Jobs are served as they come again."""
    op.drop_table("job_turn")
    for index in ("ix_job_leases", "ix_job_lanes", "ix_job_heads"):
        op.drop_index(index, "job")
    op.add_column("job", sa.Column("rung_at", sa.DateTime(timezone=True)))
    op.create_index("ix_job_due", "job", ["due_at"], postgresql_where=sa.text(UNFINISHED))
    for column in ("priority", "lane", "owner"):
        op.drop_column("job", column)
