"""What an answer says, as a label: is there a defect, which category is it; and how often right.

An answer that does not decide is wrong, as in GlassLLaVA. It must not know who answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slava.packs import Pack
from slava.teacher.checks.text import stems

_DEFECT = (
    r"(?:defects?|defective|cracks?|cracked|cracking|micro-?cracks?|fractur\w+|flaws?|scratch\w*|"
    r"imperfections?|anomal\w+|damaged?|delaminat\w+|debris|contaminat\w+|blister\w*|crazing|"
    r"inclusions?|pitting|pits?|chipp\w+|spall\w*|tears?|irregularit\w+)"
)
_NAMED = re.compile(rf"\b{_DEFECT}\b", re.IGNORECASE)
_FREE = re.compile(rf"\b(?:{_DEFECT}|error)[- ](?:free|less)\b|\bflawless\w*", re.IGNORECASE)
_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|without|free (?:of|from)|absence of|lack(?:s|ing)?(?: of)?|neither|nor|none of|"
    r"never|devoid of|cannot|can't|isn't|aren't|don't|doesn't|hardly any|few if any)\b",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^[^.;]{0,30}?\b(?:(?:is|are|was|were) (?:not|absent|missing|nowhere)|cannot be|"
    r"(?:is|are) (?:hardly )?invisible|isn't|aren't)\b",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"[.;:!?]|\b(?:but|however|although|though|except|while|whereas|yet|apart from)\b"
)
_OPEN = re.compile(
    r"\b(?:cannot|can't|can not|could not|impossible to|unable to|insufficient|not possible to|"
    r"(?:not|isn't) (?:clear|certain|enough)|unclear|more (?:information|context)|"
    r"further (?:information|analysis|context)|hard to (?:say|tell))\b",
    re.IGNORECASE,
)
_YES = re.compile(r"^\W*yes\b", re.IGNORECASE)
_NO = re.compile(r"^\W*no(?:\s*[,.;:!–—]|\s*$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DefectFigures:
    """How often the presence or absence of defects was told rightly; 0..1."""

    answers: int
    accuracy: float
    sensitivity: float | None
    """Of the micrographs with a defect; ``None`` where there are none. So for the next."""
    specificity: float | None
    balanced: float | None
    """Mean of both: always saying yes gives 0.5, however common defects are."""
    undecided: float
    always_the_same: float
    """What saying always the same would reach: published micrographs mostly show defects."""


def names_defect(text: str) -> bool:
    """Whether a text speaks of defects, to affirm, deny or ask for them."""
    return bool(_NAMED.search(text) or _FREE.search(text))


def says_defect(answer: str) -> bool | None:
    """Whether an answer affirms a defect; ``None`` where it does not decide or speaks of none.

    ``Yes`` or ``No`` at the beginning decides. Otherwise one defect that is named and not denied
    affirms, with or without "may".
    """
    if _YES.match(answer):
        return True
    if _NO.match(answer):
        return False
    said: bool | None = False if _FREE.search(answer) else None
    undecided = False
    plain = _FREE.sub("", answer)
    for match in _NAMED.finditer(plain):
        turns = [t.end() for t in _TURN.finditer(plain, 0, match.start())]
        clause = plain[turns[-1] if turns else 0 : match.start()]
        after = plain[match.end() :]
        whole = clause + match[0] + re.split(r"[.;]", after, maxsplit=1)[0]
        if _OPEN.search(whole):
            undecided = True
        elif _DENIED_BEFORE.search(clause) or _DENIED_AFTER.match(after):
            said = said or False
        else:
            return True
    return None if undecided else said


def defect_figures(said: Sequence[bool | None], truth: Sequence[bool]) -> DefectFigures:
    """Compare with what people say.

    Raises
    ------
    ValueError
        If there is nothing to judge, or lengths differ.
    """
    if not truth:
        raise ValueError("there is nothing to judge")
    right = [s is t for s, t in zip(said, truth, strict=True)]
    with_, without = (
        [r for r, t in zip(right, truth, strict=True) if t is x] for x in (True, False)
    )
    sensitivity, specificity = _mean(with_), _mean(without)
    both = sensitivity is not None and specificity is not None
    return DefectFigures(
        answers=len(truth),
        accuracy=sum(right) / len(right),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced=((sensitivity or 0) + (specificity or 0)) / 2 if both else None,
        undecided=sum(s is None for s in said) / len(truth),
        always_the_same=max(len(with_), len(without)) / len(truth),
    )


def says_category(answer: str, pack: Pack) -> str | None:
    """The one class of the pack that an answer names; ``None`` where it names none or several.

    A class is named by its label, its title or its phrase. The longest name counts where one lies
    inside another.
    """
    said = stems(answer)
    found: dict[str, set[tuple[int, int]]] = {}
    for form, label in _forms(pack).items():
        wanted = form.split(" ")
        for k in range(len(said) - len(wanted) + 1):
            if said[k : k + len(wanted)] == wanted:
                found.setdefault(label, set()).add((k, k + len(wanted)))
    spans = [(span, label) for label, places in found.items() for span in places]
    kept = {
        label
        for (start, end), label in spans
        if not any(
            other != label and a <= start and end <= b and (b - a) > (end - start)
            for (a, b), other in spans
        )
    }
    return kept.pop() if len(kept) == 1 else None


def _forms(pack: Pack) -> Mapping[str, str]:
    forms: dict[str, str] = {}
    for known in pack.classes:
        for form in (known.label, known.title, known.phrase):
            words = stems(form)
            while words and words[0] in ("a", "an", "the"):
                words = words[1:]
            forms.setdefault(" ".join(words), known.label)
    return forms


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
