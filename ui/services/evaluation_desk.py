"""Between the workspace and evaluating: micrographs, models, answers, results.

Used by the command and by the window's job. It must not know how either shows anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import get_args

from slava.domain import (
    Evaluation,
    EvaluationId,
    EvaluationSpec,
    MeasureName,
    MicrographId,
    ModelEntry,
    TestItem,
    TestSet,
)
from slava.errors import Cancelled, SlavaError
from slava.evaluation.asking import Tally, ask_all
from slava.evaluation.keys import evaluation_id
from slava.evaluation.planning import Ask, Subject, asks_of, count_asks
from slava.packs import FOLDER, Pack, load_pack
from slava.vlm.context import LEVELS
from ui.services.evaluation_models import EvaluationModels

KEPT_MICROGRAPHS = 256


@dataclass(frozen=True, slots=True)
class Readiness:
    """The micrographs of a test set."""

    micrographs: int
    uncalibrated: int
    """Without a calibration; those among them whose scale bar could be confirmed:"""
    proposed: int


class EvaluationDesk(EvaluationModels):
    """Asks models the questions of a test set; safe to use from any thread."""

    def pack(self, pack_id: str) -> Pack:
        """The pack, the workspace's own copy first."""
        return load_pack(pack_id, self.store.workspace / FOLDER)

    def _as_served(self, evaluation: EvaluationId, asks: Sequence[Ask]) -> tuple[Ask, ...]:
        """The asks, those to served models with what their servers report, which is kept."""
        found = {entry: self.served(entry) for entry in dict.fromkeys(ask.model for ask in asks)}
        if any(entry != now for entry, now in found.items()):
            kept = self.store.evaluations.get_evaluation(evaluation).spec.models
            models = tuple(found.get(entry, entry) for entry in kept)
            self.store.evaluations.set_models(evaluation, models)
        return tuple(replace(ask, model=found[ask.model]) for ask in asks)

    def _besides(self, evaluation: EvaluationId, asks: Sequence[Ask]) -> int:
        """So many answers are there that are not asked any more: their micrographs were removed."""
        asked = {(a.item.id, a.model.title, a.level, a.swapped) for a in asks}
        return len(self.store.evaluations.list_places(evaluation) - asked)

    def _may_leave(self, asks: Sequence[Ask]) -> tuple[tuple[Ask, ...], list[str]]:
        """What may be asked: nothing about a confidential micrograph goes to another machine."""
        away = {ask.model for ask in asks if _is_away(ask.model)}
        shown = {at for ask in asks for at in (ask.shown, ask.item.micrograph_id)} if away else ()
        micrographs = self.store.test_sets.list_micrographs(shown)
        secret = {m.id for m in micrographs if m.confidential}
        kept = tuple(
            ask
            for ask in asks
            if ask.model not in away or not {ask.shown, ask.item.micrograph_id} & secret
        )
        count = len(asks) - len(kept)
        told = f"{count} questions about confidential micrographs were not sent to other machines."
        return kept, [told] if count else []

    # ------------------------------------------------------------------ micrographs
    def readiness(self, items: Sequence[TestItem]) -> Readiness:
        """How many micrographs of a test set are calibrated."""
        records = self.store.test_sets.list_micrographs(item.micrograph_id for item in items)
        blind = [r for r in records if r.calibration is None]
        return Readiness(len(records), len(blind), sum(r.proposal is not None for r in blind))

    def there(self, items: Sequence[TestItem]) -> tuple[TestItem, ...]:
        """The questions about micrographs that have not been removed."""
        ids = {item.micrograph_id for item in items}
        ids = {m.id for m in self.store.test_sets.list_micrographs(ids)}
        return tuple(item for item in items if item.micrograph_id in ids)

    def make_ready(
        self,
        items: Sequence[TestItem],
        *,
        confirm_bars: bool = False,
        check: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> list[str]:
        """Read the databars and measure what has not been; what failed, in words.

        Parameters
        ----------
        confirm_bars
            Make every scale bar that was read the calibration where there is none: the user
            answers for it.
        """
        ids = sorted({item.micrograph_id for item in items})
        failed = []
        for number, micrograph_id in enumerate(ids):
            check()
            tell(f"reading and measuring micrographs: {number + 1} of {len(ids)}")
            try:
                failed += self._make_ready(micrograph_id, confirm_bars)
            except SlavaError as error:
                failed.append(str(error))
        return failed

    def _make_ready(self, micrograph_id: MicrographId, confirm_bars: bool) -> list[str]:
        record = self.store.micrographs.get_micrograph(micrograph_id)
        if not record.databar_read:
            record = self.store.micrographs.read_databar(micrograph_id)
        if confirm_bars and record.calibration is None and record.proposal is not None:
            self.store.micrographs.confirm_proposal(micrograph_id)
        return self.store.knowledge.measure_missing([micrograph_id], lambda _: None)

    def subjects(self) -> Callable[[MicrographId], Subject]:
        """What is known of micrographs, each looked up once while the function lives."""

        @lru_cache(maxsize=KEPT_MICROGRAPHS)
        def known(micrograph_id: MicrographId) -> Subject:
            record = self.store.micrographs.get_micrograph(micrograph_id)
            facts = self.store.knowledge.facts(record)
            return Subject(record, facts, lambda: self.store.micrographs.read_grey(micrograph_id))

        return known

    # ------------------------------------------------------------------ asking
    def spec(
        self, entries: Sequence[ModelEntry], test_set: TestSet, wanted: EvaluationSpec
    ) -> EvaluationSpec:
        """The whole spec: ``wanted`` with the models identified, the test set named, and levels and
        measures in their own order, each once."""
        return replace(
            wanted,
            models=self.identified(entries),
            measures=tuple(m for m in get_args(MeasureName) if m in wanted.measures),
            levels=tuple(level for level in LEVELS if level in wanted.levels),
            dataset=test_set.name,
            dataset_id=test_set.id,
        )

    def again(self, spec: EvaluationSpec) -> EvaluationSpec:
        """The spec for asking everything anew, whatever is there; old answers stay where they are.
        What was begun so and has not ended goes on."""
        listed = self.store.evaluations.list_evaluations()
        first = evaluation_id(replace(spec, again=0))
        for one in (one for one in listed if one.spec.again and one.state != "done"):
            if evaluation_id(replace(one.spec, again=0)) == first:
                return one.spec
        return replace(spec, again=1 + max((one.spec.again for one in listed), default=0))

    def begin(self, spec: EvaluationSpec, name: str = "") -> Evaluation:
        """Write an evaluation down; the same spec again goes on."""
        items = self.store.test_sets.list_items(spec.dataset_id)
        return self.store.evaluations.add_evaluation(spec, name, count_asks(spec, items))

    def ask(
        self,
        evaluation: EvaluationId,
        *,
        confirm_bars: bool = False,
        check: Callable[[], None] = lambda: None,
        tell: Callable[[Tally], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        stop: threading.Event | None = None,
    ) -> Tally:
        """Ask what is missing; how it ended is written down. What is about a micrograph that was
        removed is left out.

        Raises
        ------
        Cancelled
            As ``check`` does; what has been answered is kept.
        SlavaError
            If a model cannot be opened, or fails several times in a row.
        """
        evaluations = self.store.evaluations
        spec = evaluations.get_evaluation(evaluation).spec
        items = self.there(self.store.test_sets.list_items(spec.dataset_id))
        try:
            failed = self.make_ready(items, confirm_bars=confirm_bars, check=check, tell=say)
            self.require_same(spec)
            known = self.subjects()
            asks, held = self._may_leave(asks_of(spec, items, known, self.pack(spec.pack)))
            asks = self._as_served(evaluation, asks)
            failed = [*held, *failed]
            evaluations.set_total(evaluation, len(asks) + self._besides(evaluation, asks))
            book = evaluations.book(evaluation)
            tally = ask_all(asks, spec, known, self.opened, book, check=check, tell=tell, stop=stop)
        except Cancelled:
            evaluations.set_state(evaluation, "cancelled")
            raise
        except SlavaError as error:
            evaluations.set_state(evaluation, "failed", str(error))
            raise
        except BaseException as error:
            evaluations.set_state(evaluation, "failed", type(error).__name__)
            raise
        evaluations.set_state(evaluation, "done", " ".join(failed[:1]))
        return tally


def _is_away(entry: ModelEntry) -> bool:
    """Whether asking it sends micrographs to another machine."""
    from slava.teacher.client import place_of
    from slava.vlm.load import kind_of

    if entry.is_given or kind_of(entry.reference) != "endpoint":
        return False
    return not place_of(entry.reference.partition("#")[0])[1]
