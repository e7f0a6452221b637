"""The answers of an evaluation as a table for other programs: CSV and Parquet, one row per answer.

It must not know how figures came about.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slava.evaluation.results import Results, Row
from slava.handoff.cells import safe_cell
from slava.handoff.files import write_whole

TEXTS = (
    "evaluation",
    "dataset_id",
    "model",
    "model_reference",
    "adapter",
    "identity",
    "level",
    "item",
    "micrograph",
    "kind",
    "topic",
    "complexity",
    "category",
    "question",
    "asked",
    "context",
    "reference",
    "answer",
    "error",
    "said_category",
    "swapped",
    "flags",
    "notices",
    "judgements",
    "people",
)
"""Columns of text; ``flags``, ``notices``, ``judgements`` and ``people`` are JSON lists."""
NUMBERS = ("seconds",)
"""Columns of numbers, before one column per figure."""


def write_csv(results: Results, path: Path) -> None:
    """UTF-8 with a byte order mark, so that spreadsheets read it; nothing in it is run by them."""
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\r\n")
    columns = columns_of(results)
    table.writerow(safe_cell(column) for column in columns)
    for record in _records(results):
        table.writerow(_cell(record[column]) for column in columns)
    write_whole(written.getvalue().encode("utf-8-sig", "replace"), path)


def write_parquet(results: Results, path: Path) -> None:
    """The same columns; a figure that an answer does not have is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = set(TEXTS)
    schema = pa.schema(
        [(c, pa.string() if c in texts else pa.float64()) for c in columns_of(results)]
    )
    written = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_records(results), schema=schema), written)
    write_whole(written.getvalue(), path)


def columns_of(results: Results) -> tuple[str, ...]:
    """The columns of both files; a figure of the name of another column gets ``figure_`` before."""
    return (*TEXTS, *NUMBERS, *(_figure_column(f.name) for f in results.figures))


def _figure_column(name: str) -> str:
    return f"figure_{name}" if name in TEXTS or name in NUMBERS else name


def _records(results: Results) -> list[dict[str, Any]]:
    entries = {model.title: model for model in results.models}
    records = []
    for row in results.rows:
        entry = entries[row.model]
        records.append(
            {
                "evaluation": results.evaluation.id,
                "dataset_id": results.evaluation.spec.dataset_id,
                "model_reference": entry.reference,
                "adapter": entry.adapter,
                "identity": entry.identity,
                **_own(row),
                **{_figure_column(f.name): row.figures.get(f.name) for f in results.figures},
            }
        )
    return records


def _own(row: Row) -> dict[str, Any]:
    item = row.item
    return {
        "model": row.model,
        "level": row.level,
        "item": item.id,
        "micrograph": item.micrograph_id,
        "kind": item.kind,
        "topic": item.topic,
        "complexity": item.complexity,
        "category": item.category,
        "question": item.question,
        "asked": row.asked,
        "context": row.context,
        "reference": item.reference,
        "answer": row.answer,
        "error": row.error,
        "said_category": row.said_category,
        "swapped": row.swapped,
        "flags": _json(list(row.flags)),
        "notices": _json(list(row.notices)),
        "judgements": _json([asdict(j) for j in row.judgements]),
        "people": _json([asdict(s) for s in row.scores]),
        "seconds": row.seconds,
    }


def _json(value: list[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return safe_cell(value)
    return "" if value is None else repr(float(value))
