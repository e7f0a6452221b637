"""How many answers of an evaluation are there already, told without preparing any question.

It must not know how models are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from slava.domain import Evaluation, EvaluationId, EvaluationSpec, ModelEntry, TestItem
from store import Store
from store.evaluations import Place


class There:
    """Where answers are; an evaluation is looked at again when its answers are more, or fewer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[EvaluationId, tuple[int, frozenset[Place]]] = {}

    def count(self, spec: EvaluationSpec, items: Sequence[TestItem]) -> int:
        """About so many: what came with the test set, and what the same weights have answered under
        the same settings. A micrograph that was calibrated since is asked about anew all the same.
        """
        ids = {item.id for item in items}
        given = sum(
            model.given_name in item.given
            for model in spec.models
            if model.is_given
            for item in items
        )
        asked = {_weights(m): m.title for m in spec.models if not m.is_given}
        found = set()
        for other in self._store.evaluations.list_evaluations():
            titles = {m.title: _weights(m) for m in other.spec.models if _weights(m) in asked}
            if not titles or _settings(other.spec) != _settings(spec):
                continue
            for item_id, model, level, swapped in self._places(other):
                wanted = level in spec.levels and (not swapped or "reliance" in spec.measures)
                if model in titles and item_id in ids and wanted:
                    found.add((titles[model], item_id, level, swapped))
        return given + len(found)

    def _places(self, evaluation: Evaluation) -> frozenset[Place]:
        known = self._known.get(evaluation.id)
        if known is None or known[0] != evaluation.done:
            known = (evaluation.done, self._store.evaluations.list_places(evaluation.id))
            self._known[evaluation.id] = known
        return known[1]


def _weights(model: ModelEntry) -> tuple[str, str]:
    return (model.identity, model.quantization)


def _settings(spec: EvaluationSpec) -> tuple[object, ...]:
    """What decides an answer besides the model and the question."""
    told = (spec.way, spec.max_new_tokens, spec.seed, spec.again)
    return (*told, spec.pack) if spec.way == "attributes" else told
