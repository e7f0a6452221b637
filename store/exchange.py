"""Pairs of other programs into a workspace, and pairs of a workspace out of it.

The formats are in :mod:`slava.exchange`; here pairs meet the micrographs, labels and terms that a
workspace knows. It must not know any format.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from slava.domain import Flag, MicrographId, PairId, QAPair
from slava.errors import BadInput, NotFound, UnreadableMicrograph
from slava.exchange.entry import Entry, Exhibit, entry_of
from slava.exchange.imported import Imported, ImportedMicrograph, Problem
from slava.exchange.own import ORIGINALS
from slava.teacher.checks import RULES, Embed, Rules, check_pairs, known_of
from slava.teacher.pairs import with_id
from store.labels import Labelling
from store.pair_filter import PairFilter
from store.store import Store

States = Literal["accepted", "all"]


@dataclass(frozen=True, slots=True)
class Received:
    """What came of an import."""

    added: tuple[PairId, ...]
    known: tuple[PairId, ...]
    """Pairs that the workspace held already: nothing of them has changed."""
    micrographs_added: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ReceivedMicrographs:
    """The micrographs of an import in the workspace."""

    ids: Mapping[MicrographId, MicrographId]
    """Of the import's to the workspace's."""
    added: int
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class ToExport:
    """Pairs that may leave, and those that may not."""

    entries: list[Entry] = field(default_factory=list)
    exhibits: dict[MicrographId, Exhibit] = field(default_factory=dict)
    confidential: int = 0
    """Pairs held back because a micrograph of theirs is confidential."""
    gone: int = 0
    """Pairs whose micrograph was removed."""


def receive_pairs(
    store: Store,
    imported: Imported,
    on_progress: Callable[[str], None] = lambda _: None,
    *,
    rules: Rules = RULES,
    embed: Embed | None = None,
) -> Received:
    """Add imported pairs, each pending with its flags, and the micrographs they are about.

    A micrograph whose original the workspace holds is linked to it. Of any other the picture is
    added with the calibration, label and terms that came with it; the original's hash is kept in
    the pair's ``extra``. What cannot be added is named and the rest goes on.

    Parameters
    ----------
    on_progress
        Told what is being done; an error that it raises ends the import with nothing but
        micrographs added.
    rules
        What the checks hold pairs against: those of a pack.
    embed
        Sentence vectors; without them only equal texts are the same.
    """
    received = receive_micrographs(store, imported, on_progress)
    ids = received.ids
    pairs = [_linked(p, ids) for p in imported.pairs if ids.keys() >= set(p.micrograph_ids)]
    on_progress(f"checking {len(pairs)} pairs")
    done = store.pairs.add_pairs(pairs, flags_of(store, pairs, rules, embed))
    problems = (*imported.problems, *received.problems)
    return Received(done.added, done.known, received.added, problems)


def receive_micrographs(
    store: Store, imported: Imported, on_progress: Callable[[str], None] = lambda _: None
) -> ReceivedMicrographs:
    """Add the micrographs of an import alone, each with what came with it."""
    problems: list[Problem] = []
    ids: dict[MicrographId, MicrographId] = {}
    added = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number, micrograph in enumerate(imported.micrographs.values()):
            if number % 100 == 0:
                on_progress(f"adding micrographs: {number} of {len(imported.micrographs)}")
            try:
                ids[micrograph.id], new = _receive(store, micrograph, Path(scratch))
                added += new
            except (UnreadableMicrograph, BadInput, OSError) as error:
                lost = sum(micrograph.id in pair.micrograph_ids for pair in imported.pairs)
                problems.append(Problem(0, f"{error} Pairs left out: {lost}."))
    return ReceivedMicrographs(ids, added, tuple(problems))


def flags_of(
    store: Store, pairs: Sequence[QAPair], rules: Rules = RULES, embed: Embed | None = None
) -> Mapping[PairId, Sequence[Flag]]:
    """What the automatic checks hold against pairs, each among all of them."""
    known = {}
    for micrograph_id in {i for pair in pairs for i in pair.micrograph_ids}:
        labelled = store.labels.get_label(micrograph_id)
        known[micrograph_id] = known_of(
            store.micrographs.get_micrograph(micrograph_id),
            store.knowledge.measurement(micrograph_id),
            label=(labelled.label or "") if labelled else "",
        )
    return check_pairs(pairs, known, rules, embed)


def pairs_to_export(
    store: Store,
    *,
    states: States = "accepted",
    snapshot: str | None = None,
    wanted: PairFilter | None = None,
    include_confidential: bool = False,
) -> ToExport:
    """Pairs of a workspace, or of one of its snapshots, with what is shown of their micrographs.

    Raises
    ------
    BadInput
        When no pair is left.
    NotFound
        When there is no such snapshot.
    SnapshotDamaged
        When the snapshot contradicts its hashes.
    """
    found = ToExport()
    exhibits: dict[MicrographId, Exhibit | None] = {}
    why: Counter[str] = Counter()
    given = _frozen(store, snapshot) if snapshot else _of_workspace(store, states, wanted, why)
    for entry in given:
        shown = [_exhibit_once(store, i, exhibits) for i in entry.pair.micrograph_ids]
        there = [exhibit for exhibit in shown if exhibit is not None]
        if len(there) < len(shown):
            found.gone += 1
        elif not include_confidential and any(exhibit.confidential for exhibit in there):
            found.confidential += 1
        else:
            found.entries.append(entry)
            found.exhibits.update((exhibit.id, exhibit) for exhibit in there)
    if not found.entries:
        why["about confidential micrographs"] += found.confidential
        why["about removed micrographs"] += found.gone
        told = ", ".join(f"{count} {reason}" for reason, count in why.items() if count)
        raise BadInput(
            f"There is no pair to export (left out: {told or 'none, there is no pair at all'}). "
            "Review some first, take --state all, or --include-confidential."
        )
    return found


def _of_workspace(
    store: Store, states: States, wanted: PairFilter | None, why: Counter[str]
) -> Iterable[Entry]:
    for reviewed in store.pairs.iterate(replace(wanted or PairFilter(), state=None)):
        if reviewed.state == "accepted" or (states == "all" and reviewed.state != "rejected"):
            yield entry_of(reviewed)
        else:
            why[reviewed.state] += 1


def _frozen(store: Store, reference: str) -> Iterable[Entry]:
    content = store.snapshots.read_snapshot(store.snapshots.get_snapshot(reference).id)
    drafts = _drafts(store, [frozen.pair.id for frozen in content.pairs])
    for frozen in content.pairs:
        draft = drafts.get(frozen.pair.id)
        changed = draft if draft is not None and draft != frozen.pair else None
        yield Entry(frozen.pair, frozen.state, frozen.reviewers, frozen.part, changed)


def _drafts(store: Store, ids: Sequence[PairId]) -> Mapping[PairId, QAPair]:
    return {reviewed.pair.id: reviewed.pair for reviewed in store.pairs.get_pairs(ids)}


def _exhibit_once(
    store: Store, micrograph_id: MicrographId, known: dict[MicrographId, Exhibit | None]
) -> Exhibit | None:
    if micrograph_id not in known:
        try:
            known[micrograph_id] = exhibit_of(store, micrograph_id)
        except NotFound:
            known[micrograph_id] = None
    return known[micrograph_id]


def exhibit_of(store: Store, micrograph_id: MicrographId) -> Exhibit:
    """A micrograph as it is exported; its pixels are read when they are asked for.

    Raises
    ------
    NotFound
        When the workspace holds no such micrograph.
    """
    from slava.exchange.png import shown_png

    m = store.micrographs.get_micrograph(micrograph_id)
    labelled = store.labels.get_label(micrograph_id)

    def read_png() -> bytes:
        if m.format == "PNG" and m.bit_depth == 8:
            return store.micrographs.original_path(m.id).read_bytes()
        return shown_png(store.micrographs.read_grey(m.id), m.picture)

    return Exhibit(
        id=m.id,
        read_png=read_png,
        width_px=m.width_px,
        height_px=m.height_px,
        nm_per_px=m.nm_per_px,
        calibration_source=m.calibration.source if m.calibration else None,
        calibration_detail=m.calibration.detail if m.calibration else "",
        databar=m.databar,
        label=(labelled.label or "") if labelled else "",
        licence=m.licence,
        confidential=m.confidential,
    )


def _receive(
    store: Store, micrograph: ImportedMicrograph, scratch: Path
) -> tuple[MicrographId, bool]:
    """The id under which the workspace holds it, and whether it is new."""
    for identity in (micrograph.id, MicrographId(micrograph.sha256)):
        try:
            return store.micrographs.get_micrograph(identity).id, False
        except NotFound:
            continue
    file = scratch / f"{micrograph.sha256}{Path(micrograph.name).suffix.lower()[:10]}"
    file.write_bytes(micrograph.read())
    try:
        taken = store.micrographs.add_micrograph(file, name=micrograph.name).micrograph
    finally:
        file.unlink(missing_ok=True)
    if micrograph.calibration and taken.calibration is None:
        store.micrographs.set_calibration(taken.id, micrograph.calibration, set_by="file")
    if micrograph.label:
        label = Labelling(taken.id, micrograph.label, provenance="table", set_by="import")
        store.labels.set_label(label)
    if micrograph.licence:
        store.micrographs.set_licence([taken.id], micrograph.licence)
    if micrograph.confidential:
        store.micrographs.set_confidential([taken.id])
    return taken.id, True


def _linked(pair: QAPair, ids: Mapping[MicrographId, MicrographId]) -> QAPair:
    """The pair with the ids that its micrographs have here."""
    here = tuple(ids[i] for i in pair.micrograph_ids)
    if here == pair.micrograph_ids:
        return pair
    extra = {**pair.extra, ORIGINALS: list(pair.micrograph_ids)}
    return with_id(replace(pair, micrograph_ids=here, extra=extra))
