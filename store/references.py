"""Finding what a person means by a few letters: an id, a name, the beginning of an id, ``last``.

It must not know what is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

SHORTEST_ID = 4


class Named(Protocol):
    """What has an id and a name."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def find_meant(listed: Sequence[N], reference: str) -> N | None:
    """The one that is meant, of a list with the newest first; ``None`` for none or several.

    Of several with one name the newest is meant.
    """
    if reference == "last":
        return next(iter(listed), None)
    exact = [one for one in listed if reference in (one.id, one.name)]
    begun = [
        one for one in listed if len(reference) >= SHORTEST_ID and one.id.startswith(reference)
    ]
    found = exact[:1] or begun
    return found[0] if len(found) == 1 else None
