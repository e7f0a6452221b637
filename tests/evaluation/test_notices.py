"""Notices of answers: shown at the answer, counted beside the figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from slava.evaluation.files import write_parquet
from slava.evaluation.notices import RANKED_WITHOUT, count_notices, of_row
from slava.evaluation.report import report_html
from tests.evaluation.made import MODELS, made_results, picture

CUT = "cut at the limit of 24 tokens"


def test_they_are_counted_by_model_and_an_adapters_absence_is_named() -> None:
    rows = [row for row in made_results(5, levels=("high",)).rows if row.model == MODELS[1].title]
    told = [
        replace(row, notices=notices)
        for row, notices in zip(
            rows, [(RANKED_WITHOUT,), (RANKED_WITHOUT, CUT), (CUT, CUT), (), ()], strict=True
        )
    ]
    assert count_notices(rows) == []
    first, second = count_notices(told)
    assert first.startswith("sLAVA + steel adapter: 2 of 5 answers were given without the adapter")
    assert second == f"sLAVA + steel adapter: of 2 of 5 answers it is to be known: {CUT}."
    assert of_row((), (CUT,)) == (f"With another micrograph in its place: {CUT}",)


def test_they_stand_in_the_report_and_in_the_table(tmp_path: Path) -> None:
    results = made_results(5, levels=("high",))
    rows = (replace(results.rows[0], notices=(CUT,)), *results.rows[1:])
    results = replace(results, rows=rows)
    assert f'"notices":["{CUT}"]' in report_html(results, picture)
    write_parquet(results, tmp_path / "answers.parquet")
    column = pq.read_table(tmp_path / "answers.parquet")["notices"].to_pylist()
    assert [json.loads(one) if one else [] for one in column] == [[CUT], *([[]] * (len(rows) - 1))]


def test_the_models_own_words_are_told_by_how_they_begin() -> None:
    pytest.importorskip("torch")
    from slava.evaluation.notices import WITHOUT_ADAPTER
    from slava.vlm.adapted_builtin import EMPTY_NOTICE, PLAIN_NOTICE

    assert PLAIN_NOTICE == RANKED_WITHOUT
    assert EMPTY_NOTICE.startswith(WITHOUT_ADAPTER)
