"""Test sets out of what a workspace holds, and out of files and folders beside it.

Micrographs that a file or folder brings are taken into the workspace. It must not know who is
asked the questions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slava.domain import MicrographId, Part, TestSet
from slava.errors import BadInput, SlavaError
from slava.evaluation.items import (
    items_of_labels,
    items_of_pairs,
    items_of_snapshot,
)
from slava.evaluation.test_files import holds_test_items, read_test_file
from slava.exchange.formats import import_pairs
from slava.retrieval.labelled import list_labelled
from store.exchange import receive_micrographs
from store.labels import Labelling
from store.store import Store

Tell = Callable[[str], None]
EVERY = 20
MOST_TOLD = 5


def take_snapshot(store: Store, reference: str, part: Part = "test") -> TestSet:
    """The questions of one part of a snapshot."""
    snapshot = store.snapshots.get_snapshot(reference)
    items, notes = items_of_snapshot(store.snapshots.read_snapshot(snapshot.id), part)
    if not items:
        raise BadInput(
            f"The {part} part of {snapshot.name} holds no question about one micrograph. Take "
            "another part, or freeze more pairs."
        )
    name = f"{snapshot.name}: {part}"
    return store.test_sets.add_test_set(name, items, f"snapshot {snapshot.name}, {part}", notes)


def take_labels(store: Store) -> TestSet:
    """The category question for every labelled micrograph of the workspace."""
    labels = {r.micrograph_id: r.label for r in store.labels.list_labelled() if r.label}
    items = items_of_labels(labels)
    name = f"{len(items)} labelled micrographs"
    return store.test_sets.add_test_set(name, items, "labels of the workspace")


def take_path(store: Store, path: Path, tell: Tell = lambda _: None) -> TestSet:
    """Of a file of questions, of pairs in a format that sLAVA imports, or of a labelled folder.

    Raises
    ------
    BadInput
        If it is none of these, or nothing in it can be asked.
    """
    path = path.expanduser()
    if not path.exists():
        raise BadInput(f"{path} is not there. Check the path.")
    if holds_test_items(path):
        return _of_questions(store, path, tell)
    if path.suffix.lower() == ".csv" or _holds_classes(path):
        return _of_classes(store, path, tell)
    return _of_pairs(store, path, tell)


def _holds_classes(path: Path) -> bool:
    """Whether a folder has class folders and none of the tables that an export writes."""
    if not path.is_dir() or any((path / n).is_file() for n in ("data.json", "metadata.jsonl")):
        return False
    if any(path.glob("*.parquet")) or any(path.glob("*/metadata.jsonl")):
        return False
    return any(child.is_dir() for child in path.iterdir())


def _of_questions(store: Store, file: Path, tell: Tell) -> TestSet:
    told = read_test_file(file)
    ids, problems = _taken(store, {one.file for one in told.items}, tell)
    items = []
    for one in told.items:
        try:
            items += [one.of(ids[one.file])] if one.file in ids else []
        except BadInput as error:
            problems.append(f"{one.file.name}: {error}")
    notes = _notes([*told.problems, *problems])
    return store.test_sets.add_test_set(file.stem, items, file.name, notes)


def _of_classes(store: Store, path: Path, tell: Tell) -> TestSet:
    listed = list_labelled(path)
    ids, problems = _taken(store, {one.file for one in listed.files}, tell)
    told: dict[MicrographId, set[str]] = {}
    for one in listed.files:
        if one.file in ids:
            told.setdefault(ids[one.file], set()).add(one.label)
    twice = [at for at, labels in told.items() if len(labels) > 1]
    problems += [f"{at[:12]} lies in several classes and is left out" for at in twice]
    labels = {at: next(iter(one)) for at, one in told.items() if len(one) == 1}
    known = store.labels.get_labels(labels)
    groups = {ids[one.file]: one.group for one in listed.files if one.file in ids}
    store.labels.set_labels(
        Labelling(at, label, groups[at], "folder", "import")
        for at, label in labels.items()
        if at not in known
    )
    other = sum(record.label != labels[at] for at, record in known.items())
    if other:
        problems.append(f"{other} are labelled otherwise in the workspace, which stays so")
    notes = _notes([*listed.warnings, *problems])
    items = items_of_labels(labels)
    return store.test_sets.add_test_set(path.stem, items, f"folder {path.name}", notes)


def _of_pairs(store: Store, path: Path, tell: Tell) -> TestSet:
    imported = import_pairs(path, None)
    received = receive_micrographs(store, imported, tell)
    items, left_out = items_of_pairs(imported.pairs, received.ids)
    notes = _notes([*left_out, *(str(p) for p in (*imported.problems, *received.problems))])
    return store.test_sets.add_test_set(path.stem, items, path.name, notes)


def _taken(
    store: Store, files: set[Path], tell: Tell
) -> tuple[dict[Path, MicrographId], list[str]]:
    """The micrographs of files, added where they are new, and why some could not be."""
    ids: dict[Path, MicrographId] = {}
    problems = []
    for number, file in enumerate(sorted(files)):
        if number % EVERY == 0:
            tell(f"adding micrographs: {number} of {len(files)}")
        try:
            ids[file] = store.micrographs.add_micrograph(file).micrograph.id
        except SlavaError as error:
            problems.append(str(error))
    return ids, problems


def _notes(problems: list[str]) -> list[str]:
    rest = len(problems) - MOST_TOLD
    return problems[:MOST_TOLD] + ([f"and {rest} more"] if rest > 0 else [])
