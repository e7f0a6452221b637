"""Which lines of text may be the label of a scale bar, and what length each says.

Letters are often misread: the µ of ``µm`` as nearly anything, 0 as O. A length that is named as
something else (``WD = 4 mm``) is no label. Nothing is known here of pixels but boxes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slava.domain import Box
from slava.imaging.databar.letters import Text

_NUMBER = r"[0-9OoIl|]{1,4}(?:[.,][0-9Oo]{1,3})?"
_UNIT = r"[^\W\d_]{1,4}|[µμ]\s?[mn]|[/#%&¢]m"
_LENGTH = re.compile(rf"(?<![\w.,:/+-])({_NUMBER})\s{{0,2}}({_UNIT})(?![\w/])")
_ALONE = re.compile(r"[^\w]*([0-9OoIl|].*?)[^\w]*")
_NAMED = re.compile(
    r"(?:[=:]|\b(?:W\.?D\.?|Z|width|size|field|view|HFW|HFOV|FOV|spot|aperture|stage\D*|"
    r"dist\w*|height|depth|pixel|dia\w*|length|thickness))\s*$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?:W\.?D\.?|HFW|HFOV|VFW|width|field\D*|view\D*|FOV|spot\D*|pixel\D*|aperture\D*|z|"
    r"working\D*|dist\D*|x|y|stage\D*|dwell\D*|height|depth)\W*",
    re.IGNORECASE,
)
_ROUND = frozenset(
    (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 9, 1.25, 1.4, 1.6, 1.8, 2.4, 3.5, 4.5, 7)
)
_USUAL = frozenset((1, 2, 3, 4, 5, 2.5, 6, 8))
_NM = {"nm": 1.0, "µm": 1e3, "mm": 1e6, "cm": 1e7, "Å": 0.1}
LEAST_NM, MOST_NM = 0.1, 1e8


@dataclass(frozen=True, slots=True)
class Length:
    """A length that may be a scale bar's label.

    ``text`` is written plainly (``10 µm``), ``sure`` (0..1) says how well it was read and how
    usual such a label is; ``whole`` that the line holds nothing else.
    """

    text: str
    nm: float
    box: Box
    sure: float
    whole: bool


def parse_number(text: str) -> float | None:
    """A number as it is printed: ``1,000`` is a thousand, ``2,5`` two and a half.

    Letters that look like digits count as such beside a true digit; ``None`` for anything else.
    """
    plain = text.strip()
    if not any(c.isdigit() for c in plain):
        plain = {"l": "1", "I": "1", "|": "1"}.get(plain, "")
    plain = plain.translate(str.maketrans("OoIl|", "00111"))
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", plain):
        plain = plain.replace(",", "")
    plain = plain.replace(",", ".")
    return float(plain) if re.fullmatch(r"\d+(\.\d+)?", plain) else None


def parse_unit(text: str) -> tuple[str, float] | None:
    """The unit that a reader of letters meant, and how sure that is (0..1)."""
    plain = re.sub(r"\s", "", text).replace("μ", "µ")
    if plain in ("nm", "µm", "Å"):
        return plain, 1.0
    if plain in ("mm", "cm"):  # rare on a scale bar, and nm is misread as mm
        return plain, 0.8
    if plain in ("um", "µn", "Hm", "µrn", "urn"):
        return "µm", 0.97
    if plain.lower() in ("nm", "rm", "nrn", "n.m") or plain == "nn":
        return "nm", 0.9
    if re.fullmatch(r"[pyhUVMYPLlIJjwWvηtiUuKk/#%&¢]m|[µuU]M|[µu]", plain):
        return "µm", 0.85
    if plain in ("MM", "rnm", "mrn"):
        return "mm", 0.7
    if plain == "m":
        return "µm", 0.5
    return None


def parse_length(text: str) -> tuple[str, float, float] | None:
    """The one length that a line of text is: plain writing, nm, and how sure (0..1).

    ``None`` when it is not a length alone; ``20 nm*`` and ``|10 µm|`` are.
    """
    inner = _ALONE.fullmatch(text.strip())
    found = _LENGTH.fullmatch(inner[1]) if inner else None
    return _length(found[1], found[2]) if found else None


def scale_lengths(texts: Sequence[Text]) -> list[Length]:
    """Every length that may label a scale bar: lines, parts of lines, and numbers beside units."""
    found = []
    for text in [*texts, *_joined(texts)]:
        whole = parse_length(text.text)
        if whole:
            if not _is_named(text, texts):
                found.append(_judged(whole, text, text.box, whole_line=True))
        else:
            found += _parts(text, texts)
    return found


def _length(number: str, unit: str) -> tuple[str, float, float] | None:
    value, named = parse_number(number), parse_unit(unit)
    if value is None or named is None or not LEAST_NM <= value * _NM[named[0]] <= MOST_NM:
        return None
    clean = named[1] if number.replace(".", "").replace(",", "").isdigit() else 0.8 * named[1]
    return f"{value:g} {named[0]}", value * _NM[named[0]], clean


def _judged(length: tuple[str, float, float], text: Text, box: Box, whole_line: bool) -> Length:
    plain, nm, clean = length
    usual = _usual(float(plain.split()[0]))
    sure = clean * min(1.0, text.score * 1.05) * usual * (1.0 if whole_line else 0.92)
    return Length(plain, nm, box, sure, whole_line)


def _usual(value: float) -> float:
    """How usual a number is on a scale bar: 1-2-5 and their like, or an odd one."""
    while value >= 10:
        value /= 10
    while value < 1:
        value *= 10
    rounded = round(value, 6)
    if rounded in _USUAL:
        return 1.0
    return 0.9 if rounded in _ROUND else 0.6


def _parts(text: Text, texts: Sequence[Text]) -> list[Length]:
    """Lengths within a longer line; each box is its share of the line."""
    parts = []
    for found in _LENGTH.finditer(text.text):
        length = _length(found[1], found[2])
        before = text.text[: found.start()]
        if length is None or _NAMED.search(before) or (not before and _is_named(text, texts)):
            continue
        letter = text.box.width_px / len(text.text)
        left = round(text.box.left + found.start() * letter)
        right = round(text.box.left + found.end() * letter)
        box = Box(left, text.box.top, right, text.box.bottom)
        parts.append(_judged(length, text, box, whole_line=False))
    return parts


def _joined(texts: Sequence[Text]) -> list[Text]:
    """A number and a unit that were read as two lines beside each other."""
    joined = []
    for number in texts:
        if parse_number(number.text.strip(" |-–—_")) is None:
            continue
        for unit in texts:
            if parse_unit(unit.text.strip(" |-–—_*.")) and _follows(number.box, unit.box):
                both = f"{number.text.strip(' |-–—_')} {unit.text.strip(' |-–—_*.')}"
                score = min(number.score, unit.score)
                joined.append(Text(both, union(number.box, unit.box), score))
    return joined


def _follows(first: Box, second: Box) -> bool:
    height = max(first.height_px, second.height_px)
    return -0.4 * height <= second.left - first.right < 1.5 * height and same_line(first, second)


def same_line(first: Box, second: Box) -> bool:
    """Whether two boxes stand beside each other."""
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    return shared > 0.5 * min(first.height_px, second.height_px)


def union(first: Box, second: Box) -> Box:
    """The smallest box around both."""
    return Box(
        min(first.left, second.left),
        min(first.top, second.top),
        max(first.right, second.right),
        max(first.bottom, second.bottom),
    )


def _is_named(text: Text, texts: Sequence[Text]) -> bool:
    """Whether a word to the left or a heading above says that the length is something else."""
    box, height = text.box, text.box.height_px
    for other in texts:
        if other is text:
            continue
        gap = box.left - other.box.right
        if -height < gap < 1.2 * height and same_line(other.box, box) and _NAMED.search(other.text):
            return True
        above = -0.5 * height < box.top - other.box.bottom < height
        shared = min(box.right, other.box.right) - max(box.left, other.box.left)
        if above and shared > 0 and _HEADER.fullmatch(other.text):
            return True
    return False
