"""What speaks against a run before it starts, all at once and in plain words. No torch.

The snapshot with its micrographs, the base, memory, disk and what else is on the graphics card. It
must not know queues, rows or windows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slava.errors import ModelError, SnapshotDamaged, UnreadableMicrograph
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.snapshot import SnapshotContent
from slava.vlm.load import kind_of
from slava.vlm.memory import gigabytes
from training import machine
from training.finetune.config import TrainConfig
from training.needs import Needs, needs_of, needs_of_builtin

Severity = Literal["error", "warning"]
Tell = Callable[[str], None]

FEW_PAIRS = 20
MOST_NAMED = 3
TELL_EVERY = 50
FREEZE = "Freeze the pairs again: slava snapshot NAME."


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found."""

    severity: Severity
    """An ``error`` speaks against the start; a ``warning`` is worth knowing."""
    check: str
    """What was looked at: ``snapshot`` (hashes, format, empty answers), ``micrographs``,
    ``split``, ``pairs``, ``base``, ``memory``, ``disk`` or ``gpu``."""
    text: str
    """A sentence."""
    way_out: str = ""


def check_start(
    snapshot: Path,
    workspace: Path,
    config: TrainConfig,
    on_progress: Tell = lambda _: None,
    *,
    freed_bytes: int = 0,
) -> list[Finding]:
    """Everything that speaks against a run, errors first; empty where nothing does.

    Parameters
    ----------
    snapshot
        The folder of what it learns from.
    workspace
        Where the micrographs are, and where the run will write.
    config
        What the run is told.
    on_progress
        Told what is being looked at.
    freed_bytes
        Memory that will be given back before the start, such as the chat model's.
    """
    found = [*_snapshot(snapshot, workspace, on_progress)]
    on_progress("looking at the base, the memory and the disk")
    found += _machine(workspace, config, freed_bytes, bytes_under(snapshot))
    return sorted(found, key=lambda finding: finding.severity != "error")


def disk_needed(snapshot: Path, config: TrainConfig) -> int | None:
    """Bytes that a run writes at most: the checkpoints that are kept, the adapter, and its copy of
    the snapshot; ``None`` where the base is not here."""
    finding = _base(config, config.device != "cpu" and machine.find_gpu() is not None)
    try:
        while True:
            next(finding)
    except StopIteration as ended:
        needs: Needs | None = ended.value
    return needs.disk + bytes_under(snapshot) if needs is not None else None


