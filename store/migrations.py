"""The schema as it grew: an append-only list of named steps, each its own transaction.

A step that has been released is never edited; a new one is appended. There are no foreign keys
and no secondary indexes: DuckDB checks foreign keys against the state before the transaction (a
parent and its children cannot go together), and its log replays plain tables best. ``verify``
checks the references instead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from slava.errors import WorkspaceDamaged
from store.database import Database, Transaction

Migration = Callable[[Transaction], None]


def first_workspace(transaction: Transaction) -> None:
    """Micrographs with their calibrations, facts, conversations, settings and ingests."""
    for statement in _FIRST_TABLES:
        transaction.run(statement)


_FIRST_TABLES = (
    """CREATE TABLE micrographs (
        id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, extension VARCHAR NOT NULL,
        format VARCHAR NOT NULL, width_px INTEGER NOT NULL, height_px INTEGER NOT NULL,
        bit_depth INTEGER NOT NULL, size_bytes BIGINT NOT NULL,
        vendor VARCHAR, instrument_model VARCHAR, detector VARCHAR, magnification DOUBLE,
        accelerating_voltage_kv DOUBLE, working_distance_mm DOUBLE, modality VARCHAR NOT NULL,
        acquired_at VARCHAR, databar_top INTEGER, databar_bottom INTEGER,
        nm_per_px DOUBLE, calibration_source VARCHAR, calibration_detail VARCHAR,
        sidecar_sha256 VARCHAR, warnings VARCHAR NOT NULL, notes VARCHAR NOT NULL,
        added_at VARCHAR NOT NULL, recovered BOOLEAN NOT NULL, removed_at VARCHAR)""",
    """CREATE TABLE calibrations (
        micrograph_id VARCHAR, position INTEGER, nm_per_px DOUBLE, source VARCHAR,
        detail VARCHAR, set_by VARCHAR NOT NULL, set_at VARCHAR NOT NULL,
        PRIMARY KEY (micrograph_id, position))""",
    """CREATE TABLE measurements (
        id VARCHAR PRIMARY KEY, micrograph_id VARCHAR NOT NULL, nm_per_px DOUBLE,
        calibration_source VARCHAR, method_version VARCHAR NOT NULL, kind VARCHAR NOT NULL,
        kind_confidence DOUBLE NOT NULL, count BIGINT, mean_size_px DOUBLE, mean_size_nm DOUBLE,
        labels_height_px INTEGER, labels_width_px INTEGER, labels_type VARCHAR, labels BLOB,
        warnings VARCHAR NOT NULL, recorded_at VARCHAR NOT NULL)""",
    """CREATE TABLE facts (
        measurement_id VARCHAR, position INTEGER, name VARCHAR NOT NULL, label VARCHAR NOT NULL,
        value VARCHAR NOT NULL, unit VARCHAR NOT NULL, uncertainty DOUBLE,
        method VARCHAR NOT NULL, parameters VARCHAR NOT NULL,
        PRIMARY KEY (measurement_id, position))""",
    """CREATE TABLE conversations (
        id VARCHAR PRIMARY KEY, micrograph_id VARCHAR NOT NULL, title VARCHAR NOT NULL,
        created_at VARCHAR NOT NULL, updated_at VARCHAR NOT NULL)""",
    """CREATE TABLE turns (
        id VARCHAR PRIMARY KEY, conversation_id VARCHAR NOT NULL, position INTEGER NOT NULL,
        question VARCHAR NOT NULL, answer VARCHAR NOT NULL, status VARCHAR NOT NULL,
        model VARCHAR NOT NULL, adapter VARCHAR NOT NULL, quantization VARCHAR NOT NULL,
        settings VARCHAR NOT NULL, context_level VARCHAR NOT NULL, context VARCHAR NOT NULL,
        seen VARCHAR NOT NULL, seconds DOUBLE, first_token_seconds DOUBLE, tokens BIGINT,
        warnings VARCHAR NOT NULL, error VARCHAR NOT NULL, created_at VARCHAR NOT NULL,
        superseded_at VARCHAR)""",
    """CREATE TABLE settings (
        name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL, updated_at VARCHAR NOT NULL)""",
    """CREATE TABLE ingests (
        id VARCHAR PRIMARY KEY, folder VARCHAR NOT NULL, total BIGINT NOT NULL,
        status VARCHAR NOT NULL, started_at VARCHAR NOT NULL, finished_at VARCHAR)""",
    """CREATE TABLE ingest_files (
        ingest_id VARCHAR, position BIGINT, path VARCHAR NOT NULL, outcome VARCHAR NOT NULL,
        micrograph_id VARCHAR, reason VARCHAR NOT NULL, PRIMARY KEY (ingest_id, position))""",
)


def add_scale_bars(transaction: Transaction) -> None:
    """What the letters in a picture say, and whether they have been read."""
    transaction.run("ALTER TABLE micrographs ADD COLUMN scale_bar VARCHAR")
    transaction.run("ALTER TABLE micrographs ADD COLUMN databar_read BOOLEAN DEFAULT false")


def add_letters(transaction: Transaction) -> None:
    """Where letters are burnt into a picture: boxes that nothing is measured in."""
    transaction.run("ALTER TABLE micrographs ADD COLUMN letters VARCHAR DEFAULT '[]'")


def add_labels_and_vectors(transaction: Transaction) -> None:
    """What micrographs were called, and the vectors that encoders made of them."""
    for statement in _LABEL_TABLES:
        transaction.run(statement)


_LABEL_TABLES = (
    """CREATE TABLE labels (
        micrograph_id VARCHAR, position INTEGER, label VARCHAR, source_group VARCHAR NOT NULL,
        provenance VARCHAR NOT NULL, set_by VARCHAR NOT NULL, set_at VARCHAR NOT NULL,
        PRIMARY KEY (micrograph_id, position))""",
    """CREATE TABLE encoders (
        id INTEGER PRIMARY KEY, reference VARCHAR NOT NULL, preprocessing VARCHAR NOT NULL,
        dimension INTEGER NOT NULL, added_at VARCHAR NOT NULL)""",
    """CREATE TABLE vectors (
        encoder_id INTEGER, micrograph_id VARCHAR, vector BLOB NOT NULL,
        recorded_at VARCHAR NOT NULL, PRIMARY KEY (encoder_id, micrograph_id))""",
)


def add_details(transaction: Transaction) -> None:
    """What was measured object by object, and how somebody wanted it measured."""
    transaction.run("ALTER TABLE measurements ADD COLUMN details BLOB")
    transaction.run("ALTER TABLE measurements ADD COLUMN wish VARCHAR")


def add_pairs(transaction: Transaction) -> None:
    """Pairs, what was said of them, what teachers were asked; terms of a micrograph."""
    transaction.run("ALTER TABLE micrographs ADD COLUMN confidential BOOLEAN DEFAULT false")
    transaction.run("ALTER TABLE micrographs ADD COLUMN licence VARCHAR DEFAULT ''")
    for statement in _PAIR_TABLES:
        transaction.run(statement)


_PAIR_TABLES = (
    """CREATE TABLE pairs (
        id VARCHAR PRIMARY KEY, seq BIGINT NOT NULL, micrograph_ids VARCHAR NOT NULL,
        question VARCHAR NOT NULL, answer VARCHAR NOT NULL, detailed VARCHAR NOT NULL,
        paraphrases VARCHAR NOT NULL, kind VARCHAR NOT NULL, aspect VARCHAR NOT NULL,
        category VARCHAR NOT NULL, source_group VARCHAR NOT NULL, conversation VARCHAR NOT NULL,
        position INTEGER NOT NULL, teacher VARCHAR NOT NULL, model VARCHAR NOT NULL,
        prompt_version VARCHAR NOT NULL, parameters VARCHAR NOT NULL, request_id VARCHAR NOT NULL,
        facts VARCHAR NOT NULL, extra VARCHAR NOT NULL, added_at VARCHAR NOT NULL)""",
    """CREATE TABLE pair_flags (
        pair_id VARCHAR PRIMARY KEY, flags VARCHAR NOT NULL, checked_at VARCHAR NOT NULL)""",
    """CREATE TABLE pair_states (
        pair_id VARCHAR PRIMARY KEY, seq BIGINT NOT NULL, micrographs VARCHAR NOT NULL,
        kind VARCHAR NOT NULL, aspect VARCHAR NOT NULL, category VARCHAR NOT NULL,
        teacher VARCHAR NOT NULL, model VARCHAR NOT NULL, prompt_version VARCHAR NOT NULL,
        severity DOUBLE NOT NULL, flags VARCHAR NOT NULL,
        state VARCHAR NOT NULL, reason VARCHAR NOT NULL, reviewers VARCHAR NOT NULL,
        skippers VARCHAR NOT NULL, reviews INTEGER NOT NULL, written INTEGER NOT NULL,
        reviewed_at VARCHAR NOT NULL,
        question VARCHAR, answer VARCHAR, detailed VARCHAR)""",
    """CREATE TABLE pair_words (
        pair_id VARCHAR PRIMARY KEY, seq BIGINT NOT NULL,
        words VARCHAR USING COMPRESSION uncompressed,
        g0 BIGINT, g1 BIGINT, g2 BIGINT, g3 BIGINT, g4 BIGINT, g5 BIGINT, g6 BIGINT, g7 BIGINT,
        g8 BIGINT, g9 BIGINT, g10 BIGINT, g11 BIGINT, g12 BIGINT, g13 BIGINT, g14 BIGINT,
        g15 BIGINT)""",
    """CREATE TABLE reviews (
        seq BIGINT PRIMARY KEY, step BIGINT NOT NULL, pair_id VARCHAR NOT NULL,
        position INTEGER NOT NULL, reviewer VARCHAR NOT NULL, verdict VARCHAR NOT NULL,
        reason VARCHAR, comment VARCHAR NOT NULL, question VARCHAR, answer VARCHAR,
        detailed VARCHAR, seconds DOUBLE, reviewed_at VARCHAR NOT NULL)""",
    """CREATE TABLE review_steps (
        step BIGINT PRIMARY KEY, reviewer VARCHAR NOT NULL, action VARCHAR NOT NULL,
        target BIGINT NOT NULL, taken_at VARCHAR NOT NULL)""",
    """CREATE TABLE pair_vectors (
        encoder_id INTEGER, pair_id VARCHAR, vector BLOB NOT NULL, recorded_at VARCHAR NOT NULL,
        PRIMARY KEY (encoder_id, pair_id))""",
    """CREATE TABLE draft_jobs (
        id VARCHAR PRIMARY KEY, total BIGINT NOT NULL, status VARCHAR NOT NULL, cap_usd DOUBLE,
        settings VARCHAR NOT NULL, reason VARCHAR NOT NULL, started_at VARCHAR NOT NULL,
        finished_at VARCHAR NOT NULL)""",
    """CREATE TABLE draft_requests (
        id VARCHAR PRIMARY KEY, seq BIGINT NOT NULL, job_id VARCHAR NOT NULL,
        state VARCHAR NOT NULL, payload_json VARCHAR NOT NULL,
        estimated_cost_usd DOUBLE NOT NULL, raw_response VARCHAR NOT NULL,
        cost_usd DOUBLE NOT NULL, tokens_read BIGINT NOT NULL, tokens_written BIGINT NOT NULL,
        reason VARCHAR NOT NULL, attempts INTEGER NOT NULL, prepared_at VARCHAR NOT NULL,
        sent_at VARCHAR NOT NULL, finished_at VARCHAR NOT NULL)""",
)


def add_snapshots(transaction: Transaction) -> None:
    """Frozen training sets; their files are in folders of their own."""
    transaction.run(
        """CREATE TABLE snapshots (
            id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, pairs VARCHAR NOT NULL,
            micrographs VARCHAR NOT NULL, created_at VARCHAR NOT NULL, folder VARCHAR NOT NULL,
            seed BIGINT NOT NULL, datasheet VARCHAR NOT NULL)"""
    )


def add_runs(transaction: Transaction) -> None:
    """Runs, their events and adapters; their files are in folders of their own."""
    for statement in _RUN_TABLES:
        transaction.run(statement)


_RUN_TABLES = (
    """CREATE TABLE runs (
        id VARCHAR PRIMARY KEY, snapshot_id VARCHAR NOT NULL, backbone VARCHAR NOT NULL,
        preset VARCHAR NOT NULL, settings VARCHAR NOT NULL, state VARCHAR NOT NULL,
        created_at VARCHAR NOT NULL, started_at VARCHAR NOT NULL, ended_at VARCHAR NOT NULL,
        step BIGINT NOT NULL, steps BIGINT NOT NULL, loss DOUBLE, val_loss DOUBLE,
        peak_memory_bytes BIGINT, seconds DOUBLE NOT NULL, reason VARCHAR NOT NULL,
        notes VARCHAR NOT NULL, pid BIGINT, pid_started DOUBLE, queued_at VARCHAR NOT NULL,
        last_at VARCHAR NOT NULL, last_seq BIGINT NOT NULL)""",
    """CREATE TABLE run_events (
        run_id VARCHAR, seq BIGINT, kind VARCHAR NOT NULL, line VARCHAR NOT NULL,
        PRIMARY KEY (run_id, seq))""",
    """CREATE TABLE adapters (
        id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, run_id VARCHAR, backbone VARCHAR NOT NULL,
        method VARCHAR NOT NULL, folder VARCHAR NOT NULL, size_bytes BIGINT NOT NULL,
        created_at VARCHAR NOT NULL, metrics VARCHAR NOT NULL)""",
)


def add_evaluations(transaction: Transaction) -> None:
    """Test sets, evaluations, the answers of models, and what people gave them."""
    for statement in _EVALUATION_TABLES:
        transaction.run(statement)


_EVALUATION_TABLES = (
    """CREATE TABLE test_sets (
        id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, source VARCHAR NOT NULL,
        count BIGINT NOT NULL, created_at VARCHAR NOT NULL, notes VARCHAR NOT NULL)""",
    """CREATE TABLE test_items (
        set_id VARCHAR, position BIGINT, item_id VARCHAR NOT NULL, record VARCHAR NOT NULL,
        PRIMARY KEY (set_id, position))""",
    """CREATE TABLE evaluations (
        id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, spec VARCHAR NOT NULL,
        set_id VARCHAR NOT NULL, state VARCHAR NOT NULL, total BIGINT NOT NULL,
        created_at VARCHAR NOT NULL, reason VARCHAR NOT NULL)""",
    """CREATE TABLE model_answers (
        key VARCHAR PRIMARY KEY, answer VARCHAR NOT NULL, seconds DOUBLE NOT NULL,
        tokens BIGINT NOT NULL, error VARCHAR NOT NULL, ranked VARCHAR NOT NULL,
        context VARCHAR NOT NULL, asked VARCHAR NOT NULL, answered_at VARCHAR NOT NULL)""",
    """CREATE TABLE evaluation_answers (
        evaluation_id VARCHAR, item_id VARCHAR, model VARCHAR, level VARCHAR, swapped BOOLEAN,
        key VARCHAR NOT NULL,
        PRIMARY KEY (evaluation_id, item_id, model, level, swapped))""",
    """CREATE TABLE person_scores (
        seq BIGINT PRIMARY KEY, key VARCHAR NOT NULL, measure VARCHAR NOT NULL,
        person VARCHAR NOT NULL, score DOUBLE, comment VARCHAR NOT NULL,
        scored_at VARCHAR NOT NULL)""",
)


def add_evidence(transaction: Transaction) -> None:
    """What people know of micrographs from elsewhere: composition data, words of a paper."""
    transaction.run(
        """CREATE TABLE evidence (
            micrograph_id VARCHAR, kind VARCHAR, position INTEGER, record VARCHAR,
            set_by VARCHAR NOT NULL, set_at VARCHAR NOT NULL,
            PRIMARY KEY (micrograph_id, kind, position))"""
    )


def add_answer_notices(transaction: Transaction) -> None:
    """What must be known of a model's answer: cut, given without the adapter."""
    transaction.run("ALTER TABLE model_answers ADD COLUMN notices VARCHAR DEFAULT '[]'")


