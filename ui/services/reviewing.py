"""What the review view may ask for: pairs that wait, verdicts, undo, who reviews, how it goes.

Everything is on the disk when a call returns. It must not know HTTP, nor what the page shows.
"""

from __future__ import annotations

import getpass
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from slava.domain import Micrograph, MicrographId, PairId, Reason, Review, ReviewedPair, Verdict
from slava.errors import BadSetting, NotFound, SlavaError
from slava.metrics.agreement import Agreement
from slava.teacher.ledger import DraftRequest, RequestId
from store import BulkResult, Judgement, LabelRecord, PairFilter, Store
from store.leases import checked_reviewer
from store.pairs import Facet
from store.review_figures import Pace
from ui.services.meanings import Meanings
from ui.services.measuring import Known, Measuring
from ui.services.news import News
from ui.services.pictures import Picture, Pictures

REVIEWER = "reviewer"
KEYS = "review_keys"
MOST_AHEAD = 20
FACETS: tuple[Facet, ...] = ("aspect", "category", "flag", "teacher", "reviewer", "reason", "kind")
DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = {
    "accept": ("a", "Enter"),
    "reject": ("r", "Backspace"),
    "edit": ("e",),
    "skip": ("s",),
    "undo": ("u",),
    "redo": ("y",),
    "next": ("ArrowRight", "ArrowDown"),
    "previous": ("ArrowLeft", "ArrowUp"),
    "comment": ("n",),
    "search": ("/",),
    "pick": ("x",),
    "list": ("l",),
    "help": ("?",),
}
"""Keys by what they do, as browsers name them. Ctrl+Z, Ctrl+Enter, Esc and 1 to 6 stay."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A pair with all that stands around it."""

    reviewed: ReviewedPair
    history: tuple[Review, ...]
    micrographs: tuple[Micrograph | None, ...]
    """``None`` for one that was removed."""
    labels: tuple[LabelRecord | None, ...]
    request: DraftRequest | None
    """What the teacher was asked; ``None`` where nothing was sent."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far reviewing has come."""

    by_state: Mapping[str, int]
    """Of all pairs."""
    meant: Mapping[str, int]
    """By state, of those that the filter means whatever their state."""
    facets: Mapping[str, Mapping[str, int]]
    pace: Pace
    agreements: tuple[Agreement, ...]
    reviewers_wanted: int
    skipped: int
    """Left for later by this reviewer."""


