"""Searching text the way people type: any case, every word somewhere, both micro signs alike."""

from __future__ import annotations


def matching(columns: str, search: str) -> tuple[str, tuple[str, ...]]:
    """A condition that every word of ``search`` occurs in the SQL text ``columns``.

    Returns
    -------
    tuple
        The SQL condition (``TRUE`` for an empty search) and its parameters.
    """
    words = folded(search).split()
    one = f"contains(replace(lower({columns}), 'µ', 'μ'), ?)"
    return " AND ".join([one] * len(words)) or "TRUE", tuple(words)


def folded(text: str) -> str:
    """Text as it is searched: lower case, one micro sign."""
    return text.lower().replace("µ", "μ")
