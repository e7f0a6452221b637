"""What people say of micrographs from elsewhere: kept, and held against the pairs that are there.

It must not know whether a page or a command says it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from slava.domain import Composition, MicrographId, PaperWords
from store.evidence import SetBy
from ui.services.teaching import Desk


def say_composition(
    desk: Desk, ids: Collection[MicrographId], text: str, set_by: SetBy = "user"
) -> int:
    """Say which composition data there are of some micrographs; no text takes them away.

    Returns
    -------
    int
        How many pairs have other flags now.

    Raises
    ------
    BadInput
        If the text names no technique.
    NotFound
        If the workspace holds no such micrograph.
    """
    data = Composition.read(text) if text.strip() else None
    said = desk.store.evidence.set_composition(ids, data, set_by)
    return desk.check_again(ids) if said else 0


def say_words(
    desk: Desk, words: Mapping[MicrographId, PaperWords | None], set_by: SetBy = "import"
) -> int:
    """Keep what papers say of micrographs; as :func:`say_composition`."""
    said = desk.store.evidence.set_words(words, set_by)
    return desk.check_again(list(words)) if said else 0
