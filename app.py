"""The composition root and the ``slava`` command: settings -> store -> services -> window.

``python app.py`` opens the window. ``slava COMMAND`` is the same program: every command takes
``--json`` (one object per line and file) and ends with 0 (done), 1 (failed) or 2 (bad input).
Heavy imports happen inside the commands: the window opens without importing torch.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from slava.errors import BadInput, BadSetting, SlavaError
from slava.settings import Settings
from ui.privacy import set_private_environment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from slava.domain import Calibration, Fact, Measurement, Micrograph
    from slava.domain.conversation import ContextLevel
    from slava.vlm.backbone import Backbone, GenerationSettings
    from store import Store

Record = dict[str, Any]

cli = typer.Typer(
    name="slava",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="An analyst for electron micrographs. Without a command it opens the window.",
)
models_cli = typer.Typer(
    help="Models on this machine, models we recommend, and downloading one.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
cli.add_typer(models_cli, name="models")

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Micrographs.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line and file.")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="Work in this workspace: the micrograph is added to it, and its calibration used.",
    ),
]
Model = Annotated[
    str, typer.Option("--model", help="builtin, a folder, OWNER/NAME, or a URL (URL#MODEL).")
]
Quantize = Annotated[str, typer.Option("--quantize", help="none, int8 or nf4.")]
NmPerPx = Annotated[
    float | None, typer.Option("--nm-per-px", help="Calibrate by hand: nm per pixel.")
]


# ------------------------------------------------------------------------------- the window
@cli.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = None,
    workspace: Workspace = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
) -> None:
    """An analyst for electron micrographs. Without a command it opens the window."""
    if ctx.invoked_subcommand is None:
        open_window(port, workspace, no_browser)


@cli.command("app")
def open_window(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = None,
    workspace: Workspace = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    json_: Json = False,
) -> None:
    """Open the window in the browser of this machine."""
    settings = Settings.gather(workspace=workspace, port=port, open_browser=not no_browser)
    set_private_environment(settings.workspace)
    from slava.vlm.load import open_backbone
    from store import Store
    from ui.services import Services
    from ui.shell import serve

    with Store.open(settings.workspace) as store:
        opener = partial(open_backbone, api_key=settings.api_key)
        services = Services(store, settings, opener=opener)
        serve(services, settings, announce=lambda url: _announce(url, settings, json_))


def _announce(url: str, settings: Settings, as_json: bool) -> None:
    if as_json:
        _print_json({"url": url, "workspace": str(settings.workspace)})
    else:
        typer.echo(f"sLAVA is open at {url}\nworkspace: {settings.workspace}\nCtrl+C ends it.")


# ------------------------------------------------------------------------------- files
@cli.command()
def inspect(
    files: Files, json_: Json = False, workspace: Workspace = None, nm_per_px: NmPerPx = None
) -> None:
    """Say what each file is: pixels, pixel size and where that came from, instrument."""
    from slava.imaging.inspect import to_record

    with _bench(workspace, nm_per_px) as bench:
        _each(files, json_, lambda file: to_record(bench.open(file)[0]))


@cli.command()
def measure(
    files: Files,
    json_: Json = False,
    workspace: Workspace = None,
    nm_per_px: NmPerPx = None,
    kind: Annotated[
        str | None, typer.Option(help="particles, fibres or other; otherwise it is chosen.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Write the label map of one file as TIFF here.")
    ] = None,
) -> None:
    """Measure what each micrograph shows; in nm and µm only where it is calibrated."""
    from slava.imaging.measure import to_record

    if labels and len(files) > 1:
        raise BadSetting("--labels takes one FILE.")

    def work(file: Path) -> Record:
        measurement = bench.measure(*bench.open(file), kind=kind)
        if labels:
            _write_labels(measurement, labels)
        return to_record(measurement)

    with _bench(workspace, nm_per_px) as bench:
        _each(files, json_, work)


@cli.command()
def ask(
    files: Files,
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    model: Model = "builtin",
    quantize: Quantize = "none",
    context: Annotated[str, typer.Option(help="none, basic, moderate or high.")] = "high",
    max_new_tokens: Annotated[int, typer.Option(min=1, max=4096)] = 256,
    json_: Json = False,
    workspace: Workspace = None,
    nm_per_px: NmPerPx = None,
) -> None:
    """Ask a local model about each micrograph; its context is what was measured."""
    from slava.vlm.ask import check_question
    from slava.vlm.backbone import GenerationSettings
    from slava.vlm.context import level_of

    level = level_of(context)
    text = check_question(question)
    settings = GenerationSettings(max_new_tokens=max_new_tokens)
    load = _loader(model, quantize)
    with _bench(workspace, nm_per_px) as bench:
        work = partial(bench.ask, load, text, level, settings)
        _each(files, json_, work, key="answer")


@cli.command()
def classify(
    files: Files,
    model: Model = "builtin",
    quantize: Quantize = "none",
    pack: Annotated[str, typer.Option(help="The pack whose classes are ranked.")] = "nanomaterials",
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Rank the categories of a pack for each micrograph, without examples."""
    from slava.packs import load_pack
    from slava.vlm.ask import make_view
    from slava.vlm.classify import rank_classes
    from slava.vlm.context import build_context

    chosen = load_pack(pack)
    load = _loader(model, quantize)

    def work(file: Path) -> Record:
        micrograph, grey = bench.open(file)
        view = make_view(micrograph, grey, build_context(micrograph, (), "none"))
        return asdict(rank_classes(load(), view, chosen))

    with _bench(workspace, None) as bench:
        _each(files, json_, work)


