"""Drawings: well-formed, in the colours of the house, every mark tells whose answers it holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from slava.evaluation import plots
from slava.evaluation.plots.svg import fitted, short, text_width, ticks
from slava.evaluation.plots.violin import FEWEST, MOST_POINTS
from slava.evaluation.results import Results
from slava.evaluation.table_classes import confusion
from slava.evaluation.table_pairs import comparison, judge_trust
from slava.evaluation.tables import by_level, grouped, overall
from tests.evaluation.made import MODELS, TOPICS, made_results

FIRST, SECOND, THIRD = (model.title for model in MODELS)
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'model' of a very long name that goes on and on"

Drawing = Callable[[Results], str]


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results(60)


DRAWINGS: dict[str, Drawing] = {
    "dots": lambda r: plots.interval_dots(r, "overall_quality"),
    "dots by topic": lambda r: plots.interval_dots(r, "category_right", "topic"),
    "dots by complexity": lambda r: plots.interval_dots(r, "bleu2", "complexity"),
    "violin": lambda r: plots.violin(r, "overall_quality", r.models[0].title),
    "violin by category": lambda r: plots.violin(r, "invented", r.models[0].title, "category"),
    "heat map": lambda r: plots.heat_map(r, "bleu2", r.models[0].title),
    "bars": lambda r: plots.level_bars(r, "defect_right"),
    "confusion": lambda r: plots.confusion_plot(r, r.models[0].title),
    "classes": lambda r: plots.class_plot(r, r.models[0].title),
    "contrast": lambda r: plots.contrast_plot(
        r, comparison(r, r.models[0].title, r.models[1].title)
    ),
    "judge": lambda r: plots.judge_plot(judge_trust(r)[0]),
}
every_drawing = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS.keys())


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def places(mark: ElementTree.Element) -> tuple[int, ...]:
    return tuple(int(place) for place in mark.attrib["data-rows"].split(","))


def marks(svg: str, kind: str) -> list[ElementTree.Element]:
    return [
        e
        for e in parsed(svg).iter()
        if "data-rows" in e.attrib and kind in e.attrib["class"].split()
    ]


@every_drawing
def test_a_drawing_has_title_text_and_marks_of_answers(draw: Drawing, results: Results) -> None:
    root = parsed(draw(results))
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root[:2]] == ["title", "desc"]
    assert all(child.text for child in root[:2])
    found = [place for e in root.iter() if "data-rows" in e.attrib for place in places(e)]
    assert found
    assert set(found) <= set(range(len(results.rows)))
    assert not re.search(r"\bnan\b", draw(results))


@every_drawing
def test_colours_are_variables_alone(draw: Drawing, results: Results) -> None:
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(|url\(|http|<script|on\w+=", draw(results))


@every_drawing
def test_names_are_text_whatever_stands_in_them(draw: Drawing) -> None:
    made = made_results(20, models=2, judged=True)
    entries = (replace(made.models[0], title=HOSTILE), made.models[1])
    names = {FIRST: HOSTILE, SECOND: SECOND}
    rows = tuple(
        replace(
            row,
            model=names[row.model],
            item=replace(row.item, topic=f"{HOSTILE} {row.item.topic}", category=HOSTILE),
        )
        for row in made.rows
    )
    svg = draw(replace(made, models=entries, rows=rows))
    assert "<script" not in svg
    assert not [e for e in parsed(svg).iter() if e.tag == "script"]


@every_drawing
def test_the_same_results_are_the_same_drawing(draw: Drawing, results: Results) -> None:
    assert draw(results) == draw(results)


def test_dots_hold_the_answers_of_their_mean(results: Results) -> None:
    found = marks(plots.interval_dots(results, "bleu2"), "sp-mark")
    cells = overall(results, "bleu2")
    assert [places(mark) for mark in found] == [cell.rows for cell in cells]
    for mark, cell in zip(found, cells, strict=True):
        assert f"{short(cell.mean)}, 95 % interval" in (mark[0].text or "")


def test_dots_by_topic_lie_in_the_order_of_their_means(results: Results) -> None:
    svg = plots.interval_dots(results, "overall_quality", "topic")
    at = {places(e): float(e.attrib["cx"]) for e in marks(svg, "sp-mark") if e.tag == "circle"}
    cells = {c.rows: c.mean for c in grouped(results, "overall_quality") if c.rows in at}
    assert len(cells) == len(TOPICS)
    ranked = sorted(cells, key=lambda rows: cells[rows])
    assert [at[rows] for rows in ranked] == sorted(at.values())


def test_points_of_a_violin_lie_where_their_figures_are(results: Results) -> None:
    points = marks(plots.violin(results, "overall_quality", FIRST), "sp-point")
    told = [results.rows[places(p)[0]].figures["overall_quality"] for p in points]
    across = [float(p.attrib["cx"]) for p in points]
    slope, start = np.polyfit(told, across, 1)
    assert np.abs(np.polyval((slope, start), told) - across).max() < 0.1
    assert {results.rows[places(p)[0]].model for p in points} == {FIRST}


def test_simple_is_above_complex(results: Results) -> None:
    shapes = marks(plots.violin(results, "bleu2", FIRST), "sp-violin")
    kinds = {"sp-simple": "simple", "sp-complex": "complex"}
    assert len(shapes) == 2 * (len(TOPICS) + 1)
    for shape in shapes:
        kind = kinds[shape.attrib["class"].split()[1]]
        assert {results.rows[k].item.complexity for k in places(shape)} == {kind}


def test_every_answer_is_a_point_until_they_are_too_many() -> None:
    few = made_results(10, models=1, levels=("high",))
    svg = plots.violin(few, "bleu2", FIRST)
    assert not marks(svg, "sp-violin")  # fewer than eight in every half
    assert FEWEST > 5
    assert sorted(places(p)[0] for p in marks(svg, "sp-point"))[::2] == list(range(10))
    many = made_results(MOST_POINTS + 60, models=1, levels=("none", "high"), judged=False)
    alike = tuple(replace(r, item=replace(r.item, topic="", complexity="")) for r in many.rows)
    svg = plots.violin(replace(many, rows=alike), "bleu2", FIRST)
    assert len(marks(svg, "sp-point")) == MOST_POINTS
    assert len(places(marks(svg, "sp-violin")[0])) == len(many.rows)


def test_answers_that_are_all_alike_get_no_shape() -> None:
    made = made_results(40, models=1, levels=("high",))
    rows = tuple(replace(row, figures={"bleu2": 0.25}) for row in made.rows)
    svg = plots.violin(replace(made, rows=rows), "bleu2", FIRST)
    assert not marks(svg, "sp-violin")
    assert marks(svg, "sp-point")


def test_cells_of_the_heat_map_show_their_means(results: Results) -> None:
    svg = plots.heat_map(results, "overall_quality", SECOND)
    cells = {c.rows: c for c in by_level(results, "overall_quality") if c.model == SECOND}
    found = [mark for mark in marks(svg, "sp-cell") if places(mark) in cells]
    assert len(found) == len(cells) == 4 * len(TOPICS)
    for mark in found:
        cell = cells[places(mark)]
        assert f"{short(cell.mean)}, n = {cell.answers}" in (mark[0].text or "")


def test_the_confusion_matrix_shows_its_counts(results: Results) -> None:
    matrix = confusion(results, FIRST)
    assert matrix is not None
    found = {places(mark): mark for mark in marks(plots.confusion_plot(results, FIRST), "sp-cell")}
    assert set(found) == set(matrix.rows.values())
    for (i, j), rows in matrix.rows.items():
        hint = found[rows][0].text or ""
        assert f"truth {matrix.truth[i]}, said {matrix.said[j]}: {len(rows)} of" in hint


def test_better_is_on_the_side_of_its_model() -> None:
    made = made_results(30, models=2, levels=("high",))
    for low_is_good in ("bleu2", "invented"):
        rows = tuple(replace(r, figures={low_is_good: float(r.model == FIRST)}) for r in made.rows)
        told = replace(made, rows=rows)
        svg = plots.contrast_plot(told, comparison(told, FIRST, SECOND))
        (dot,) = marks(svg, "sp-decided")
        zero = next(e for e in parsed(svg).iter() if e.attrib.get("class") == "sp-axis")
        right = float(dot.attrib["cx"]) > float(zero.attrib["x1"])
        assert right == (low_is_good == "bleu2")


def test_what_does_not_apply_is_not_drawn() -> None:
    made = made_results(5, levels=("high",), judged=False)
    assert plots.heat_map(made, "bleu2", FIRST) == ""
    bare = replace(made, rows=tuple(replace(r, figures={}) for r in made.rows))
    assert plots.violin(bare, "bleu2", FIRST) == ""
    assert plots.interval_dots(bare, "bleu2") == ""
    assert plots.interval_dots(bare, "bleu2", "topic") == ""
    assert plots.level_bars(bare, "defect_right") == ""
    assert plots.confusion_plot(bare, FIRST) == ""
    assert plots.class_plot(bare, FIRST) == ""
    assert plots.contrast_plot(bare, comparison(bare, FIRST, SECOND)) == ""


def test_a_level_without_answers_is_an_empty_place(results: Results) -> None:
    rows = tuple(replace(row, figures={}) if row.level == "none" else row for row in results.rows)
    drawn = plots.level_bars(replace(results, rows=rows), "bleu2")
    assert "n = 0" in drawn


def test_an_unknown_figure_is_told(results: Results) -> None:
    with pytest.raises(KeyError):
        plots.interval_dots(results, "nothing")


def test_the_style_is_light_and_dark() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in plots.style()
    assert ".dark .sp {" in plots.style(".dark")
    assert "@media" not in plots.style(".dark")
    assert "sp-dark" not in plots.style() + plots.style(".dark")


def test_texts_are_broken_to_fit() -> None:
    lines = fitted("Surface texture and roughness of the fracture surface", 120)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(text_width(line) <= 120 for line in lines)
    assert fitted("wide_open_name", 200) == ["wide open name"]
    assert all(text_width(line) <= 60 for line in fitted("Donaudampfschifffahrtsgesellschaft", 60))
    assert fitted("", 50) == [""]


def test_numbers_and_ticks_are_round() -> None:
    assert ticks(0, 1, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks(1, 4, 4) == [1, 2, 3, 4]
    assert ticks(-24, 24, 5) == [-20, -10, 0, 10, 20]
    assert [short(v) for v in (0, 0.5, 12.345, 0.0074, -3.2, 1234.5)] == [
        "0",
        "0.500",
        "12.3",
        "0.0074",
        "−3.20",
        "1234",
    ]
