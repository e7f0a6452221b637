"""What must be known of single answers: which were cut, which an adapter did not give. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from slava.evaluation.results import Row

WITHOUT_ADAPTER = "Answered without the adapter"
"""How every notice begins that says that a model answered as if it had no adapter."""
RANKED_WITHOUT = f"{WITHOUT_ADAPTER}: the micrograph or the question is unlike what it was taught."
"""Of a ranking of categories, which comes without words of its own."""
ELSEWHERE = "With another micrograph in its place: "
"""Before what is known of the answer about the wrong micrograph."""


def of_row(own: Sequence[str], swapped: Sequence[str] = ()) -> tuple[str, ...]:
    """The notices of an answer, and those of the one about another micrograph, told apart."""
    return (*own, *(ELSEWHERE + notice for notice in swapped))


def count_notices(rows: Sequence[Row]) -> list[str]:
    """One sentence for each model and notice: of how many answers it holds.

    Answers that an adapter did not give stay in its figures, for a user would get them too; how
    many they are must be read beside the figures.
    """
    answered = Counter(row.model for row in rows if not row.error)
    found = Counter((row.model, one) for row in rows for one in dict.fromkeys(row.notices))
    return [
        _told(model, notice, count, answered[model]) for (model, notice), count in found.items()
    ]


def _told(model: str, notice: str, count: int, answered: int) -> str:
    if notice.startswith(WITHOUT_ADAPTER):
        why = notice.removeprefix(WITHOUT_ADAPTER).lstrip(": ").rstrip(".")
        return (
            f"{model}: {count} of {answered} answers were given without the adapter, and are in "
            f"its figures as a user would get them{f' ({why})' if why else ''}."
        )
    return f"{model}: of {count} of {answered} answers it is to be known: {notice.rstrip('.')}."
