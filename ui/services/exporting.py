"""What leaves the window as a file: conversations, tables of objects, overlays."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from slava.domain import ConversationId, Micrograph, MicrographId
from store import Store
from ui.export import Bundle
from ui.services.measuring import Measuring
from ui.services.pictures import Pictures

EXPORT_PX = 1024


class Exports:
    """Makes the contents of files; their form is decided elsewhere."""

    def __init__(self, store: Store, pictures: Pictures, measuring: Measuring) -> None:
        self._store, self._pictures, self._measuring = store, pictures, measuring

    def bundle(self, conversation_id: ConversationId) -> Bundle:
        """Everything that an export of a conversation holds."""
        conversation = self._store.conversations.get_conversation(conversation_id)
        known = self._measuring.known(conversation.micrograph_id)
        return Bundle(
            conversation=conversation,
            turns=self._store.conversations.list_turns(conversation_id),
            micrograph=known.micrograph,
            facts=known.facts,
            preview_png=self._pictures.preview(conversation.micrograph_id, EXPORT_PX),
            exported_at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=version("slava"),
        )

    def table(self, micrograph_id: MicrographId) -> tuple[Micrograph, str]:
        """The micrograph, and its measured objects as CSV."""
        from slava.imaging.measure.export import table

        micrograph = self._store.micrographs.get_micrograph(micrograph_id)
        return micrograph, table(self._measuring.complete(micrograph), micrograph.nm_per_px)

    def overlay(self, micrograph_id: MicrographId) -> tuple[Micrograph, bytes]:
        """The micrograph, and a PNG of it with its objects outlined."""
        from slava.imaging.measure.export import overlay

        micrograph = self._store.micrographs.get_micrograph(micrograph_id)
        grey = self._pictures.get(micrograph_id).grey
        measured = self._measuring.complete(micrograph)
        return micrograph, overlay(grey, measured, micrograph.picture)
