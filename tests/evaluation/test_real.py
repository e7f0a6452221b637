"""The built-in model asked about real micrographs: what context is worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slava.domain import EvaluationSpec
from slava.evaluation.tables import grouped
from slava.settings import Settings
from store import Store
from store.received_tests import take_path
from ui.services.evaluation_desk import EvaluationDesk
from ui.services.evaluation_results import results_of

EACH = 2


@pytest.mark.real_data
def test_sizes_are_right_with_context_and_unknown_without(real_data: Path, tmp_path: Path) -> None:
    truth = json.loads((real_data / "nffa" / "truth.json").read_text(encoding="utf-8"))["size"]
    kinds = {kind: [one for one in truth if f"/{kind}/" in one["file"]][:EACH]
             for kind in ("fibers", "particles")}  # fmt: skip
    records = [
        {
            "file": str(real_data / "nffa" / one["file"]),
            "question": f"What is the mean diameter of the {kind.replace('fibers', 'fibres')}?",
            "quantity": f"{one['expert_mean_size_um']:g} µm",
            "answers": {name: f"{um} µm" for name, um in one["published_answers_um"].items()},
        }
        for kind, listed in kinds.items()
        for one in listed
    ]
    file = tmp_path / "sizes.jsonl"
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    settings = Settings.gather(workspace=tmp_path / "w", environ={})
    with Store.open(settings.workspace) as store:
        desk = EvaluationDesk(store)
        test_set = take_path(store, file)
        items = store.test_sets.list_items(test_set.id)
        wanted = EvaluationSpec((), ("quantity", "grounded"), "", "", levels=("none", "high"))
        evaluation = desk.begin(desk.spec(desk.entries(items), test_set, wanted))
        tally = desk.ask(evaluation.id, confirm_bars=True)
        again = desk.ask(evaluation.id)
        results = results_of(store, evaluation.id)
    assert (tally.failed, again.found) == (0, again.total)
    within = {
        (cell.model, cell.group): cell.mean for cell in grouped(results, "quantity_within", "level")
    }
    ours = [within["Built-in sLAVA", level] for level in ("none", "high")]
    assert ours[0] <= 0.25
    assert ours[1] >= 0.75
    assert {row.model for row in results.rows} == {m.title for m in results.models}
    high = [r for r in results.rows if r.model == "Built-in sLAVA" and r.level == "high"]
    assert all(row.figures["nothing_invented"] == 1.0 for row in high)
