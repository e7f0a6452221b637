"""What a request costs at most, before it is sent, and what it did cost.

The table is TOML that the user may replace. It must not know how anything is sent.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slava.errors import BadSetting

FILE = "prices.toml"
"""In a workspace: the user's own table, which stands instead of the package's."""

_CHARACTERS_PER_TOKEN = 3.0
"""English takes about four; three never counts too few."""
_PER_MESSAGE = 12


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1)
    read: float = Field(ge=0)
    written: float = Field(ge=0)
    batch_factor: float = Field(0.5, gt=0, le=1)
    picture: Literal["tiles", "patches"] = "tiles"
    base: int = Field(85, ge=0)
    tile: int = Field(170, ge=0)
    tile_px: int = Field(512, ge=16)
    longest_px: int = Field(2048, ge=64)
    short_px: int = Field(768, ge=64)
    patch_px: int = Field(32, ge=4)
    most_patches: int = Field(1536, ge=1)
    factor: float = Field(1.0, gt=0)
    limit_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    sampling: bool = True


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    models: list[_Row] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs and how it counts."""

    model: str
    row: _Row
    known: bool = True
    """Whether the table knows it; otherwise nothing can be said of the cost."""

    @property
    def free(self) -> bool:
        return self.known and self.row.read == 0 == self.row.written

    def picture_tokens(self, width_px: int, height_px: int) -> int:
        """Tokens of a picture of that size."""
        row = self.row
        if row.picture == "patches":
            squares = math.ceil(width_px / row.patch_px) * math.ceil(height_px / row.patch_px)
            return math.ceil(min(squares, row.most_patches) * row.factor)
        fit = min(1.0, row.longest_px / max(width_px, height_px))
        width, height = width_px * fit, height_px * fit
        short = min(1.0, row.short_px / min(width, height))
        across, down = (math.ceil(s * short / row.tile_px) for s in (width, height))
        return row.base + row.tile * across * down

    def cost_usd(self, read: int, written: int, *, batch: bool = False) -> float:
        """Of so many tokens; 0 where the price is not known."""
        usd = (read * self.row.read + written * self.row.written) / 1e6
        return usd * self.row.batch_factor if batch else usd


@dataclass(frozen=True, slots=True)
class Prices:
    """The table."""

    rows: tuple[_Row, ...]

    def of(self, model: str, *, own_machine: bool = False) -> Price:
        """The price of a model; one on this machine that is in no table costs nothing."""
        exact = [r for r in self.rows if r.name == model]
        begins = [r for r in self.rows if model.startswith(f"{r.name}-")]
        found = exact or sorted(begins, key=lambda r: len(r.name), reverse=True)
        if found:
            return Price(model, found[0])
        counted = {"picture": "patches", "patch_px": 28, "most_patches": 100_000}
        row = _Row.model_validate({"name": model or "?", "read": 0, "written": 0, **counted})
        return Price(model, row, known=own_machine)


def text_tokens(*texts: str) -> int:
    """Never fewer than a tokenizer of English would count."""
    return sum(math.ceil(len(t.encode()) / _CHARACTERS_PER_TOKEN) + _PER_MESSAGE for t in texts)


def load_prices(workspace: Path | None = None) -> Prices:
    """The user's table, or the package's.

    Raises
    ------
    BadSetting
        Naming everything that is wrong with the user's table.
    """
    own = workspace / FILE if workspace else None
    if own is not None and own.is_file():
        return _read(own.read_text(encoding="utf-8"), str(own.name))
    text = resources.files("slava.teacher").joinpath(FILE).read_text(encoding="utf-8")
    return _read(text, FILE)


def _read(text: str, name: str) -> Prices:
    try:
        table = _Table.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{name}: no TOML ({error}).") from None
    except ValidationError as error:
        wrong = [
            f"{name}: {'.'.join(str(p) for p in one['loc'])}: {one['msg'].lower()}"
            for one in error.errors()
        ]
        raise BadSetting("; ".join(wrong) + ".") from None
    return Prices(tuple(table.models))
