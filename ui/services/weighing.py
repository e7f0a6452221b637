"""How much the model's vote is worth in this library: it is asked about labelled micrographs.

Each is left out of the library while its neighbours vote and the model answers; what both are
worth is fitted on that, kept for encoder and model, and used from then on. It must not know how
votes are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slava.domain import Classification, MicrographId, Ranked
from slava.errors import ModelError
from ui.services.demonstrations import Demonstrations, Stamp
from ui.services.job import Job, Progress
from ui.services.models import Models
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.index import Index
    from slava.vlm.backbone import Backbone
    from ui.services.wishes import Wish

ASKED = 24
"""So many labelled micrographs the model is asked about."""

Judge = Callable[["Wish", MicrographId, Stamp, "Index", "Backbone"], Classification]


@dataclass(frozen=True, slots=True)
class Weighed(Progress):
    """How far it has come, or what came of it."""

    model_right: int = 0
    neighbours_right: int = 0


class Weighing:
    """Weighs the model that is chosen; safe to use from any thread."""

    def __init__(
        self, models: Models, news: News, demonstrations: Demonstrations, judge: Judge
    ) -> None:
        self._models, self._judge = models, judge
        self._demonstrations = demonstrations
        self.job = Job[Weighed]("weighing", news, "the model is being weighed. Wait for its end.")

    def begin(self, wish: Wish, stamp: Stamp) -> None:
        """Ask the model about labelled micrographs, in the background.

        Raises
        ------
        ModelError
            If that is being done already.
        """
        index = self._demonstrations.index(stamp)
        rows = _of_every_class(index)
        wished = replace(wish.of_library(), k=max(1, wish.k))
        self.job.begin(Weighed(total=len(rows)), lambda: self._weigh(wished, stamp, index, rows))

    # ------------------------------------------------------------------ the work
    def _weigh(self, wish: Wish, stamp: Stamp, index: Index, rows: list[int]) -> None:
        from slava.retrieval.fusion import fit_fusion

        said: dict[str, list[NDArray[np.float64]]] = {"knn": [], "model": []}
        for row in rows:
            self.job.check()
            with self._models.using(self.job.stop) as backbone:
                found = self._judge(wish, MicrographId(index.ids[row]), stamp, index, backbone)
            if not found.ranked_model:
                raise ModelError(f"it gave no answer: {found.model_note}")
            label = index.labels[row]
            for name, ranked in (("knn", found.ranked_knn), ("model", found.ranked_model)):
                said[name].append(_in_order(ranked, index.classes))
            self.job.update(
                _counted(found.ranked_model[0].label == label, found.ranked_knn[0].label == label)
            )
        voters = {name: np.stack(votes) for name, votes in said.items()}
        fitted = fit_fusion(voters, index.label_codes[rows])
        self._demonstrations.keep_weights(stamp.key, self._models.state.wanted.reference, fitted)


def _counted(model: bool, neighbours: bool) -> Callable[[Weighed], Weighed]:
    return lambda w: replace(
        w,
        done=w.done + 1,
        model_right=w.model_right + model,
        neighbours_right=w.neighbours_right + neighbours,
    )


def _in_order(ranked: Sequence[Ranked], classes: Sequence[str]) -> NDArray[np.float64]:
    by_label = {r.label: r.probability for r in ranked}
    return np.array([by_label[label] for label in classes])


def _of_every_class(index: Index) -> list[int]:
    """Labelled rows, every class in turn, up to :data:`ASKED`."""
    rng = np.random.default_rng(1)
    shuffled = [
        rng.permutation(np.flatnonzero(index.label_codes == code))
        for code in range(len(index.classes))
    ]
    longest = max((len(rows) for rows in shuffled), default=0)
    rows = [int(of[turn]) for turn in range(longest) for of in shuffled if len(of) > turn]
    return rows[:ASKED]
