"""Why a file cannot be read, before its name is known to the one who says so."""

from __future__ import annotations

from slava.imaging.frame import MAX_PIXELS


class Refused(Exception):
    """A reader's reason and way out; ``read.py`` adds the file's name and tells the user."""

    def __init__(self, reason: str, way_out: str) -> None:
        self.reason, self.way_out = reason, way_out
        super().__init__(f"{reason} {way_out}")


def check_number(number: int, count: int) -> None:
    """Refuse a picture that the file does not hold.

    Raises
    ------
    Refused
        When ``number`` is not in 1..``count``.
    """
    if not 1 <= number <= count:
        held = f"it holds {count} pictures" if count > 1 else "it holds one picture"
        raise Refused(
            f"{held}, and {number} is none of them.",
            f"Choose one from 1 to {count}." if count > 1 else "Leave the number out.",
        )


def check_size(width_px: int, height_px: int) -> None:
    """Refuse a picture from its header.

    Raises
    ------
    Refused
        When it has no pixels, or more than ``MAX_PIXELS``.
    """
    if width_px < 1 or height_px < 1:
        raise Refused(
            f"its header says {width_px} x {height_px} pixels, so there is no picture in it.",
            "Export it again from the microscope's software.",
        )
    if width_px * height_px > MAX_PIXELS:
        raise Refused(
            f"its header says {width_px} x {height_px} pixels, more than the "
            f"{MAX_PIXELS // 1_000_000} megapixels that are read.",
            "If it really is that large, cut it into tiles first.",
        )