# ------------------------------------------------------------------------------- workspace
@cli.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER...")],
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Add micrographs to the workspace: files, or whole folders. Nothing is changed or moved."""
    from store import Store
    from store.ingest import ingest_paths

    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        report = ingest_paths(
            store,
            paths,
            stop=threading.Event(),
            on_progress=lambda result: _print_json(result.to_record()) if json_ else None,
        )
    if not json_:
        typer.echo(report.summary)
        for failure in report.failed:
            typer.echo(f"slava: {failure.reason}", err=True)
    if report.failed:
        raise typer.Exit(2)


@cli.command()
def verify(json_: Json = False, workspace: Workspace = None) -> None:
    """Hash every original of the workspace again and compare with what was recorded."""
    from store import Store
    from store.verify import verify_workspace

    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        report = verify_workspace(store)
    _show({"workspace": str(settings.workspace), **report.to_record()}, json_)
    if not report.ok:
        raise typer.Exit(1)


# ------------------------------------------------------------------------------- models
BUILTIN_RECORD: Record = {
    "model": "builtin",
    "family": "sLAVA",
    "licence": "Apache-2.0",
    "download_gb": 0,
    "pictures": "one",
    "note": "In the package: answers at once on any CPU. Trained on computer-drawn micrographs.",
}


@models_cli.callback()
def models(ctx: typer.Context, json_: Json = False) -> None:
    """List the built-in model and the recommended ones: licence, download, memory."""
    if ctx.invoked_subcommand is not None:
        return
    from slava.vlm.catalogue import list_models

    _show(BUILTIN_RECORD, json_)
    for entry in list_models():
        _show(entry.to_record(), json_)


@models_cli.command("download")
def download(
    reference: Annotated[str, typer.Argument(metavar="OWNER/NAME")],
    yes: Annotated[bool, typer.Option("--yes", help="The size is known and agreed to.")] = False,
    json_: Json = False,
) -> None:
    """Download a model after saying its size; a broken download is resumed."""
    from slava.vlm.download import download_model

    folder = download_model(
        reference, confirmed=yes, on_progress=lambda text: typer.echo(text, err=True)
    )
    _show({"model": reference, "folder": str(folder)}, json_)


@cli.command("build-model")
def build_model_command(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Where the model is written.")],
    preset: Annotated[str, typer.Option(help="quick or full.")] = "full",
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    json_: Json = False,
) -> None:
    """Build the built-in model from nothing: draw micrographs, train, evaluate, write."""
    set_private_environment()
    from training.builtin.build import build_model

    report = build_model(
        out, preset=preset, seed=seed, on_progress=lambda text: typer.echo(text, err=True)
    )
    _show(report, json_)


# ------------------------------------------------------------------------------- plumbing
class Bench:
    """Where one command works on files: alone, or with a workspace that remembers."""

    def __init__(self, store: Store | None, nm_per_px: float | None) -> None:
        self._store, self._nm_per_px = store, nm_per_px

    def open(self, file: Path) -> tuple[Micrograph, NDArray[np.generic]]:
        """The micrograph of a file and its grey values, calibrated as asked."""
        from slava.imaging.inspect import inspect_micrograph

        inspected = inspect_micrograph(file)
        micrograph = inspected.micrograph
        manual = self._manual()
        if self._store:
            micrograph = self._store.micrographs.add_micrograph(file).micrograph
            if manual:
                self._store.micrographs.set_calibration(micrograph.id, manual)
        return (replace(micrograph, calibration=manual) if manual else micrograph), inspected.grey

    def _manual(self) -> Calibration | None:
        from slava.domain import Calibration

        if self._nm_per_px is None:
            return None
        try:
            return Calibration(self._nm_per_px, "manual", "--nm-per-px")
        except ValueError as error:
            raise BadSetting(f"--nm-per-px {self._nm_per_px}: {error}.") from None

    def measure(
        self, micrograph: Micrograph, grey: NDArray[np.generic], kind: str | None = None
    ) -> Measurement:
        """What can be measured on it."""
        from slava.domain.fact import Kind
        from slava.imaging.measure import measure_micrograph

        if kind not in (None, "particles", "fibres", "other"):
            raise BadSetting(f"--kind {kind!r} is none of particles, fibres, other.")
        return measure_micrograph(
            grey,
            picture=micrograph.picture,
            nm_per_px=micrograph.nm_per_px,
            kind=cast("Kind | None", kind),
        )

    def ask(
        self,
        load: Callable[[], Backbone],
        question: str,
        level: ContextLevel,
        settings: GenerationSettings,
        file: Path,
    ) -> Record:
        """One question about one file, answered to the end; read before a model is loaded."""
        from slava.imaging.measure import fact_record
        from slava.vlm.ask import prepare_question, stream_answer

        micrograph, grey = self.open(file)
        backbone = load()
        facts = self._facts(micrograph, grey) if level != "none" else ()
        asked = prepare_question(
            backbone, question, micrograph, grey, facts, level=level, settings=settings
        )
        progress = None
        for progress in stream_answer(backbone, asked, settings):  # noqa: B007
            pass
        assert progress is not None  # a stream always ends with a status
        return {
            "answer": progress.answer,
            "model": backbone.report().id,
            "context": asked.context.text,
            "facts": [fact_record(f) for f in asked.context.facts],
            "seconds": round(progress.seconds, 4),
            "first_token_seconds": progress.first_token_seconds,
            "tokens_per_second": progress.tokens_per_second,
            "warnings": [*micrograph.warnings, *progress.warnings],
        }

    def _facts(self, micrograph: Micrograph, grey: NDArray[np.generic]) -> tuple[Fact, ...]:
        from slava.imaging.measure import facts_of

        return facts_of(micrograph, self.measure(micrograph, grey))


@contextmanager
def _bench(workspace: Path | None, nm_per_px: float | None) -> Iterator[Bench]:
    set_private_environment(workspace)
    if workspace is None:
        yield Bench(None, nm_per_px)
        return
    from store import Store

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        yield Bench(store, nm_per_px)


def _each(
    files: list[Path], as_json: bool, work: Callable[[Path], Record], key: str | None = None
) -> None:
    """Do ``work`` on every file; one that fails is named on stderr and the others go on."""
    worst = 0
    for file in files:
        try:
            record = {"file": str(file), **work(file)}
        except SlavaError as error:
            _complain(error, file)
            worst = max(worst, _exit_code(error))
            continue
        if key and not as_json:
            typer.echo(record[key])
        else:
            _show(record, as_json)
    if worst:
        raise typer.Exit(worst)


def _loader(reference: str, quantize: str) -> Callable[[], Backbone]:
    """Loads the model at its first call; what is wrong with the options is said at once."""
    from slava.vlm.load import open_backbone, quantization_of

    quantization, api_key = quantization_of(quantize), Settings.gather().api_key
    return cache(partial(open_backbone, reference, quantization=quantization, api_key=api_key))


def _exit_code(error: SlavaError) -> int:
    return 2 if isinstance(error, BadInput) else 1


def _complain(error: SlavaError, file: Path | None = None) -> None:
    text = str(error).replace("\n", " ")
    named = text if file is None or file.name in text else f"{file.name}: {text}"
    typer.echo(f"slava: {named}", err=True)


def _write_labels(measurement: Measurement, path: Path) -> None:
    import numpy as np
    import tifffile

    if measurement.labels is None:
        raise BadSetting(f"--labels: no objects were outlined (kind {measurement.kind}).")
    found = measurement.labels
    tifffile.imwrite(path, found.astype(np.uint16 if found.max() < 65536 else np.int32))


def _print_json(record: Record) -> None:
    typer.echo(json.dumps(record, ensure_ascii=False, default=str))


def _show(record: Record, as_json: bool) -> None:
    if as_json:
        _print_json(record)
        return
    width = max(len(key) for key in record)
    for key, value in record.items():
        if value not in (None, [], (), ""):
            typer.echo(f"{key:<{width}}  {_plain(value)}")
    typer.echo("")


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items() if v not in (None, "", {}))
    return str(value)


def main() -> None:
    """Run the ``slava`` command; our own errors are one line on stderr."""
    logging.getLogger("slava").addHandler(logging.NullHandler())
    try:
        cli()
    except SlavaError as error:
        _complain(error)
        sys.exit(_exit_code(error))


if __name__ == "__main__":
    main()
