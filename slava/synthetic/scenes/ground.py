"""What lies under the features: wafers, tape, membranes, and things out of focus far below."""

from __future__ import annotations

import numpy as np

from slava.synthetic.canvas import Canvas, blur


def lay_ground(canvas: Canvas, tone: float = 0.0, busy: float = 1.0) -> None:
    """Give the empty canvas a ground of mean brightness ``tone``; ``busy`` scales its relief."""
    c = canvas
    c.tone += tone
    kind = c.pick({"plain": 4, "grainy": 2, "waves": 2, "scratched": 1, "dimpled": 1, "clumpy": 1})
    if kind == "grainy":
        c.height += busy * c.uniform(0.2, 1.2) * c.noise(c.log_uniform(0.006, 0.03) * c.side)
    elif kind == "waves":
        c.tone += busy * c.uniform(0.02, 0.12) * c.fractal(c.uniform(0.1, 0.5) * c.side, 3)
    elif kind == "scratched":
        _scratch(c, busy)
    elif kind == "dimpled":
        bumps = np.clip(c.noise(c.uniform(0.02, 0.08) * c.side) - 1.2, 0, None)
        c.height += busy * c.uniform(-4, 4) * bumps
    elif kind == "clumpy":
        relief = c.fractal(c.uniform(0.02, 0.06) * c.side, 3)
        c.height += busy * c.uniform(0.5, 2.0) * relief
    if c.chance(0.35):
        c.tone += c.uniform(0.02, 0.1) * c.noise(c.uniform(0.3, 0.8) * c.side)
    if c.chance(0.3):
        _specks(c, busy)


def _scratch(c: Canvas, busy: float) -> None:
    angle = c.uniform(0, np.pi)
    across = c.x * np.sin(angle) + c.y * np.cos(angle)
    line = c.rng.standard_normal(int(c.side * 3))
    index = (across - across.min()).astype(int) % len(line)
    c.height += busy * c.uniform(0.05, 0.3) * blur(line[index].astype(np.float32), 0.6)


def _specks(c: Canvas, busy: float) -> None:
    """Fine dust: too small to be the features, and there in most real pictures."""
    for _ in range(int(c.rng.integers(3, 40))):
        x, y = c.point()
        r = c.log_uniform(0.002, 0.006) * c.side
        x0, x1, y0, y1 = (round(v) for v in (x - r, x + r + 1, y - r, y + r + 1))
        c.tone[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] += busy * c.uniform(-0.15, 0.3)
