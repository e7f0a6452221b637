"""Test sets for a tab: what there is, and taking in more behind the window.

It must not know what is asked of whom.
"""

from __future__ import annotations

from pathlib import Path

from slava.domain import Part, Snapshot, TestItem, TestSet
from slava.errors import BadInput
from store import Store
from ui.services.evaluation_now import EvaluatingNow
from ui.services.job import Job
from ui.services.news import News


class TakingIn:
    """Test sets of a workspace; safe to use from any thread.

    Parameters
    ----------
    job
        Takes in files and folders; evaluating goes on in it too, one at a time.
    """

    def __init__(self, store: Store, news: News, job: Job[EvaluatingNow]) -> None:
        self._store, self._news, self.job = store, news, job
        self._items: dict[str, tuple[TestItem, ...]] = {}

    def list_test_sets(self) -> list[TestSet]:
        """Newest first."""
        return self._store.test_sets.list_test_sets()

    def list_snapshots(self) -> list[Snapshot]:
        """Those whose parts can be asked."""
        return self._store.snapshots.list_snapshots()

    def items(self, set_id: str) -> tuple[TestItem, ...]:
        """The questions of a test set; the last ones are at hand, for a set never changes."""
        found = self._items.get(set_id)
        if found is None:
            found = self._store.test_sets.list_items(set_id)
            self._items = {set_id: found}
        return found

    def take_snapshot(self, reference: str, part: Part = "test") -> TestSet:
        """The questions of one part of a snapshot."""
        from store.received_tests import take_snapshot

        return take_snapshot(self._store, reference, part)

    def take_labels(self) -> TestSet:
        """The category question for every labelled micrograph of the workspace."""
        from store.received_tests import take_labels

        return take_labels(self._store)

    def begin_taking(self, path: Path) -> None:
        """Take in a file of questions or pairs, or a labelled folder, in the background.

        Raises
        ------
        BadInput
            If it is not there.
        ModelError
            If an evaluation is under way.
        """
        if not path.expanduser().exists():
            raise BadInput(f"there is no {path} on this machine. Check the path.")
        self.job.begin(EvaluatingNow(), lambda: self._take(path))

    def remove_test_set(self, set_id: str) -> None:
        """Forget a set that no evaluation stands on."""
        self._store.test_sets.remove_test_set(set_id)
        self._items = {}
        self._news.tell()

    def _take(self, path: Path) -> None:
        from store.received_tests import take_path

        def tell(text: str) -> None:
            self.job.check()
            self.job.change(note=text)

        taken = take_path(self._store, path, tell)
        self.job.change(test_set=taken.id)
        self._news.tell_library()
