"""Reviewing 200,000 pairs: the next pair, a durable verdict, a search, and 30 people at once.

    python benchmarks/review.py [--pairs N] [--annotators N] [--minutes M] [--think SECONDS]

A workspace is filled with written pairs through the store. First one reviewer goes through some
pairs; then searches of rare and common words, and by meaning, as the window asks for it: among the
pairs of a filter, after a look whether every pair has its vector; then pages of the list, a
thousand pairs picked by hand, and all that a filter means at once, each taken back again; then many
annotators at once, each in a thread that takes a pair, thinks, and judges it, every tenth time with
an edit and now and then with an undo. At the end everything acknowledged is looked for: a verdict
that is lost, or a pair with two that stand, is counted. Goals at the 95th percentile: next pair
20 ms, verdict 10 ms, search 200 ms. A verdict waits for the disk: what a synced write alone takes
there is measured beside it, and of every call the time on the processor, which other programs
disturb less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from slava.domain import Drafting, EncoderKey, Flag, MicrographId, PairId, QAPair  # noqa: E402
from slava.errors import PairTaken  # noqa: E402
from store import Judgement, PairFilter, Store  # noqa: E402
from store.review_rows import load_reviews  # noqa: E402
from tests.store.plain_reader import PlainReader, write_micrograph  # noqa: E402

RESULT = ROOT / "docs" / "review-benchmark.json"
MICROGRAPHS = 200
GOALS = {"next_pair_ms": 20.0, "review_ms": 10.0, "search_ms": 200.0}
ASPECTS = ("size", "shape", "texture", "defects", "arrangement", "scale")
BATCH = 10_000
DIMENSION = 384
PICKED = 1000
MEANT: dict[str, PairFilter | None] = {
    "anywhere": None,
    "all_pairs": PairFilter(),
    "a_sixth": PairFilter(state="pending", aspect=ASPECTS[0]),
    "a_word": PairFilter(text="ab"),
}
"""Among which pairs those that mean the same are looked for."""
T = TypeVar("T")


@dataclass
class Times:
    """How long calls took, ms: on the clock, and of that on the processor."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def timed(self, work: Callable[[], T]) -> T:
        clock, processor = time.perf_counter(), time.thread_time()
        done = work()
        self.processor.append((time.thread_time() - processor) * 1e3)
        self.clock.append((time.perf_counter() - clock) * 1e3)
        return done

    def figures(self) -> dict[str, float]:
        """Median, 95th percentile and maximum."""
        clock, processor = sorted(self.clock), sorted(self.processor)
        if not clock:
            return {"count": 0}
        late = int(0.95 * (len(clock) - 1))
        return {
            "median": round(statistics.median(clock), 2),
            "p95": round(clock[late], 2),
            "max": round(clock[-1], 2),
            "processor_median": round(statistics.median(processor), 2),
            "processor_p95": round(processor[late], 2),
            "count": len(clock),
        }


def together_of(times: Iterable[Times]) -> dict[str, float]:
    """Figures of what several people had to wait for."""
    every = list(times)
    clock = [t for one in every for t in one.clock]
    return Times(clock, [t for one in every for t in one.processor]).figures()


@dataclass
class Tally:
    """What one annotator did and how long it took."""

    next_pair: Times = field(default_factory=Times)
    review: Times = field(default_factory=Times)
    undo: Times = field(default_factory=Times)
    standing: list[PairId] = field(default_factory=list)
    """Pairs whose verdict was acknowledged and not taken back."""
    refused: int = 0
    ran_dry: bool = False
    """Whether nothing was left to judge."""


def vocabulary(chance: random.Random, count: int = 8000) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(chance.choices(letters, k=chance.randint(3, 11))) for _ in range(count)]


def written_pairs(
    count: int, ids: list[MicrographId], words: list[str], seed: int = 0
) -> Iterator[tuple[QAPair, list[Flag]]]:
    """Pairs of the length that teachers write (600 characters), a quarter of them flagged."""
    chance = random.Random(seed)
    sums = list(accumulate(1 / (rank + 5) for rank in range(len(words))))
    for number in range(count):
        said = [" ".join(chance.choices(words, cum_weights=sums, k=k)) for k in (12, 18, 60)]
        pair = QAPair(
            PairId(f"{number:032x}"),
            (ids[number % len(ids)],),
            f"{said[0].capitalize()}?",
            f"{said[1].capitalize()}.",
            f"{said[2].capitalize()}.",
            aspect=ASPECTS[number % len(ASPECTS)],
            category=f"category {number % 10}",
            drafting=Drafting("api.example.org", "teacher-1", f"pack-{number % 2}"),
        )
        flags = [Flag("length", "Too long.", chance.random())] if chance.random() < 0.25 else []
        yield pair, flags


