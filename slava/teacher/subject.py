"""What is drafted about: micrographs with their facts, and the requests that ask about them.

Nothing here leaves the machine or costs anything. It must not know how a request is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from slava.domain import Box, Composition, Fact, Micrograph, MicrographId, PaperWords
from slava.errors import BadInput
from slava.packs import Contrast

Template = Literal["vqa", "caption", "conversation", "comparison"]
"""What a request asks for: pairs about one aspect; a caption; a conversation over all aspects;
a comparison of several micrographs."""

TEMPLATES: tuple[Template, ...] = ("vqa", "caption", "conversation", "comparison")


@dataclass(frozen=True, slots=True)
class Subject:
    """A micrograph with what is known of it."""

    micrograph: Micrograph
    facts: tuple[Fact, ...] = ()
    category: str = ""
    """Its label, or nothing."""
    group: str = ""
    """The paper or sample it comes from."""
    composition: Composition | None = None
    """EDX, EELS or other composition data of it, where somebody has said so."""
    paper: PaperWords = field(default_factory=PaperWords)
    """What a paper says of it."""

    @property
    def confidential(self) -> bool:
        """It may not leave this machine, whatever the user agrees to."""
        return self.micrograph.confidential


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a request: a micrograph, or a part of it."""

    micrograph_id: MicrographId
    crop: Box
    """In pixels of the file; without the databar."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request in words, before its pictures are made."""

    template: Template
    shots: tuple[Shot, ...]
    system: str
    text: str
    schema_name: str
    schema: Mapping[str, Any]
    facts: tuple[str, ...]
    """What the teacher is told, sentence by sentence; kept with every pair."""
    prompt_version: str
    question: str = ""
    """What the pair asks, where the teacher does not word it."""
    aspects: tuple[str, ...] = ()
    """Labels of the aspects asked about; one where a request is about one aspect."""
    category: str = ""
    group: str = ""
    contrast: Contrast | None = None
    parameters: Mapping[str, float | int | str | None] = field(default_factory=dict)

    @property
    def aspect(self) -> str:
        """The aspect, where the request is about one."""
        return self.aspects[0] if len(self.aspects) == 1 else ""

    @property
    def micrograph_ids(self) -> tuple[MicrographId, ...]:
        """Every micrograph once, in the order shown."""
        return tuple(dict.fromkeys(s.micrograph_id for s in self.shots))


def require_not_confidential(subjects: Sequence[Subject]) -> None:
    """Refuse before anything is built from a confidential micrograph.

    Raises
    ------
    BadInput
        Naming every one of them.
    """
    names = [s.micrograph.name or s.micrograph.id[:12] for s in subjects if s.confidential]
    if names:
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise BadInput(
            f"confidential, never sent to a teacher: {listed}. "
            "Leave them out, or draft about them with the local teacher."
        )
