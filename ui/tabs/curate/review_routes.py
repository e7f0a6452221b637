"""What the review panel asks for and says, as JSON below ``base/curate/review``.

Nothing here imports Gradio. What a page sends is checked: it is never trusted to be what our
scripts send. Errors come back as ``{"error": ...}`` with 404, 409 (judged or held by somebody
else) or 422.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from slava.domain import MicrographId, PairId, ReviewedPair
from slava.errors import BadInput, NotFound, PairTaken, SlavaError
from ui import present
from ui.pixels import HEADERS
from ui.present import reviewing as shown
from ui.services import Services
from ui.tabs.curate import review_sent as given
from ui.tabs.curate.review_sent import Sent, filter_of, reason_of, verdict_of

Answer = Callable[[Sent], object]
MOST_ROWS = 200


def routes(services: Services, base: str) -> list[BaseRoute]:
    """The routes; ``base`` is that of the pixel routes."""
    answers = ReviewAnswers(services, base)
    named: dict[str, Answer] = {
        "state": answers.state,
        "ahead": answers.ahead,
        "open": answers.open,
        "look": answers.look,
        "release": answers.release,
        "verdict": answers.verdict,
        "undo": answers.undo,
        "redo": answers.redo,
        "list": answers.list,
        "meaning": answers.meaning,
        "bulk": answers.bulk,
        "picked": answers.picked,
        "label": answers.label,
        "settings": answers.settings,
    }
    posted = [Route(f"/{n}.json", _posted(a), methods=["POST"]) for n, a in named.items()]
    return [*posted, Route("/m/{id}.json", _picture(answers))]


class ReviewAnswers:
    """Each takes what a page sent and returns what is sent back."""

    def __init__(self, services: Services, base: str) -> None:
        self._services, self._base = services, base
        self._reviewing = services.reviewing

    def state(self, sent: Sent) -> object:
        """How far it is, and everything that is chosen once."""
        name = self._name(sent)
        wanted = filter_of(given.field(sent, "filter"))
        now = self._reviewing.progress(name, wanted, str(sent.get("since", "")))
        return {
            **shown.progress(now),
            "reviewer": name,
            "login": bool(sent.get("login")),
            "keys": self._reviewing.keys(),
            "titles": self._reviewing.titles(),
            "labels": self._reviewing.labels(),
        }

    def ahead(self, sent: Sent) -> object:
        """The next pairs."""
        skip = [PairId(i) for i in given.texts(sent, "skip")]
        wanted, count = filter_of(given.field(sent, "filter")), given.whole(sent, "count")
        found = self._reviewing.ahead(self._name(sent), wanted, count, skip)
        return {"pairs": [self._pair(one) for one in found]}

    def open(self, sent: Sent) -> object:
        """A certain pair, to be judged."""
        return self._pair(self._reviewing.take(self._name(sent), given.pair_id(sent)))

    def look(self, sent: Sent) -> object:
        """A certain pair as it stands."""
        return self._pair(self._reviewing.look(given.pair_id(sent)))

    def release(self, sent: Sent) -> object:
        """Give back what is held."""
        self._reviewing.release(self._name(sent))
        return {}

    def verdict(self, sent: Sent) -> object:
        """Write a verdict down."""
        seen = sent.get("seen")
        judged = self._reviewing.judge(
            given.pair_id(sent),
            self._name(sent),
            given.judgement(sent),
            seen if isinstance(seen, int) else None,
        )
        return self._pair(judged)

    def undo(self, sent: Sent) -> object:
        """Take the newest verdict back."""
        back = self._reviewing.undo(self._name(sent))
        return {"pair": self._pair(back) if back else None}

    def redo(self, sent: Sent) -> object:
        """Let it stand again."""
        again = self._reviewing.redo(self._name(sent))
        return {"pair": self._pair(again) if again else None}

    def list(self, sent: Sent) -> object:
        """Lines of a list, and how many there are."""
        wanted, after = filter_of(given.field(sent, "filter")), given.text(sent, "after")
        limit = min(MOST_ROWS, given.whole(sent, "count"))
        rows = self._reviewing.listed(wanted, limit, PairId(after) if after else None)
        total = self._services.store.pairs.count_pairs(wanted)
        return {"rows": [shown.row(one) for one in rows], "total": total}

    def meaning(self, sent: Sent) -> object:
        """Lines in the order of their meaning, or how far reading has come."""
        meanings = self._reviewing.meanings
        if not meanings.ready():
            now = meanings.job.now
            if now is not None and now.state == "failed":
                meanings.job.dismiss()
                raise BadInput(now.error)
            return {"done": now.done if now else 0, "total": now.total if now else 0}
        found = meanings.search(str(sent.get("text", "")), filter_of(given.field(sent, "filter")))
        pairs = {p.pair.id: p for p in self._services.store.pairs.get_pairs([i for i, _ in found])}
        rows = [{**shown.row(pairs[i]), "near": near} for i, near in found if i in pairs]
        return {"rows": rows, "total": len(rows)}

    def bulk(self, sent: Sent) -> object:
        """One verdict on all that a filter means, or how many these are."""
        done = self._reviewing.judge_all(
            filter_of(given.field(sent, "filter")),
            self._name(sent),
            verdict_of(sent.get("verdict")),
            reason_of(sent.get("reason")),
            str(sent.get("comment") or ""),
            dry_run=sent.get("dry_run") is not False,
        )
        return {"meant": done.meant, "reviewed": done.reviewed, "held": done.held}

    def picked(self, sent: Sent) -> object:
        """One verdict on pairs that were picked by hand."""
        done = self._reviewing.judge_picked(
            given.picked(sent),
            self._name(sent),
            verdict_of(sent.get("verdict")),
            reason_of(sent.get("reason")),
            str(sent.get("comment") or ""),
        )
        return {"reviewed": done.reviewed, "held": done.held, "changed": done.changed}

    def label(self, sent: Sent) -> object:
        """Correct the category of a micrograph."""
        at, label = MicrographId(str(sent.get("micrograph", ""))), str(sent.get("label", ""))
        self._services.store.micrographs.get_micrograph(at)
        self._services.classifying.labels.give(at, label.strip() or None)
        return {"micrograph": at, "label": label.strip(), "labels": self._reviewing.labels()}

    def settings(self, sent: Sent) -> object:
        """Keep a name, keys, how many must judge."""
        if isinstance(sent.get("name"), str) and not sent.get("login"):
            self._reviewing.set_reviewer(sent["name"])
        if isinstance(sent.get("keys"), dict):
            self._reviewing.set_keys({k: given.texts(sent["keys"], k) for k in sent["keys"]})
        if isinstance(sent.get("reviewers_wanted"), int):
            self._reviewing.set_reviewers_wanted(sent["reviewers_wanted"])
        return {"reviewer": self._reviewing.reviewer(), "keys": self._reviewing.keys()}

    def picture(self, micrograph_id: MicrographId) -> object:
        """What a viewer needs."""
        picture, known = self._reviewing.picture(micrograph_id)
        return present.viewer(known.micrograph, picture, known, self._base)

    def _pair(self, reviewed: ReviewedPair) -> dict[str, Any]:
        return dict(shown.pair(self._reviewing.detail(reviewed), self._base))

    def _name(self, sent: Sent) -> str:
        """Who has logged in, else the name that the page gives, else the one kept here."""
        name = sent.get("login") or sent.get("reviewer")
        return str(name) if name else self._reviewing.reviewer()


# ------------------------------------------------------------------------------ plumbing
def _posted(answer: Answer) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        body = await request.body()
        login = logged_in(request)
        return await run_in_threadpool(_answered, lambda: answer(given.read(body, login)))

    return respond


def _picture(answers: ReviewAnswers) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        at = MicrographId(request.path_params["id"])
        return await run_in_threadpool(_answered, lambda: answers.picture(at))

    return respond


def _answered(work: Callable[[], object]) -> Response:
    try:
        return JSONResponse(work(), headers=HEADERS)
    except NotFound as error:
        return _refused(error, 404)
    except PairTaken as error:
        return _refused(error, 409)
    except SlavaError as error:
        return _refused(error, 422)


def _refused(error: SlavaError, status: int) -> Response:
    return JSONResponse({"error": str(error)}, status, headers=HEADERS)


def logged_in(request: Request) -> str:
    """The name under which somebody has logged in; empty where no login is asked for."""
    tokens = getattr(request.scope.get("app"), "tokens", {})
    number = getattr(request.scope.get("app"), "cookie_id", "")
    kept = (f"access-token-{kind}{number}" for kind in ("", "unsecure-"))
    return next((str(tokens[t]) for n in kept if (t := request.cookies.get(n)) in tokens), "")
