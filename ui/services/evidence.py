"""What people say of micrographs from elsewhere: kept, and held against the pairs that are there.

It must not know whether a page or a command says it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slava.domain import Composition, MicrographId, PaperWords
from store.evidence import SetBy
from ui.services.teaching import Desk

if TYPE_CHECKING:
    from slava.teacher.passages import Figure


@dataclass(frozen=True, slots=True)
class FiguresSaid:
    """What came of a file that speaks of figures."""

    figures: int
    passages: int
    with_composition: int
    checked_again: int
    """Pairs that have other flags now."""


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


def say_figures(desk: Desk, name: str, figures: Sequence[Figure]) -> FiguresSaid:
    """Keep what a file says of figures: of all of them, or of none.

    Parameters
    ----------
    name
        That of the file, for errors.

    Raises
    ------
    BadInput
        Naming every figure that is no micrograph here, or several.
    """
    from slava.teacher.passages import match_figures

    matched = match_figures(name, figures, desk.store.micrographs.list_micrographs())
    words = {i: figure.words for i, figure in matched.items() if figure.words.told}
    changed = say_words(desk, words)
    by_data: dict[Composition, list[MicrographId]] = {}
    for at, figure in matched.items():
        if figure.composition is not None:
            by_data.setdefault(figure.composition, []).append(at)
    for data, ids in by_data.items():
        changed += say_composition(desk, ids, data.text, "import")
    passages = sum(len(one.passages) for one in words.values())
    return FiguresSaid(len(matched), passages, sum(map(len, by_data.values())), changed)
