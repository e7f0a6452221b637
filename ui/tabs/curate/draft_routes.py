"""What the draft panel asks for and says, as JSON below ``base/curate/draft``.

Nothing here imports Gradio.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from slava.errors import BadInput, BadSetting, NotFound
from slava.packs import FOLDER as PACKS
from slava.packs import list_packs
from slava.teacher.ledger import JobId, RequestId, RequestState
from ui.answering import Sent, fetched, number, posted, text, texts
from ui.pixels import HEADERS
from ui.present import drafting as shown
from ui.services import Services
from ui.services.choosing import chosen_of
from ui.services.drafting_records import DraftWish
from ui.services.teaching import TeacherChoice
from ui.tabs.curate.micrograph_routes import ids_of, micrograph_routes, yes

KEPT = "draft_wish"
PAGE = 20
MOST_OUTCOMES = 500
MOST_JOBS = 30


def routes(services: Services, base: str) -> list[BaseRoute]:
    """The routes; ``base`` is that of the pixel routes."""
    answers = DraftAnswers(services, base)
    named: dict[str, Callable[[Sent], object]] = {
        "form": answers.form,
        "state": answers.state,
        "prepare": answers.prepare,
        "requests": answers.requests,
        "discard": answers.discard,
        "send": answers.send,
        "here": answers.here,
        "work": answers.work,
        "rest": answers.rest,
        "leave": answers.leave,
        "outcomes": answers.outcomes,
        "response": answers.response,
    }
    return [
        *(Route(f"/{name}.json", posted(a), methods=["POST"]) for name, a in named.items()),
        *micrograph_routes(services, base),
        Route("/picture/{request}/{place:int}", fetched(answers.picture)),
        Route("/payload.json", fetched(answers.payload)),
    ]


class DraftAnswers:
    """Each takes what a page sent and returns what is sent back."""

    def __init__(self, services: Services, base: str) -> None:
        self._services, self._base = services, base
        self._store, self._drafting = services.store, services.drafting
        self._summary: tuple[object, dict[str, object]] | None = None

    # ------------------------------------------------------------------ showing
    def form(self, _sent: Sent) -> object:
        """Everything that can be chosen, and what was chosen last."""
        settings = self._services.settings
        return {
            "packs": [shown.pack(p) for p in list_packs(self._store.workspace / PACKS)],
            "url": settings.teacher_url,
            "model": settings.teacher_model,
            "key": bool(settings.teacher_api_key),
            "speaker": self._services.models.state.wanted.reference,
            "wish": self._store.settings.get_setting(KEPT, {}),
        }

    def state(self, _sent: Sent) -> object:
        """What goes on."""
        drafting, news = self._drafting, self._services.news
        version, library = news.version, news.library
        left = drafting.uncertain_left()
        counted = self._store.drafts.count_outcomes()
        counts = {i: {str(s): n for s, n in of.items()} for i, of in counted.items()}
        sending = drafting.sending.now
        here = sending.job_id if sending and sending.under_way else ""
        jobs = [j for j in self._store.drafts.list_jobs()[:MOST_JOBS] if j.id != here]
        return {
            "version": version,
            "library": library,
            "planning": shown.planning(drafting.planning.now),
            "plan": self._plan(),
            "sending": shown.sending(sending),
            "jobs": [shown.job(j, counts.get(j.id, {}), j.id in left) for j in jobs],
            "open": self._store.settings.get_setting("open_micrograph") or "",
            "pairs": self._store.pairs.count_by("state"),
        }

    def requests(self, sent: Sent) -> object:
        """Some requests of the plan, exactly as they would leave."""
        plan = self._drafting.plan
        if plan is None:
            raise NotFound("nothing is prepared. Choose micrographs and prepare again.")
        begin = int(number(sent, "from") or 0)
        some = plan.requests[max(0, begin) : max(0, begin) + PAGE]
        names = self._names(i for r in some for i in r.ask.micrograph_ids)
        rows = [shown.request(r, names, self._base) for r in some]
        return {"requests": rows, "total": len(plan.requests)}

    def picture(self, request: Request) -> Response:
        """A picture byte for byte as it would be sent."""
        from slava.teacher.payload import make_pictures

        plan = self._drafting.plan
        at, place = request.path_params["request"], request.path_params["place"]
        found = next((r for r in plan.requests if r.id == at), None) if plan else None
        if found is None or place >= len(found.pictures):
            raise NotFound("there is no such picture.")
        one = make_pictures(found.ask, self._drafting.desk.read, found.sending)[place]
        return Response(one.content, media_type=one.media_type, headers=HEADERS)

    def payload(self, _request: Request) -> Response:
        """Every body of the plan as one file."""
        plan = self._drafting.plan
        if plan is None:
            raise NotFound("nothing is prepared.")
        told = {**plan.summary(), "payload": plan.payload()}
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="payload.json"'}
        content = json.dumps(told, ensure_ascii=False, indent=2)
        return Response(content, media_type="application/json", headers=headers)

    def outcomes(self, sent: Sent) -> object:
        """The requests of a job that ended in one way."""
        state = _state(text(sent, "state"))
        found = self._store.drafts.list_outcomes(JobId(text(sent, "job")), state, MOST_OUTCOMES)
        ids = [i for r in found for i in _micrographs_of(r.payload_json)]
        names = self._names(ids)
        return {"rows": [shown.outcome(r, names) for r in found]}

    def response(self, sent: Sent) -> object:
        """What came back for one request, as it came."""
        found = self._store.drafts.get(RequestId(text(sent, "id")))
        if found is None:
            raise NotFound("there is no such request.")
        return shown.response(found)

    # ------------------------------------------------------------------ drafting
    def prepare(self, sent: Sent) -> object:
        """Put requests together for what is chosen; nothing leaves."""
        choice = TeacherChoice.of(
            self._services.settings, text(sent, "url").strip(), text(sent, "model").strip()
        )
        _ = choice.host
        self._drafting.prepare_public(self._wish(sent), choice)
        return {}

    def here(self, sent: Sent) -> object:
        """Draft on this machine."""
        using = self._services.models.using if sent.get("speaks") is True else None
        self._drafting.begin_here(self._wish(sent), using)
        return {}

    def send(self, sent: Sent) -> object:
        """Send what was shown."""
        from slava.teacher.terms import Terms

        terms = Terms(int(number(sent, "concurrency") or 4), resend_uncertain=yes(sent, "resend"))
        cap = number(sent, "cap")
        if cap is not None and not 0 <= cap < 1e6:
            raise BadInput("the cost cap must be 0 USD or more.")
        self._drafting.begin(text(sent, "hash"), cap, terms)
        return {}

    def discard(self, _sent: Sent) -> object:
        """Forget the plan; nothing was sent."""
        self._drafting.planning.cancel()
        self._drafting.discard()
        self._drafting.planning.dismiss()
        return {}

    def work(self, sent: Sent) -> object:
        """Pause, resume, cancel or dismiss."""
        act = {
            "pause": self._drafting.pause,
            "resume": self._drafting.resume,
            "cancel": self._drafting.cancel,
            "dismiss": self._dismiss,
        }.get(text(sent, "do"))
        if act is None:
            raise BadInput("the page sent no word that is known. Reload it.")
        act()
        return {}

    def rest(self, sent: Sent) -> object:
        """Prepare what a job has left, to be agreed to anew."""
        self._drafting.prepare_rest(JobId(text(sent, "job")))
        return {}

    def leave(self, sent: Sent) -> object:
        """Leave what is uncertain."""
        self._drafting.leave_uncertain(JobId(text(sent, "job")))
        return {}

    # ------------------------------------------------------------------ plumbing
    def _wish(self, sent: Sent) -> DraftWish:
        choose = text(sent, "choose")
        selected = choose == "selected"
        ids = ids_of(sent) if selected else chosen_of(self._store, choose, text(sent, "label"))
        size = int(number(sent, "size") or 1024)
        asked = texts(sent, "templates")
        templates = tuple(t for t in ("vqa", "caption", "conversation") if t in asked)
        if not templates and not text(sent, "compare"):
            raise BadSetting("nothing is to be drafted: choose questions, captions or another.")
        kept = ("choose", "label", "pack", "aspects", "templates", "compare", "size", "teacher")
        also = ("url", "model", "cap", "concurrency", "speaks")
        self._store.settings.set_setting(KEPT, {n: sent[n] for n in (*kept, *also) if n in sent})
        return DraftWish(
            ids,
            text(sent, "pack") or "nanomaterials",
            texts(sent, "aspects"),
            templates,
            text(sent, "compare"),
            size,
        )

    def _plan(self) -> object:
        plan = self._drafting.plan
        if plan is None:
            self._summary = None
            return None
        kept = self._summary
        if kept is None or kept[0] is not plan:
            kept = self._summary = (plan, shown.plan(plan, self._drafting.left_out))
        return kept[1]

    def _dismiss(self) -> None:
        self._drafting.sending.dismiss()
        self._drafting.planning.dismiss()

    def _names(self, ids: object) -> dict[str, str]:
        names = {}
        for at in set(ids):  # type: ignore[call-overload]
            try:
                names[at] = self._store.micrographs.get_micrograph(at).name
            except NotFound:
                names[at] = f"{at[:12]} (removed)"
        return names


def _state(word: str) -> RequestState:
    for state in shown.OUTCOMES:
        if state == word:
            return state  # type: ignore[return-value]
    raise BadInput("the page sent no state of a request. Reload it.")


def _micrographs_of(payload_json: str) -> list[str]:
    return [p["micrograph_id"] for p in json.loads(payload_json).get("pictures", [])]
