"""``slava classify``: micrographs by example, or without examples by the classes of a pack."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.bench import open_bench
from ui.commands.options import Json, Model, Quantize, Workspace
from ui.commands.output import Record, each, print_progress, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from slava.vlm.backbone import Backbone

Micrographs = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE...", help="Micrographs to classify.")
]


def classify(
    files: Micrographs = None,
    model: Model = "builtin",
    quantize: Quantize = "none",
    pack: Annotated[str, typer.Option(help="The pack whose classes are ranked.")] = "nanomaterials",
    demonstrations: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Labelled micrographs: folder = class, or a CSV."),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Labelled micrographs to be judged on, likewise."),
    ] = None,
    k: Annotated[int, typer.Option("--k", help="Demonstrations per query.")] = 5,
    strategy: Annotated[
        str, typer.Option(help="similar, random, diverse or balanced.")
    ] = "similar",
    metric: Annotated[str, typer.Option(help="cosine or euclidean.")] = "cosine",
    encoder: Annotated[
        str, typer.Option(help="builtin, a timm NAME, a PATH, or train: on the demonstrations.")
    ] = "builtin",
    backbone: Annotated[
        str, typer.Option(help="A model that also answers; builtin, as --model, or none.")
    ] = "builtin",
    save_encoder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the encoder of --encoder train here.")
    ] = None,
    labels: Annotated[
        bool, typer.Option(help="--no-labels trains without them, by two views of each.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Rank classes for each micrograph, from examples or without; or judge a labelled folder."""
    if demonstrations is None:
        if queries is not None:
            raise BadSetting("--queries needs --demonstrations DIR.")
        if not files:
            raise BadSetting("give FILE..., or --demonstrations DIR and --queries DIR.")
        _without_examples(files, model, quantize, pack, json_, workspace)
        return
    if bool(files) == (queries is not None):
        raise BadSetting("with --demonstrations give either FILE... or --queries DIR.")
    from ui.commands.by_example import Wanted, judge, rank_files
    from ui.privacy import set_private_environment

    set_private_environment()
    wanted = Wanted.checked(
        demonstrations, k, strategy, metric, encoder, backbone, quantize, save_encoder, labels, seed
    )
    if queries is not None:
        show(judge(wanted, queries, print_progress), json_)
    else:
        rank_files(wanted, files or [], json_, print_progress)


def _without_examples(
    files: list[Path],
    model: str,
    quantize: str,
    pack: str,
    json_: bool,
    workspace: Path | None,
) -> None:
    from slava.packs import load_pack
    from slava.vlm.ask import make_view
    from slava.vlm.classify import rank_classes
    from slava.vlm.context import build_context

    chosen = load_pack(pack)
    load = loader(model, quantize)

    def work(file: Path) -> Record:
        micrograph, grey = bench.open(file)
        view = make_view(micrograph, grey, build_context(micrograph, (), "none"))
        return asdict(rank_classes(load(), view, chosen))

    with open_bench(workspace) as bench:
        each(files, json_, work)


def loader(reference: str, quantize: str) -> Callable[[], Backbone]:
    """Loads the model at its first call; what is wrong with the options is said at once."""
    from slava.vlm.load import open_backbone, quantization_of

    quantization, api_key = quantization_of(quantize), Settings.gather().api_key
    return cache(partial(open_backbone, reference, quantization=quantization, api_key=api_key))
