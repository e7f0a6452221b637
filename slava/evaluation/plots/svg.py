"""SVG as text: tags, texts that fit, linear scales. It must not know what is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

FONT_PX = 11.0
HEADING = 24.0
"""Room for the heading of a drawing, px."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to px."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies; values outside lie at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def tag(name: str, inside: str = "", /, **attributes: object) -> str:
    """One element. ``inside`` is markup; values of attributes are escaped, None leaves one out.

    ``class_`` is ``class``; other underscores become hyphens.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>"


def words(text: str, x: float, y: float, *, full: str = "", **attributes: object) -> str:
    """A text; ``full`` is shown when the pointer rests on it."""
    hint = tag("title", escape(full)) if full and full != text else ""
    return tag("text", escape(text) + hint, x=x, y=y, **attributes)


def sheet(
    width: float, height: float, heading: str, title: str, told: str, body: Iterable[str]
) -> str:
    """A whole drawing.

    Parameters
    ----------
    height
        Of the body, which stands below the heading, px.
    heading
        What is seen above it.
    title, told
        What it is called and what it says, for those who do not see it.
    """
    head = words(fitted(heading, width - 4, 1, 12.5)[0], 4, 13, full=heading, class_="sp-heading")
    drawn = tag("g", "".join(body), transform=f"translate(0 {HEADING:.0f})")
    inside = tag("title", escape(title)) + tag("desc", escape(told)) + head + drawn
    box = f"{_text(width)} {_text(height + HEADING)}"
    return (
        f'<svg class="sp" role="img" viewBox="0 0 {box}" width="{_text(width)}" '
        f'height="{_text(height + HEADING)}">{inside}</svg>'
    )


def rows_of(places: Sequence[int]) -> str:
    """What stands in ``data-rows``."""
    return ",".join(map(str, places))


def polygon(points: Sequence[tuple[float, float]]) -> str:
    """The path of a closed line."""
    return "M" + "L".join(f"{_text(x)} {_text(y)}" for x, y in points) + "Z"


def text_width(text: str, size_px: float = FONT_PX) -> float:
    """About how wide a text is, in px; rather too much than too little."""
    return sum(map(_width, text)) * size_px


def fitted(text: str, width_px: float, lines: int = 2, size_px: float = FONT_PX) -> list[str]:
    """A text broken into lines that fit, with an ellipsis where something is left out."""
    left = " ".join(text.replace("_", " ").split())
    found: list[str] = []
    while left and len(found) < lines - 1:
        most = _fitting(left, width_px / size_px)
        if most < len(left):
            most = left.rfind(" ", 1, most + 1) if " " in left[1 : most + 1] else most
        found.append(left[:most])
        left = left[most:].lstrip()
    if left:
        most = _fitting(left, width_px / size_px)
        if most < len(left):
            left = left[: _fitting(left, width_px / size_px - 1)].rstrip() + "…"
        found.append(left)
    return found or [""]


def _fitting(text: str, width_em: float) -> int:
    """How many characters fit; at least one."""
    wide = 0.0
    for count, character in enumerate(text):
        wide += _width(character)
        if wide > width_em:
            return max(1, count)
    return len(text)


def _width(character: str) -> float:
    """Of a character in heights of the font, as in the widest of those that may be used."""
    if character in "iljI.,:;'|! ()[]·":
        return 0.37
    if character in "tfr-/":
        return 0.42
    if character in "mwMW@%…—→←":
        return 0.98
    return 0.74 if character.isupper() else 0.63


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from low to high, steps of 1, 2 or 5."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{k * step:.10g}") for k in range(first, last + 1)]


def short(value: float) -> str:
    """A number as it stands beside a mark: about three digits, no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 3 if abs(value) >= 0.01 else 4)}f}".replace("-", "−")


def plain(value: float) -> str:
    """A number as it stands at an axis: as many digits as it needs."""
    return f"{value:g}".replace("-", "−")


def _text(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
