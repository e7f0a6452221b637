"""A test set in a file: questions with what is known of their answers, beside micrographs.

JSON lines, or one JSON list, of records::

    {"file": "a/b.tif", "question": "How large are the particles?", "reference": "About 24 µm.",
     "quantity": "24 µm", "topic": "size", "complexity": "simple", "category": "particles",
     "defect": false, "answers": {"GPT-4V": "6 µm"}}

``file`` is relative to the file. Only ``file`` and ``question`` must be there; a record with
``classes`` asks for a category and needs no question. ``answers`` are those of other systems: they
are scored beside the models'. It must not know what becomes of the micrographs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slava.domain import MicrographId, TestItem
from slava.errors import BadInput
from slava.evaluation.items import category_item, make_item
from slava.exchange.json_records import read_records, read_text

TEXTS = ("reference", "topic", "complexity", "category", "kind", "quantity")
KEYS = frozenset(("file", "question", "classes", "defect", "answers", *TEXTS))


@dataclass(frozen=True, slots=True)
class FileItem:
    """One record; :meth:`of` makes an item of it once its micrograph is known."""

    file: Path
    question: str
    classes: tuple[str, ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict)

    def of(self, micrograph_id: MicrographId) -> TestItem:
        """The item about this micrograph."""
        if self.classes:
            return category_item(
                micrograph_id, str(self.known["category"]), self.classes, given=self.known["given"]
            )
        return make_item(micrograph_id, self.question, **self.known)


@dataclass(frozen=True, slots=True)
class FileItems:
    """What a file holds, and what is wrong with the rest of it."""

    items: tuple[FileItem, ...]
    problems: tuple[str, ...]


def holds_test_items(file: Path) -> bool:
    """Whether the first record of a file is one of a test set, told by its keys."""
    if file.suffix.lower() not in (".json", ".jsonl") or not file.is_file():
        return False
    records, _ = read_records(read_text(file), KEYS)
    first = records[0][1] if records else {}
    return "file" in first and ("question" in first or "classes" in first)


def read_test_file(file: Path) -> FileItems:
    """Every good record of a file, and a sentence for every bad one.

    Raises
    ------
    BadInput
        If the file cannot be read, or no record is good.
    """
    records, wrong = read_records(read_text(file), KEYS)
    items, problems = [], [str(problem) for problem in wrong]
    for number, record in records:
        try:
            items.append(_item(record, file.parent))
        except BadInput as error:
            problems.append(f"record {number}: {error}")
    if not items:
        why = f" The first: {problems[0]}" if problems else ""
        raise BadInput(f"{file.name} holds no question of a test set.{why}")
    return FileItems(tuple(items), tuple(problems))


def _item(record: Mapping[str, Any], folder: Path) -> FileItem:
    named = _text(record, "file")
    if not named:
        raise BadInput('it has no "file".')
    file = folder / named.replace("\\", "/")
    if not file.is_file():
        raise BadInput(f"its file {named} is not there.")
    known: dict[str, Any] = {key: _text(record, key) for key in TEXTS if record.get(key)}
    known["defect"] = _checked(record, "defect", bool, None)
    answers = _checked(record, "answers", dict, {})
    known["given"] = {str(n): str(said) for n, said in answers.items() if said is not None}
    classes = tuple(str(one) for one in _checked(record, "classes", list, []))
    question = _text(record, "question")
    if classes and known.get("category") not in classes:
        raise BadInput('its "category" is none of its "classes".')
    if not classes and not question:
        raise BadInput('it has no "question".')
    return FileItem(file, question, classes, known)


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key, "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    if not isinstance(value, str):
        raise BadInput(f'its "{key}" is no text.')
    return value.strip()


def _checked(record: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    value = record.get(key)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise BadInput(f'its "{key}" is {value!r}.')
    return value
