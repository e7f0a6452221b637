"""What ``slava draft`` sets going: choose micrographs, put requests together, or draft here.

It must not know how its options are written, nor how requests are sent.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.draft_sending import Prepared, Terms, send_agreed
from ui.commands.output import print_progress, show

if TYPE_CHECKING:
    from slava.domain import MicrographId
    from slava.packs import Pack
    from slava.teacher.plan import Group, Plan
    from ui.services.teaching import Desk, TeacherChoice

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class What:
    """What is drafted about, and what is asked; each as it was written."""

    paths: tuple[Path, ...]
    label: str
    limit: int
    pack: str
    aspects: str
    templates: str
    compare: str
    size_px: int
    passages: Path | None = None
    """A file of what papers say."""


def draft_here(desk: Desk, what: What, model: str, as_json: bool) -> None:
    """Draft on this machine, with the built-in model unless another one or none is wanted."""
    from slava.vlm.load import open_backbone
    from ui.services.drafting_here import draft_here as drafted_here

    pack = desk.pack(what.pack)
    ids = micrographs_of(desk, what)
    if "://" in model:
        raise BadSetting(f"--teacher local with --model {model}: give a model of this machine.")
    backbone = None if model == "none" else open_backbone(model or "builtin")
    done = drafted_here(
        desk,
        ids,
        pack,
        aspects=_listed(what.aspects),
        backbone=backbone,
        groups=_groups(desk, ids, pack, what.compare),
        tell=lambda now: print_progress(f"{now.done}/{now.total}, {now.pairs} pairs"),
    )
    show(asdict(done), as_json)
    if done.failed:
        raise typer.Exit(1)


def draft_there(
    desk: Desk,
    settings: Settings,
    what: What,
    teacher: str,
    model: str,
    terms: Terms,
    as_json: bool,
) -> None:
    """Prepare requests to an endpoint, show them, and send them where that was agreed to."""
    from ui.services.teaching import TeacherChoice

    pack = desk.pack(what.pack)
    choice = TeacherChoice.of(settings, teacher, model)
    plan = _plan(desk, choice, what, pack)
    send_agreed(desk, settings, Prepared(choice, plan, pack), terms, as_json)


def draft_rest(desk: Desk, settings: Settings, job: str, terms: Terms, as_json: bool) -> None:
    """The same with what a job that did not end has left."""
    from slava.teacher.ledger import JobId

    choice, plan, pack = desk.left_of(JobId(job), settings)
    send_agreed(desk, settings, Prepared(choice, plan, pack, JobId(job)), terms, as_json)


def micrographs_of(desk: Desk, what: What) -> list[MicrographId]:
    """Those that are meant, files added first; what papers say of them is kept.

    Raises
    ------
    BadSetting
        If there is none.
    BadInput
        Naming everything that is wrong with the file of passages.
    """
    from slava.teacher.passages import read_passages
    from store.ingest import ingest_paths
    from ui.services.choosing import chosen_of
    from ui.services.evidence import say_figures

    store = desk.store
    figures = read_passages(what.passages) if what.passages else []
    if what.paths:
        report = ingest_paths(store, what.paths, stop=threading.Event())
        ids = [*report.added, *report.duplicates]
        for failure in report.failed:
            typer.echo(f"slava: {failure.reason}", err=True)
    else:
        ids = list(chosen_of(store, "all"))
    if what.passages:
        said = say_figures(desk, what.passages.name, figures)
        print_progress(f"{said.figures} figures with {said.passages} passages of their papers")
    if what.label:
        of_label = set(chosen_of(store, "label", what.label))
        ids = [i for i in ids if i in of_label]
    if not ids:
        raise BadSetting("no micrograph to draft about. Give FILE|FOLDER..., or another --label.")
    return ids[: what.limit] if what.limit > 0 else ids


def _plan(desk: Desk, choice: TeacherChoice, what: What, pack: Pack) -> Plan:
    from slava.teacher.picture import Sending
    from slava.teacher.plan import Wanted, make_plan
    from slava.teacher.subject import TEMPLATES

    asked = _listed(what.templates)
    unknown = [t for t in asked if t not in TEMPLATES]
    if unknown or not (asked or what.compare):
        raise BadSetting(f"--templates {what.templates!r}: choose of {', '.join(TEMPLATES)}.")
    ids = micrographs_of(desk, what)
    wanted = Wanted(
        pack,
        _listed(what.aspects),
        tuple(t for t in TEMPLATES if t in asked),
        _groups(desk, ids, pack, what.compare),
        sending=Sending(longest_px=what.size_px),
    )
    return make_plan(
        list(desk.subjects(ids)),
        wanted,
        read=desk.read,
        host=choice.host,
        model=choice.model,
        price=choice.price(desk.store),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _groups(desk: Desk, ids: list[MicrographId], pack: Pack, compare: str) -> tuple[Group, ...]:
    """What is compared with what; vectors are made where they are needed."""
    from slava.teacher.comparisons import choose_groups, contrasts_of

    contrasts = contrasts_of(compare, pack)
    needed = [c for c in contrasts if c != "heterogeneity"]
    return choose_groups(desk.index(ids) if needed else None, ids, contrasts)
