"""Conversations and their turns, kept with everything an answer depended on.

A turn is on the disk before its question goes to a model, and its answer piece by piece while it
is written: what a killed process had shown is found again, marked as interrupted.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any, get_args

from slava.domain import Conversation, ConversationId, MicrographId, Turn, TurnId, TurnStatus
from slava.errors import BadSetting, NotFound
from store.clock import now
from store.database import Database, Row, Transaction
from store.micrograph_rows import require_micrograph
from store.search import matching

_CONVERSATION = "SELECT id, micrograph_id, title, created_at, updated_at FROM conversations c"
_KNOWN = ("model", "adapter", "quantization", "settings", "context_level", "context", "seen")
_TURN = (
    "id, conversation_id, position, question, answer, status, model, adapter, quantization, "
    "settings, context_level, context, seen, seconds, first_token_seconds, tokens, warnings, "
    "error, created_at"
)
_SEARCHED = (
    "concat_ws(' ', c.title, (SELECT string_agg(t.question || ' ' || t.answer, ' ') FROM turns t "
    "WHERE t.conversation_id = c.id AND t.superseded_at IS NULL))"
)


class Conversations:
    """``store.conversations``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_conversation(self, micrograph_id: MicrographId, title: str) -> Conversation:
        """Begin a conversation about a micrograph.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        """
        moment = now()
        added = Conversation(
            ConversationId(uuid.uuid4().hex), micrograph_id, _title(title), moment, moment
        )
        with self._database.writing() as transaction:
            require_micrograph(transaction, micrograph_id)
            transaction.run(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?)",
                *(added.id, micrograph_id, added.title, moment, moment),
            )
        return self.get_conversation(added.id)

    def get_conversation(self, conversation_id: ConversationId) -> Conversation:
        """The conversation.

        Raises
        ------
        NotFound
            When there is none of this id.
        """
        row = self._database.row(f"{_CONVERSATION} WHERE id = ?", conversation_id)
        if row is None:
            raise _no_conversation(conversation_id)
        return Conversation(*row)

    def list_conversations(
        self, micrograph_id: MicrographId | None = None, search: str = ""
    ) -> list[Conversation]:
        """Last used first; every word of ``search`` is in the title or in a turn that shows."""
        condition, words = matching(_SEARCHED, search)
        about, ids = (
            ("TRUE", ()) if micrograph_id is None else ("micrograph_id = ?", (micrograph_id,))
        )
        rows = self._database.rows(
            f"{_CONVERSATION} WHERE {about} AND {condition} ORDER BY updated_at DESC, id",
            *ids,
            *words,
        )
        return [Conversation(*row) for row in rows]

    def rename_conversation(self, conversation_id: ConversationId, title: str) -> Conversation:
        """Give it another title."""
        self.get_conversation(conversation_id)
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE conversations SET title = ? WHERE id = ?", _title(title), conversation_id
            )
        return self.get_conversation(conversation_id)

    def remove_conversation(self, conversation_id: ConversationId) -> None:
        """Delete it with all its turns."""
        self.get_conversation(conversation_id)
        with self._database.writing() as transaction:
            transaction.run("DELETE FROM turns WHERE conversation_id = ?", conversation_id)
            transaction.run("DELETE FROM conversations WHERE id = ?", conversation_id)

    def add_turn(self, conversation_id: ConversationId, question: str, **known: Any) -> Turn:
        """Keep a question before it is asked; the turn's status is ``streaming``.

        Parameters
        ----------
        conversation_id : ConversationId
            Where it belongs; its position follows the last turn that shows.
        question : str
            The question, of any length.
        **known
            Any of ``model``, ``adapter``, ``quantization``, ``settings``, ``context_level``,
            ``context``, ``seen`` as in :class:`slava.domain.Turn`.
        """
        unknown = sorted(set(known) - set(_KNOWN))
        if unknown:
            raise BadSetting(f"A turn has no {unknown[0]!r}. Use one of: {', '.join(_KNOWN)}.")
        turn_id = TurnId(uuid.uuid4().hex)
        with self._database.writing() as transaction:
            self._touch(transaction, conversation_id)
            position = _next_position(transaction, conversation_id)
            turn = Turn(turn_id, conversation_id, position, question, created_at=now(), **known)
            transaction.run(
                f"INSERT INTO turns ({_TURN}) VALUES ({', '.join('?' * 19)})", *_values(turn)
            )
        return self.get_turn(turn_id)

    def get_turn(self, turn_id: TurnId) -> Turn:
        """The turn, whether it shows or was superseded.

        Raises
        ------
        NotFound
            When there is none of this id.
        """
        row = self._database.row(f"SELECT {_TURN} FROM turns WHERE id = ?", turn_id)
        if row is None:
            raise NotFound(f"There is no turn {turn_id!r}. Open its conversation again.")
        return _turn_from(row)

    def list_turns(
        self, conversation_id: ConversationId, *, superseded: bool = False
    ) -> list[Turn]:
        """The turns that show, in order; with ``superseded`` all that there ever were."""
        self.get_conversation(conversation_id)
        shown = "TRUE" if superseded else "superseded_at IS NULL"
        rows = self._database.rows(
            f"SELECT {_TURN} FROM turns WHERE conversation_id = ? AND {shown} "
            "ORDER BY position, created_at",
            conversation_id,
        )
        return [_turn_from(row) for row in rows]

    def record_partial(self, turn_id: TurnId, answer: str) -> None:
        """Keep what has been written of the answer so far.

        A millisecond or so each: call it a few times a second, not for every token. It does
        nothing once the turn is finished, so that a late call cannot undo the end.
        """
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE turns SET answer = ? WHERE id = ? AND status = 'streaming'",
                *(answer, turn_id),
            )

    def finish_turn(
        self,
        turn_id: TurnId,
        answer: str,
        status: TurnStatus = "done",
        seconds: float | None = None,
        first_token_seconds: float | None = None,
        tokens: int | None = None,
        warnings: Sequence[str] = (),
        error: str = "",
    ) -> Turn:
        """Keep the whole answer and how it ended.

        Raises
        ------
        NotFound
            When there is no such turn.
        BadSetting
            When ``status`` is none that a turn can end with.
        """
        if status not in get_args(TurnStatus) or status == "streaming":
            raise BadSetting(
                f"A turn cannot end as {status!r}. Use done, stopped, failed or interrupted."
            )
        self.get_turn(turn_id)
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE turns SET answer = ?, status = ?, seconds = ?, first_token_seconds = ?, "
                "tokens = ?, warnings = ?, error = ? WHERE id = ?",
                *(answer, status, seconds, first_token_seconds, tokens),
                *(json.dumps(list(warnings)), error, turn_id),
            )
        return self.get_turn(turn_id)

    def record_seen(self, turn_id: TurnId, *, context: str | None = None, seen: str) -> Turn:
        """Keep what the model saw, once that is known (the picture is prepared when it loads)."""
        self.get_turn(turn_id)
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE turns SET seen = ?, context = coalesce(?, context) WHERE id = ?",
                *(seen, context, turn_id),
            )
        return self.get_turn(turn_id)

    def supersede_turns(self, conversation_id: ConversationId, from_position: int) -> int:
        """Hide the turns from a position on (edit and resend); they are kept. Returns how many."""
        self.get_conversation(conversation_id)
        with self._database.writing() as transaction:
            hidden = transaction.rows(
                "UPDATE turns SET superseded_at = ? WHERE conversation_id = ? AND position >= ? "
                "AND superseded_at IS NULL RETURNING id",
                *(now(), conversation_id, from_position),
            )
        return len(hidden)

    def interrupt_streaming(self) -> int:
        """Mark the turns that an ended process was writing. Returns how many."""
        with self._database.writing() as transaction:
            found = transaction.rows(
                "UPDATE turns SET status = 'interrupted' WHERE status = 'streaming' RETURNING id"
            )
        return len(found)

    @staticmethod
    def _touch(transaction: Transaction, conversation_id: ConversationId) -> None:
        touched = transaction.rows(
            "UPDATE conversations SET updated_at = ? WHERE id = ? RETURNING id",
            *(now(), conversation_id),
        )
        if not touched:
            raise _no_conversation(conversation_id)


