"""Time to compare 10,000 answers with their references, beside the libraries in a bare loop.

    python benchmarks/text_metrics.py [--pairs N] [--runs N] [--wordnet DIR]

Both do the same work on the same sentences: BLEU-2, BLEU-4, ROUGE-1, ROUGE-2, ROUGE-L, and METEOR
where WordNet is found. Processor time, the two in turns, the best run of each. The goal is at most
1.3 times the bare loop. Writes ``docs/text-metrics-benchmark.json``.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slava.metrics.text import TextPair, score_texts  # noqa: E402
from slava.metrics.wordnet import find_wordnet  # noqa: E402

RESULT = ROOT / "docs" / "text-metrics-benchmark.json"
GOAL = 1.3
OPENINGS = ["The micrograph shows", "The image displays", "This picture depicts", "One can see"]
THINGS = ["spherical particles", "aligned fibres", "a porous network", "a rough film", "fine wires"]
TRAITS = [
    "of uniform size,",
    "with smooth surfaces,",
    "scattered across the substrate,",
    "grouped in clusters,",
    "about 200 nm wide,",
]
ENDINGS = [
    "indicating a controlled process.",
    "suggesting slow growth.",
    "with no visible defect.",
    "while a few flaws remain at the edges.",
]


def sentences(count: int, seed: int) -> list[str]:
    """Answers of 10 to 25 words about what micrographs show."""
    draw = random.Random(seed)
    return [
        " ".join(
            [
                draw.choice(OPENINGS),
                draw.choice(THINGS),
                *draw.sample(TRAITS, draw.randint(1, 4)),
                draw.choice(ENDINGS),
            ]
        )
        for _ in range(count)
    ]


def bare_loop(pairs: list[TextPair], folder: Path | None) -> list[dict[str, float]]:
    """The libraries as their documentation calls them."""
    from nltk.corpus import wordnet as corpus
    from nltk.translate.bleu_score import sentence_bleu
    from nltk.translate.meteor_score import single_meteor_score
    from rouge_score.rouge_scorer import RougeScorer

    wordnet: Any = corpus if folder is None else find_wordnet(folder)._reader  # type: ignore[union-attr]
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    with_meteor = find_wordnet(folder) is not None
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for pair in pairs:
            hoped, said = pair.reference.split(), pair.prediction.split()
            row = {
                "bleu2": sentence_bleu([hoped], said, weights=(0.5, 0.5)),
                "bleu4": sentence_bleu([hoped], said),
            }
            overlaps = scorer.score(pair.reference, pair.prediction)
            row |= {name: overlap.fmeasure for name, overlap in overlaps.items()}
            if with_meteor:
                row["meteor"] = single_meteor_score(hoped, said, wordnet=wordnet)
            rows.append(row)
    return rows


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--pairs", type=int, default=10_000)
    ask.add_argument("--runs", type=int, default=2)
    ask.add_argument("--wordnet", type=Path)
    told = ask.parse_args()
    texts = zip(sentences(told.pairs, 1), sentences(told.pairs, 2), strict=True)
    pairs = [TextPair(k, hoped, said) for k, (hoped, said) in enumerate(texts)]
    score_texts(pairs[:50], wordnet_folder=told.wordnet)
    bare_loop(pairs[:50], told.wordnet)
    ours, bare = [], []
    for _ in range(told.runs):
        began = time.process_time()
        expected = bare_loop(pairs, told.wordnet)
        middle = time.process_time()
        figures = score_texts(pairs, wordnet_folder=told.wordnet)
        ended = time.process_time()
        bare.append(middle - began)
        ours.append(ended - middle)
    rows = [{m: v for m, v in row.items() if v is not None} for _, row in figures.rows]
    result = {
        "machine": platform.processor() or platform.machine(),
        "pairs": len(pairs),
        "measures": [m for m in figures.mean if m not in figures.left_out],
        "seconds": round(min(ours), 2),
        "bare_loop_seconds": round(min(bare), 2),
        "ratio": round(min(ours) / min(bare), 3),
        "goal": GOAL,
        "within_goal": min(ours) <= GOAL * min(bare),
        "every_row_equals_the_libraries": rows == expected,
    }
    print(json.dumps(result))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
