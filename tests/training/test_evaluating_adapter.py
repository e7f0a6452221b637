"""An adapter beside its base in an evaluation: the questions are the same, and it is counted which
answers the adapter gave."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from slava.domain import EvaluationSpec
from slava.evaluation.items import category_item, make_item
from slava.evaluation.notices import WITHOUT_ADAPTER
from slava.synthetic import draw_micrograph
from store import Store
from tests.store.plain_reader import PlainReader
from tests.training.conftest import NewRun
from tests.training.steel import QUESTION, SIGNS, answers, draw
from training.finetune.run import DONE, run_folder
from ui.services.evaluation_desk import EvaluationDesk
from ui.services.evaluation_models import BUILTIN_TITLE
from ui.services.evaluation_results import results_of

KINDS = sorted(list(SIGNS)[:3])
"""What the run is taught."""


def test_an_adapter_is_evaluated_beside_its_base(
    new_run: NewRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(name="steel")
    assert run_folder(folder.root) == DONE
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        desk = EvaluationDesk(store)
        monkeypatch.setattr(desk, "make_ready", lambda *_, **__: [])
        items = []
        for kind in KINDS:
            path = tmp_path / f"{kind}.png"
            Image.fromarray(draw(kind, 99)).save(path)
            at = store.micrographs.add_micrograph(path).micrograph.id
            items.append(category_item(at, kind, KINDS))
            items.append(make_item(at, QUESTION, reference=answers(kind)[0]))
        path = tmp_path / "tips.png"
        Image.fromarray(draw_micrograph(7, "tips", width_px=192, height_px=192).pixels).save(path)
        at = store.micrographs.add_micrograph(path).micrograph.id
        strange = [make_item(at, "What does it show?"), category_item(at, KINDS[0], KINDS)]
        test_set = store.test_sets.add_test_set("steel", [*items, *strange], "a test")
        adapter = store.adapters.add_adapter(folder.adapter, "steel")
        wanted = EvaluationSpec((), ("text", "category"), "", "", max_new_tokens=12)
        entries = [desk.entry("builtin"), desk.entry(f"adapter:{adapter.id}")]
        evaluation = desk.begin(desk.spec(entries, test_set, wanted))
        tally = desk.ask(evaluation.id)
        results = results_of(store, evaluation.id)

    assert (tally.done, tally.failed, tally.found) == (16, 0, 0)
    base, tuned = (
        {row.item.id: row for row in results.rows if row.model == title}
        for title in (BUILTIN_TITLE, "steel")
    )
    assert set(base) == set(tuned) == {item.id for item in [*items, *strange]}
    without = {
        row.item.id
        for row in tuned.values()
        if any(notice.startswith(WITHOUT_ADAPTER) for notice in row.notices)
    }
    assert {item.id for item in strange} <= without
    chosen = [item.id for item in items if item.classes]
    assert not set(chosen) & without
    assert sum(tuned[at].figures["category_right"] for at in chosen) >= 2
    for at in {item.id for item in strange}:
        assert tuned[at].answer == base[at].answer
    told = f"steel: {len(without)} of 8 answers were given without the adapter"
    assert any(note.startswith(told) for note in results.notes)
    assert not any(note.startswith(BUILTIN_TITLE) and "adapter" in note for note in results.notes)
