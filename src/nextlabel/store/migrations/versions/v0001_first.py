"""The six tables, and triggers that let events, batches and asks only ever be added.

Frozen: later versions change what stands here by scripts of their own. That is why no type of ``tables.py`` is used.
"""

import sqlalchemy as sa
from alembic import op

revision = "nextlabel_0001"
down_revision = None

ADDED_ONLY = ("event", "batch", "ask")


def upgrade() -> None:
    """Make everything."""
    _make_subjects()
    _make_questions()
    _make_events()
    (_guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql)()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, autoincrement=False, nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _make_subjects() -> None:
    op.create_table(
        "sample",
        _id(),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("digest", sa.Text),
        sa.Column("draw", sa.Double, nullable=False),
        sa.Column("copy_of", sa.Integer),
        sa.Column("first_seen", _moment(), nullable=False),
        sa.Column("gone", _moment()),
        sa.PrimaryKeyConstraint("id", name="pk_sample"),
        _refers("sample", "copy_of", "sample"),
    )
    op.create_index("ix_sample_digest", "sample", ["digest"])
    there = sa.text("gone IS NULL")
    op.create_index("uq_sample_path", "sample", ["path"], unique=True, sqlite_where=there, postgresql_where=there)
    op.create_table(
        "class",
        _id(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("merged_into", sa.Integer),
        sa.Column("description", sa.Text),
        sa.Column("example_id", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_class"),
        _refers("class", "merged_into", "class"),
        _refers("class", "example_id", "sample"),
    )
    op.create_table(
        "annotator",
        _id(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text),
        sa.Column("invited_at", _moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_annotator"),
        sa.UniqueConstraint("name", name="uq_annotator_name"),
        sa.UniqueConstraint("token_hash", name="uq_annotator_token_hash"),
    )


def _make_questions() -> None:
    op.create_table(
        "batch",
        _id(),
        sa.Column("upto", sa.Integer, nullable=False),
        sa.Column("last_batch", sa.Integer, nullable=False),
        sa.Column("chooser", sa.Text),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("settings_id", sa.Integer),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("tau", sa.Double),
        sa.Column("made_at", _moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
    )
    op.create_table(
        "ask",
        _id(),
        sa.Column("batch_id", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("sample_id", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("probabilities", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_ask"),
        _refers("ask", "batch_id", "batch"),
        _refers("ask", "sample_id", "sample"),
        sa.UniqueConstraint("batch_id", "place", name="uq_ask_batch_id_place"),
    )


def _make_events() -> None:
    op.create_table(
        "event",
        _id(),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("annotator_id", sa.Integer),
        sa.Column("ask_id", sa.Integer),
        sa.Column("sample_id", sa.Integer),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("class_id", sa.Integer),
        sa.Column("takes_back", sa.Integer),
        sa.Column("how", sa.Text),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("shown_at", _moment()),
        sa.Column("data", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        _refers("event", "annotator_id", "annotator"),
        _refers("event", "ask_id", "ask"),
        _refers("event", "sample_id", "sample"),
        _refers("event", "class_id", "class"),
        _refers("event", "takes_back", "event"),
        sa.UniqueConstraint("client_id", name="uq_event_client_id"),
        sa.UniqueConstraint("takes_back", name="uq_event_takes_back"),
    )


def _guard_sqlite() -> None:
    for table in ADDED_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
            )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION nextlabel_added_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$"
    )
    for table in ADDED_ONLY:
        # Of a statement, not of each row: that catches TRUNCATE, and a change that would touch no row.
        op.execute(
            f"CREATE TRIGGER {table}_added_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION nextlabel_added_only()"
        )
