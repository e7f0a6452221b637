"""What a page sent for an evaluation, checked: it is never trusted to be what our scripts send."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from slava.domain import (
    AnswerKey,
    ContextWay,
    EvaluationId,
    EvaluationSpec,
    JudgeChoice,
    MeasureName,
    ModelEntry,
    PersonScore,
)
from slava.errors import BadInput, BadSetting
from slava.metrics.contexts import LEVELS
from slava.metrics.judge_prompts import RANGES
from ui.answering import Sent, number, text, texts
from ui.services.evaluation_desk import EvaluationDesk

MOST_REPEATS = 20
TABLES = (".json", ".jsonl", ".csv", ".parquet")


def evaluation_id(sent: Sent) -> EvaluationId:
    """The evaluation that a request is about."""
    return EvaluationId(text(sent, "id", 100))


def models(sent: Sent, desk: EvaluationDesk) -> list[ModelEntry]:
    """The models that were ticked.

    Raises
    ------
    SlavaError
        If one of them cannot be a model.
    """
    return [desk.entry(reference.strip()) for reference in texts(sent, "models")]


def wanted(sent: Sent) -> EvaluationSpec:
    """The settings of an evaluation, without its models and its test set.

    Who judges decides no answer: whether judged or not, it is the same evaluation.

    Raises
    ------
    BadSetting
        If something is missing, or out of its range.
    """
    said = _several(texts(sent, "measures"), get_args(MeasureName), "measure")
    measures = tuple(name for name in said if name != "judged") or said
    levels = _several(texts(sent, "levels"), LEVELS, "level of context")
    way: ContextWay = "attributes" if text(sent, "way") == "attributes" else "facts"
    longest, seed = _or(number(sent, "max_new_tokens"), 256), _or(number(sent, "seed"), 0)
    if not 1 <= longest <= 4096 or longest != int(longest):
        raise BadSetting("the longest answer must be 1 to 4096 tokens.")
    if seed != int(seed) or not 0 <= seed < 2**31:
        raise BadSetting("the seed must be a whole number from 0 on.")
    return EvaluationSpec(
        (),
        measures,
        "",
        "",
        levels,
        way,
        int(longest),
        int(seed),
        judge=judge(sent) if "judged" in said else None,
    )


def again(sent: Sent) -> bool:
    """Whether what was answered before is to be asked anew."""
    return sent.get("again") is True


def judge(sent: Sent) -> JudgeChoice:
    """Who judges, and how often.

    Raises
    ------
    BadSetting
        If it is not said, or out of its range.
    """
    told = sent.get("judge")
    told = told if isinstance(told, dict) else {}
    url, model = text(told, "url").strip(), text(told, "model").strip()
    if not url.startswith(("http://", "https://")) or not model:
        raise BadSetting("who judges? Give the address of an endpoint and the name of its model.")
    measures = _several(texts(told, "measures"), tuple(RANGES), "thing to be judged")
    repeats, cap = _or(number(told, "repeats"), 1), number(told, "cap")
    if not 1 <= repeats <= MOST_REPEATS or repeats != int(repeats):
        raise BadSetting(f"each answer can be judged 1 to {MOST_REPEATS} times.")
    if cap is not None and not 0 <= cap < 1e6:
        raise BadSetting("the cost cap must be 0 USD or more.")
    return JudgeChoice(url, model, measures, int(repeats), cap)


def score(sent: Sent) -> PersonScore:
    """What a person gave an answer.

    Raises
    ------
    BadInput
        If nobody is named.
    """
    person = " ".join(text(sent, "person", 100).split())
    if not person:
        raise BadInput("who scores? Type a name.")
    return PersonScore(
        AnswerKey(text(sent, "key", 100)),
        text(sent, "measure", 100),
        person,
        number(sent, "score"),
        text(sent, "comment", 2000).strip(),
    )


def set_among(folder: Path) -> Path:
    """What to take in of uploaded files: the one table among them, else the folder of classes.

    Raises
    ------
    BadInput
        If there are several tables, or neither a table nor folders.
    """
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    tables = sorted(p for p in files if p.suffix.lower() in TABLES)
    if len(tables) > 1:
        names = ", ".join(p.name for p in tables[:4])
        raise BadInput(f"there are several tables: {names}. Take in one at a time.")
    if tables:
        return tables[0]
    if any(p.parent == folder for p in files) or not files:
        raise BadInput(
            "there is neither a table of questions nor a folder with one folder per category. "
            "Choose a .json, .jsonl or .csv with its micrographs, or such a folder."
        )
    inside = [p for p in folder.iterdir() if p.is_dir()]
    deeper = len(inside) == 1 and any(p.is_dir() for p in inside[0].iterdir())
    return inside[0] if deeper else folder


def _several(said: tuple[str, ...], known: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    found = tuple(one for one in known if one in said)
    if not found:
        raise BadSetting(f"choose at least one {what}.")
    return found


def _or(said: float | None, usual: float) -> float:
    return usual if said is None else said