def _no_conversation(conversation_id: str) -> NotFound:
    return NotFound(
        f"There is no conversation {conversation_id!r} in this workspace. "
        "Choose one from the list, or begin a new one."
    )


def _next_position(transaction: Transaction, conversation_id: ConversationId) -> int:
    row = transaction.row(
        "SELECT coalesce(max(position) + 1, 0) FROM turns "
        "WHERE conversation_id = ? AND superseded_at IS NULL",
        conversation_id,
    )
    return int(row[0]) if row else 0


def _title(title: str) -> str:
    return " ".join(title.split())[:200] or "Untitled"


def _values(turn: Turn) -> tuple[object, ...]:
    return (
        *(turn.id, turn.conversation_id, turn.position, turn.question, turn.answer, turn.status),
        *(turn.model, turn.adapter, turn.quantization, json.dumps(dict(turn.settings))),
        *(turn.context_level, turn.context, turn.seen, turn.seconds, turn.first_token_seconds),
        *(turn.tokens, json.dumps(turn.warnings), turn.error, turn.created_at),
    )


def _turn_from(row: Row) -> Turn:
    said = dict(zip((name.strip() for name in _TURN.split(",")), row, strict=True))
    said["settings"] = json.loads(said["settings"])
    said["warnings"] = tuple(json.loads(said["warnings"]))
    return Turn(**said)
