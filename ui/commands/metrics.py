"""``slava metrics``: predictions against references, by BLEU, ROUGE and METEOR."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.commands.output import print_progress, show

STEP = 1000


def metrics(
    references: Annotated[
        Path, typer.Option(metavar="FILE", help='JSON lines {"id", "text"}: what was hoped for.')
    ],
    predictions: Annotated[
        Path, typer.Option(metavar="FILE", help="Likewise: what was answered, under the same ids.")
    ],
    wordnet: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="WordNet for METEOR, if nltk does not find it."),
    ] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="One JSON object, every row in it.")
    ] = False,
) -> None:
    """Compare answers with references: BLEU-2, BLEU-4, ROUGE-1, ROUGE-2, ROUGE-L and METEOR."""
    from slava.metrics.text import score_texts
    from slava.metrics.text_files import read_pairs

    def told(done: int) -> None:
        if done % STEP == 0:
            print_progress(f"{done} of {len(pairs)} compared")

    pairs = read_pairs(references, predictions)
    figures = score_texts(pairs, wordnet_folder=wordnet, progress=told)
    for measure, reason in figures.left_out.items():
        print_progress(f"slava: {measure} is left out. {reason}")
    record = {
        "mean": dict(figures.mean),
        "std": dict(figures.std),
        "left_out": dict(figures.left_out),
        "wordnet": figures.wordnet,
    }
    rows = [{"id": key, **values} for key, values in figures.rows]
    show({"rows": rows, **record} if json_ else {"rows": len(rows), **record}, json_)
