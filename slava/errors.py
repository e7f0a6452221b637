"""Every error sLAVA raises on purpose.

    SlavaError
    |-- BadInput                 what the user gave cannot be used       (exit code 2)
    |   |-- UnreadableMicrograph   a file that holds no micrograph
    |   |-- BadQuestion            empty, or longer than a model can take
    |   `-- BadSetting             an option, a variable or a setting out of range
    |-- NotFound                 an id that the workspace does not hold
    |-- PairTaken                a pair that another reviewer holds, or has judged meanwhile
    |-- WorkspaceError           the workspace folder cannot be used
    |   |-- WorkspaceHeld          another process has it open
    |   `-- WorkspaceDamaged       its contents contradict their hashes or schema
    |       `-- SnapshotDamaged      so do those of a frozen training set
    |-- ModelError               a model cannot answer
    |   |-- ModelNotFound          neither a folder, nor a cached repository, nor a URL
    |   |-- ModelUnusable          found, but not loadable here (weights, format, architecture)
    |   |-- ModelDoesNotFit        it would need more memory than there is
    |   |-- ModelNeedsDownload     it must be downloaded first, which needs a yes
    |   `-- EndpointFailed         a served model refused, broke off or timed out
    `-- Cancelled                the user stopped it

A message names the offending value and the way out, in one line: it is printed as it stands,
after ``slava: `` on the command line and in the app's notice.
"""

from __future__ import annotations

from pathlib import Path


class SlavaError(Exception):
    """Base of all of the above; its text is written for the user."""


class BadInput(SlavaError):
    """What the user gave cannot be used."""


class UnreadableMicrograph(BadInput):
    """A file that holds no micrograph we can read."""

    def __init__(self, path: str | Path, reason: str, way_out: str) -> None:
        self.path, self.reason, self.way_out = Path(path), reason, way_out
        super().__init__(f"{self.path.name}: {reason} {way_out}")


class BadQuestion(BadInput):
    """A question that no model can take."""


class BadSetting(BadInput):
    """An option, an environment variable or a stored setting out of its range."""


class NotFound(SlavaError):
    """An id that the workspace does not hold."""


class PairTaken(SlavaError):
    """A pair that another reviewer, or another tab, holds or has judged meanwhile."""


class WorkspaceError(SlavaError):
    """The workspace folder cannot be used."""


class WorkspaceHeld(WorkspaceError):
    """Another process has the workspace open."""


class WorkspaceDamaged(WorkspaceError):
    """Contents of the workspace contradict their hashes or their schema."""


class SnapshotDamaged(WorkspaceDamaged):
    """A snapshot contradicts its hashes or its format; ``problems`` are all that was found."""

    def __init__(self, folder: str | Path, problems: tuple[str, ...]) -> None:
        self.folder, self.problems = Path(folder), problems
        super().__init__(
            f"The snapshot in {self.folder} is damaged: {'; '.join(self.problems)}. "
            "Restore the files from a copy, or freeze the pairs again: slava snapshot NAME"
        )


class ModelError(SlavaError):
    """A model cannot answer."""


class ModelNotFound(ModelError):
    """The reference names neither a folder, nor a cached repository, nor a URL."""


class ModelUnusable(ModelError):
    """The model is there but cannot be loaded here."""


class ModelDoesNotFit(ModelError):
    """The model needs more memory than this machine has free."""


class ModelNeedsDownload(ModelError):
    """The model is not on this machine; fetching it needs the user's yes."""

    def __init__(self, reference: str, size_bytes: int | None) -> None:
        self.reference, self.size_bytes = reference, size_bytes
        size = f"{size_bytes / 1e9:.1f} GB" if size_bytes else "of unknown size"
        super().__init__(
            f"{reference} is not on this machine (a download, {size}). "
            "Confirm the download in the model picker, or run: slava models download "
            f"{reference} --yes"
        )


class EndpointFailed(ModelError):
    """A served model refused, broke off or timed out."""


class Cancelled(SlavaError):
    """The user stopped it."""
