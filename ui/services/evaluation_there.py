"""How many answers of an evaluation are there already, told without preparing any question.

It must not know how models are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from slava.domain import EvaluationSpec, ModelEntry, TestItem
from store import Store


def count_there(store: Store, spec: EvaluationSpec, items: Sequence[TestItem]) -> int:
    """About so many: what came with the test set, and what the same weights have answered under the
    same settings. A micrograph that was calibrated since is asked about anew all the same.
    """
    ids = {item.id for item in items}
    there = {
        (model.title, item.id)
        for model in spec.models
        if model.is_given
        for item in items
        if model.given_name in item.given
    }
    asked = {_weights(m): m.title for m in spec.models if not m.is_given}
    found = set()
    for other in store.evaluations.list_evaluations():
        titles = {m.title: _weights(m) for m in other.spec.models if _weights(m) in asked}
        if not titles or _settings(other.spec) != _settings(spec):
            continue
        for a in store.evaluations.list_answers(other.id):
            wanted = a.level in spec.levels and (not a.swapped or "reliance" in spec.measures)
            if a.model in titles and a.item_id in ids and wanted and not a.answered.error:
                found.add((titles[a.model], a.item_id, a.level, a.swapped))
    return len(there) + len(found)


def _weights(model: ModelEntry) -> tuple[str, str]:
    return (model.identity, model.quantization)


def _settings(spec: EvaluationSpec) -> tuple[object, ...]:
    """What decides an answer besides the model and the question."""
    told = (spec.way, spec.max_new_tokens, spec.seed, spec.again)
    return (*told, spec.pack) if spec.way == "attributes" else told
