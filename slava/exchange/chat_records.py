"""Records of conversations as pairs, whichever names their format has for things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from slava.domain import Drafting, MicrographId, PairId, QAPair
from slava.exchange.gathering import (
    Found,
    Gathering,
    find_in,
    foreign_pictures,
    own_pictures,
)
from slava.exchange.imported import Imported
from slava.exchange.json_records import read_records, read_text
from slava.exchange.own import DRAFT, KEY, Own, foreign_fields, read_own
from slava.exchange.paths import ImageFolder
from slava.exchange.turns import IN_DETAIL, Turn, count_pictures, turns_of, without_pictures
from slava.teacher.pairs import conversation_id


@dataclass(frozen=True, slots=True)
class Parsed:
    """One record, without knowing what it means."""

    images: tuple[object, ...]
    """As they are named."""
    turns: tuple[Turn, ...]
    extra: Mapping[str, Any]
    """Fields that neither its format nor sLAVA has a name for."""


def messages_of(record: Mapping[str, Any], name: str) -> list[object]:
    """The messages that a record lists under ``name``.

    Raises
    ------
    ValueError
        When it lists none.
    """
    messages = record.get(name)
    if not isinstance(messages, list) or not messages:
        raise ValueError(f"{name} is no list of messages")
    return messages


def named_images(record: Mapping[str, Any]) -> tuple[object, ...]:
    """What ``image`` and ``images`` name, one or several."""
    named: list[object] = []
    for key in ("image", "images"):
        value = record.get(key)
        if value is not None:
            named += value if isinstance(value, list) else [value]
    return tuple(named)


def extra_of(
    record: Mapping[str, Any], named: frozenset[str], instruction: str | None
) -> dict[str, Any]:
    """Fields that a format has no name for, with the instruction before the first question."""
    extra = foreign_fields(record, named)
    if KEY in record:
        extra.pop("id", None)
    return extra if instruction is None else {**extra, "system": instruction}


Find = Callable[[Sequence[object]], list[Found]]
"""The pictures that a record names; ValueError says which cannot be taken."""


def import_chats(
    path: Path,
    images_dir: Path | None,
    format_: str,
    expected: Sequence[str],
    parse: Callable[[Mapping[str, Any]], Parsed],
) -> Imported:
    """Every record of a JSON file that ``parse`` understands.

    Raises
    ------
    BadInput
        When the file cannot be read at all.
    """
    records, problems = read_records(read_text(path), expected)
    gathering = Gathering(format_, problems=problems)
    folder = ImageFolder(images_dir or path.parent)
    for number, record in records:
        try:
            take_chat(record, parse(record), partial(find_in, folder), gathering)
        except (ValueError, OverflowError, RecursionError) as error:
            gathering.add_problem(number, str(error) or "it has the wrong shape")
    broken = {problem.record for problem in problems if problem.record}
    return gathering.finish(len({number for number, _ in records} | broken))


def take_chat(record: Mapping[str, Any], parsed: Parsed, find: Find, gathering: Gathering) -> None:
    """Take up one record.

    Raises
    ------
    ValueError
        Naming what is wrong with it; then nothing of it was taken.
    """
    own = read_own(record.get(KEY))
    found = find(parsed.images)
    named = count_pictures(parsed.turns)
    if named not in (0, len(found)):
        raise ValueError(f"its texts have {named} <image> for {len(found)} images")
    if own:
        pictures = own_pictures(own, found)
        gathering.keep(own_pairs(own, parsed.turns, parsed.extra), pictures, detailed=own.detailed)
    else:
        pictures = foreign_pictures(found)
        ids = [picture.id for picture in pictures]
        gathering.keep(foreign_pairs(parsed, ids, gathering.format), pictures)


def own_pairs(own: Own, turns: Sequence[Turn], extra: Mapping[str, Any]) -> list[QAPair]:
    """The pairs of a record of ours; what somebody has changed in its texts since counts.

    Raises
    ------
    ValueError
        When the record has another number of turns than pairs.
    """
    if len(turns) != len(own.pairs):
        raise ValueError(f"it has {len(turns)} turns but tells of {len(own.pairs)} pairs")
    known = {key for pair in own.pairs for key in pair.extra}
    fresh = {key: extra[key] for key in extra if key not in known or len(own.pairs) == 1}
    pairs = []
    for pair, turn, draft in zip(own.pairs, turns, own.drafts, strict=True):
        kept = {**pair.extra, **fresh, **({DRAFT: dict(draft)} if draft else {})}
        pairs.append(replace(_with_texts(pair, turn, own.detailed), extra=kept))
    return pairs


def foreign_pairs(
    parsed: Parsed, micrograph_ids: Sequence[MicrographId], format_: str
) -> list[QAPair]:
    """One pair per turn; several turns are one conversation.

    Raises
    ------
    ValueError
        When a question or an answer is empty.
    """
    drafting = Drafting(f"import:{format_}")
    ids = tuple(micrograph_ids)
    questions = [without_pictures(turn.question) for turn in parsed.turns]
    several = len(questions) > 1
    shared = conversation_id(ids, questions, drafting) if several else ""
    pairs = []
    for position, (question, turn) in enumerate(zip(questions, parsed.turns, strict=True)):
        answer = turn.answer.strip()
        if not question or not answer:
            what = "question" if not question else "answer"
            raise ValueError(f"turn {position + 1} has no {what}")
        asked, answered = turn.extra
        messages = {"conversations": [asked, answered]} if asked or answered else {}
        pairs.append(
            QAPair(
                id=PairId(""),
                micrograph_ids=ids,
                question=question,
                answer=answer,
                kind="conversation" if several else "comparison" if len(ids) > 1 else "vqa",
                conversation=shared,
                position=position,
                drafting=drafting,
                extra={**parsed.extra, **messages},
            )
        )
    return pairs


def _with_texts(pair: QAPair, turn: Turn, detailed: bool) -> QAPair:
    """The pair with the texts of its turn, as far as they are not those that were exported."""
    written = turns_of([replace(pair, micrograph_ids=())], detailed=detailed)[0]
    asked, long = without_pictures(turn.question), detailed and bool(pair.detailed)
    if asked != without_pictures(written.question):
        pair = replace(pair, question=asked.removesuffix(IN_DETAIL).strip() if long else asked)
    if turn.answer != written.answer and long:
        pair = replace(pair, detailed=turn.answer)
    elif turn.answer != written.answer:
        pair = replace(pair, answer=turn.answer)
    if not pair.answer.strip() or not (pair.question.strip() or pair.kind == "caption"):
        raise ValueError("a question or an answer is empty")
    return pair
