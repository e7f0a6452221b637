"""A judge behind the panel: what would be sent is shown in full, and sent once it is agreed to."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from slava.domain import EvaluationId, JudgeChoice
from slava.errors import BadInput, NotFound
from ui.answering import Sent, number, text
from ui.pixels import HEADERS
from ui.services import Services
from ui.tabs.evaluate import incoming, present

if TYPE_CHECKING:
    from slava.evaluation.judging_job import JudgePlan

PAGE = 20


class JudgeAnswers:
    """Each takes what a page sent and returns what is sent back; the plan shown last is kept."""

    def __init__(self, services: Services) -> None:
        self._evaluating = services.evaluating
        self._guard = threading.Lock()
        self._shown: tuple[EvaluationId, JudgeChoice, JudgePlan] | None = None

    def prepare(self, sent: Sent) -> object:
        """Put the requests together; nothing leaves."""
        evaluation, judge = incoming.evaluation_id(sent), incoming.judge(sent)
        plan = self._evaluating.judge_plan(evaluation, judge)
        with self._guard:
            self._shown = (evaluation, judge, plan)
        return present.judge_plan(plan)

    def requests(self, sent: Sent) -> object:
        """Some requests, exactly as they would leave, the first attempts before others."""
        plan = self._plan(text(sent, "hash"))[2]
        ordered = sorted(plan.requests, key=lambda r: r.attempt)
        begin = max(0, int(number(sent, "from") or 0))
        rows = [present.judge_request(r) for r in ordered[begin : begin + PAGE]]
        return {"requests": rows, "total": len(ordered)}

    def payload(self, request: Request) -> Response:
        """Every body of the plan as one file."""
        plan = self._plan(request.query_params.get("hash", ""))[2]
        told = {**plan.summary(), "payload": plan.payload()}
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="payload.json"'}
        content = json.dumps(told, ensure_ascii=False, indent=2)
        return Response(content, media_type="application/json", headers=headers)

    def begin(self, sent: Sent) -> object:
        """Send what was shown."""
        agreed = text(sent, "hash")
        evaluation, judge, _ = self._plan(agreed)
        cap = number(sent, "cap")
        if cap is not None and not 0 <= cap < 1e6:
            raise BadInput("the cost cap must be 0 USD or more.")
        self._evaluating.begin_judging(evaluation, replace(judge, cap_usd=cap), agreed)
        return {}

    def _plan(self, agreed: str) -> tuple[EvaluationId, JudgeChoice, JudgePlan]:
        with self._guard:
            shown = self._shown
        if shown is None or shown[2].payload_hash != agreed:
            raise NotFound("nothing is prepared any more. Look at it once more.")
        return shown
