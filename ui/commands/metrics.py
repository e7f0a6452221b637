"""``slava metrics``: predictions against references, by BLEU, ROUGE and METEOR."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ui.commands.output import Record, print_progress, show

STEP = 1000
BETTER = {"first": "predictions", "second": "against", "undecided": "undecided"}


def metrics(
    references: Annotated[
        Path, typer.Option(metavar="FILE", help='JSON lines {"id", "text"}: what was hoped for.')
    ],
    predictions: Annotated[
        Path, typer.Option(metavar="FILE", help="Likewise: what was answered, under the same ids.")
    ],
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answers of a second model: is the first one better?"),
    ] = None,
    wordnet: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="WordNet for METEOR, if nltk does not find it."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    json_: Annotated[
        bool, typer.Option("--json", help="One JSON object, every row in it.")
    ] = False,
) -> None:
    """Compare answers with references: BLEU-2, BLEU-4, ROUGE-1, ROUGE-2, ROUGE-L and METEOR."""
    from slava.metrics.compare import compare, intervals
    from slava.metrics.text import score_texts
    from slava.metrics.text_files import read_pairs

    pairs = read_pairs(references, predictions)
    others = read_pairs(references, against) if against else []
    figures = score_texts(pairs, wordnet_folder=wordnet, progress=_progress(len(pairs)))
    for measure, reason in figures.left_out.items():
        print_progress(f"slava: {measure} is left out. {reason}")
    columns = figures.columns()
    record: Record = {
        "mean": dict(figures.mean),
        "std": dict(figures.std),
        "interval95": {m: [i.low, i.high] for m, i in intervals(columns, seed=seed).items()},
        "left_out": dict(figures.left_out),
        "wordnet": figures.wordnet,
    }
    if others:
        second = score_texts(others, wordnet_folder=wordnet, progress=_progress(len(others)))
        found = compare(columns, second.columns(), seed=seed)
        record["against"] = {"mean": dict(second.mean), "std": dict(second.std)}
        record["difference"] = {
            m: {
                "difference": c.test.difference,
                "interval95": [c.test.low, c.test.high],
                "p_value": c.test.p_value,
                "better": BETTER[c.better],
            }
            for m, c in found.items()
        }
    rows = [{"id": key, **values} for key, values in figures.rows]
    shown = record if json_ else {k: v for k, v in record.items() if v}
    show({"rows": rows if json_ else len(rows), **shown}, json_)


def _progress(count: int) -> Callable[[int], None]:
    def told(done: int) -> None:
        if done % STEP == 0:
            print_progress(f"{done} of {count} compared")

    return told
