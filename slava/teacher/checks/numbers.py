"""Numbers in running text: digits, thousands, decimal comma, powers of ten, words, vague ones.

It must not know units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_POWER = (
    r"(?:\s?[×x*·]\s?10(?:\s?\^\s?\(?[-−+]?[0-9]{1,2}\)?|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})"
    r"|[eE][-+−]?[0-9]{1,2}(?![0-9A-Za-z]))"
)
_DIGITS = (
    r"(?:[0-9]{1,3}(?:[,'\u2009\u202f\u00a0 ][0-9]{3})+(?![0-9])(?:\.[0-9]+)?"
    r"|[0-9]+[.,][0-9]+|[0-9]+|\.[0-9]+)"
)
_WRITTEN = re.compile(rf"(?<![\w.,])(?P<digits>{_DIGITS})(?P<power>{_POWER})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[,'\u2009\u202f\u00a0 ][0-9]{3})+(?:\.[0-9]+)?")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−", "0123456789-+-")

VAGUE: dict[str, tuple[float, float]] = {
    "a few hundred": (200, 900),
    "several hundred": (200, 999),
    "few hundred": (200, 900),
    "hundreds of": (100, 999),
    "a few tens of": (20, 90),
    "several tens of": (20, 99),
    "tens of": (10, 99),
    "a couple of": (2, 3),
    "a few": (2, 9),
    "several": (2, 12),
}
"""Number words that mean a range. They count only with a unit."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text, ``text[start:end]``."""

    start: int
    end: int
    low: float
    high: float
    step: float
    """The value of one unit in its last written digit."""
    form: str
    """``digits``, ``power`` (of ten), ``words`` or ``vague``."""


def numbers_in(text: str) -> list[Number]:
    """The numbers of ``text`` in order, none inside another. Any text is taken."""
    found = sorted((*_digits(text), *_words(text)), key=lambda n: (n.start, -n.end))
    kept: list[Number] = []
    for number in found:
        if not kept or number.start >= kept[-1].end:
            kept.append(number)
    return kept


def _digits(text: str) -> Iterator[Number]:
    for match in _WRITTEN.finditer(text):
        digits, power = match["digits"], match["power"]
        value, step = _value(digits)
        if power:
            factor = 10.0 ** _exponent(power)
            value, step = value * factor, step * factor
        form = "power" if power else "digits"
        yield Number(match.start(), match.end(), value, value, step, form)


def _value(digits: str) -> tuple[float, float]:
    """Value and step. A comma before three digits parts thousands, unless a zero leads."""
    if _THOUSANDS.fullmatch(digits):
        plain = re.sub(r"[^0-9.]", "", digits)
    else:
        plain = re.sub(r"[^0-9.]", "", digits.replace(",", "."))
    decimals = len(plain.partition(".")[2])
    return float(plain), 10.0**-decimals


def _exponent(power: str) -> int:
    plain = power.translate(_SUPERSCRIPT)
    return int(re.sub(r"[^0-9+-]", "", re.sub(r"^.*?(?:10|[eE])", "", plain, count=1)))


@cache
def number_words() -> dict[str, int]:
    """Spelled-out whole numbers up to one thousand, with and without hyphens."""
    from num2words import num2words

    words: dict[str, int] = {"a dozen": 12, "a hundred": 100, "half a dozen": 6, "a thousand": 1000}
    for value in range(1001):
        spelled = str(num2words(value))
        for form in (spelled, spelled.replace("-", " "), spelled.replace(" and ", " ")):
            words[form] = value
    return words


@cache
def _spelled() -> re.Pattern[str]:
    """Runs of number words; which number a run is, :func:`number_words` knows."""
    single = sorted({w for spelled in number_words() for w in re.split(r"[ -]", spelled)} - {"a"})
    one = "|".join(w for w in single if w not in {"and", "half", "dozen"})
    run = rf"(?:a |half a )?(?:dozen|(?:{one})(?:(?: and |[ -])(?:{one}))*)"
    return re.compile(rf"(?<![\w-])(?:{run})(?![\w])", re.IGNORECASE)


_VAGUE = re.compile(
    r"(?<![\w-])(?:" + "|".join(sorted(map(re.escape, VAGUE), key=len, reverse=True)) + r")(?!\w)",
    re.IGNORECASE,
)


def _words(text: str) -> Iterator[Number]:
    for match in _VAGUE.finditer(text):
        low, high = VAGUE[match[0].lower()]
        yield Number(match.start(), match.end(), low, high, 0.0, "vague")
    for match in _spelled().finditer(text):
        value = number_words().get(re.sub(r"\s+", " ", match[0].lower()))
        if value is not None:
            yield Number(match.start(), match.end(), value, value, 1.0, "words")
