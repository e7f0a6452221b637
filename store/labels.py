"""The category that a micrograph was given, and every one before it: the newest counts.

It must not know which categories there are: a label is what somebody has called it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from slava.domain import MicrographId
from slava.errors import BadSetting
from store.clock import now
from store.database import Database, Row, Transaction
from store.micrograph_rows import require_micrographs
from store.rows import insert

Provenance = Literal["folder", "table", "drawing", "hand", "suggestion"]
"""Where a label came from: the folder its file lay in, a table, the program that drew it, a
person, or a person who agreed with what was suggested."""

LabelSetBy = Literal["import", "user"]

LONGEST_LABEL = 200

_NEWEST = (
    "SELECT l.* FROM labels l JOIN micrographs m ON m.id = l.micrograph_id "
    "AND m.removed_at IS NULL "
    "QUALIFY l.position = max(l.position) OVER (PARTITION BY l.micrograph_id)"
)
_TYPES = ("VARCHAR", "INTEGER", *["VARCHAR"] * 5)
_COLUMNS = "micrograph_id, label, source_group, provenance, set_by, set_at"


@dataclass(frozen=True, slots=True)
class Labelling:
    """A label to be given to a micrograph."""

    micrograph_id: MicrographId
    label: str | None
    """``None`` takes the label away."""
    group: str | None = None
    """Its source (sample, paper, folder); ``None`` leaves what was known of it."""
    provenance: Provenance = "hand"
    set_by: LabelSetBy = "user"


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """One entry of the history of a micrograph's label."""

    micrograph_id: MicrographId
    label: str | None
    """``None`` where it was taken away."""
    group: str
    """The source that it shares with others; empty where nothing is known of that."""
    provenance: Provenance
    set_by: LabelSetBy
    set_at: str


class Labels:
    """``store.labels``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_label(self, labelling: Labelling) -> LabelRecord:
        """Give a micrograph another label; the earlier ones stay in the history.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        BadSetting
            When the label is empty or longer than :data:`LONGEST_LABEL`.
        """
        return self.set_labels([labelling])[0]

    def set_labels(self, labellings: Iterable[Labelling]) -> list[LabelRecord]:
        """The same for many at once, all or none."""
        wanted = [(labelling, _checked(labelling.label)) for labelling in labellings]
        ids = [str(labelling.micrograph_id) for labelling, _ in wanted]
        moment = now()
        records: list[LabelRecord] = []
        rows: list[tuple[object, ...]] = []
        with self._database.writing() as transaction:
            require_micrographs(transaction, ids)
            newest = _newest(transaction, ids)
            for given, label in wanted:
                position, known = newest.get(given.micrograph_id, (-1, ""))
                group = known if given.group is None else given.group
                newest[given.micrograph_id] = (position + 1, group)
                how = (given.provenance, given.set_by, moment)
                records.append(LabelRecord(given.micrograph_id, label, group, *how))
                rows.append((given.micrograph_id, position + 1, label, group, *how))
            insert(transaction, "labels", _TYPES, rows)
        return records

    def get_label(self, micrograph_id: MicrographId) -> LabelRecord | None:
        """The newest entry; ``None`` when it never had a label."""
        history = self.list_history(micrograph_id)
        return history[-1] if history else None

    def get_labels(self, micrograph_ids: Iterable[MicrographId]) -> dict[MicrographId, LabelRecord]:
        """The newest entry of each of these micrographs that ever had a label."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM labels WHERE micrograph_id IN (SELECT unnest(?::VARCHAR[])) "
            "QUALIFY position = max(position) OVER (PARTITION BY micrograph_id)",
            [str(m) for m in micrograph_ids],
        )
        return {record.micrograph_id: record for record in map(_record, rows)}

    def list_history(self, micrograph_id: MicrographId) -> tuple[LabelRecord, ...]:
        """Every label that it has had, oldest first; the last one counts."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM labels WHERE micrograph_id = ? ORDER BY position",
            micrograph_id,
        )
        return tuple(_record(row) for row in rows)

    def list_labelled(self) -> list[LabelRecord]:
        """The newest entry of every micrograph that has a label now, in a fixed order."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM ({_NEWEST}) WHERE label IS NOT NULL ORDER BY micrograph_id"
        )
        return [_record(row) for row in rows]

    def list_unlabelled(self) -> list[MicrographId]:
        """Micrographs that have no label now, newest first."""
        rows = self._database.rows(
            f"SELECT id FROM micrographs WHERE removed_at IS NULL AND id NOT IN "
            f"(SELECT micrograph_id FROM ({_NEWEST}) WHERE label IS NOT NULL) "
            "ORDER BY added_at DESC, id"
        )
        return [MicrographId(row[0]) for row in rows]

    def count_labels(self) -> dict[str, int]:
        """How many micrographs have each label now, by the label's name."""
        rows = self._database.rows(
            f"SELECT label, count(*) FROM ({_NEWEST}) WHERE label IS NOT NULL "
            "GROUP BY label ORDER BY label"
        )
        return {label: int(count) for label, count in rows}


def _checked(label: str | None) -> str | None:
    if label is None:
        return None
    written = " ".join(label.split())
    if not written:
        raise BadSetting("A label cannot be empty. Type a name, or take the label away.")
    if len(written) > LONGEST_LABEL:
        raise BadSetting(
            f"The label {written[:30]!r}… has {len(written)} characters; "
            f"at most {LONGEST_LABEL} are kept. Use a shorter one."
        )
    return written


def _newest(transaction: Transaction, ids: list[str]) -> dict[str, tuple[int, str]]:
    """Position and group of the newest entry of each micrograph that has one."""
    rows = transaction.rows(
        "SELECT micrograph_id, max(position), arg_max(source_group, position) FROM labels "
        "WHERE micrograph_id IN (SELECT unnest(?::VARCHAR[])) GROUP BY micrograph_id",
        ids,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _record(row: Row) -> LabelRecord:
    return LabelRecord(MicrographId(row[0]), *row[1:])
