"""Micrographs by a word, for a tab or a command. It must not know what is done with them."""

from __future__ import annotations

from slava.domain import MicrographId
from slava.errors import BadSetting
from store import Store


def chosen_of(store: Store, choice: str, label: str = "") -> tuple[MicrographId, ...]:
    """Micrographs by a word: ``all``, ``label``, ``without`` pairs, or the ``open`` one.

    Raises
    ------
    BadSetting
        If there is no such word.
    """
    every = [m.id for m in store.micrographs.list_micrographs()]
    if choice == "all":
        return tuple(every)
    if choice == "label":
        named = {r.micrograph_id for r in store.labels.list_labelled() if r.label == label}
        return tuple(i for i in every if i in named)
    if choice == "without":
        known = store.pairs.count_by("micrograph")
        return tuple(i for i in every if i not in known)
    if choice == "open":
        opened = store.settings.get_setting("open_micrograph")
        return tuple(i for i in every if i == opened)
    raise BadSetting(f"micrographs by {choice!r}: there is no such choice.")
