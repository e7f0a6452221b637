"""``slava draft``: question-answer pairs about micrographs, by a teacher or on this machine."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import print_json, print_progress, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from slava.domain import MicrographId
    from slava.packs import Pack
    from slava.teacher.batch import BatchJob
    from slava.teacher.drafting import DraftingJob
    from slava.teacher.plan import Group, Plan
    from slava.teacher.progress import Drafted
    from store import Store
    from ui.services.teaching import Desk, TeacherChoice

LOCAL = "local"


def draft(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|FOLDER...", help="Added first; else all of it."),
    ] = None,
    label: Annotated[str, typer.Option(help="Only micrographs of this category.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many micrographs; 0 is all.")] = 0,
    pack: Annotated[str, typer.Option(help="The pack: aspects, rules, lengths.")] = "nanomaterials",
    aspects: Annotated[str, typer.Option(help="Labels of aspects, by commas; else all.")] = "",
    templates: Annotated[str, typer.Option(help="vqa, caption, conversation; by commas.")] = "vqa",
    compare: Annotated[
        str,
        typer.Option(help="Comparisons: similar_across, dissimilar_within, heterogeneity, all."),
    ] = "",
    teacher: Annotated[
        str, typer.Option(help="local, or the URL of an endpoint; else SLAVA_TEACHER_URL.")
    ] = "",
    model: Annotated[str, typer.Option(help="Its model; else SLAVA_TEACHER_MODEL.")] = "",
    cap: Annotated[
        float | None, typer.Option(metavar="USD", help="No more is spent than this.")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Requests on their way at once.")] = 4,
    size: Annotated[int, typer.Option(metavar="PX", help="Longest side that is sent.")] = 1024,
    honours_keys: Annotated[
        bool, typer.Option("--honours-keys", help="The endpoint honours Idempotency-Key.")
    ] = False,
    resend_uncertain: Annotated[
        bool,
        typer.Option("--resend-uncertain", help="Send again what may have been paid already."),
    ] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="One file by the Batch API; Ctrl+C, then --resume.")
    ] = False,
    equal_only: Annotated[
        bool, typer.Option("--equal-only", help="Flag equal texts only, not those alike: faster.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show payload, tokens and cost; send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what --dry-run shows.")] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="JOB", help="Go on with a job that did not end.")
    ] = None,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Draft question-answer pairs. Nothing is sent without --yes; confidential ones never are."""
    from ui.privacy import set_private_environment

    settings = Settings.gather(workspace=workspace)
    set_private_environment(settings.workspace)
    from slava.teacher.consent import Consent
    from slava.teacher.ledger import JobId
    from slava.teacher.terms import Terms
    from store import Store
    from ui.services.checking import meaning
    from ui.services.teaching import Desk, TeacherChoice

    with Store.open(settings.workspace) as store:
        desk = Desk(store, None if equal_only else meaning())
        if resume is not None:
            choice, plan, chosen = desk.left_of(JobId(resume.strip()), settings)
        else:
            chosen = desk.pack(pack)
            if teacher == LOCAL:
                ids = _micrographs(store, paths or [], label, limit)
                _here(desk, ids, chosen, aspects, compare, model, json_)
                return
            choice = TeacherChoice.of(settings, teacher, model)
            ids = _micrographs(store, paths or [], label, limit)
            plan = _plan(desk, choice, ids, chosen, aspects, templates, compare, size)
        choice = replace(choice, honours_keys=choice.honours_keys or honours_keys)
        if dry_run or not yes:
            _show_plan(plan, json_)
            if not dry_run:
                raise BadSetting("nothing was sent. Add --yes to agree to this payload.")
            return
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        consent = Consent(plan.payload_hash, cap, moment)
        job_id = JobId(resume.strip()) if resume else None
        connected = choice.connect(settings)
        try:
            if batch:
                _batch(desk, desk.batch(plan, choice, connected, consent, chosen, job_id), json_)
                return
            job = desk.job(
                plan,
                choice,
                connected,
                consent,
                chosen,
                terms=Terms(concurrency, resend_uncertain=resend_uncertain),
                job_id=job_id,
                on_change=_teller(),
            )
            done = _run(job)
        finally:
            connected.close()
        desk.record_end(done)
        _show_end(store, done, json_)


