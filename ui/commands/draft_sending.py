"""``slava draft`` with a teacher: show what would be sent, send what was agreed to, say its end.

It must not know what is drafted about.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.output import print_json, print_progress, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from slava.packs import Pack
    from slava.teacher.batch import BatchJob
    from slava.teacher.drafting import DraftingJob
    from slava.teacher.ledger import JobId
    from slava.teacher.plan import Plan
    from slava.teacher.progress import Drafted
    from store import Store
    from ui.services.teaching import Desk, TeacherChoice


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is sent, and whether at all."""

    cap_usd: float | None
    concurrency: int
    honours_keys: bool
    resend_uncertain: bool
    batch: bool
    agreed: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """What may be sent, to whom, and the job that it goes on with."""

    choice: TeacherChoice
    plan: Plan
    pack: Pack
    job_id: JobId | None = None


def send_agreed(
    desk: Desk, settings: Settings, prepared: Prepared, terms: Terms, as_json: bool
) -> None:
    """Send what is prepared, or only show it."""
    from slava.teacher.consent import Consent
    from slava.teacher.terms import Terms as SendingTerms

    plan, pack = prepared.plan, prepared.pack
    if not terms.agreed:
        _show_plan(plan, as_json)
        if not terms.dry_run:
            raise BadSetting("nothing was sent. Add --yes to agree to this payload.")
        return
    honours = prepared.choice.honours_keys or terms.honours_keys
    choice = replace(prepared.choice, honours_keys=honours)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    consent = Consent(plan.payload_hash, terms.cap_usd, moment)
    teacher = choice.connect(settings)
    try:
        if terms.batch:
            _batch(desk, desk.batch(plan, choice, teacher, consent, pack, prepared.job_id), as_json)
            return
        job = desk.job(
            plan,
            choice,
            teacher,
            consent,
            pack,
            terms=SendingTerms(terms.concurrency, resend_uncertain=terms.resend_uncertain),
            job_id=prepared.job_id,
            on_change=_teller(),
        )
        done = _run(job)
    finally:
        teacher.close()
    desk.record_end(done)
    _show_end(desk.store, done, as_json)


def _show_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        print_json({**plan.summary(), "payload": plan.payload()})
        return
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
