"""Choosing the pairs of a snapshot, and gathering what their micrographs were known for.

Everything is read while nobody writes, so that a snapshot is of one moment. It must not know
where snapshots are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from slava.domain import Micrograph, MicrographId, Part, QAPair, ReviewedPair
from slava.errors import BadSetting, NotFound
from slava.handoff.datasheet import make_datasheet
from slava.handoff.snapshot import (
    SnapshotContent,
    SnapshotMicrograph,
    SnapshotPair,
    make_snapshot,
)
from slava.handoff.splitting import split_pairs
from slava.vlm.context import LEVELS, build_context
from store.knowledge import Knowledge
from store.labels import LabelRecord, Labels
from store.likeness import Likeness
from store.micrographs import Micrographs
from store.pair_filter import PairFilter
from store.pairs import Pairs

States = Literal["accepted", "all"]
"""``all``: what nobody has rejected, reviewed or not."""

_WHY = {
    "pending": "not reviewed",
    "rejected": "rejected",
    "disagreed": "reviewers disagree",
}


@dataclass(slots=True)
class Chosen:
    """The pairs of a snapshot, and those that are not in it."""

    pairs: list[ReviewedPair] = field(default_factory=list)
    considered: list[ReviewedPair] = field(default_factory=list)
    """Every pair of the workspace."""
    left_out: dict[str, int] = field(default_factory=dict)
    micrographs: dict[MicrographId, Micrograph] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Freezing:
    """Makes the content of snapshots from the nouns of a workspace."""

    def __init__(
        self,
        pairs: Pairs,
        micrographs: Micrographs,
        knowledge: Knowledge,
        labels: Labels,
        likeness: Likeness,
    ) -> None:
        self._pairs, self._micrographs = pairs, micrographs
        self._knowledge, self._labels, self._likeness = knowledge, labels, likeness

    def prepare(
        self,
        states: States,
        wanted: PairFilter,
        measure: bool,
        on_progress: Callable[[str], None],
    ) -> list[str]:
        """Look at and measure every micrograph that will be asked for: the slow part, before
        the lock. Returns what failed."""
        meant = self._pairs.iterate(replace(wanted, state=None))
        ids = sorted({i for r in meant if _admits(states, r) for i in r.pair.micrograph_ids})
        self._likeness.look(ids, on_progress)
        return self._knowledge.measure_missing(ids, on_progress) if measure else []

    def choose(self, states: States, wanted: PairFilter) -> Chosen:
        """Every pair that is meant, accepted or not rejected, and whose micrographs are there.

        Raises
        ------
        BadSetting
            When none is left.
        """
        if states not in ("accepted", "all"):
            raise BadSetting(f"--state {states!r} is neither accepted nor all.")
        chosen = Chosen()
        meant = {r.pair.id for r in self._pairs.iterate(replace(wanted, state=None))}
        why: Counter[str] = Counter()
        gone: set[MicrographId] = set()
        for reviewed in self._pairs.iterate(PairFilter()):
            chosen.considered.append(reviewed)
            if reviewed.pair.id not in meant:
                why["not asked for"] += 1
            elif not _admits(states, reviewed):
                why[_WHY[reviewed.state]] += 1
            elif not self._find(reviewed.pair, chosen.micrographs, gone):
                why["a micrograph was removed"] += 1
            else:
                chosen.pairs.append(reviewed)
        chosen.left_out = dict(why)
        if not chosen.pairs:
            told = ", ".join(f"{count} {reason}" for reason, count in why.items()) or "none at all"
            raise BadSetting(
                f"There is no {'accepted ' if states == 'accepted' else ''}pair to freeze (pairs "
                f"left out: {told}). Review some first, or take --state all."
            )
        return chosen

    def freeze(
        self,
        name: str,
        chosen: Chosen,
        fractions: Mapping[Part, float],
        seed: int,
        created_at: str,
    ) -> SnapshotContent:
        """The snapshot of what was chosen."""
        labels = {record.micrograph_id: record for record in self._labels.list_labelled()}
        used = {i for reviewed in chosen.pairs for i in reviewed.pair.micrograph_ids}
        shown = [self._micrograph(chosen.micrographs[i], labels.get(i)) for i in sorted(used)]
        counted = [_with_words(reviewed) for reviewed in chosen.pairs]
        parts = split_pairs(
            counted,
            groups={m.id: m.group for m in shown},
            alike=self._likeness.groups(sorted(used)),
            fractions=fractions,
            seed=seed,
        )
        chosen.warnings += _warnings(parts.values(), fractions)
        frozen = [
            SnapshotPair(pair, parts[pair.id], reviewed.state, reviewed.reviewers)
            for pair, reviewed in zip(counted, chosen.pairs, strict=True)
        ]
        sheet = make_datasheet(frozen, shown, chosen.considered, chosen.left_out)
        return make_snapshot(
            name,
            frozen,
            shown,
            created_at=created_at,
            seed=seed,
            fractions=fractions,
            datasheet=sheet,
        )

    def _find(
        self, pair: QAPair, found: dict[MicrographId, Micrograph], gone: set[MicrographId]
    ) -> bool:
        """Whether the workspace holds every micrograph of a pair."""
        for micrograph_id in pair.micrograph_ids:
            if micrograph_id not in found and micrograph_id not in gone:
                try:
                    found[micrograph_id] = self._micrographs.get_micrograph(micrograph_id)
                except NotFound:
                    gone.add(micrograph_id)
        return gone.isdisjoint(pair.micrograph_ids)

    def _micrograph(self, m: Micrograph, labelled: LabelRecord | None) -> SnapshotMicrograph:
        facts = self._knowledge.facts(m)
        return SnapshotMicrograph(
            id=m.id,
            path=f"micrographs/{self._micrographs.original_path(m.id).name}",
            width_px=m.width_px,
            height_px=m.height_px,
            nm_per_px=m.nm_per_px,
            calibration_source=m.calibration.source if m.calibration else None,
            databar=m.databar,
            label=(labelled.label or "") if labelled else "",
            group=labelled.group if labelled else "",
            context={
                level: tuple(build_context(m, facts, level).text.split("\n"))
                for level in LEVELS
                if level != "none"
            },
            licence=m.licence,
            confidential=m.confidential,
        )


def _admits(states: States, reviewed: ReviewedPair) -> bool:
    if states == "accepted":
        return reviewed.state == "accepted"
    return reviewed.state != "rejected"


def _with_words(reviewed: ReviewedPair) -> QAPair:
    return replace(
        reviewed.pair,
        question=reviewed.question,
        answer=reviewed.answer,
        detailed=reviewed.detailed,
    )


def _warnings(parts: Iterable[Part], fractions: Mapping[Part, float]) -> list[str]:
    used = set(parts)
    empty = [part for part, share in fractions.items() if share > 0 and part not in used]
    if not empty:
        return []
    return [
        f"nothing is left for {' and '.join(empty)}: pairs of one micrograph or paper stay "
        "together, and there are too few of them"
    ]