def bytes_under(folder: Path) -> int:
    """Of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ------------------------------------------------------------------ what is learnt from
def _snapshot(folder: Path, workspace: Path, tell: Tell) -> Iterator[Finding]:
    tell("reading the snapshot")
    try:
        content = read_snapshot(folder, workspace)
    except SnapshotDamaged as error:
        for problem in error.problems:
            way_out = f"Restore the file from a copy. {FREEZE}"
            yield Finding("error", "snapshot", f"The snapshot is damaged: {problem}.", way_out)
        try:
            content = read_snapshot(folder)
        except SnapshotDamaged:
            return
    yield from _micrographs(content, workspace, tell)
    yield from _split(content)
    yield from _parts(content)


def _micrographs(content: SnapshotContent, workspace: Path, tell: Tell) -> Iterator[Finding]:
    """Every one that does not open."""
    from slava.imaging.read import grey, read_frame

    shown = list(content.micrographs.values())
    for number, m in enumerate(shown):
        if number % TELL_EVERY == 0:
            tell(f"opening micrographs, {number} of {len(shown)}")
        path = m.file(workspace)
        if not path.is_file():
            continue  # the snapshot's own check has named it
        try:
            pixels = grey(read_frame(path))
        except UnreadableMicrograph as error:
            told = f"The micrograph {m.id[:12]} does not open: {error}"
            way_out = "Take it out of the workspace and freeze the pairs again."
            yield Finding("error", "micrographs", told, way_out)
            continue
        if not pixels.size or pixels.min() == pixels.max():
            told = f"The micrograph {m.id[:12]} is of one grey: there is nothing to see in it."
            yield Finding("warning", "micrographs", told, "Reject its pairs.")


def _split(content: SnapshotContent) -> Iterator[Finding]:
    """Papers and samples that stand in several parts; micrographs that do are damage."""
    groups: dict[str, set[str]] = defaultdict(set)
    for entry in content.pairs:
        for micrograph_id in entry.pair.micrograph_ids:
            known = content.micrographs.get(micrograph_id)
            group = entry.pair.group or (known.group if known else "")
            if group:
                groups[group].add(entry.part)
    torn = sorted(group for group, parts in groups.items() if len(parts) > 1)
    if torn:
        told = (
            f"{_many(len(torn), 'paper or sample stands', 'papers or samples stand')} in several "
            f"parts, so that figures on the test part would flatter: {_named(torn)}."
        )
        yield Finding("error", "split", told, FREEZE)


def _parts(content: SnapshotContent) -> Iterator[Finding]:
    train = len(content.part("train"))
    if not train:
        yield Finding("error", "pairs", "The training part is empty.", "Freeze more pairs.")
    elif train < FEW_PAIRS:
        told = f"The training part has {_many(train, 'pair', 'pairs')}: too few to learn much from."
        yield Finding("warning", "pairs", told, "Accept more pairs first.")
    if not content.part("validation"):
        told = "There is no validation part: the last weights are kept, not the best."
        yield Finding("warning", "pairs", told, "Freeze more pairs, or other fractions.")
    if not content.part("test"):
        told = "There is no test part: base and adapter cannot be compared at the end."
        yield Finding("warning", "pairs", told, "Freeze more pairs, or other fractions.")


# ------------------------------------------------------------------ what it is learnt on
def _machine(
    workspace: Path, config: TrainConfig, freed_bytes: int, copied_bytes: int
) -> Iterator[Finding]:
    gpu = None if config.device == "cpu" else machine.find_gpu()
    if config.device is not None and config.device.startswith("cuda") and gpu is None:
        told = "A graphics card is asked for and none is found."
        yield Finding("error", "gpu", told, "Set device to cpu, or look at: nvidia-smi")
    if config.quantization == "nf4" and gpu is None and not config.of_builtin:
        told = "nf4 without a graphics card is computed slowly."
        yield Finding("warning", "gpu", told, "Train the built-in model, or a smaller one.")
    needs = yield from _base(config, gpu is not None)
    if needs is not None:
        yield from _memory(config, needs, gpu, freed_bytes)
        yield from _disk(workspace, needs.disk + copied_bytes)
    others = machine.list_gpu_processes() if gpu is not None else []
    if others:
        named = [f"{p.name} (PID {p.pid}, {gigabytes(p.bytes)})" for p in others]
        told = f"{_many(len(others), 'program is', 'programs are')} on the graphics card already: "
        way_out = "Close them, or expect it to be slower and to need room."
        yield Finding("warning", "gpu", told + _named(named) + ".", way_out)


def _base(config: TrainConfig, on_gpu: bool) -> Generator[Finding, None, Needs | None]:
    """Whether the base is there and can be trained; yields findings, returns what it needs."""
    if config.of_builtin:
        return needs_of_builtin(config)
    from slava.vlm.model_folder import find_model

    try:
        if kind_of(config.backbone) == "endpoint":
            told = f"{config.backbone} is a served model: its weights are not here."
            yield Finding("error", "base", told, "Choose builtin, a folder, or OWNER/NAME.")
            return None
        return needs_of(find_model(config.backbone), config, on_gpu)
    except ModelError as error:
        yield Finding("error", "base", str(error))
        return None


def _memory(
    config: TrainConfig, needs: Needs, gpu: machine.Gpu | None, freed_bytes: int
) -> Iterator[Finding]:
    on_card = gpu is not None and not config.of_builtin
    free = gpu.free_bytes if gpu is not None and on_card else machine.free_memory()
    free += freed_bytes
    if needs.memory <= free:
        return
    where = "on the graphics card" if on_card else "in the main memory"
    told = f"About {gigabytes(needs.memory)} are needed and {gigabytes(free)} are free {where}."
    yield Finding("error", "memory", told, _smaller(config))


def _smaller(config: TrainConfig) -> str:
    ways = ["close other programs"]
    if not config.of_builtin:
        if config.quantization != "nf4":
            ways.append("load the base in nf4")
        if config.micro_batch != 1:
            ways.append("set micro_batch to 1")
        if (config.image_tokens or 1024) > 256:
            ways.append("set image_tokens to 256")
        ways.append("choose a smaller base")
    told = ", or ".join(ways)
    return f"{told[:1].upper()}{told[1:]}."


def _disk(workspace: Path, needed: int) -> Iterator[Finding]:
    refused = machine.try_to_write(workspace / "runs")
    if refused:
        told = f"No checkpoint can be written to {workspace / 'runs'} ({refused})."
        yield Finding("error", "disk", told, "Free some space, or look at the folder's rights.")
        return
    free = machine.free_disk(workspace)
    if needed > free:
        told = (
            f"The checkpoints that are kept, the adapter and a copy of the snapshot take up to "
            f"{gigabytes(needed)}, and {gigabytes(free)} are free on the disk of the workspace."
        )
        yield Finding("error", "disk", told, "Delete old runs, or free some space.")


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _named(names: list[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - MOST_NAMED
    told = ", ".join(names[:MOST_NAMED])
    return f"{told} and {more} more" if more > 0 else told
