"""All checks of a pair in one place.

Pure: nothing is read but what is given, nothing is deleted, and the same pair among the same
others gets the same flags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from slava.domain import Flag, FlagKind, PairId, QAPair
from slava.teacher.checks.company import Company
from slava.teacher.checks.invented_element import invented_element
from slava.teacher.checks.known import Embed, KnownOf, Rules
from slava.teacher.checks.label_leak import label_leak
from slava.teacher.checks.style import abbreviation, length
from slava.teacher.checks.uncalibrated_unit import uncalibrated_unit
from slava.teacher.checks.wrong_number import wrong_number

Check = Callable[[QAPair, KnownOf, Rules], Iterator[Flag]]

CHECKS: tuple[Check, ...] = (
    wrong_number,
    uncalibrated_unit,
    invented_element,
    label_leak,
    abbreviation,
    length,
)
"""Those that look at one pair alone; the others ask the company it is in."""

_ON_EVIDENCE: tuple[tuple[FlagKind, Check], ...] = (
    ("uncalibrated_unit", uncalibrated_unit),
    ("invented_element", invented_element),
)
"""Those that ask what people have written of a micrograph."""

RULES = Rules()


def check_pair(
    pair: QAPair,
    known: KnownOf,
    others: Sequence[QAPair] = (),
    rules: Rules = RULES,
    embed: Embed | None = None,
) -> tuple[Flag, ...]:
    """What speaks against ``pair``, worst first.

    Parameters
    ----------
    known
        What is known of its micrographs. Of one that is missing, nothing is held against a pair.
    others
        Pairs it may repeat: those of the same micrographs, and those with the same aspect.
    rules
        See :func:`slava.teacher.checks.rules_of` for those of a pack.
    embed
        Sentence vectors (:func:`slava.retrieval.sentences.sentence_vectors`); without them only
        texts that are equal after normalising are the same.
    """
    together = (*(p for p in others if p.id != pair.id), pair)
    company = Company(together, rules, embed)
    return _flags(pair, len(together) - 1, company, known, rules)


def check_pairs(
    pairs: Sequence[QAPair],
    known: KnownOf,
    rules: Rules = RULES,
    embed: Embed | None = None,
    earlier: Sequence[QAPair] = (),
) -> dict[PairId, tuple[Flag, ...]]:
    """The flags of every one of ``pairs``, each among all of them and the ``earlier`` ones.

    Of two that are the same, the later one is flagged.
    """
    ids = {p.id for p in pairs}
    before = [p for p in earlier if p.id not in ids]
    company = Company((*before, *pairs), rules, embed)
    return {
        pair.id: _flags(pair, len(before) + k, company, known, rules)
        for k, pair in enumerate(pairs)
    }


def check_evidence(
    pair: QAPair, flags: Sequence[Flag], known: KnownOf, rules: Rules = RULES
) -> tuple[Flag, ...]:
    """The flags of a pair after people have said more of its micrographs, worst first.

    What does not follow from their words stays as it was.
    """
    again = {kind for kind, _ in _ON_EVIDENCE}
    found = [flag for flag in flags if flag.kind not in again]
    found += [flag for _, check in _ON_EVIDENCE for flag in check(pair, known, rules)]
    return tuple(sorted(found, key=lambda f: -f.severity))


def risk(flags: Iterable[Flag]) -> float:
    """By what pairs are sorted, riskiest first: the worst flag, then how many there are."""
    severities = sorted((f.severity for f in flags), reverse=True)
    return round(severities[0] + 0.001 * min(len(severities) - 1, 9), 4) if severities else 0.0


def _flags(
    pair: QAPair, row: int, company: Company, known: KnownOf, rules: Rules
) -> tuple[Flag, ...]:
    found = [flag for check in CHECKS for flag in check(pair, known, rules)]
    found += company.duplicate(row)
    found += company.ignores_micrograph(row)
    return tuple(sorted(found, key=lambda f: -f.severity))
