"""The report: one file that stands alone, whatever stands in the answers."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from slava.domain import MicrographId
from slava.evaluation.report import POLICY, report_html
from slava.evaluation.report_pictures import LONGEST_PX, gather_pictures
from slava.evaluation.results import Results
from slava.evaluation.tables import summary
from tests.evaluation.made import made_results, picture

HOSTILE = (
    "</script><script>document.title='taken'</script>",
    '<img src="https://example.org/x.png" onerror="document.title=1">',
    "<!-- <script> --> ]]> \u2028 \u2029 & &lt; \x00",
    '"><svg onload=alert(1)>',
    "lone \ud800 surrogate",
)


class Parts(HTMLParser):
    """The tags with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
            self._in_script = True

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


def data_of(report: str) -> dict[str, list[dict[str, object]]]:
    told = json.loads(Parts(report).scripts[0])
    assert isinstance(told, dict)
    return told


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results(20)


@pytest.fixture(scope="module")
def report(results: Results) -> str:
    return report_html(results, picture)


def test_nothing_is_outside_the_file(report: str) -> None:
    assert not re.search(r"https?://|@import|url\(|//cdn", report)
    for tag, attributes in Parts(report).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "audio", "video")
        for name in ("src", "href", "action", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith(("data:", "#")), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert 'http-equiv="Content-Security-Policy"' in report
    assert "default-src 'none'" in POLICY
    assert "connect-src" not in POLICY


def test_every_mean_stands_in_the_summary(report: str, results: Results) -> None:
    for figure in results.figures:
        assert figure.title in report
    for cell in summary(results):
        assert f'data-rows="{",".join(map(str, cell.rows))}"' in report
        assert f"n = {cell.answers}" in report


def test_every_drawing_is_there(report: str, results: Results) -> None:
    drawn = data_of(report)["plots"]
    figures, models = range(len(results.figures)), range(len(results.models))
    wanted = {f"confusion|{m}" for m in models} | {f"classes|{m}" for m in models}
    wanted |= {"pair|0|1", "pair|0|2", "pair|1|2"}
    for k in figures:
        wanted |= {f"topics|{k}", f"levels|{k}"} | {f"heat|{k}|{m}" for m in models}
        if not results.figures[k].share:
            wanted |= {f"spread|{k}|{m}" for m in models}
    assert set(drawn) == wanted
    assert report.count('<div class="plot"><svg') == len(results.figures) + 2  # defects, judge


def test_every_answer_is_there_as_it_is(report: str, results: Results) -> None:
    data = data_of(report)
    assert len(data["rows"]) == len(results.rows)
    for told, row in zip(data["rows"], results.rows, strict=True):
        item = data["items"][told["item"]]  # type: ignore[index]
        assert told["answer"] == row.answer
        assert item["question"] == row.item.question
        assert item["reference"] == row.item.reference
        assert told["figures"] == [row.figures.get(f.name) for f in results.figures]
        assert len(told["judged"]) == len(row.judgements)  # type: ignore[arg-type]
        context = data["texts"][told["context"]] if "context" in told else ""  # type: ignore[index]
        assert context == row.context


def test_whatever_stands_in_answers_is_text() -> None:
    made = made_results(5, models=2, levels=("high",))
    rows = tuple(
        replace(
            row,
            item=replace(row.item, question=text, reference=text, topic=text),
            answer=text,
            context=text,
            flags=(text,),
            judgements=tuple(replace(j, reason=text, raw=text) for j in row.judgements),
            swapped=text,
        )
        for row, text in zip(made.rows, HOSTILE * 2, strict=True)
    )
    named = replace(made.evaluation, name=HOSTILE[0])
    wild = replace(made, rows=rows, evaluation=named, notes=HOSTILE, left_out={"x": HOSTILE[1]})
    report = report_html(wild, picture)
    report.encode("utf-8")
    parts = Parts(report)
    assert len(parts.scripts) == 2
    assert not [tag for tag, _ in parts.tags if tag == "img"]
    assert not [a for _, a in parts.tags if any(n.startswith("on") for n in a)]
    told = json.loads(parts.scripts[0])
    assert [row["answer"] for row in told["rows"]][:4] == list(HOSTILE[:4])
    assert "<" not in parts.scripts[0]


def test_what_is_left_out_is_told_before_any_figure(report: str, results: Results) -> None:
    for text in (*results.notes, *results.left_out.values()):
        assert text in report
        assert report.index(text) < report.index('id="summary"')


def test_an_unfinished_evaluation_says_so() -> None:
    made = made_results(5, models=1, levels=("high",))
    unfinished = replace(made.evaluation, state="cancelled", done=3, reason="stopped by hand")
    failed = (replace(made.rows[0], error="out of memory", answer="", figures={}), *made.rows[1:])
    report = report_html(replace(made, evaluation=unfinished, rows=failed), picture)
    assert "The evaluation is cancelled: stopped by hand. 3 of 5 answers are here" in report
    assert "1 answer failed" in report


def test_best_stands_only_where_the_test_decides(results: Results, report: str) -> None:
    body = report.split('id="summary"')[1].split("</section>")[0]
    assert "<mark>Best</mark></p>" not in body
    assert body.count("<mark>Best</mark>") > 1
    rows = tuple(replace(row, figures={"bleu2": 0.5}) for row in results.rows)
    alike = report_html(replace(results, rows=rows), picture)
    assert alike.split('id="summary"')[1].split("</section>")[0].count("<mark>Best</mark>") == 1


def test_without_answers_there_is_still_a_report() -> None:
    made = made_results(5, models=1, levels=("high",))
    report = report_html(replace(made, rows=(), figures=()), picture)
    assert made.evaluation.name in report
    assert data_of(report)["rows"] == []


def test_a_micrograph_stands_once_and_small(results: Results) -> None:
    asked: list[MicrographId] = []

    def large(micrograph_id: MicrographId) -> bytes:
        asked.append(micrograph_id)
        buffer = io.BytesIO()
        Image.new("I;16", (1200, 900), 30_000).save(buffer, "PNG")
        return buffer.getvalue()

    report = report_html(results, large)
    micrographs = {row.item.micrograph_id for row in results.rows}
    assert sorted(asked) == sorted(micrographs)
    addresses = [address for _, address in data_of(report)["micrographs"]]  # type: ignore[misc]
    assert len(addresses) == len(micrographs)
    assert all(str(a).startswith("data:image/jpeg;base64,") for a in addresses)


def test_pictures_stop_where_there_is_no_room() -> None:
    made = made_results(60, models=1, levels=("high",), micrographs=12)
    one = len(next(iter(gather_pictures(made, picture).addresses.values())))
    some = gather_pictures(made, picture, room_bytes=4 * one)
    assert 0 < len(some.addresses) < 12
    assert sum(map(len, some.addresses.values())) <= 4 * one
    assert some.over == 12 - len(some.addresses)
    assert LONGEST_PX == 480


def test_what_is_no_picture_is_told() -> None:
    made = made_results(20, models=1, levels=("high",), micrographs=4)
    assert gather_pictures(made, lambda _: None).missing == 4
    assert gather_pictures(made, lambda _: b"no picture").missing == 4
    assert "Of 4 micrographs there is no picture." in report_html(made, lambda _: None)
