"""Judging as a piece of work behind the window: its buttons reach what is being sent.

It must not know how progress is shown.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from slava.domain import JudgeChoice
from slava.errors import BadInput, Cancelled, ModelError
from slava.settings import Settings
from slava.teacher.consent import Consent, require_consent
from store import Store
from store.clock import now as moment
from ui.services.evaluation_judging import judge_answers
from ui.services.evaluation_now import EvaluatingNow
from ui.services.job import Job

if TYPE_CHECKING:
    from slava.evaluation.judging_job import JudgePlan
    from slava.teacher.progress import Drafted
    from slava.teacher.sending import SendingJob

WAIT_S = 0.2


class Judging:
    """One plan that was agreed to; :meth:`run` blocks, in the thread of ``job``.

    Raises
    ------
    BadInput
        If the payload is not the one agreed to, or a judge that costs money has no cap.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        job: Job[EvaluatingNow],
        plan: JudgePlan,
        judge: JudgeChoice,
        payload_hash: str,
    ) -> None:
        self._store, self._settings, self._job = store, settings, job
        self._plan, self._judge = plan, judge
        self._consent = Consent(payload_hash, judge.cap_usd, moment())
        self._over = threading.Event()
        require_consent(self._consent, plan.host, plan.requests)
        if judge.cap_usd is None and not plan.price.free:
            raise BadInput(f"{judge.model} costs money, or its price is unknown: give a cost cap.")

    def run(self) -> None:
        """Send what is left of the plan.

        Raises
        ------
        Cancelled
            When the job is cancelled; what has been judged is kept.
        ModelError
            If the judge cannot be asked, or the cap is reached.
        """
        try:
            ended = judge_answers(
                self._store,
                self._settings,
                self._plan,
                self._judge,
                self._consent,
                on_job=self._follow_buttons,
                on_change=self._tell,
            )
        finally:
            self._over.set()
        if ended.state == "cancelled":
            raise Cancelled("it was stopped.")
        if ended.state in ("failed", "capped"):
            raise ModelError(ended.reason)

    def _tell(self, done: Drafted) -> None:
        failed = sum(done.outcomes.get(state, 0) for state in ("failed", "uncertain"))
        note = f"{done.pairs} judgements, {done.spent_usd:.2f} USD" + (
            f"; {done.reason}" if done.reason else ""
        )
        self._job.change(done=min(done.done, self._plan.turns), failed=failed, note=note)

    def _follow_buttons(self, sending: SendingJob) -> None:
        """Hand pause, resume and cancel of the job on to the sending, until it is over."""

        def follow() -> None:
            paused = False
            while not self._over.wait(WAIT_S):
                now = self._job.now
                if self._job.stop.is_set():
                    return sending.control.cancel()
                wanted = now is not None and now.state == "paused"
                if wanted != paused:
                    paused = wanted
                    (sending.control.pause if paused else sending.control.resume)()
            return None

        threading.Thread(target=follow, name="slava-judging-buttons", daemon=True).start()
