"""``slava evaluate`` and ``slava report``: are the answers right, and did the adapter help?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import Record, print_progress, show

if TYPE_CHECKING:
    from slava.domain import JudgeChoice, MeasureName, TestSet
    from slava.evaluation.asking import Tally
    from slava.evaluation.results import Results
    from store import Store

STEP = 20
FREE = "text,grounded,category,defect,quantity"
"""Measures that need neither a judge nor further answers."""


def evaluate(
    models: Annotated[
        str,
        typer.Option(
            metavar="MODEL,...",
            help="builtin, adapter:NAME, a folder, OWNER/NAME, URL#MODEL, given:NAME; @nf4, @int8.",
        ),
    ] = "builtin",
    dataset: Annotated[
        str,
        typer.Option(help="A file, a labelled folder, snapshot:NAME[/PART], labels, or set:NAME."),
    ] = "labels",
    measures: Annotated[
        str,
        typer.Option(help="text, grounded, category, defect, quantity, reliance; by commas."),
    ] = FREE,
    levels: Annotated[
        str, typer.Option(help="Context: none, basic, moderate, high; by commas.")
    ] = "high",
    context: Annotated[
        str, typer.Option(help="facts beside the question, or attributes in it.")
    ] = "facts",
    confirm_bars: Annotated[
        bool,
        typer.Option("--confirm-bars", help="Scale bars that are read calibrate: you vouch."),
    ] = False,
    pack: Annotated[str, typer.Option(help="The pack: classes and rules.")] = "nanomaterials",
    max_new_tokens: Annotated[int, typer.Option(min=1, max=4096)] = 256,
    seed: Annotated[
        int, typer.Option(min=0, help="Of swaps, attributes, the judge's order and intervals.")
    ] = 0,
    name: Annotated[str, typer.Option(help="What the evaluation is called.")] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Ask anew what was answered before, beside it.")
    ] = False,
    judge: Annotated[
        str, typer.Option(metavar="URL#MODEL", help="Judges the answers, local or not.")
    ] = "",
    judged: Annotated[
        str,
        typer.Option(help="overall_quality, feature_identification, defect_detection."),
    ] = "overall_quality",
    repeats: Annotated[int, typer.Option(min=1, max=20, help="Judgements of each answer.")] = 1,
    cap: Annotated[
        float | None, typer.Option(metavar="USD", help="No more is spent on the judge.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the judge would be sent; send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what --dry-run shows.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    workspace: Workspace = None,
) -> None:
    """Ask models the questions of a test set and say how good the answers are.

    What was answered before, by the same weights to the same question about the same micrograph,
    is not asked again. A judge is sent nothing without --yes, and nothing about confidential
    micrographs unless it is on this machine.
    """
    from slava.domain import ContextWay, EvaluationSpec
    from slava.vlm.context import level_of
    from slava.vlm.load import open_backbone
    from store import Store
    from ui.privacy import set_private_environment
    from ui.services.evaluation_desk import EvaluationDesk
    from ui.services.evaluation_results import results_of

    wanted = EvaluationSpec(
        (),
        _measures(measures),
        "",
        "",
        levels=tuple(level_of(one) for one in _listed(levels)),
        way=_one_of("--context", context, get_args(ContextWay)),
        max_new_tokens=max_new_tokens,
        seed=seed,
        pack=pack,
        judge=_judge(judge, judged, repeats, cap),
    )
    settings = Settings.gather(workspace=workspace)
    set_private_environment(settings.workspace)
    with Store.open(settings.workspace) as store:
        opener = partial(open_backbone, api_key=settings.api_key)
        desk = EvaluationDesk(store, opener)
        test_set = _test_set(store, dataset)
        spec = desk.spec([desk.entry(one) for one in _listed(models)], test_set, wanted)
        spec = desk.again(spec) if again else spec
        evaluation = desk.begin(spec, name)
        desk.ask(evaluation.id, confirm_bars=confirm_bars, tell=_told(), say=_said())
        results = results_of(store, evaluation.id)
        if wanted.judge is not None:
            if not _ask_judge(store, settings, results, wanted.judge, yes, dry_run, json_):
                return
            results = results_of(store, evaluation.id)
    show(_record(results) if json_ else _short(results), json_)


def report(
    evaluation: Annotated[str, typer.Argument(help="Its name or id, or last.")] = "last",
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=".html, .csv or .parquet; else in exports/."),
    ] = None,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Write an evaluation as one HTML file that needs no network, or as a table."""
    from store import Store
    from ui.services.evaluation_files import write_results
    from ui.services.evaluation_results import results_of

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        results = results_of(store, store.evaluations.get_evaluation(evaluation).id)
        target = output or store.workspace / "exports" / f"{results.evaluation.id}.html"
        write_results(store, results, target)
        done = {"evaluation": results.evaluation.id, "report": str(target)}
        show({**done, "answers": len(results.rows)}, json_)


