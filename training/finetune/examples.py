"""Pairs of a snapshot as examples, and what a step draws of one: wording, length, demonstrations.

Every draw is a function of (seed, step, example), so that a resumed run draws the same. Pure: it
must not know pictures, models or files.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from slava.domain import MicrographId, PairKind, Part, QAPair
from slava.handoff.snapshot import SnapshotContent
from slava.retrieval.showing import question_for, title_of

Kind = PairKind | Literal["label"]
"""``label``: made here from a micrograph's category, asked as the Classify tab asks."""

DETAIL_WISHES = ("Answer in detail.", "Give a detailed answer.", "Describe it thoroughly.")
"""One is put after a question whose detailed answer is learnt: people ask for it, too."""

ORDERS = 4
"""In so many orders the categories are listed in questions."""
DEMONSTRATIONS = (1, 3)
"""Fewest and most demonstrations before a category question."""


@dataclass(frozen=True, slots=True)
class Example:
    """Something to learn from."""

    id: str
    part: Part
    kind: Kind
    micrograph_ids: tuple[MicrographId, ...]
    wordings: tuple[str, ...]
    """The question, then its paraphrases."""
    answer: str
    detailed: str = ""
    category: str = ""
    """The label."""
    earlier: tuple[tuple[str, str], ...] = ()
    """Questions and answers before it in its conversation."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An example as one step sees it."""

    example: Example
    question: str
    answer: str
    detailed: bool
    demonstrations: tuple[tuple[MicrographId, str], ...] = ()
    """Micrographs of the training part with their labels, shown before the question."""


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples of a snapshot."""

    by_part: Mapping[Part, tuple[Example, ...]]
    labels: tuple[str, ...]
    """Every category, sorted."""
    shown: Mapping[str, tuple[MicrographId, ...]]
    """Micrographs of the training part by label, for demonstrations."""

    def part(self, part: Part) -> tuple[Example, ...]:
        return self.by_part.get(part, ())


def make_examples(content: SnapshotContent, *, classification: bool = True) -> Examples:
    """Every pair of ``content`` as an example, and with ``classification`` every labelled
    micrograph as one more, where there are two categories or more."""
    earlier = _conversations(content)
    parts: dict[Part, list[Example]] = defaultdict(list)
    for entry in content.pairs:
        parts[entry.part].append(_example(entry.pair, entry.part, earlier.get(entry.pair.id, ())))
    labelled = _labelled(content)
    labels = tuple(sorted({label for label, _ in labelled.values()}))
    if classification and len(labels) > 1:
        wordings = category_questions(labels)
        for micrograph_id, (label, part) in sorted(labelled.items()):
            parts[part].append(
                Example(
                    id=f"label:{micrograph_id}",
                    part=part,
                    kind="label",
                    micrograph_ids=(micrograph_id,),
                    wordings=wordings,
                    answer=title_of(label),
                    category=label,
                )
            )
    shown: dict[str, list[MicrographId]] = defaultdict(list)
    for micrograph_id, (label, part) in sorted(labelled.items()):
        if part == "train":
            shown[label].append(micrograph_id)
    return Examples(
        {part: tuple(listed) for part, listed in parts.items()},
        labels if len(labels) > 1 else (),
        {label: tuple(ids) for label, ids in shown.items()},
    )


def category_questions(labels: Sequence[str]) -> tuple[str, ...]:
    """The questions for a category, as the app asks them; the first is that of the Classify tab."""
    found = [question_for(labels)]
    for order in range(ORDERS):
        mixed = list(labels)
        random.Random(f"order {order}").shuffle(mixed)
        titles = [title_of(label) for label in mixed]
        found.append(question_for(mixed))
        found.append(
            f"Which category fits this micrograph best: {', '.join(titles)}? Answer with it only."
        )
    found += ["Which category does this micrograph belong to?", "What is this?"]
    return tuple(dict.fromkeys(found))


def draw(example: Example, examples: Examples, seed: int, step: int, few_shot: float) -> Drawn:
    """What step ``step`` learns of an example: concise and detailed answers equally often, every
    wording equally often, and demonstrations before a share ``few_shot`` of category questions."""
    rng = generator(seed, step, example.id)
    question = rng.choice(example.wordings)
    long = bool(example.detailed) and (not example.answer or rng.random() < 0.5)
    if long:
        question = f"{question} {rng.choice(DETAIL_WISHES)}"
    shots: tuple[tuple[MicrographId, str], ...] = ()
    if example.kind == "label" and rng.random() < few_shot:
        shots = _demonstrations(example, examples, rng)
        question = question_for(examples.labels) if shots else question
    return Drawn(example, question, example.detailed if long else example.answer, long, shots)


def plain(example: Example, *, detailed: bool = False) -> Drawn:
    """An example without chance: its first wording; how validation and evaluation ask."""
    long = bool(example.detailed) and (detailed or not example.answer)
    question = example.wordings[0]
    if long:
        question = f"{question} {DETAIL_WISHES[0]}"
    return Drawn(example, question, example.detailed if long else example.answer, long)


def both(example: Example) -> list[Drawn]:
    """The concise and the detailed answer, as far as there are both."""
    drawn = [plain(example)] if example.answer else []
    return [*drawn, plain(example, detailed=True)] if example.detailed else drawn


def generator(seed: int, step: int, name: str = "") -> random.Random:
    """Chance that depends on seed, step and name alone."""
    digest = hashlib.blake2b(f"{seed}:{step}:{name}".encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest, "big"))


def _example(pair: QAPair, part: Part, earlier: tuple[tuple[str, str], ...]) -> Example:
    return Example(
        id=pair.id,
        part=part,
        kind=pair.kind,
        micrograph_ids=pair.micrograph_ids,
        wordings=tuple(dict.fromkeys((pair.question, *pair.paraphrases))),
        answer=pair.answer.strip(),
        detailed=pair.detailed.strip(),
        category=pair.category,
        earlier=earlier,
    )


def _conversations(content: SnapshotContent) -> dict[str, tuple[tuple[str, str], ...]]:
    """What was said before each turn of a conversation."""
    turns: dict[str, list[QAPair]] = defaultdict(list)
    for entry in content.pairs:
        if entry.pair.conversation:
            turns[entry.pair.conversation].append(entry.pair)
    before: dict[str, tuple[tuple[str, str], ...]] = {}
    for listed in turns.values():
        said: list[tuple[str, str]] = []
        for pair in sorted(listed, key=lambda p: (p.position, p.id)):
            before[pair.id] = tuple(said)
            said.append((pair.question, pair.answer or pair.detailed))
    return before


def _labelled(content: SnapshotContent) -> dict[MicrographId, tuple[str, Part]]:
    """Label and part of every micrograph that has one: its own, else that of its pairs."""
    found: dict[MicrographId, tuple[str, Part]] = {}
    for entry in content.pairs:
        for micrograph_id in entry.pair.micrograph_ids:
            known = content.micrographs[micrograph_id].label
            label = known or (entry.pair.category if len(entry.pair.micrograph_ids) == 1 else "")
            if label:
                found.setdefault(micrograph_id, (label, entry.part))
    return found


def _demonstrations(
    example: Example, examples: Examples, rng: random.Random
) -> tuple[tuple[MicrographId, str], ...]:
    """One micrograph each of its own category and of others, in any order."""
    own = [i for i in examples.shown.get(example.category, ()) if i not in example.micrograph_ids]
    others = [label for label in examples.labels if label != example.category]
    rng.shuffle(others)
    wanted = rng.randint(*DEMONSTRATIONS)
    picked = [(rng.choice(own), example.category)] if own else []
    for label in others:
        if len(picked) < wanted and examples.shown.get(label):
            picked.append((rng.choice(examples.shown[label]), label))
    rng.shuffle(picked)
    return tuple(picked)