def _micrographs(store: Store, paths: list[Path], label: str, limit: int) -> list[MicrographId]:
    from store.ingest import ingest_paths
    from ui.services.choosing import chosen_of

    if paths:
        report = ingest_paths(store, paths, stop=threading.Event())
        ids = [*report.added, *report.duplicates]
        for failure in report.failed:
            typer.echo(f"slava: {failure.reason}", err=True)
    else:
        ids = list(chosen_of(store, "all"))
    if label:
        of_label = set(chosen_of(store, "label", label))
        ids = [i for i in ids if i in of_label]
    if not ids:
        raise BadSetting("no micrograph to draft about. Give FILE|FOLDER..., or another --label.")
    return ids[:limit] if limit > 0 else ids


def _plan(
    desk: Desk,
    choice: TeacherChoice,
    ids: list[MicrographId],
    pack: Pack,
    aspects: str,
    templates: str,
    compare: str,
    size: int,
) -> Plan:
    from slava.teacher.picture import Sending
    from slava.teacher.plan import Wanted, make_plan
    from slava.teacher.subject import TEMPLATES

    asked = _listed(templates)
    unknown = [t for t in asked if t not in TEMPLATES]
    if unknown or not (asked or compare):
        raise BadSetting(f"--templates {templates!r}: choose of {', '.join(TEMPLATES)}.")
    wanted = Wanted(
        pack,
        _listed(aspects),
        tuple(t for t in TEMPLATES if t in asked),
        _groups(desk, ids, pack, compare),
        sending=Sending(longest_px=size),
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


def _here(
    desk: Desk,
    ids: list[MicrographId],
    pack: Pack,
    aspects: str,
    compare: str,
    model: str,
    as_json: bool,
) -> None:
    """Draft on this machine, with the built-in model unless another one or none is wanted."""
    from dataclasses import asdict

    from slava.vlm.load import open_backbone
    from ui.services.drafting_here import draft_here

    if "://" in model:
        raise BadSetting(f"--teacher local with --model {model}: give a model of this machine.")
    backbone = None if model == "none" else open_backbone(model or "builtin")
    done = draft_here(
        desk,
        ids,
        pack,
        aspects=_listed(aspects),
        backbone=backbone,
        groups=_groups(desk, ids, pack, compare),
        tell=lambda now: print_progress(f"{now.done}/{now.total}, {now.pairs} pairs"),
    )
    show(asdict(done), as_json)
    if done.failed:
        raise typer.Exit(1)


def _show_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        print_json({**plan.summary(), "payload": plan.payload()})
        return
    import json

    show(plan.summary(), False)
    for body in plan.payload():
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))


def _run(job: DraftingJob) -> Drafted:
    """Run it in a thread, so that Ctrl+C lets what is on its way arrive."""
    ended: list[Any] = []

    def work() -> None:
        try:
            ended.append(job.run())
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=work, name="slava-draft")
    thread.start()
    while thread.is_alive():
        try:
            thread.join(0.2)
        except KeyboardInterrupt:
            print_progress("waiting for what is on its way; it is paid already")
            job.control.cancel()
    if isinstance(ended[0], BaseException):
        raise ended[0]
    done: Drafted = ended[0]
    return done


def _batch(desk: Desk, job: BatchJob, as_json: bool) -> None:
    """Send it up, and wait; it goes on at the provider whatever happens here."""
    from dataclasses import asdict

    report = job.submit()
    print_progress(f"job {job.id}: {report.state}; go on with --resume {job.id} --batch --yes")
    report = job.wait()
    desk.store.drafts.set_job_status(job.id, "done" if report.state == "done" else "failed")
    show(asdict(report), as_json)


def _teller() -> Callable[[Drafted], None]:
    """Says how far it is whenever another request is over."""
    told = -1
    guard = threading.Lock()

    def tell(now: Drafted) -> None:
        nonlocal told
        with guard:
            if now.done == told:
                return
            told = now.done
        left = f", about {now.eta_s:.0f} s left" if now.eta_s is not None else ""
        print_progress(f"{now.done}/{now.total}, {now.pairs} pairs, {now.spent_usd:.4f} USD{left}")

    return tell


def _show_end(store: Store, done: Drafted, as_json: bool) -> None:
    uncertain = [r.id for r in store.drafts.list_requests(done.job_id, "uncertain")]
    show(
        {
            "job": done.job_id,
            "state": done.state,
            "requests": done.total,
            **{str(state): n for state, n in done.outcomes.items()},
            "found_answered": done.found,
            "pairs": done.pairs,
            "spent_usd": round(done.spent_usd, 6),
            "maybe_usd": round(done.maybe_usd, 6),
            "seconds": round(done.seconds, 1),
            "reason": done.reason,
            "uncertain_requests": uncertain,
        },
        as_json,
    )
    if done.state == "failed":
        raise typer.Exit(1)
