"""What the panel asks for: state, plans, results, drawings, files, and every act.

The routes lie under the token of the pixel routes and are mounted before them. Nothing here imports
Gradio.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from slava.domain import EvaluationId
from slava.errors import NotFound
from ui.answering import Sent, fetched, posted
from ui.pixels import HEADERS
from ui.receiving import receiving
from ui.services import Services
from ui.tabs.evaluate import drawing, finding, incoming
from ui.tabs.evaluate.acting import Acting
from ui.tabs.evaluate.judging import JudgeAnswers
from ui.tabs.evaluate.showing import Showing

TYPES = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
ALONE = (
    "sandbox allow-scripts allow-popups; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
"""A report holds what files and models said: it runs apart from the window, and loads nothing."""


def routes(services: Services, base: str) -> Mount:
    """The routes of this tab; ``base`` is that of the pixel routes."""
    show, act, judge = Showing(services), Acting(services), JudgeAnswers(services)
    evaluating = services.evaluating

    def results(sent: Sent) -> object:
        return finding.found(evaluating.results(incoming.evaluation_id(sent)))

    def drawn(request: Request) -> Response:
        asked = request.query_params
        kind = asked.get("kind", "")
        figure, a, b, width = (
            _place(asked.get(name, "0")) for name in ("figure", "a", "b", "width")
        )
        found = evaluating.results(EvaluationId(asked.get("id", "")))
        svg = drawing.draw(found, kind, figure, a, b, width)
        return Response(svg, media_type="image/svg+xml", headers=HEADERS)

    def written(request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in TYPES:
            raise NotFound("there is no such file.")
        found = evaluating.results(EvaluationId(request.query_params.get("id", "")))
        with tempfile.TemporaryDirectory(dir=services.uploads) as folder:
            target = evaluating.write(found.evaluation.id, Path(folder, f"results.{kind}"))
            content = target.read_bytes()
        name = quote(f"{found.evaluation.name}.{kind}", safe="")
        headers = {**HEADERS, "Content-Security-Policy": ALONE}
        if kind != "html" or "save" in request.query_params:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return Response(content, media_type=TYPES[kind], headers=headers)

    named: dict[str, Callable[[Sent], object]] = {
        "state": show.state,
        "form": show.form,
        "set": show.test_set,
        "plan": show.plan,
        "about": show.about,
        "results": results,
        "take": act.take,
        "remove_set": act.remove_set,
        "start": act.start,
        "go_on": act.go_on,
        "work": act.work,
        "rename": act.rename,
        "remove": act.remove,
        "blind": act.blind,
        "score": act.score,
        "judge": judge.prepare,
        "judge_requests": judge.requests,
        "judge_begin": judge.begin,
    }
    return Mount(
        f"/{base}/evaluate",
        routes=[
            *(Route(f"/{name}.json", posted(a), methods=["POST"]) for name, a in named.items()),
            Route("/plot.svg", fetched(drawn)),
            Route("/payload.json", fetched(judge.payload)),
            Route("/results.{kind}", fetched(written)),
            Route("/upload", receiving(services.uploads), methods=["POST"]),
        ],
    )


def _place(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) < 6 else -1
