"""The answers as CSV and Parquet: every answer a row, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from slava.evaluation.files import columns_of, write_csv, write_parquet
from slava.evaluation.results import Figure
from slava.handoff.cells import safe_cell
from tests.evaluation.made import made_results


def test_csv_has_every_answer_and_every_figure(tmp_path: Path) -> None:
    results = made_results(5, levels=("none", "high"))
    write_csv(results, tmp_path / "answers.csv")
    content = (tmp_path / "answers.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert len(rows) == len(results.rows)
    assert list(rows[0]) == list(columns_of(results))
    for told, row in zip(rows, results.rows, strict=True):
        assert told["answer"] == row.answer
        assert float(told["bleu2"]) == row.figures["bleu2"]
        assert told["category"] == row.item.category
        right = row.figures.get("defect_right")
        assert told["defect_right"] == ("" if right is None else repr(right))
        assert len(json.loads(told["judgements"])) == len(row.judgements)


def test_nothing_in_the_csv_is_run(tmp_path: Path) -> None:
    results = made_results(5, levels=("high",))
    wild = tuple(
        replace(row, answer=f"{begin}HYPERLINK(1)", context="\tcmd", said_category="@SUM(1)")
        for row, begin in zip(results.rows, "=+-@\t\r" * 3, strict=False)
    )
    write_csv(replace(results, rows=wild), tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(encoding="utf-8-sig", newline="") as opened:
        for told in csv.DictReader(opened):
            assert told["answer"].startswith("'")
            assert told["context"] == "'\tcmd"
            assert told["said_category"] == "'@SUM(1)"
    assert safe_cell("-5 nm is said") == "'-5 nm is said"
    assert safe_cell("5 nm") == "5 nm"


def test_parquet_has_the_same_with_nothing_where_nothing_is(tmp_path: Path) -> None:
    results = made_results(5, levels=("high",))
    write_parquet(results, tmp_path / "answers.parquet")
    table = pq.read_table(tmp_path / "answers.parquet")
    assert table.column_names == list(columns_of(results))
    for told, row in zip(table.to_pylist(), results.rows, strict=True):
        assert told["answer"] == row.answer
        assert told["category_right"] == row.figures.get("category_right")
        assert told["defect_right"] == row.figures.get("defect_right")
    assert [p.name for p in tmp_path.iterdir()] == ["answers.parquet"]


def test_a_figure_named_like_another_column_keeps_both() -> None:
    results = made_results(5, levels=("high",))
    more = replace(results, figures=(Figure("seconds", "Seconds", 0, 9),))
    columns = columns_of(more)
    assert len(set(columns)) == len(columns)
    assert "figure_seconds" in columns
