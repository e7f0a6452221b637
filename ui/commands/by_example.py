"""What ``slava classify --demonstrations`` does: library, encoder, fusion, figures.

It reads folders; it must not know the workspace.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slava.errors import BadInput, BadSetting
from ui.commands.output import Record, each

if TYPE_CHECKING:
    from slava.domain import Neighbour
    from slava.retrieval.asking import ModelAnswer
    from slava.retrieval.encoder import MicrographEncoder
    from slava.retrieval.evaluate import Ask, Choice
    from slava.retrieval.fusion import Fusion
    from slava.retrieval.index import Index
    from slava.retrieval.library import Entry, Library
    from slava.vlm.backbone import Backbone, View

TRAIN, NONE = "train", "none"
HELD_OUT = 0.1
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options, checked."""

    demonstrations: Path
    choice: Choice
    encoder: str
    backbone: str
    quantize: str
    save_encoder: Path | None
    labels: bool

    @classmethod
    def checked(
        cls,
        demonstrations: Path,
        k: int,
        strategy: str,
        metric: str,
        encoder: str,
        backbone: str,
        quantize: str,
        save_encoder: Path | None,
        labels: bool,
        seed: int,
    ) -> Wanted:
        """Options as the user gave them.

        Raises
        ------
        BadSetting
            Naming the one that is wrong.
        """
        from slava.retrieval.evaluate import Choice
        from slava.retrieval.sampling import MOST_DEMONSTRATIONS, metric_of, strategy_of
        from slava.vlm.load import quantization_of

        if not 0 <= k <= MOST_DEMONSTRATIONS:
            raise BadSetting(f"--k {k} is not in 0..{MOST_DEMONSTRATIONS}.")
        if encoder != TRAIN and (save_encoder or not labels):
            raise BadSetting("--save-encoder and --no-labels go with --encoder train.")
        quantization_of(quantize)
        choice = Choice(k, strategy_of(strategy), metric_of(metric), seed)
        return cls(demonstrations, choice, encoder, backbone, quantize, save_encoder, labels)


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A library that can classify."""

    library: Library
    index: Index
    encoder: MicrographEncoder
    backbone: Backbone | None
    fusion: Fusion
    seconds: dict[str, float]
    warnings: tuple[str, ...]


def judge(wanted: Wanted, queries: Path, tell: Tell) -> Record:
    """Classify the labelled micrographs of ``queries`` and count what is right.

    Raises
    ------
    BadInput
        If folders hold nothing that can be classified.
    ModelError
        If encoder or backbone cannot be loaded.
    """
    from slava.retrieval.evaluate import collect_votes, figures
    from slava.retrieval.labelled import list_labelled
    from slava.retrieval.library import read_library

    began = time.monotonic()
    listed = list_labelled(queries, part="queries")
    ready = prepare(wanted, tell)
    tell(f"reading {len(listed.files)} queries")
    asked = read_library(listed.files, ready.encoder, deduplicate=False)
    if asked.vectors is None:
        raise BadInput("no query could be read.")
    tell(f"classifying {len(asked.entries)} queries")
    votes = collect_votes(
        ready.index, ready.encoder, asked.entries, asked.vectors, wanted.choice,
        ask=_asker(ready.index, ready.library.entries, ready.backbone),
    )  # fmt: skip
    told = figures(ready.index, asked.labels, votes, ready.fusion)
    return {
        **told,
        "seconds": round(time.monotonic() - began, 2),
        "seconds_of": ready.seconds,
        "encoder": ready.encoder.key.id,
        "encoder_dimension": ready.encoder.key.dimension,
        "model_note": votes.model_note,
        "k": wanted.choice.k,
        "strategy": wanted.choice.strategy,
        "metric": wanted.choice.metric,
        "demonstrations": len(ready.library.entries),
        "duplicates": [list(names) for names in ready.library.duplicates],
        "conflicts": [list(names) for names in ready.library.conflicts],
        "warnings": [
            *ready.warnings, *listed.warnings, *asked.warnings, *_about(asked, ready.index)
        ],
    }  # fmt: skip


def rank_files(wanted: Wanted, files: list[Path], as_json: bool, tell: Tell) -> None:
    """Classify single files by the library, one record each."""
    from slava.imaging.inspect import inspect_micrograph
    from slava.retrieval import Query, classify, specimen_view

    ready = prepare(wanted, tell)
    view_of = _view_of(ready.library.entries)

    def work(file: Path) -> Record:
        inspected = inspect_micrograph(file)
        picture = specimen_view(inspected.micrograph, inspected.grey)
        choice = wanted.choice
        found = classify(
            Query(picture, inspected.micrograph.id), ready.index, ready.encoder, ready.backbone,
            choice.k, choice.strategy, ready.fusion, metric=choice.metric, seed=choice.seed,
            view_of=view_of,
        )  # fmt: skip
        return {
            "ranked": [_plain(r) for r in found.ranked_fused],
            "abstained": found.abstained,
            "reason": found.reason,
            "rationale": found.rationale,
            "ranked_knn": [_plain(r) for r in found.ranked_knn],
            "ranked_model": [_plain(r) for r in found.ranked_model],
            "model_note": found.model_note,
            "neighbours": [
                {
                    "file": n.demonstration.name,
                    "label": n.demonstration.label,
                    "similarity": n.similarity,
                }
                for n in found.neighbours
            ],
            "warnings": list(ready.warnings),
        }

    each(files, as_json, work)


def prepare(wanted: Wanted, tell: Tell) -> Ready:
    """Read and embed the demonstrations, train where asked for, fit the fusion.

    Raises
    ------
    BadInput
        If there are fewer than two classes.
    """
    from slava.retrieval.collapse import check_spread
    from slava.retrieval.encoder import open_encoder
    from slava.retrieval.evaluate import fit_on_library
    from slava.retrieval.labelled import library_warnings, list_labelled
    from slava.retrieval.library import read_library

    began = time.monotonic()
    seconds: dict[str, float] = {}
    listed = list_labelled(wanted.demonstrations, part="demonstrations")
    library_warnings([f.label for f in listed.files], wanted.choice.k)
    given = None if wanted.encoder == TRAIN else open_encoder(wanted.encoder)
    tell(f"reading {len(listed.files)} demonstrations")
    library = read_library(listed.files, given)
    warnings = library_warnings(library.labels, wanted.choice.k)
    seconds["reading"] = round(time.monotonic() - began, 2)
    encoder = given or _trained(wanted, library, tell)
    seconds["training"] = round(time.monotonic() - began - seconds["reading"], 2)
    vectors = library.vectors
    if vectors is None:
        vectors = encoder.encode([entry.small for entry in library.entries])
    check_spread(vectors)
    index = library.index(encoder.key, vectors)
    backbone = _backbone(wanted, tell)
    rows = _held_out(library, encoder, wanted.choice.seed)
    tell(f"fitting the fusion on {len(rows)} held-out demonstrations")
    ask = _asker(index, library.entries, backbone)
    fusion = fit_on_library(index, encoder, library.entries, rows, wanted.choice, ask)
    told = (*listed.warnings, *library.warnings, *warnings)
    return Ready(library, index, encoder, backbone, fusion, seconds, told)


def _trained(wanted: Wanted, library: Library, tell: Tell) -> MicrographEncoder:
    from training.encoder import EncoderConfig
    from training.encoder.train import TrainingSet, train_encoder

    entries = library.entries
    given = TrainingSet(
        [e.small for e in entries],
        [e.id for e in entries],
        [e.label if wanted.labels else "" for e in entries],
        [e.group for e in entries],
    )
    task: Any = "supervised" if wanted.labels else "unsupervised"
    config = EncoderConfig(task=task, seed=wanted.choice.seed, held_out=HELD_OUT)
    tell(f"training an encoder on {len(entries)} micrographs")
    with tempfile.TemporaryDirectory(prefix="slava-encoder-") as folder:
        output = wanted.save_encoder or Path(folder)
        return train_encoder(given, output, config, lambda progress: tell(progress.text))


def _held_out(library: Library, encoder: MicrographEncoder, seed: int) -> Any:
    """Rows that the encoder was not trained on; for any other encoder a part drawn here."""
    import numpy as np

    from slava.retrieval.parts import held_out_rows

    record = getattr(encoder, "record", None)
    held = set(record.held_out) if record is not None and record.labels else set()
    rows = np.array([r for r, e in enumerate(library.entries) if e.id in held], dtype=np.int64)
    if len(rows):
        return rows
    return held_out_rows(library.labels, [e.group for e in library.entries], HELD_OUT, seed)


def _backbone(wanted: Wanted, tell: Tell) -> Backbone | None:
    if wanted.backbone == NONE:
        return None
    from ui.commands.classify import loader

    tell(f"opening the model {wanted.backbone}")
    return loader(wanted.backbone, wanted.quantize)()


def _asker(index: Index, entries: Sequence[Entry], backbone: Backbone | None) -> Ask | None:
    if backbone is None:
        return None
    from slava.retrieval.asking import ask_backbone
    from slava.retrieval.classify import view_from

    view_of, labels = _view_of(entries), index.classes

    def ask(entry: Entry, shown: Sequence[Neighbour]) -> ModelAnswer:
        return ask_backbone(backbone, view_from(entry.small), shown, view_of, labels)

    return ask


def _view_of(entries: Sequence[Entry]) -> Callable[[str], View | None]:
    from slava.retrieval.classify import view_from

    small = {entry.id: entry.small for entry in entries}
    return lambda micrograph_id: view_from(small[micrograph_id]) if micrograph_id in small else None


def _about(asked: Library, index: Index) -> list[str]:
    """What the user must know of the queries."""
    told = []
    own = sum(index.row_of(entry.id) is not None for entry in asked.entries)
    if own:
        told.append(f"{own} queries are demonstrations too; each was left out of its neighbours.")
    unknown = sorted(set(asked.labels) - set(index.classes))
    if unknown:
        told.append(f"no demonstration bears {', '.join(unknown)}; those queries count as wrong.")
    return told


def _plain(r: Any) -> dict[str, Any]:
    return {"label": r.label, "probability": r.probability}
