"""What the checks hold against pairs that enter the workspace, beside those that are there.

It must not know where pairs come from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from slava.domain import (
    Composition,
    Flag,
    Measurement,
    Micrograph,
    MicrographId,
    PairId,
    PaperWords,
    QAPair,
)
from slava.errors import ModelUnusable, NotFound
from slava.packs import Pack
from store import Store
from store.pair_filter import PairFilter

if TYPE_CHECKING:
    from slava.teacher.checks import Embed, KnownOf

Flags = Mapping[PairId, Sequence[Flag]]
MeasurementOf = Callable[[Micrograph], Measurement | None]

MOST_BY_MEANING = 5000
"""Pairs that enter together and are compared by meaning: some minutes on one core."""
BATCH = 1000
"""Pairs checked anew at once."""
EARLIER = 200
"""Pairs about one micrograph that a new one is compared with."""
ELSEWHERE = 400
"""Pairs about other micrographs with the answer of a new one that it is compared with."""


def meaning() -> Embed | None:
    """Sentence vectors, their model loaded with the first text; None where it is not installed."""
    from slava.retrieval.sentences import sentence_vectors

    try:
        return sentence_vectors()
    except ModelUnusable:
        return None


class Checking:
    """Flags for pairs of one workspace; safe to use from any thread.

    Parameters
    ----------
    measurement_of
        The measurement that is kept of a micrograph, if there is one.
    embed
        What texts are compared with, see :func:`meaning`; without it only equal ones are the same.
    """

    def __init__(self, store: Store, measurement_of: MeasurementOf, embed: Embed | None) -> None:
        self._store, self._measurement_of, self._embed = store, measurement_of, embed

    def flags(self, pairs: Sequence[QAPair], ids: Sequence[MicrographId], pack: Pack) -> Flags:
        """What the checks hold against pairs about these micrographs."""
        from slava.teacher.checks import check_pairs, rules_of

        known = self.known_of(ids)
        earlier = [*self._pairs_about(ids), *self._pairs_answering(pairs, ids)]
        return check_pairs(pairs, known, rules_of(pack), self._embed, earlier)

    def again(self, ids: Collection[MicrographId]) -> int:
        """Check pairs about some micrographs anew, after people have said more of these.

        Only what such words bear on is checked; every other flag stays.

        Returns
        -------
        int
            How many pairs have other flags now.
        """
        from slava.teacher.checks import check_evidence

        about = self._store.pairs.list_about(ids)
        changed = 0
        for begin in range(0, len(about), BATCH):
            pairs = self._store.pairs.get_pairs(about[begin : begin + BATCH])
            known = self.known_of(sorted({i for one in pairs for i in one.pair.micrograph_ids}))
            found = [(one, check_evidence(one.pair, one.flags, known)) for one in pairs]
            other = {one.pair.id: flags for one, flags in found if flags != one.flags}
            if other:
                self._store.pairs.record_flags(other)
            changed += len(other)
        return changed

    def known_of(self, ids: Sequence[MicrographId]) -> KnownOf:
        """What the checks hold pairs about these micrographs against."""
        from slava.teacher.checks import known_of

        known = {}
        for at in ids:
            try:
                micrograph = self._store.micrographs.get_micrograph(at)
            except NotFound:  # removed: nothing is held against its pairs
                continue
            label = self._store.labels.get_label(at)
            named = (label.label or "") if label else ""
            composition, paper = self.evidence(at)
            known[at] = known_of(
                micrograph, self._measurement_of(micrograph),
                label=named, composition=composition, paper=paper,
            )  # fmt: skip
        return known

    def evidence(self, at: MicrographId) -> tuple[Composition | None, PaperWords]:
        """What people know of a micrograph from elsewhere."""
        kept = self._store.evidence
        return kept.get_compositions([at]).get(at), kept.get_words([at]).get(at, PaperWords())

    def _pairs_about(self, ids: Sequence[MicrographId]) -> list[QAPair]:
        """Pairs that nobody rejected."""
        found: dict[PairId, QAPair] = {}
        for at in ids:
            wanted = PairFilter(micrograph_id=at, order="added")
            for one in self._store.pairs.list_pairs(wanted, EARLIER):
                if one.state != "rejected":
                    found[one.pair.id] = one.pair
        return list(found.values())

    def _pairs_answering(
        self, pairs: Sequence[QAPair], ids: Sequence[MicrographId]
    ) -> list[QAPair]:
        """Pairs about other micrographs with one of these answers, that nobody rejected."""
        answers = tuple({p.answer for p in pairs if p.answer.strip()})
        wanted, about = PairFilter(answers=answers, order="newest"), set(ids)
        found = self._store.pairs.list_pairs(wanted, ELSEWHERE) if answers else []
        others = [one.pair for one in found if one.state != "rejected"]
        return [pair for pair in others if not about & set(pair.micrograph_ids)]