def _judge(reference: str, measures: str, repeats: int, cap: float | None) -> JudgeChoice | None:
    from slava.domain import JudgeChoice as Choice
    from slava.metrics.judge_prompts import RANGES

    if not reference:
        return None
    url, _, model = reference.partition("#")
    if not model:
        raise BadSetting(f"--judge {reference!r}: name its model as well, URL#MODEL.")
    chosen = tuple(_one_of("--judged", one, tuple(RANGES)) for one in _listed(measures))
    return Choice(url, model, chosen, repeats, cap)


def _ask_judge(
    store: Store,
    settings: Settings,
    results: Results,
    judge: JudgeChoice,
    yes: bool,
    dry_run: bool,
    json_: bool,
) -> bool:
    """Whether the judge was asked, or had been before."""
    from slava.teacher.consent import Consent
    from store.clock import now
    from ui.services.evaluation_judging import judge_answers, judge_plan

    plan = judge_plan(store, replace(results.evaluation.spec, judge=judge), results.rows)
    if not plan.left and not dry_run:
        store.evaluations.set_judge(results.evaluation.id, judge)
        return True
    if dry_run or not yes:
        show({**plan.summary(), "payload": plan.payload()}, json_)
        if not dry_run:
            raise BadSetting("the judge was sent nothing. Add --yes to agree to this payload.")
        return False
    store.evaluations.set_judge(results.evaluation.id, judge)
    consent = Consent(plan.payload_hash, judge.cap_usd, now())
    ended = judge_answers(
        store,
        settings,
        plan,
        judge,
        consent,
        on_change=lambda d: print_progress(f"judge: {d.done} replies, {d.spent_usd:.2f} USD"),
    )
    if ended.state != "done":
        print_progress(f"slava: the judge ended as {ended.state}. {ended.reason}")
    return True


def _test_set(store: Store, reference: str) -> TestSet:
    from store.received_tests import take_labels, take_path, take_snapshot

    kind, _, named = reference.partition(":")
    if reference == "labels":
        return take_labels(store)
    if kind == "set" and named:
        return store.test_sets.get_test_set(named)
    if kind == "snapshot" and named:
        from slava.domain import Part

        name, _, part = named.partition("/")
        return take_snapshot(store, name, _one_of("--dataset", part or "test", get_args(Part)))
    return take_path(store, Path(reference), _said())


def _measures(text: str) -> tuple[MeasureName, ...]:
    from slava.domain import MeasureName

    return tuple(_one_of("--measures", one, get_args(MeasureName)) for one in _listed(text))


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _one_of(option: str, text: str, known: Sequence[Any]) -> Any:
    if text not in known:
        raise BadSetting(f"{option} {text!r} is none of {', '.join(known)}.")
    return text


def _told() -> Callable[[Tally], None]:
    def tell(now: Tally) -> None:
        if now.done % STEP == 0:
            print_progress(f"{now.model}: {now.done} of {now.total} answers")

    return tell


def _said() -> Callable[[str], None]:
    return partial(print_progress)


def _record(results: Results) -> Record:
    """Everything, every answer in it."""
    rows = [
        {
            "item": row.item.id,
            "micrograph": row.item.micrograph_id,
            "model": row.model,
            "level": row.level,
            "question": row.asked,
            "reference": row.item.reference,
            "answer": row.answer,
            "figures": dict(row.figures),
            "error": row.error,
            "notices": list(row.notices),
            "judgements": [
                {"measure": j.measure, "state": j.state, "score": j.score, "reason": j.reason}
                for j in row.judgements
            ],
        }
        for row in results.rows
    ]
    return {**_short(results), "rows": rows}


def _short(results: Results) -> Record:
    from slava.evaluation.tables import grouped, summary

    e, spec = results.evaluation, results.evaluation.spec
    figures: dict[str, dict[str, Any]] = {}
    for cell in summary(results):
        told = {"mean": cell.mean, "interval95": [cell.low, cell.high], "answers": cell.answers}
        figures.setdefault(cell.model, {})[cell.figure] = told
    if len(spec.levels) > 1:
        for figure in results.figures:
            for cell in grouped(results, figure.name, "level"):
                levels = figures[cell.model][figure.name].setdefault("by_level", {})
                levels[cell.group] = cell.mean
    return {
        "evaluation": e.id,
        "name": e.name,
        "test_set": spec.dataset,
        "questions": len({row.item.id for row in results.rows}),
        "levels": list(spec.levels),
        "figures": figures,
        "left_out": dict(results.left_out),
        "notes": list(results.notes),
    }
