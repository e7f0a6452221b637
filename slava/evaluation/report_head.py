"""The top of a report: what was evaluated, with what, and what a reader must know first.

It must not know any figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape

from slava import __version__
from slava.domain import EvaluationSpec, ModelEntry
from slava.evaluation.results import Results
from slava.evaluation.table_pairs import MOST_COMPARED
from slava.evaluation.tables import FEWEST_MICROGRAPHS, unit_of

_SHORT = 12


def head_html(results: Results) -> str:
    """Name, date, test set, settings, and the models with what tells them from all others."""
    evaluation = results.evaluation
    facts = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{text}</dd></div>" for label, text in _facts(results)
    )
    return (
        f'<header id="head">\n<p class="kind">Evaluation</p>\n<h1>{escape(evaluation.name)}</h1>\n'
        f"<dl>{facts}</dl>\n{_models_html(results)}\n</header>\n"
    )


def notes_html(results: Results, further: Sequence[str] = ()) -> str:
    """Notes and what was left out, before any figure."""
    notes = [*_own_notes(results), *results.notes, *further]
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    left = "".join(
        f"<li><b>{escape(measure)}</b> is left out. {escape(reason)}</li>"
        for measure, reason in results.left_out.items()
    )
    return (
        f'<section id="notes" class="card">\n<h2>Read this first</h2>\n<ul>{listed}{left}</ul>\n'
        "</section>\n"
    )


def _facts(results: Results) -> list[tuple[str, str]]:
    """Label and markup."""
    evaluation, spec = results.evaluation, results.evaluation.spec
    items = len({row.item.id for row in results.rows})
    micrographs = len({row.item.micrograph_id for row in results.rows})
    test_set = (
        f"{escape(spec.dataset)} <small>{_count(items, 'question')} about "
        f"{_count(micrographs, 'micrograph')} · "
        f'<code title="{escape(spec.dataset_id)}">{escape(spec.dataset_id[:_SHORT])}</code></small>'
    )
    answers = f"{evaluation.done:,} of {evaluation.total:,} <small>{evaluation.state}</small>"
    told = [
        ("Test set", test_set),
        ("Answers", answers),
        ("Measures", escape(", ".join(spec.measures))),
        ("Context", f"{escape(', '.join(spec.levels))} <small>{_way(spec)}</small>"),
        ("Judge", _judge(spec)),
        (
            "Generation",
            f"at most {spec.max_new_tokens} tokens <small>seed {spec.seed} · pack "
            f"{escape(spec.pack)}{' · asked again' if spec.again else ''}</small>",
        ),
        ("Made", escape(_when(evaluation.created_at))),
        (
            "Evaluation",
            f"<code>{escape(evaluation.id)}</code> <small>sLAVA {escape(__version__)}</small>",
        ),
    ]
    return [(label, text) for label, text in told if text]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _when(moment: str) -> str:
    """A time as people write it; as it stands where it is none."""
    try:
        told = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{told:%Y-%m-%d %H:%M} {told.tzname() or ''}".strip()


def _way(spec: EvaluationSpec) -> str:
    if spec.way == "attributes":
        return "attributes stand in the question"
    return "facts beside the question"


def _judge(spec: EvaluationSpec) -> str:
    if spec.judge is None:
        return "none"
    judge = spec.judge
    times = "once" if judge.repeats == 1 else f"{judge.repeats} times"
    measures = ", ".join(judge.measures).replace("_", " ")
    return f"{escape(judge.model)} <small>{escape(measures)}, each answer {times}</small>"


def _models_html(results: Results) -> str:
    failed = Counter(row.model for row in results.rows if row.error)
    answered = Counter(row.model for row in results.rows if not row.error)
    rows = "".join(
        _model_row(entry, place, answered[entry.title], failed[entry.title])
        for place, entry in enumerate(results.models)
    )
    heads = ("Model", "Reference", "Quantization", "Adapter", "Identity", "Answers", "Failed")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<div class="wide"><table id="models"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _model_row(entry: ModelEntry, place: int, answered: int, failed: int) -> str:
    cells = (
        escape("came with the test set" if entry.is_given else entry.reference),
        escape("" if entry.is_given else entry.quantization),
        f"<code>{escape(entry.adapter)}</code>" if entry.adapter else "none",
        f'<code title="{escape(entry.identity)}">{escape(entry.identity[:_SHORT])}</code>'
        if entry.identity
        else "not known",
        f"{answered:,}",
        f"{failed:,}",
    )
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    sign = f'<i class="sign" style="background:var(--sp-{place % 8})"></i>'
    return f'<tr><th scope="row">{sign}{escape(entry.title)}</th>{told}</tr>'


def _own_notes(results: Results) -> list[str]:
    evaluation = results.evaluation
    notes = []
    if evaluation.state != "done":
        why = f": {evaluation.reason}" if evaluation.reason else ""
        notes.append(
            f"The evaluation is {evaluation.state}{why}. {evaluation.done:,} of "
            f"{evaluation.total:,} answers are here; figures may change."
        )
    failed = sum(bool(row.error) for row in results.rows)
    if failed:
        notes.append(
            f"{_count(failed, 'answer')} failed. Such answers enter no figure, so that models may "
            "be compared on different questions; the paired tests use only what both answered."
        )
    if unit_of(results) == "micrograph":
        notes.append(
            "Questions about one micrograph are not independent: intervals and tests draw whole "
            "micrographs."
        )
    else:
        notes.append(
            f"There are fewer than {FEWEST_MICROGRAPHS} micrographs. Intervals and tests draw "
            "questions, and hold for further questions about these micrographs only."
        )
    if len(results.models) > MOST_COMPARED:
        notes.append(f"Only the first {MOST_COMPARED} models are tested against each other.")
    return notes
