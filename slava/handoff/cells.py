"""Text for tables that people open in a spreadsheet, which would run some of it.

It must not know what the table is about.
"""

from __future__ import annotations

RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that spreadsheets take for a formula, at once or after trimming."""


def safe_cell(text: str) -> str:
    """The text as it stands, with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(RUN) else text
