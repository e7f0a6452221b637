"""What is exported comes back: every field of every pair, in all formats."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from slava.domain import QAPair
from slava.exchange.entry import Entry
from slava.exchange.formats import FORMATS, Format, export_pairs, import_pairs
from slava.exchange.own import DRAFT
from slava.exchange.turns import IN_DETAIL
from tests.exchange.samples import EXHIBITS, IDS, entries, pair


def by_id(pairs: list[QAPair] | tuple[QAPair, ...]) -> dict[str, QAPair]:
    return {one.id: one for one in pairs}


@pytest.mark.parametrize("form", FORMATS)
@given(given=entries())
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_lost(form: Format, given: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        export_pairs(form, given, EXHIBITS, Path(folder))
        back = import_pairs(Path(folder), None)
        assert back.problems == ()
        assert by_id(back.pairs) == by_id([entry.pair for entry in given])
        for micrograph_id, found in back.micrographs.items():
            told = EXHIBITS[micrograph_id]
            assert found.read() == told.read_png()
            assert (found.label, found.licence) == (told.label, told.licence)
            calibration = found.calibration
            assert (calibration.nm_per_px if calibration else None) == told.nm_per_px


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_export_is_the_first(form: Format, tmp_path: Path) -> None:
    first = [
        Entry(pair("a?", "b", extra={"source": "x", "n": 3, "id": "007"}, detailed="b, long.")),
        Entry(pair("c?", "d", IDS[1:3], kind="comparison", extra={"source": "y", "list": [1, {}]})),
    ]
    one, two = tmp_path / "one", tmp_path / "two"
    export_pairs(form, first, EXHIBITS, one)
    again = [Entry(found) for found in import_pairs(one, None).pairs]
    export_pairs(form, again, EXHIBITS, two)
    tables = [path.relative_to(one) for path in one.rglob("*.json*")]
    assert tables or form == "parquet"
    for table in tables:
        assert (one / table).read_bytes() == (two / table).read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_an_edited_pair_brings_the_words_that_count_and_keeps_its_draft(
    form: Format, tmp_path: Path
) -> None:
    draft = pair("How large?", "about 3 µm")
    counted = replace(draft, answer="3.2 µm")
    export_pairs(form, [Entry(counted, "accepted", ("ada",), None, draft)], EXHIBITS, tmp_path)
    (found,) = import_pairs(tmp_path, None).pairs
    assert found.answer == "3.2 µm"
    assert found.id != draft.id
    assert found.extra[DRAFT] == {
        "id": draft.id,
        "question": "How large?",
        "answer": "about 3 µm",
        "detailed": "",
    }


def test_texts_that_somebody_changed_in_the_file_count(tmp_path: Path) -> None:
    export_pairs("llava", [Entry(pair("a?", "b", detailed="long"))], EXHIBITS, tmp_path)
    table = tmp_path / "data.json"
    records = json.loads(table.read_text(encoding="utf-8"))
    records[0]["conversations"][1]["value"] = "better"
    records[1]["conversations"][1]["value"] = "much better"
    table.write_text(json.dumps(records), encoding="utf-8")
    (found,) = import_pairs(table, None).pairs
    assert (found.question, found.answer, found.detailed) == ("a?", "better", "much better")


def test_concise_and_detailed_answers_are_conversations_of_their_own(tmp_path: Path) -> None:
    turns = [
        pair(f"{n}?", f"{n}.", detailed=long, conversation="c", position=n, kind="conversation")
        for n, long in enumerate(["", "one, at length."])
    ]
    export_pairs("llava", [Entry(one) for one in reversed(turns)], EXHIBITS, tmp_path)
    concise, detailed = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert [m["value"] for m in concise["conversations"]] == ["<image>\n0?", "0.", "1?", "1."]
    assert [m["value"] for m in detailed["conversations"]] == [
        "<image>\n0?",
        "0.",
        f"1?\n{IN_DETAIL}",
        "one, at length.",
    ]
    assert (concise["id"], detailed["id"]) == ("c", "c-detailed")
