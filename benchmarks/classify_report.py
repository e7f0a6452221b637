"""The report of ``benchmarks/classify.py``: a table, and plots drawn as SVG without a library."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

COLOURS = ("#0b6e99", "#c2571a", "#5b8c3a", "#7a4fa3")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 560, 320, 56, 44, 16


def write_report(path: Path, result: dict[str, Any]) -> None:
    """Write ``path`` (Markdown) and three SVGs beside it, from a result of the benchmark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stem = path.stem
    plots = {"k": _lines(result["sweep"]), "classes": _bars(result["k5"]["per_class"])}
    plots["confusion"] = _matrix(result["k5"]["confusion_matrix"], result["k5"]["labels"])
    for name, svg in plots.items():
        path.with_name(f"{stem}-{name}.svg").write_text(svg, encoding="utf-8")
    path.write_text(_markdown(result, stem), encoding="utf-8")


def _markdown(result: dict[str, Any], stem: str) -> str:
    k5 = result["k5"]
    heads = " | ".join(str(k) for k in range(1, 9))
    sweep = "\n".join(
        f"| {name} | " + " | ".join(f"{v:.3f}" for v in row) + " |"
        for name, row in result["sweep"].items()
    )
    classes = "\n".join(
        f"| {label} | {f['precision']:.3f} | {f['recall']:.3f} | {f['f1']:.3f} | {f['support']} |"
        for label, f in k5["per_class"].items()
    )
    top = ", ".join(f"top-{n} {k5[f'top{n}']:.4f}" for n in (1, 2, 3, 5))
    knn = f"{k5['knn_top1']:.4f}"
    baselines = "\n".join(
        f"| {b['name']} | {b['parameters'] / 1e6:.1f} M | {b['top1']:.4f} | {b['seconds']:.0f} s |"
        for b in result["baselines"]
    )
    held_against = (
        "\n## From scratch on the same split\n\n| Architecture | Parameters | Top-1 | Training |\n"
        f"|---|---|---|---|\n{baselines}\n"
        if baselines
        else ""
    )
    counts = f"{result['queries']} queries, {result['demonstrations']} demonstrations"
    return f"""# Classification by example, measured

Written by `python benchmarks/classify.py`. {counts},
encoder: {result["encoder"]} ({result["training_seconds"]:.0f} s of training).

With five similar demonstrations the neighbours alone have top-1 {knn}; the fused answer
{top}.

## Top-1 of the neighbours' vote against K

| Strategy | {heads} |
|---|{"---|" * 8}
{sweep}

![Accuracy against K]({stem}-k.svg)

## Each class, fused answer

| Class | Precision | Recall | F1 | Queries |
|---|---|---|---|---|
{classes}

![Precision, recall and F1 of each class]({stem}-classes.svg)

![Confusion matrix]({stem}-confusion.svg)
{held_against}"""


def _svg(body: list[str], width: int = WIDTH, height: int = HEIGHT) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
    )
    return head + "".join(body) + "</svg>\n"


def _text(x: float, y: float, words: str, anchor: str = "middle", fill: str = "#222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'
    )


def _lines(sweep: dict[str, list[float]]) -> str:
    low = int(10 * min(v for row in sweep.values() for v in row)) / 10
    low = min(low, 0.9)
    span_x, span_y = WIDTH - LEFT - 120, HEIGHT - BOTTOM - TOP

    def place(k: int, value: float) -> tuple[float, float]:
        return LEFT + span_x * (k - 1) / 7, TOP + span_y * (1 - value) / (1 - low)

    body = []
    for step in range(5):
        value = low + (1 - low) * step / 4
        y = place(1, value)[1]
        body.append(f'<path d="M{LEFT} {y:.1f}h{span_x}" stroke="#ddd"/>')
        body.append(_text(LEFT - 6, y + 4, f"{value:.2f}", "end"))
    body += [_text(place(k, low)[0], HEIGHT - 22, str(k)) for k in range(1, 9)]
    body.append(_text(LEFT + span_x / 2, HEIGHT - 6, "K, demonstrations"))
    for row, (name, values) in enumerate(sweep.items()):
        at = " ".join("{:.1f},{:.1f}".format(*place(k, v)) for k, v in enumerate(values, 1))
        colour = COLOURS[row % len(COLOURS)]
        body.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body.append(_text(WIDTH - 108, TOP + 14 + 18 * row, name, "start", colour))
    return _svg(body)


def _bars(per_class: dict[str, dict[str, float]]) -> str:
    names = ("precision", "recall", "f1")
    width = max(WIDTH, LEFT + 90 * len(per_class))
    span, slot = HEIGHT - BOTTOM - TOP - 20, (width - LEFT - 16) / len(per_class)
    body = [_text(LEFT + 60 * k, TOP + 4, n, "start", COLOURS[k]) for k, n in enumerate(names)]
    for place, (label, told) in enumerate(per_class.items()):
        x = LEFT + slot * place
        for k, name in enumerate(names):
            high, wide = span * told[name], slot / 4
            y = HEIGHT - BOTTOM - high
            body.append(
                f'<rect x="{x + k * wide:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" '
                f'height="{high:.1f}" fill="{COLOURS[k]}"/>'
            )
        body.append(_text(x + 1.5 * slot / 4, HEIGHT - 24, label))
    return _svg(body, width)


def _matrix(counts: list[list[int]], labels: list[str]) -> str:
    cell, left, top = 46, 130, 40
    size = cell * len(labels)
    most = max(1, *(v for row in counts for v in row))
    body = [_text(left + size / 2, 16, "called")]
    for r, row in enumerate(counts):
        body.append(_text(left - 6, top + cell * (r + 0.6), labels[r], "end"))
        for c, value in enumerate(row):
            fill = 255 - round(190 * value / most)
            body.append(
                f'<rect x="{left + cell * c}" y="{top + cell * r}" width="{cell - 1}" '
                f'height="{cell - 1}" fill="rgb({fill},{fill},255)"/>'
            )
            body.append(_text(left + cell * (c + 0.5), top + cell * (r + 0.6), str(value)))
    body += [_text(left + cell * (c + 0.5), 34, labels[c][:7]) for c in range(len(labels))]
    return _svg(body, left + size + 16, top + size + 16)
