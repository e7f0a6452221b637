"""Gathers what an import finds, record by record; the same pair or micrograph counts once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from slava.domain import MicrographId, PairId, QAPair
from slava.exchange.imported import Imported, ImportedMicrograph, Problem
from slava.exchange.own import Own, calibration_of
from slava.exchange.paths import ImageFolder
from slava.handoff.pair_record import text
from slava.teacher.pairs import with_id

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Found:
    """The bytes of one picture of a record."""

    sha256: str
    name: str
    read: Callable[[], bytes]


@dataclass(slots=True)
class Gathering:
    """What was found so far."""

    format: str
    """``llava``, ``sharegpt``, ``imagefolder`` or ``parquet``."""
    micrographs: dict[MicrographId, ImportedMicrograph] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _pairs: dict[str, QAPair] = field(default_factory=dict)
    """By the id that they were exported under, or by their own."""
    _seen: set[tuple[str, bool]] = field(default_factory=set)
    _repeated: int = 0

    def add_problem(self, record: int, text: str) -> None:
        """Something that kept a record from being taken."""
        self.problems.append(Problem(record, text))

    def keep(
        self,
        pairs: Sequence[QAPair],
        pictures: Sequence[ImportedMicrograph],
        *,
        detailed: bool = False,
    ) -> None:
        """Take up the pairs of one record; ``detailed``: it holds their detailed answers."""
        for picture in pictures:
            self.micrographs.setdefault(picture.id, picture)
        for pair in pairs:
            key = pair.id or with_id(pair).id
            self._repeated += (key, detailed) in self._seen
            self._seen.add((key, detailed))
            known = self._pairs.get(key)
            if known is None:
                self._pairs[key] = pair
            elif detailed:
                self._pairs[key] = replace(known, detailed=pair.detailed)
            elif (key, True) in self._seen:
                self._pairs[key] = replace(pair, detailed=known.detailed)

    def finish(self, records: int) -> Imported:
        """Everything, pairs under their content hashes, problems in the order of the records."""
        pairs: dict[PairId, QAPair] = {}
        for pair in map(with_id, self._pairs.values()):
            self._repeated += pair.id in pairs
            pairs.setdefault(pair.id, pair)
        return Imported(
            pairs=tuple(pairs.values()),
            micrographs=self.micrographs,
            problems=tuple(sorted(self.problems, key=lambda p: p.record)),
            records=records,
            repeated=self._repeated,
        )


def own_pictures(own: Own, found: Sequence[Found]) -> list[ImportedMicrograph]:
    """The micrographs of a record of ours; every hash is verified.

    Raises
    ------
    ValueError
        Naming all that is wrong.
    """
    if len(own.pictures) != len(found):
        raise ValueError(f"it has {len(found)} images but tells of {len(own.pictures)}")
    wrong: list[str] = []
    made = []
    for told, there in zip(own.pictures, found, strict=True):
        if told.get("sha256") != there.sha256:
            wrong.append(f"the image {there.name} has changed since it was exported")
            continue
        try:
            made.append(_own_micrograph(told, there))
        except (ValueError, OverflowError) as error:
            wrong.append(str(error))
    ids = {micrograph.id for micrograph in made}
    if not wrong and any(not ids.issuperset(pair.micrograph_ids) for pair in own.pairs):
        wrong.append("a pair is about a micrograph that the record does not tell of")
    if wrong:
        raise ValueError("; ".join(wrong))
    return made


def foreign_pictures(found: Sequence[Found]) -> list[ImportedMicrograph]:
    """Micrographs of which nothing but their bytes is known."""
    return [
        ImportedMicrograph(MicrographId(one.sha256), one.name, one.sha256, one.read)
        for one in found
    ]


def find_in(folder: ImageFolder, named: Sequence[object]) -> list[Found]:
    """The pictures that a record names.

    Raises
    ------
    ValueError
        Naming every one that cannot be taken.
    """
    found, wrong = [], []
    for one in named:
        try:
            path = folder.find(one)
            found.append(Found(folder.sha256(path), path.name, path.read_bytes))
        except (ValueError, OSError) as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError("; ".join(wrong))
    if not found:
        raise ValueError("it names no image")
    return found


def _own_micrograph(told: Mapping[str, Any], there: Found) -> ImportedMicrograph:
    wrong: list[str] = []
    identity, label = text(told, "id", wrong), text(told, "label", wrong)
    licence = text(told, "licence", wrong)
    if not _SHA256.fullmatch(identity):
        wrong.append(f"the micrograph id {identity[:20]!r} is no SHA-256")
    if wrong:
        raise ValueError("; ".join(wrong))
    return ImportedMicrograph(
        id=MicrographId(identity),
        name=there.name,
        sha256=there.sha256,
        read=there.read,
        calibration=calibration_of(told),
        label=label,
        licence=licence,
        confidential=told.get("confidential") is True,
    )
