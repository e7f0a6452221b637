"""A checkpoint of another kind, whole and quantized, in one evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import EvaluationSpec
from slava.evaluation.items import make_item
from store import Store
from tests.store.drawn_pairs import add_micrographs
from tests.store.plain_reader import PlainReader
from tests.vlm.conftest import Maker
from ui.services.evaluation_desk import EvaluationDesk
from ui.services.evaluation_results import results_of


def test_a_quantized_checkpoint_is_asked_beside_the_whole_one(
    checkpoint: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkpoint("llava")
    wanted = EvaluationSpec((), ("text", "reliance"), "", "", levels=("none",), max_new_tokens=4)
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        desk = EvaluationDesk(store)
        monkeypatch.setattr(desk, "make_ready", lambda *_, **__: [])
        ids = add_micrographs(store, tmp_path)
        items = [make_item(at, f"What does {at[:4]} show?", reference="Fibres.") for at in ids]
        test_set = store.test_sets.add_test_set("two", items, "a test")
        entries = [desk.entry(str(folder)), desk.entry(f"{folder}@int8")]
        spec = desk.spec(entries, test_set, wanted)
        evaluation = desk.begin(spec)
        tally = desk.ask(evaluation.id)
        again = desk.ask(evaluation.id)
        results = results_of(store, evaluation.id)
        keys = {a.answered.key for a in store.evaluations.list_answers(evaluation.id)}
    assert [m.title for m in spec.models] == ["llava", "llava, int8"]
    assert spec.models[0].identity == spec.models[1].identity
    wanted_answers = 2 * 2 * len(items)
    assert (tally.done, tally.failed, tally.found) == (wanted_answers, 0, 0)
    assert (again.found, len(keys)) == (wanted_answers, wanted_answers)
    assert {row.model for row in results.rows} == {"llava", "llava, int8"}
    assert all("cut at the limit of 4 tokens" in row.notices for row in results.rows)
