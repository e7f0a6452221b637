"""Figures of an evaluation against numpy, scikit-learn and the plain measures called directly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from slava.domain import PersonScore
from slava.evaluation.results import Results
from slava.evaluation.table_classes import UNDECIDED, class_bars, confusion
from slava.evaluation.table_pairs import best_models, comparison, comparisons, judge_trust
from slava.evaluation.tables import (
    by_level,
    defect_by_level,
    grouped,
    groups_of,
    interval,
    overall,
    summary,
    unit_of,
)
from slava.metrics.bootstrap import mean_interval
from slava.metrics.compare import compare
from slava.metrics.contexts import level_table
from slava.metrics.judge_trust import agreement_with_person
from tests.evaluation.made import CATEGORIES, LEVELS, MODELS, made_results

FIRST, SECOND, THIRD = (model.title for model in MODELS)


@pytest.fixture(scope="module")
def results() -> Results:
    return made_results(60)


@pytest.fixture(scope="module")
def one_level() -> Results:
    """Few micrographs and one level: every answer is a unit."""
    return made_results(40, levels=("high",), micrographs=4)


def values(results: Results, figure: str, model: str) -> list[float]:
    return [r.figures[figure] for r in results.rows if r.model == model and figure in r.figures]


def test_means_and_deviations_are_those_of_numpy(results: Results) -> None:
    cells = summary(results)
    assert len(cells) == len(results.figures) * len(results.models)
    for cell in cells:
        told = values(results, cell.figure, cell.model)
        assert cell.mean == pytest.approx(np.mean(told))
        assert cell.std == pytest.approx(np.std(told, ddof=1))
        assert cell.answers == len(told)
        assert [results.rows[k].figures[cell.figure] for k in cell.rows] == told
        assert cell.low is not None
        assert cell.high is not None
        assert cell.low <= cell.mean <= cell.high


def test_where_every_answer_is_a_unit_the_interval_is_the_plain_bootstrap(
    one_level: Results,
) -> None:
    assert unit_of(one_level) == "item"
    for cell in summary(one_level):
        plain = mean_interval(values(one_level, cell.figure, cell.model))
        assert (cell.low, cell.high) == pytest.approx((plain.low, plain.high))
        assert cell.units == plain.count


def test_the_same_answer_many_times_makes_no_interval_narrower(one_level: Results) -> None:
    told = np.array(values(one_level, "bleu2", FIRST))
    once = interval(told, range(len(told)))
    often = interval(np.repeat(told, 4), np.repeat(np.arange(len(told)), 4).tolist())
    assert once == pytest.approx(often)


def test_answers_about_one_micrograph_are_drawn_together() -> None:
    results = made_results(75, micrographs=15)
    assert unit_of(results) == "micrograph"
    assert {cell.units for cell in summary(results)} == {15}


def test_one_unit_tells_nothing_of_others(one_level: Results) -> None:
    alone = replace(one_level, rows=one_level.rows[:1])
    (cell, *_) = summary(alone)
    assert (cell.low, cell.high, cell.std) == (None, None, None)


def test_answers_that_are_all_alike_have_no_interval(one_level: Results) -> None:
    rows = tuple(replace(row, figures={"defect_right": 1.0}) for row in one_level.rows)
    for cell in summary(replace(one_level, rows=rows)):
        assert (cell.mean, cell.low, cell.high, cell.std) == (1, None, None, 0)


def test_groups_come_in_their_own_order(results: Results) -> None:
    assert groups_of(results, "complexity") == ("simple", "complex")
    assert groups_of(results, "level") == LEVELS
    assert groups_of(results, "category") == tuple(sorted(CATEGORIES))
    row = results.rows[0]
    nameless = replace(row, item=replace(row.item, topic=""))
    assert groups_of(replace(results, rows=(*results.rows, nameless)), "topic")[-1] == ""


def test_groups_hold_every_answer_once(results: Results) -> None:
    cells = grouped(results, "bleu2", "topic")
    places = sorted(place for cell in cells for place in cell.rows)
    assert places == list(range(len(results.rows)))


def test_the_heat_map_is_the_level_table(results: Results) -> None:
    for model in (FIRST, THIRD):
        table = level_table(
            [
                (r.item.topic, r.level, r.figures["overall_quality"])
                for r in results.rows
                if r.model == model and "overall_quality" in r.figures
            ]
        )
        cells = [c for c in by_level(results, "overall_quality") if c.model == model]
        assert len(cells) == sum(map(len, table.values()))
        for cell in cells:
            assert cell.level is not None
            assert cell.mean == pytest.approx(table[cell.group][cell.level])


def test_defects_by_level_are_shares_of_right_answers(results: Results) -> None:
    cells = defect_by_level(results)
    assert [(c.group, c.model) for c in cells] == [
        (level, model.title) for level in LEVELS for model in MODELS
    ]
    for cell in cells:
        right = [
            row.figures["defect_right"]
            for row in results.rows
            if (row.model, row.level) == (cell.model, cell.group) and "defect_right" in row.figures
        ]
        assert cell.mean == pytest.approx(sum(right) / len(right))


def test_without_a_figure_there_is_nothing_by_level() -> None:
    bare = made_results(5, levels=("high",), judged=False)
    none = replace(bare, figures=tuple(f for f in bare.figures if f.name != "defect_right"))
    assert defect_by_level(none) == ()


def asked_for_category(results: Results, model: str) -> tuple[list[str], list[str]]:
    rows = [r for r in results.rows if r.model == model and "category_right" in r.figures]
    return [r.item.category for r in rows], [r.said_category or UNDECIDED for r in rows]


def test_confusion_is_that_of_scikit_learn(results: Results) -> None:
    for model in (FIRST, SECOND, THIRD):
        found = confusion(results, model)
        assert found is not None
        truth, said = asked_for_category(results, model)
        labels = [*found.truth, UNDECIDED]
        whole = confusion_matrix(truth, said, labels=labels)
        assert np.array_equal(whole[: len(found.truth), : len(found.said)], found.counts)
        assert found.accuracy == pytest.approx(np.mean(np.array(truth) == np.array(said)))
        for (i, j), places in found.rows.items():
            assert len(places) == found.counts[i][j]
            assert {results.rows[k].item.category for k in places} == {found.truth[i]}


def test_precision_recall_and_f1_are_those_of_scikit_learn(results: Results) -> None:
    for model in (FIRST, THIRD):
        truth, said = asked_for_category(results, model)
        bars = class_bars(results, model)
        theirs = precision_recall_fscore_support(
            truth, said, labels=[bar.label for bar in bars], zero_division=0
        )
        for bar, precision, recall, f1, support in zip(bars, *theirs, strict=True):
            assert (bar.precision, bar.recall, bar.f1) == pytest.approx((precision, recall, f1))
            assert bar.support == support


def test_a_category_said_by_the_way_is_no_classification() -> None:
    results = made_results(5, levels=("high",))
    rows = tuple(
        replace(r, figures={"bleu2": 0.5}, said_category="particles") for r in results.rows
    )
    assert confusion(replace(results, rows=rows), FIRST) is None
    assert class_bars(replace(results, rows=rows), FIRST) == ()


def test_two_models_are_compared_as_the_plain_comparison_does(one_level: Results) -> None:
    found = comparison(one_level, FIRST, SECOND)
    columns = [
        {f.name: values(one_level, f.name, model) for f in one_level.figures}
        for model in (FIRST, SECOND)
    ]
    plain = compare(*columns)
    assert [c.figure for c in found] == list(plain)
    for contrast in found:
        theirs = plain[contrast.figure]
        assert contrast.difference == pytest.approx(theirs.first - theirs.second)
        assert contrast.p_value == pytest.approx(theirs.test.p_value)
        assert (contrast.low, contrast.high) == pytest.approx((theirs.test.low, theirs.test.high))
        if contrast.figure != "invented":
            assert contrast.better == theirs.better


def test_where_less_is_better_the_lower_one_is_better() -> None:
    results = made_results(30, models=2, levels=("high",))
    rows = tuple(
        replace(row, figures={"invented": float(row.model == FIRST)}) for row in results.rows
    )
    (contrast,) = comparison(replace(results, rows=rows), FIRST, SECOND)
    assert contrast.difference == 1
    assert contrast.better == "second"


def test_only_answers_that_both_gave_are_compared(one_level: Results) -> None:
    gone = {r.item.id for r in one_level.rows[:30]}
    rows = tuple(r for r in one_level.rows if r.model != SECOND or r.item.id not in gone)
    kept = replace(one_level, rows=rows)
    contrast = comparison(kept, FIRST, SECOND)[0]
    assert contrast.pairs == 40 - len(gone)
    assert not {kept.rows[k].item.id for k in contrast.rows} & gone


def test_best_is_only_who_beats_every_other_one(results: Results) -> None:
    contrasts = comparisons(results)
    assert {c.tests for c in contrasts} == {len(contrasts)}
    assert best_models(results, contrasts)["bleu2"] == THIRD
    alike = replace(results, rows=tuple(replace(r, figures={"bleu2": 0.5}) for r in results.rows))
    assert best_models(alike, comparisons(alike)) == {}
    undecided = [replace(c, better="undecided") if c.second == THIRD else c for c in contrasts]
    assert "bleu2" not in best_models(results, undecided)


def test_a_single_model_is_best_of_none() -> None:
    alone = made_results(10, models=1, levels=("high",))
    assert comparisons(alone) == ()
    assert best_models(alone, ()) == {}


def test_the_judge_beside_people_is_the_plain_agreement(results: Results) -> None:
    (trust,) = judge_trust(results)
    judge, people = {}, {}
    for place, row in enumerate(results.rows):
        said = [j.score for j in row.judgements if j.score is not None]
        if said:
            judge[str(place)] = float(np.mean(said))
        for score in row.scores:
            assert score.score is not None
            people[str(place)] = score.score
    assert trust.people == agreement_with_person(judge, people, "overall_quality")
    assert trust.judgements == trust.scored + trust.unusable == 2 * len(results.rows)
    assert len(trust.points) == trust.people.count
    assert trust.repeat_std is not None
    assert 0 < trust.repeat_std < 10


def test_what_a_person_overruled_is_not_held_for_the_judge(one_level: Results) -> None:
    row = one_level.rows[0]
    said = replace(row.judgements[0], score=10.0, overruled_by="reviewer 1", judge_score=90.0)
    theirs = PersonScore(row.key, "overall_quality", "reviewer 1", 10.0)
    alone = replace(one_level, rows=(replace(row, judgements=(said,), scores=(theirs,)),))
    (trust,) = judge_trust(alone)
    assert trust.points == ((90.0, 10.0, 0),)


def test_without_judgements_there_is_no_judge() -> None:
    assert judge_trust(made_results(5, judged=False)) == ()


def test_the_seed_of_the_evaluation_draws_the_intervals() -> None:
    results = made_results(20, levels=("high",), judged=False)
    spec = replace(results.evaluation.spec, seed=7)
    other = replace(results, evaluation=replace(results.evaluation, spec=spec))
    ends = [
        [(cell.low, cell.high) for cell in overall(one, "bleu2")]
        for one in (results, replace(results), other)
    ]
    assert ends[0] == ends[1] != ends[2]
    drawn = [[(c.low, c.high) for c in comparisons(one)] for one in (results, other)]
    assert drawn[0] != drawn[1]
