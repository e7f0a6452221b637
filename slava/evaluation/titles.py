"""Titles that tell models apart where they would be alike: by what differs between them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from slava.domain import ModelEntry

_SHORT = 8


def told_apart(entries: Sequence[ModelEntry]) -> tuple[ModelEntry, ...]:
    """The same models, each with a title of its own.

    What is added is the first that suffices of quantization, adapter and place; a number where
    nothing does. A title that is there once stays as it is.
    """
    found = list(entries)
    for say in (_quantization, _adapter, _place):
        counts = Counter(entry.title for entry in found)
        alike = [k for k, entry in enumerate(found) if counts[entry.title] > 1]
        for title in {found[k].title for k in alike}:
            group = [k for k in alike if found[k].title == title]
            if len({say(found[k]) for k in group}) > 1:
                for k in group:
                    found[k] = _with(found[k], say(found[k]))
    return tuple(_numbered(found))


def _numbered(entries: Sequence[ModelEntry]) -> list[ModelEntry]:
    found: list[ModelEntry] = []
    taken = {entry.title for entry in entries}
    seen: Counter[str] = Counter()
    for entry in entries:
        seen[entry.title] += 1
        if seen[entry.title] == 1:
            found.append(entry)
            continue
        titles: Callable[[int], str] = f"{entry.title} ({{}})".format
        number = next(n for n in range(2, len(entries) + 2) if titles(n) not in taken)
        taken.add(titles(number))
        found.append(replace(entry, title=titles(number)))
    return found


def _with(entry: ModelEntry, more: str) -> ModelEntry:
    return replace(entry, title=f"{entry.title}, {more}" if more else entry.title)


def _quantization(entry: ModelEntry) -> str:
    return "" if entry.quantization == "none" else entry.quantization


def _adapter(entry: ModelEntry) -> str:
    return f"adapter {entry.adapter[:_SHORT]}" if entry.adapter else ""


def _place(entry: ModelEntry) -> str:
    """Where it comes from: the host of a served one, else what stands before its name."""
    if entry.is_given:
        return "given"
    address = entry.reference.partition("#")[0]
    if address.startswith(("http://", "https://")):
        return address.partition("//")[2].partition("/")[0]
    return address.rstrip("/\\").replace("\\", "/").rpartition("/")[0]
