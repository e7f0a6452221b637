"""What the letters of a databar say of the instrument: voltage, distance, magnification, detector.

A value stands after its name, in the next line to the right, or below its name in a table. What
is not clearly named is left unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slava.domain import Instrument
from slava.imaging.databar.lengths import parse_number, parse_unit, same_line
from slava.imaging.databar.letters import Text

_NUMBER = r"((?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d+)?|[.,]\d+)"
_SECONDARY = ("InLens", "SE", "SE1", "SE2", "SEI", "LEI", "UED", "LED", "ETD", "TLD", "GSED", "LFD")
_BACKSCATTERED = ("BSE", "BSD", "COMPO", "TOPO", "CBS", "ABS", "QBSD", "EsB", "AsB", "vCD", "DBS")
_TRANSMITTED = ("HAADF", "BF", "DF", "STEM")
_KNOWN = {name.lower(): name for name in (*_SECONDARY, *_BACKSCATTERED, *_TRANSMITTED)}

Parse = Callable[[str], float | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """``field_width_nm`` is the width of the picture where the databar states it."""

    instrument: Instrument
    field_width_nm: float | None = None


def read_facts(texts: Sequence[Text]) -> Facts:
    """What the lines of a databar say.

    Parameters
    ----------
    texts : sequence of Text

    Returns
    -------
    Facts
        ``None`` for whatever is not said or not clear.
    """
    lines = list(texts)
    voltage = _named(lines, _VOLTAGE, _kilovolts)
    distance = _named(lines, _DISTANCE, _millimetres)
    magnification = _named(lines, _MAGNIFICATION, _times)
    instrument = Instrument(
        detector=_detector(lines),
        magnification=magnification or _alone(lines, _magnification_alone),
        accelerating_voltage_kv=voltage or _alone(lines, _kilovolts),
        working_distance_mm=distance or _distance_after_voltage(lines),
    )
    width = _named(lines, _FIELD, _nanometres)
    return Facts(instrument, width)


_VOLTAGE = re.compile(
    r"\b(?:EHT|(?:SEM )?HV|Acc\w*\.?\s*V\w*|Vacc|V\s?acc|HT|Landing\s?E\w*|Energy|kV)\b\W*", re.I
)
_DISTANCE = re.compile(r"\b(?:W\.?\s?D\.?|Work\w*\s?Dist\w*)(?![a-z])\W*", re.I)
_MAGNIFICATION = re.compile(r"\b(?:SEM )?Mag\w*\W*", re.I)
_FIELD = re.compile(r"\b(?:HFW|HFOV|FOV|View\s?field|Field\s?of\s?view|FW)\b\W*", re.I)
_SIGNAL = re.compile(r"\b(?:Signal(?:\s?[AB1])?|Det(?:ector)?)\b\s*[=:.]*\s*", re.I)


def _named(texts: list[Text], name: re.Pattern[str], parse: Parse) -> float | None:
    """The value behind a name, right of it, or below it."""
    for text in texts:
        found = name.search(text.text)
        if not found:
            continue
        after = text.text[found.end() :]
        for candidate in [after] if after else _neighbours(text, texts):
            value = parse(candidate)
            if value is not None:
                return value
    return None


def _neighbours(text: Text, texts: list[Text]) -> list[str]:
    """The line to the right of a box, then the line below it; the nearest first."""
    box, height = text.box, text.box.height_px
    right, below = [], []
    for other in texts:
        gap = other.box.left - box.right
        if other is not text and same_line(box, other.box) and -2 <= gap < 3 * height:
            right.append((gap, other.text))
        gap = other.box.top - box.bottom
        shared = min(box.right, other.box.right) - max(box.left, other.box.left)
        if -0.6 * height < gap < 1.5 * height and shared > 0 and other.box.top > box.top:
            below.append((gap, other.text))
    return [said for _, said in [*sorted(below)[:1], *sorted(right)[:1]]]


def _alone(texts: list[Text], parse: Parse) -> float | None:
    """The value of the one line that says such a thing without a name."""
    found = {value for text in texts if (value := parse(text.text)) is not None}
    return found.pop() if len(found) == 1 else None


def _number(text: str) -> float | None:
    plain = re.sub(r"\s", "", text)
    return parse_number("0" + plain if plain[:1] in ".," else plain)


def _kilovolts(text: str) -> float | None:
    found = re.search(rf"(?<![\d.,]){_NUMBER}\s*([kK])?\s?e?[VvUX]\b", text)
    if not found:
        return None
    value = _number(found[1])
    if value is None:
        return None
    kv = value if found[2] else value / 1e3
    return kv if 0.01 <= kv <= 1500 else None


def _millimetres(text: str) -> float | None:
    nm = _nanometres(text)
    return nm / 1e6 if nm is not None and 1e4 <= nm <= 2e8 else None


def _nanometres(text: str) -> float | None:
    found = re.match(rf"\W*{_NUMBER}\s*([^\W\d_]{{1,3}}|[µμ]\s?m)", text)
    value, unit = (_number(found[1]), parse_unit(found[2])) if found else (None, None)
    if value is None or unit is None:
        return None
    return value * {"nm": 1.0, "µm": 1e3, "mm": 1e6, "cm": 1e7, "Å": 0.1}[unit[0]]


def _times(text: str) -> float | None:
    found = re.match(rf"\W*{_NUMBER}\s*([kK])?\s?[xX×*]?", text)
    if not found:
        found = re.match(rf"\W*[xX×]\s?{_NUMBER}\s*([kK])?", text)
    value = _number(found[1]) if found else None
    return _magnified(value, found[2] if found else None)


def _magnification_alone(text: str) -> float | None:
    found = re.search(rf"(?:^|\s)[xX×]\s?{_NUMBER}\s*([kK])?(?=\s|$)", text) or re.search(
        rf"(?:^|\s){_NUMBER}\s*([kK])?\s?[xX×](?=\s|$)", text
    )
    return _magnified(_number(found[1]), found[2]) if found else None


def _magnified(value: float | None, thousand: str | None) -> float | None:
    if value is None:
        return None
    times = value * (1e3 if thousand else 1.0)
    return times if 5 <= times <= 5e6 else None


def _distance_after_voltage(texts: list[Text]) -> float | None:
    """``15kV 7.7mm x200``: a distance without a name beside the voltage, as some write it."""
    pattern = rf"\d\s*kV\s+{_NUMBER}\s*mm\b"
    for text in texts:
        found = re.search(pattern, text.text)
        value = _number(found[1]) if found else None
        if value:
            return value
    return None


def _detector(texts: list[Text]) -> str | None:
    for text in texts:
        found = _SIGNAL.search(text.text)
        if found:
            after = text.text[found.end() :]
            for candidate in [after] if after else _neighbours(text, texts):
                said = re.match(r"[A-Za-z][\w-]{0,11}(?:\s(?:SE|BSE)\b)?", candidate.strip())
                if said:
                    return _KNOWN.get(said[0].lower(), said[0])
    words = {word.lower() for text in texts for word in re.findall(r"[A-Za-z]\w*", text.text)}
    known = [_KNOWN[word] for word in words & _KNOWN.keys()]
    return known[0] if len(known) == 1 else None