class Reviewing:
    """Everything that the review view asks for; safe to use from any thread."""

    def __init__(self, store: Store, pictures: Pictures, measuring: Measuring, news: News) -> None:
        self._store, self._pictures, self._measuring = store, pictures, measuring
        self._news = news
        self.meanings = Meanings(store, news)

    # ------------------------------------------------------------------ who, and with which keys
    def reviewer(self) -> str:
        """The name that was last used in this workspace, else that of this machine's user."""
        kept = self._store.settings.get_setting(REVIEWER)
        return str(kept) if kept else _user()

    def set_reviewer(self, name: str) -> str:
        """Keep a name; returns it without spaces around it."""
        written = checked_reviewer(name)
        self._store.settings.set_setting(REVIEWER, written)
        return written

    def keys(self) -> dict[str, list[str]]:
        """Keys by what they do."""
        kept = self._store.settings.get_setting(KEYS, {})
        return {act: list(kept.get(act, keys)) for act, keys in DEFAULT_KEYS.items()}

    def set_keys(self, keys: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Keep other keys; what is not named keeps its own. Empty goes back to the first ones.

        Raises
        ------
        BadSetting
            When one key would do two things, or an act would have none.
        """
        wanted = {act: list(keys.get(act, first)) for act, first in DEFAULT_KEYS.items()}
        used: dict[str, str] = {}
        for act, given in wanted.items():
            if not given:
                raise BadSetting(f"Nothing would {act}. Give it a key.")
            for key in given:
                if key in used:
                    raise BadSetting(f"{key} would both {used[key]} and {act}. Use another key.")
                if key in "123456" or key == "Escape":
                    raise BadSetting(f"{key} has its own meaning here. Use another key.")
                used[key] = act
        kept = {act: given for act, given in wanted.items() if given != list(DEFAULT_KEYS[act])}
        self._store.settings.set_setting(KEYS, kept)
        return self.keys()

    # ------------------------------------------------------------------ pairs
    def ahead(
        self, reviewer: str, wanted: PairFilter, count: int, skip: Collection[PairId] = ()
    ) -> list[ReviewedPair]:
        """The next pairs for somebody; nobody else is given them meanwhile."""
        few = max(1, min(count, MOST_AHEAD))
        return self._store.leases.prefetch(reviewer, few, wanted, skip)

    def release(self, reviewer: str) -> None:
        """Give back what the reviewer holds: they look at something else."""
        self._store.leases.release(reviewer)

    def take(self, reviewer: str, pair_id: PairId) -> ReviewedPair:
        """A certain pair; see :meth:`store.leases.Leases.lease_pair`."""
        return self._store.leases.lease_pair(reviewer, pair_id)

    def look(self, pair_id: PairId) -> ReviewedPair:
        """A pair as it stands, whoever holds it."""
        return self._store.pairs.get_pair(pair_id)

    def detail(self, reviewed: ReviewedPair) -> Detail:
        """What stands around a pair."""
        pair = reviewed.pair
        request = pair.drafting.request_id
        return Detail(
            reviewed,
            self._store.reviews.list_reviews(pair.id),
            tuple(self._micrograph(i) for i in pair.micrograph_ids),
            tuple(self._store.labels.get_label(i) for i in pair.micrograph_ids),
            self._store.drafts.get(RequestId(request)) if request else None,
        )

    def picture(self, micrograph_id: MicrographId) -> tuple[Picture, Known]:
        """What a viewer needs; nothing is measured for it."""
        micrograph = self._store.micrographs.get_micrograph(micrograph_id)
        picture = self._pictures.get(micrograph_id)
        measured = self._measuring.measurement(micrograph)
        return picture, Known(micrograph, (), measured, "measured")

    def listed(
        self, wanted: PairFilter, limit: int, after: PairId | None = None
    ) -> list[ReviewedPair]:
        """Pairs for a list, in the order of the filter."""
        return self._store.pairs.list_pairs(wanted, limit, after)

    # ------------------------------------------------------------------ verdicts
    def judge(
        self, pair_id: PairId, reviewer: str, said: Judgement, seen: int | None = None
    ) -> ReviewedPair:
        """Write a verdict down; see :meth:`store.reviews.Reviews.record_review`."""
        judged = self._store.reviews.record_review(pair_id, reviewer, said, seen)
        self._news.tell()
        return judged

    def judge_all(
        self,
        wanted: PairFilter,
        reviewer: str,
        verdict: Verdict,
        reason: Reason | None = None,
        comment: str = "",
        *,
        dry_run: bool = False,
    ) -> BulkResult:
        """One verdict on all that a filter means; one undo takes it back."""
        done = self._store.reviews.record_bulk(wanted, reviewer, verdict, reason, comment, dry_run)
        self._news.tell()
        return done

    def judge_picked(
        self,
        seen: Mapping[PairId, int],
        reviewer: str,
        verdict: Verdict,
        reason: Reason | None = None,
        comment: str = "",
    ) -> BulkResult:
        """The same on pairs picked by hand; see :meth:`store.reviews.Reviews.record_picked`."""
        done = self._store.reviews.record_picked(seen, reviewer, verdict, reason, comment)
        self._news.tell()
        return done

    def undo(self, reviewer: str) -> ReviewedPair | None:
        """Take the newest verdict back, a bulk as a whole."""
        back = self._store.reviews.undo_last(reviewer)
        self._news.tell()
        return back

    def redo(self, reviewer: str) -> ReviewedPair | None:
        """Let the verdict stand again that was taken back last."""
        again = self._store.reviews.redo_last(reviewer)
        self._news.tell()
        return again

    # ------------------------------------------------------------------ how it goes
    def progress(self, reviewer: str, wanted: PairFilter, since: str = "") -> Progress:
        """Counts, pace since a moment (ISO 8601, UTC), agreement."""
        pairs = self._store.pairs
        of_any_state = replace(wanted, state=None)
        return Progress(
            pairs.count_by("state"),
            pairs.count_by("state", of_any_state),
            {facet: pairs.count_by(facet) for facet in FACETS},
            self._store.reviews.pace(reviewer, since),
            tuple(self._store.reviews.agreement()),
            self._store.reviews.reviewers_wanted,
            pairs.count_pairs(PairFilter(skipped_by=reviewer)),
        )

    def set_reviewers_wanted(self, count: int) -> None:
        """Ask for one or two people per pair."""
        self._store.reviews.set_reviewers_wanted(count)
        self._news.tell()

    def titles(self) -> dict[str, str]:
        """Titles of aspects and categories of the packs here, by label."""
        from slava.packs import FOLDER, list_packs

        try:
            packs = list_packs(Path(self._store.workspace) / FOLDER)
        except SlavaError:  # a copy that somebody is writing: the package's own speak for it
            packs = list_packs()
        classes = {one.label: one.title for pack in packs for one in pack.classes}
        return classes | {one.label: one.title for pack in packs for one in pack.aspects}

    def labels(self) -> list[str]:
        """Categories that micrographs have here, most frequent first."""
        counts = self._store.labels.count_labels()
        return sorted(counts, key=lambda label: (-counts[label], label))

    def close(self, timeout_s: float) -> None:
        """End what goes on in the background; the store may be closed after."""
        self.meanings.job.close(timeout_s)

    def _micrograph(self, micrograph_id: MicrographId) -> Micrograph | None:
        try:
            return self._store.micrographs.get_micrograph(micrograph_id)
        except NotFound:
            return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reviewer"
