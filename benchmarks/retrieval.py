"""Top-16 of a library's vectors against a bare NumPy product of the same matrix and vector.

Both are timed in turn in one process and the best of many rounds is taken, so the ratio says more
than the milliseconds.

    python benchmarks/retrieval.py              # 21,283 x 384, as many as the papers' set
    python benchmarks/retrieval.py --million    # 1,000,000 x 384 too (needs 4 GB of memory)
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slava.domain import EncoderKey  # noqa: E402
from slava.retrieval.index import Index  # noqa: E402

RESULT = Path(__file__).parent / "results" / "retrieval.json"
DIMENSION, K = 384, 16
GOALS = {21_283: 1.5, 1_000_000: 1.2}


def index_of(rows: int) -> Index:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((rows, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"{row:064x}" for row in range(rows)]
    labels = [f"class {row % 10}" for row in range(rows)]
    return Index(EncoderKey("benchmark", "0", DIMENSION), ids, labels, [""] * rows, vectors)


def best_ms(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The best time of each work, all of them in turn in every round."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            began = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - began)
    return [1e3 * seconds for seconds in best]


def measure(rows: int, rounds: int) -> dict[str, float | int]:
    index = index_of(rows)
    query, own = index.vectors[7].copy(), {index.ids[7]}
    product, nearest = best_ms(
        rounds, lambda: index.vectors @ query, lambda: index.nearest(query, K, exclude_ids=own)
    )
    return {
        "rows": rows,
        "dimension": DIMENSION,
        "k": K,
        "product_ms": round(product, 3),
        "nearest_ms": round(nearest, 3),
        "ratio": round(nearest / product, 3),
        "goal": GOALS[rows],
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--million", action="store_true")
    ask.add_argument("--rounds", type=int, default=60)
    told = ask.parse_args()
    sizes = [21_283, 1_000_000] if told.million else [21_283]
    rows = [measure(n, told.rounds if n < 100_000 else max(5, told.rounds // 6)) for n in sizes]
    for row in rows:
        print(row)
    result = {"machine": platform.processor() or platform.machine(), "rows": rows}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
