"""A paper is cut into several, and several are put together: from which pages a part is, and into which file others went.

Revision: 0047, after 0046

No paper was cut before: nothing is to be filled in. Erasing a paper takes those that were put together into it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

STATES = ("received", "to_process", "processed", "split", "rejected")
CHECK = "ck_intake_file_intakestate"
ANCHOR = "      or (f.sha256 = any(own) and f.sha256 <> all(elsewhere)));\n"
TAKES_SOURCES = (
    ANCHOR
    + "  select files || coalesce(array_agg(f.id), '{}') into files from intake_file f\n"
    + "  where f.company_id = new.company_id and f.erased_at is null and f.merged_into = any(files);\n"
)


def upgrade() -> None:
    """Three columns, a state, and what erasing takes along."""
    op.add_column("intake_file", sa.Column("first_page", sa.Integer(), nullable=True))
    op.add_column("intake_file", sa.Column("last_page", sa.Integer(), nullable=True))
    op.add_column("intake_file", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_intake_file_company_id_merged_into"),
        "intake_file",
        "intake_file",
        ["company_id", "merged_into"],
        ["company_id", "id"],
    )
    op.create_index(
        "ix_intake_file_merged",
        "intake_file",
        ["merged_into"],
        postgresql_where=sa.text("merged_into is not null"),
    )
    op.create_index(
        "ix_intake_file_parts",
        "intake_file",
        ["parent_id"],
        postgresql_where=sa.text("first_page is not null"),
    )
    _states((*STATES, "merged"))
    _erase(ANCHOR, TAKES_SOURCES)


def _states(states: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(CHECK), "intake_file", type_="check")
    op.create_check_constraint(
        op.f(CHECK), "intake_file", "state in ({})".format(", ".join(f"'{one}'" for one in states))
    )


def _erase(old: str, new: str) -> None:
    """Change what erasing does, in the function as it stands."""
    body = str(op.get_bind().scalar(sa.text("select pg_get_functiondef('erase_paper'::regproc)")))
    if body.count(old) != 1:
        raise RuntimeError(f"erase_paper does not say {old!r} once")
    op.get_bind().exec_driver_sql(body.replace(old, new))


def downgrade() -> None:
    """Forget from where papers are. Those that were put together count as rejected: the one they went into stays."""
    _erase(TAKES_SOURCES, ANCHOR)
    op.execute(
        "update intake_file set state = 'rejected', reason = 'waits_already', handled_at = coalesce(handled_at, received_at)"
        " where state = 'merged'"
    )
    _states(STATES)
    op.drop_index("ix_intake_file_parts", table_name="intake_file")
    op.drop_index("ix_intake_file_merged", table_name="intake_file")
    op.drop_constraint(op.f("fk_intake_file_company_id_merged_into"), "intake_file", type_="foreignkey")
    for column in ("merged_into", "last_page", "first_page"):
        op.drop_column("intake_file", column)
