"""``slava ask``: what a model says of a micrograph."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.bench import Bench, open_bench
from ui.commands.classify import loader
from ui.commands.options import Files, Json, Model, NmPerPx, Quantize, Workspace
from ui.commands.output import Record, each

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from slava.domain import Fact, Micrograph
    from slava.domain.conversation import ContextLevel
    from slava.vlm.backbone import Backbone, GenerationSettings


def ask(
    files: Files,
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    model: Model = "builtin",
    quantize: Quantize = "none",
    context: Annotated[str, typer.Option(help="none, basic, moderate or high.")] = "high",
    max_new_tokens: Annotated[int, typer.Option(min=1, max=4096)] = 256,
    adapter: Annotated[
        Path | None, typer.Option(help="Folder of an adapter that was trained on the model.")
    ] = None,
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
    load = loader(model, quantize) if adapter is None else _adapted(model, quantize, adapter)
    with open_bench(workspace, nm_per_px) as bench:
        work = partial(_ask_one, bench, load, text, level, settings)
        each(files, json_, work, key="answer")


def _adapted(model: str, quantize: str, adapter: Path) -> Callable[[], Backbone]:
    """Loads model and adapter at its first call; what is wrong with the options is said at once."""
    from slava.errors import BadSetting
    from slava.vlm.load import open_backbone, quantization_of

    if not (adapter / "adapter_config.json").is_file():
        raise BadSetting(f"{adapter} holds no adapter (adapter_config.json). Give a run's folder.")
    return cache(
        partial(open_backbone, model, quantization=quantization_of(quantize), adapter=adapter)
    )


def _ask_one(
    bench: Bench,
    load: Callable[[], Backbone],
    question: str,
    level: ContextLevel,
    settings: GenerationSettings,
    file: Path,
) -> Record:
    """One question about one file, answered to the end; read before a model is loaded."""
    from slava.imaging.measure import fact_record
    from slava.vlm.ask import prepare_question, stream_answer

    micrograph, grey = bench.open(file)
    backbone = load()
    facts = _facts(micrograph, grey) if level != "none" else ()
    asked = prepare_question(
        backbone, question, micrograph, grey, facts, level=level, settings=settings
    )
    *_, last = stream_answer(backbone, asked, settings)
    return {
        "answer": last.answer,
        "model": backbone.report().id,
        "context": asked.context.text,
        "facts": [fact_record(f) for f in asked.context.facts],
        "seconds": round(last.seconds, 4),
        "first_token_seconds": last.first_token_seconds,
        "tokens_per_second": last.tokens_per_second,
        "warnings": [*micrograph.warnings, *last.warnings],
    }


def _facts(micrograph: Micrograph, grey: NDArray[np.generic]) -> tuple[Fact, ...]:
    from slava.imaging.measure import facts_of, measure_inspected

    return facts_of(micrograph, measure_inspected(micrograph, grey))
