"""Drafting for a tab: prepare a plan, show it, send what was agreed to, in the background.

Two jobs, one after the other: the first reads micrographs and puts requests together, nothing
leaves; the second needs a consent to exactly that plan. Or one that drafts on this machine. It must
not know how plan and progress are shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slava.errors import BadInput, ModelError
from slava.settings import Settings
from store import Store
from ui.services.drafting_records import DraftWish, Planning, Sending, Using
from ui.services.job import Job
from ui.services.news import News
from ui.services.teaching import Desk, TeacherChoice

if TYPE_CHECKING:
    from slava.packs import Pack
    from slava.teacher.checks import Embed
    from slava.teacher.drafting import DraftingJob
    from slava.teacher.ledger import JobId
    from slava.teacher.plan import Plan
    from slava.teacher.progress import Drafted
    from slava.teacher.terms import Terms
    from slava.vlm.backbone import Backbone

LEFT = "drafting_left_uncertain"
PLAN_BUSY = "a drafting is being prepared. Wait, or cancel it."
BUSY = "pairs are being drafted. Wait for the end, or cancel."


class Drafting:
    """What a tab asks for; safe to use from any thread."""

    def __init__(
        self, store: Store, settings: Settings, news: News, embed: Embed | None = None
    ) -> None:
        self._store, self._settings, self._news = store, settings, news
        self.desk = Desk(store, embed)
        self.left_out: tuple[str, ...] = ()
        """Names of the confidential micrographs that the plan leaves out."""
        self.planning: Job[Planning] = Job("planning", news, PLAN_BUSY)
        self.sending: Job[Sending] = Job("drafting", news, BUSY)
        self._guard = threading.Lock()
        self._plan: tuple[TeacherChoice, Plan, Pack, JobId | None] | None = None
        self._at_work: DraftingJob | None = None

    def prepare_public(self, wish: DraftWish, choice: TeacherChoice) -> None:
        """:meth:`prepare` without the confidential micrographs, which are named.

        Raises
        ------
        BadInput
            If none is left.
        ModelError
            If one is being prepared.
        """
        found = [self._store.micrographs.get_micrograph(i) for i in wish.ids]
        free = tuple(m.id for m in found if not m.confidential)
        held = tuple(m.name or m.id[:12] for m in found if m.confidential)
        if not free:
            why = "every one of them is confidential" if held else "none is chosen"
            raise BadInput(f"no micrograph to draft about: {why}.")
        self.prepare(replace(wish, ids=free), choice)
        self.left_out = held

    def leave_uncertain(self, job_id: JobId) -> None:
        """Do not offer again to ask what may have been answered; it stays uncertain."""
        left = self._store.settings.get_setting(LEFT, [])
        self._store.settings.set_setting(LEFT, [*left, job_id])
        self._news.tell()

    def uncertain_left(self) -> frozenset[str]:
        """Jobs whose uncertain requests were left."""
        return frozenset(self._store.settings.get_setting(LEFT, []))

    @property
    def plan(self) -> Plan | None:
        """What was prepared last and has not been sent; it is what a consent is about."""
        with self._guard:
            return self._plan[1] if self._plan else None

    # ------------------------------------------------------------------ preparing
    def prepare(self, wish: DraftWish, choice: TeacherChoice) -> None:
        """Put the requests together in the background; nothing leaves.

        Raises
        ------
        ModelError
            If one is being prepared.
        """
        self.discard()
        self.planning.begin(
            Planning(total=len(wish.ids), note="reading micrographs"),
            lambda: self._prepare(wish, choice),
        )

    def prepare_rest(self, job_id: JobId) -> None:
        """Put together what a job that did not end has left; it has to be agreed to again.

        Raises
        ------
        NotFound, BadInput
            If there is no such job, or nothing is left of it.
        """
        choice, plan, pack = self.desk.left_of(job_id, self._settings)
        with self._guard:
            self._plan = (choice, plan, pack, job_id)
        self._news.tell()

    def discard(self) -> None:
        """Forget the plan."""
        with self._guard:
            self._plan = None
        self.left_out = ()
        self._news.tell()

    def _prepare(self, wish: DraftWish, choice: TeacherChoice) -> None:
        from ui.services.drafting_plan import planned

        plan, pack = planned(self.desk, wish, choice, self.planning)
        with self._guard:
            self._plan = (choice, plan, pack, None)

    # ------------------------------------------------------------------ sending
    def begin(self, agreed_hash: str, cap_usd: float | None, terms: Terms | None = None) -> None:
        """Send the plan that was shown.

        Parameters
        ----------
        agreed_hash
            ``plan.payload_hash`` of what the user agreed to.
        cap_usd
            None only where nothing costs anything.

        Raises
        ------
        BadInput
            If nothing is prepared, or another plan was agreed to, or a cap is missing.
        ModelError
            If pairs are being drafted.
        """
        from slava.teacher.consent import Consent

        with self._guard:
            prepared = self._plan
        if prepared is None:
            raise BadInput("nothing is prepared to be sent. Choose micrographs first.")
        if self.sending.busy:
            raise ModelError(BUSY)
        choice, plan, pack, job_id = prepared
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        teacher = choice.connect(self._settings)
        try:
            job = self.desk.job(
                plan, choice, teacher, Consent(agreed_hash, cap_usd, moment), pack,
                terms=terms, job_id=job_id, on_change=self._show,
            )  # fmt: skip
        except BaseException:
            teacher.close()
            raise
        with self._guard:
            self._plan, self._at_work = None, job
        record = Sending(total=len(plan.requests), job_id=job.id, cap_usd=cap_usd)
        self.sending.begin(record, lambda: self._send(job, teacher.close))

    def begin_here(self, wish: DraftWish, backbone: Backbone | Using | None = None) -> None:
        """Draft on this machine: from facts and labels, and with ``backbone`` where it is given.

        Parameters
        ----------
        backbone
            A loaded model, or what gives one for as long as the drafting takes.

        Raises
        ------
        BadInput
            If no micrograph is chosen.
        ModelError
            If pairs are being drafted.
        """
        if not wish.ids:
            raise BadInput("no micrograph to draft about: none is chosen.")
        self.sending.begin(Sending(total=len(wish.ids)), lambda: self._here(wish, backbone))

    def pause(self) -> None:
        """Send nothing more until :meth:`resume`."""
        with self._guard:
            job = self._at_work
        if job is not None:
            job.control.pause()
        self.sending.pause()

    def resume(self) -> None:
        """Go on, also after a full disk."""
        with self._guard:
            job = self._at_work
        if job is not None:
            job.control.resume()
        self.sending.resume()
        self.sending.change(note="")

    def cancel(self) -> None:
        """Send nothing more; what is on its way is waited for, because it is paid."""
        self.planning.cancel()
        with self._guard:
            job = self._at_work
        if job is not None:
            job.control.cancel()
        self.sending.cancel()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait for what is on its way."""
        self.cancel()
        self.planning.wait(timeout_s)
        self.sending.wait(timeout_s)

    # ------------------------------------------------------------------ the work
    def _send(self, job: DraftingJob, close: Callable[[], None]) -> None:
        try:
            done = job.run()
            self.desk.record_end(done)
            self._show(done)
            if done.state == "failed":
                raise ModelError(done.reason)
        finally:
            close()
            with self._guard:
                self._at_work = None

    def _show(self, now: Drafted) -> None:
        if now.state == "paused":
            self.sending.pause()
        self.sending.change(
            done=now.done,
            note=now.reason,
            pairs=now.pairs,
            spent_usd=now.spent_usd,
            maybe_usd=now.maybe_usd,
            outcomes={str(k): v for k, v in now.outcomes.items()},
            capped=now.state == "capped",
        )

    def _here(self, wish: DraftWish, backbone: Backbone | Using | None) -> None:
        if callable(backbone):
            self.sending.change(note="loading the model")
            with backbone(self.sending.stop) as loaded:
                self._draft_here(wish, loaded)
        else:
            self._draft_here(wish, backbone)

    def _draft_here(self, wish: DraftWish, backbone: Backbone | None) -> None:
        from ui.services.drafting_here import DraftedHere, draft_here
        from ui.services.drafting_plan import groups_of

        pack = self.desk.pack(wish.pack)

        def tell(now: DraftedHere) -> None:
            failed = now.failed[-1] if now.failed else ""
            self.sending.change(done=now.done, total=now.total, pairs=now.pairs, note=failed)

        draft_here(
            self.desk,
            wish.ids,
            pack,
            aspects=wish.aspects,
            backbone=backbone,
            groups=groups_of(self.desk, wish, pack),
            measure=wish.measure,
            check=self.sending.check,
            tell=tell,
        )


def waiting_jobs(store: Store) -> Sequence[JobId]:
    """Jobs that did not end as wished and can be resumed, last begun first."""
    return [j.id for j in store.drafts.list_jobs() if j.status not in ("done", "running")]