def fill(store: Store, folder: Path, count: int, words: list[str]) -> float:
    """Fill a workspace; seconds that adding the pairs took."""
    paths = [
        write_micrograph(folder / f"m{k}.png", k) for k in range(min(MICROGRAPHS, 1 + count // 20))
    ]
    ids = [store.micrographs.add_micrograph(path).micrograph.id for path in paths]
    pairs = written_pairs(count, ids, words)
    seconds = 0.0
    while batch := list(islice(pairs, BATCH)):
        begin = time.perf_counter()
        store.pairs.add_pairs([p for p, _ in batch], {p.id: f for p, f in batch if f})
        seconds += time.perf_counter() - begin
    return seconds


def annotate(
    store: Store, name: str, think_s: float, stop: threading.Event, most: int | None = None
) -> Tally:
    """One person: take a pair, think, judge; until told to stop, or ``most`` verdicts."""
    chance, done = random.Random(name), Tally()
    while not stop.is_set() and (most is None or len(done.review.clock) < most):
        pair = done.next_pair.timed(lambda: store.leases.next_pair(name))
        if pair is None:
            done.ran_dry = True
            break
        stop.wait(chance.uniform(0, 2 * think_s))
        edited = chance.random() < 0.1
        answer = f"{pair.answer} Edited by {name}." if edited else None
        verdict = "edited" if edited else "accepted"
        said = Judgement(verdict, answer=answer, seconds=think_s)
        judge = partial(store.reviews.record_review, pair.pair.id, name, said, pair.reviews)
        try:
            done.review.timed(judge)
        except PairTaken:
            done.refused += 1
            continue
        done.standing.append(pair.pair.id)
        if chance.random() < 0.02:
            back = done.undo.timed(partial(store.reviews.undo_last, name))
            assert back is not None
            assert back.pair.id == done.standing.pop()
            store.leases.release(name)
    return done


def together(store: Store, annotators: int, seconds: float, think_s: float) -> dict[str, object]:
    """Many at once, and whether everything that was acknowledged is there exactly once."""
    stop = threading.Event()
    names = [f"annotator {number}" for number in range(annotators)]
    with ThreadPoolExecutor(annotators) as pool:
        people = [pool.submit(annotate, store, name, think_s, stop) for name in names]
        stop.wait(seconds)
        stop.set()
        tallies = [person.result() for person in people]
    acknowledged = Counter(i for tally in tallies for i in tally.standing)
    stands = Counter(
        pair_id
        for pair_id, reviews in load_reviews(store.database).items()
        for review in reviews
        if not review.undone and review.reviewer in names
    )
    return {
        "annotators": annotators,
        "seconds": seconds,
        "think_s": think_s,
        "verdicts": sum(acknowledged.values()),
        "taken_back": sum(len(tally.undo.clock) for tally in tallies),
        "ran_dry": sum(tally.ran_dry for tally in tallies),
        "refused": sum(tally.refused for tally in tallies),
        "lost": sum((acknowledged - stands).values()),
        "doubled": sum(count - 1 for count in stands.values() if count > 1),
        "unacknowledged": sum((stands - acknowledged).values()),
        "next_pair_ms": together_of(tally.next_pair for tally in tallies),
        "review_ms": together_of(tally.review for tally in tallies),
    }


def searches(store: Store, words: list[str], count: int) -> dict[str, float]:
    """Common and rare words, one to three of them; the first 50 found are read."""
    chance, times = random.Random(4), Times()
    for _ in range(count):
        text = " ".join(chance.choices(words, k=chance.randint(1, 3)))
        times.timed(partial(store.pairs.search_text, text))
    for text in (words[0], words[50], words[-1], "nowhere to be found"):
        times.timed(partial(store.pairs.search_text, text))
    return times.figures()


def by_meaning(store: Store, count: int) -> dict[str, object]:
    """Drawn vectors of every pair: reading them all once, then searches among them."""
    chance, key = np.random.default_rng(5), EncoderKey("drawn", "benchmark", DIMENSION)
    while ids := store.pair_vectors.list_missing(key, BATCH):
        vectors = chance.standard_normal((len(ids), DIMENSION), dtype=np.float32)
        store.pair_vectors.record_vectors(key, dict(zip(ids, vectors, strict=True)))
    reading, looking = Times(), Times()
    asked = chance.standard_normal((count + 1, DIMENSION), dtype=np.float32)
    reading.timed(partial(store.pair_vectors.nearest, key, asked[0]))
    figures: dict[str, object] = {"first_ms": round(reading.clock[0], 1)}
    for name, wanted in MEANT.items():
        times = Times()
        for vector in asked[1:]:
            looking.timed(partial(store.pair_vectors.list_missing, key))
            times.timed(partial(store.pair_vectors.nearest, key, vector, 50, wanted))
        figures[name] = times.figures()
    return figures | {"is_any_unread_ms": looking.figures()}


def in_bulk(store: Store, rounds: int) -> dict[str, object]:
    """Many pairs at once: picked by hand, and all that a filter means; each is taken back."""
    judged: dict[str, object] = {}
    picking, every = (Times(), Times()), (Times(), Times())
    wanted = PairFilter(state="pending", aspect=ASPECTS[0])
    counting, meant = Times(), 0
    for _ in range(rounds):
        rows = store.pairs.list_pairs(wanted, PICKED)
        seen = {row.pair.id: row.reviews for row in rows}
        picked = partial(store.reviews.record_picked, seen, "by hand", "accepted")
        assert picking[0].timed(picked).reviewed == len(seen)
        picking[1].timed(partial(store.reviews.undo_last, "by hand"))
        store.leases.release("by hand")
        bulk = partial(store.reviews.record_bulk, wanted, "by filter", "accepted")
        meant = counting.timed(partial(bulk, dry_run=True)).meant
        assert every[0].timed(bulk).reviewed == meant
        every[1].timed(partial(store.reviews.undo_last, "by filter"))
        store.leases.release("by filter")
    for name, (verdict, undo) in {f"picked_{len(seen)}": picking, f"filter_{meant}": every}.items():
        judged[name] = {"verdict_ms": verdict.figures(), "undo_ms": undo.figures()}
    return judged | {"counting_first_ms": counting.figures()}


def filtered(store: Store) -> dict[str, object]:
    """A page of a list, the count of a filter, and the figures beside every filter."""
    page, count, facet = Times(), Times(), Times()
    for aspect in ASPECTS:
        wanted = PairFilter(state="pending", aspect=aspect)
        page.timed(partial(store.pairs.list_pairs, wanted))
        count.timed(partial(store.pairs.count_pairs, wanted))
        facet.timed(partial(store.pairs.count_by, "flag", wanted))
    figures = {"page_ms": page, "count_ms": count, "facet_ms": facet}
    return {name: times.figures() for name, times in figures.items()}


def synced_writes(folder: Path, count: int) -> dict[str, float]:
    """What writing 500 bytes durably takes on this disk."""
    times = Times()
    with (folder / "synced").open("wb") as file:

        def write() -> None:
            file.write(b"x" * 500)
            file.flush()
            os.fsync(file.fileno())

        for _ in range(count):
            times.timed(write)
    return times.figures()


def measure(
    folder: Path, pairs: int, annotators: int, seconds: float, think_s: float, rounds: int = 300
) -> dict[str, object]:
    """Everything, in a workspace under ``folder``."""
    words = vocabulary(random.Random(1))
    with Store.open(folder / "workspace", inspect=PlainReader()) as store:
        filling = fill(store, folder / "in", pairs, words)
        alone = annotate(store, "alone", 0.0, threading.Event(), most=rounds)
        return {
            "pairs": pairs,
            "filling_s": round(filling, 1),
            "synced_write_ms": synced_writes(folder, rounds),
            "next_pair_ms": alone.next_pair.figures(),
            "review_ms": alone.review.figures(),
            "undo_ms": alone.undo.figures(),
            "search_ms": searches(store, words, rounds // 10),
            "search_by_meaning_ms": by_meaning(store, rounds // 10),
            **filtered(store),
            "many_at_once": in_bulk(store, max(1, rounds // 60)),
            "together": together(store, annotators, seconds, think_s),
        }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200_000)
    parser.add_argument("--annotators", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds over a pair")
    parser.add_argument("--note", default="", help="kept with the figures: what else was running")
    parser.add_argument("--out", type=Path, default=RESULT)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(
            Path(folder), wanted.pairs, wanted.annotators, wanted.minutes * 60, wanted.think
        )
    found["goals_p95_ms"] = GOALS
    found["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    found["python"] = platform.python_version()
    found["note"] = wanted.note
    wanted.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
