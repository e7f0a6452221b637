"""Questions of a test set: their content hashes, their records, and making them.

From the pairs of a snapshot, from labelled micrographs, or one by one. It must not know how
micrographs are read, nor who answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, get_args

from slava.domain import Complexity, ItemId, MicrographId, PairKind, Part, QAPair, TestItem
from slava.errors import BadInput
from slava.handoff.files import canonical, hash_bytes
from slava.handoff.snapshot import SnapshotContent
from slava.metrics.labels import names_defect, says_defect

_UNHASHED = ("id", "given")


def make_item(micrograph_id: MicrographId, question: str, **known: Any) -> TestItem:
    """A question under its content hash; ``known`` are the other fields of a test item.

    Raises
    ------
    BadInput
        If the question is empty, or a field has a value that it cannot have.
    """
    asked = " ".join(question.split())
    if not asked:
        raise BadInput("a question of a test set is empty.")
    if known.get("kind", "vqa") not in get_args(PairKind):
        raise BadInput(f"kind {known['kind']!r} is none of {', '.join(get_args(PairKind))}.")
    if known.get("complexity", "") not in get_args(Complexity):
        raise BadInput(f"complexity {known['complexity']!r} is neither simple nor complex.")
    item = TestItem(ItemId(""), micrograph_id, asked, **known)
    content = {k: v for k, v in asdict(item).items() if k not in _UNHASHED}
    return TestItem(ItemId(hash_bytes(canonical(content))[:32]), micrograph_id, asked, **known)


def category_item(
    micrograph_id: MicrographId, label: str, classes: Sequence[str], **known: Any
) -> TestItem:
    """The question for the category of a labelled micrograph, as the Classify tab asks it."""
    from slava.retrieval.showing import question_for, title_of  # takes scipy

    return make_item(
        micrograph_id,
        question_for(classes),
        reference=title_of(label),
        kind="classification",
        topic="category",
        category=label,
        classes=tuple(classes),
        **known,
    )


def dataset_id(items: Sequence[TestItem]) -> str:
    """SHA-256 (64 hex digits) over the ids of the items and the answers that came with them."""
    return hash_bytes(canonical([[item.id, sorted(item.given.items())] for item in items]))


def items_of_labels(labels: Mapping[MicrographId, str]) -> list[TestItem]:
    """The category question for every labelled micrograph.

    Raises
    ------
    BadInput
        If there are fewer than two categories.
    """
    classes = sorted(set(labels.values()))
    if len(classes) < 2:
        raise BadInput(
            f"{len(classes)} categories among {len(labels)} labelled micrographs: there is nothing "
            "to tell apart. Label micrographs of at least two categories."
        )
    return [category_item(at, label, classes) for at, label in sorted(labels.items())]


def items_of_pairs(
    pairs: Sequence[QAPair], ids: Mapping[MicrographId, MicrographId]
) -> tuple[list[TestItem], list[str]]:
    """Pairs as questions, and what was left out.

    A follow-up question leans on the turns before it, and a comparison on another micrograph; both
    are left out. Whether there is a defect is taken from the answer where the question asks for it.

    Parameters
    ----------
    ids
        The micrographs of the pairs to those of the workspace; a pair about any other is left out.
    """
    items: list[TestItem] = []
    left_out: Counter[str] = Counter()
    for pair in pairs:
        if len(pair.micrograph_ids) > 1:
            left_out["comparisons of several micrographs"] += 1
        elif pair.conversation and pair.position > 0:
            left_out["follow-up questions"] += 1
        elif pair.micrograph_ids[0] not in ids:
            left_out["questions about missing micrographs"] += 1
        else:
            asks_defect = names_defect(pair.question)
            items.append(
                make_item(
                    ids[pair.micrograph_ids[0]],
                    pair.question,
                    reference=pair.answer,
                    topic=pair.aspect or pair.kind,
                    category=pair.category,
                    defect=says_defect(pair.answer) if asks_defect else None,
                    teacher=pair.drafting.model,
                )
            )
    return items, [f"{count} {what} were left out" for what, count in left_out.items()]


def items_of_snapshot(content: SnapshotContent, part: Part) -> tuple[list[TestItem], list[str]]:
    """The pairs of one part as questions, its labelled micrographs as category questions, and what
    was left out; see :func:`items_of_pairs`."""
    pairs = [entry.pair for entry in content.part(part)]
    shown = {i for pair in pairs for i in pair.micrograph_ids}
    asked = [pair for pair in pairs if pair.kind != "classification"]
    items, left_out = items_of_pairs(asked, {i: i for i in shown})
    labels = {i: content.micrographs[i].label for i in shown if content.micrographs[i].label}
    known = sorted({m.label for m in content.micrographs.values() if m.label})
    if len(known) > 1:
        items += [category_item(at, label, known) for at, label in sorted(labels.items())]
    return items, left_out


def item_record(item: TestItem) -> dict[str, Any]:
    """The item as JSON types; what it does not say is missing."""
    return {k: v for k, v in asdict(item).items() if v not in ("", (), {}, None)}


def item_from(record: Mapping[str, Any]) -> TestItem:
    """The item of :func:`item_record`."""
    known = {f.name for f in fields(TestItem)}
    told = {k: v for k, v in record.items() if k in known}
    told["classes"] = tuple(told.get("classes", ()))
    return TestItem(**told)