MIGRATIONS: tuple[tuple[str, Migration], ...] = (
    ("first_workspace", first_workspace),
    ("add_scale_bars", add_scale_bars),
    ("add_letters", add_letters),
    ("add_labels_and_vectors", add_labels_and_vectors),
    ("add_details", add_details),
    ("add_pairs", add_pairs),
    ("add_snapshots", add_snapshots),
    ("add_runs", add_runs),
    ("add_evaluations", add_evaluations),
    ("add_answer_notices", add_answer_notices),
    ("add_evidence", add_evidence),
)
"""Name and step, oldest first. Append only."""


def migrate(
    database: Database, migrations: tuple[tuple[str, Migration], ...] = MIGRATIONS
) -> tuple[str, ...]:
    """Bring the schema up to date; return the names of the steps that were taken.

    Raises
    ------
    WorkspaceDamaged
        When the database is of a newer sLAVA, or of another program.
    """
    applied = _applied(database)
    known = tuple(name for name, _ in migrations)
    _refuse_unknown(applied, known, database)
    taken = []
    for position, (name, step) in enumerate(migrations[len(applied) :], start=len(applied)):
        with database.writing() as transaction:
            step(transaction)
            transaction.run(
                "INSERT INTO schema_migrations VALUES (?, ?, ?)",
                position,
                name,
                datetime.now(UTC).isoformat(timespec="seconds"),
            )
        taken.append(name)
    return tuple(taken)


def _applied(database: Database) -> tuple[str, ...]:
    """Names of the steps taken so far; makes the table that keeps them in an empty file."""
    tables = {name for (name,) in database.rows("SELECT table_name FROM duckdb_tables()")}
    if not tables:
        with database.writing() as transaction:
            transaction.run(
                "CREATE TABLE schema_migrations (position INTEGER PRIMARY KEY, "
                "name VARCHAR NOT NULL, applied_at VARCHAR NOT NULL)"
            )
    elif "schema_migrations" not in tables:
        raise WorkspaceDamaged(
            f"{database.path} is a DuckDB database of another program (it has the table "
            f"{min(tables)}). Choose another folder with --workspace DIR."
        )
    rows = database.rows("SELECT name FROM schema_migrations ORDER BY position")
    return tuple(name for (name,) in rows)


def _refuse_unknown(applied: tuple[str, ...], known: tuple[str, ...], database: Database) -> None:
    if applied == known[: len(applied)]:
        return
    unknown = next((a for a in applied if a not in known), applied[-1])
    raise WorkspaceDamaged(
        f"{database.path} was written by a newer sLAVA (its schema has the step {unknown!r}, "
        "unknown here). Update sLAVA, or choose another folder with --workspace DIR."
    )
