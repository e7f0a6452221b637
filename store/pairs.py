"""Q&A pairs: the drafts, what checks hold against them, and what became of them.

Drafts are never changed: what a reviewer writes stands in reviews (:mod:`store.reviews`). One
narrow row per pair, ``pair_states``, keeps what follows from all this for lists and filters; it
can be dropped and made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from slava.domain import Flag, MicrographId, PairId, QAPair, ReviewedPair
from slava.errors import BadSetting
from store.clock import now
from store.database import Database
from store.pair_adding import insert_pairs
from store.pair_filter import PairFilter, condition, following, ordering
from store.pair_rows import insert_flags
from store.rows import among
from store.state_rows import load_reviewed, require_reviewed, risk
from store.waiting import Waiting

Facet = Literal[
    "aspect",
    "category",
    "kind",
    "teacher",
    "model",
    "prompt_version",
    "state",
    "reason",
    "flag",
    "reviewer",
    "micrograph",
]
"""What pairs can be counted by."""

_SEVERAL: dict[str, str] = {
    "flag": "flags",
    "reviewer": "reviewers",
    "micrograph": "micrographs",
}
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class AddedPairs:
    """What came of adding some pairs."""

    added: tuple[PairId, ...]
    known: tuple[PairId, ...]
    """Those that were there before: nothing of them has changed."""


class Pairs:
    """``store.pairs``."""

    def __init__(self, database: Database, waiting: Waiting) -> None:
        self._database, self._waiting = database, waiting

    def add_pairs(
        self, pairs: Iterable[QAPair], flags: Mapping[PairId, Sequence[Flag]] | None = None
    ) -> AddedPairs:
        """Add drafts, all or none; one that is known by its id stays as it is.

        Parameters
        ----------
        pairs : iterable of QAPair
            The drafts. Each waits for a review.
        flags : mapping, optional
            What checks hold against them.

        Raises
        ------
        NotFound
            When a pair speaks of a micrograph that the workspace does not hold.
        BadInput
            When a pair has no id, no micrograph or no words.
        """
        given = list(pairs)
        with self._database.writing() as transaction:
            done = AddedPairs(*insert_pairs(transaction, given, flags or {}, now()))
        self._waiting.changed()
        return done

    def get_pair(self, pair_id: PairId) -> ReviewedPair:
        """The pair with what became of it.

        Raises
        ------
        NotFound
            When the workspace holds no such pair.
        """
        return require_reviewed(self._database, pair_id)

    def get_pairs(self, ids: Sequence[PairId]) -> list[ReviewedPair]:
        """Several at once, in this order; those that are not there are left out."""
        return load_reviewed(self._database, ids)

    def list_ids(
        self, wanted: PairFilter, limit: int | None = None, after: PairId | None = None
    ) -> list[PairId]:
        """Ids of the pairs meant, in the order of the filter; as :meth:`list_pairs`."""
        meant, parameters = condition(wanted)
        source = "pair_states s"
        if after is not None:
            source = "pair_states s, (SELECT * FROM pair_states WHERE pair_id = ?) a"
            meant = f"{meant} AND {following(wanted.order)}"
            parameters = [after, *parameters]
        limited = "" if limit is None else f"LIMIT {max(0, int(limit))}"
        rows = self._database.rows(
            f"SELECT s.pair_id FROM {source} WHERE {meant} "
            f"ORDER BY {ordering(wanted.order)} {limited}",
            *parameters,
        )
        return [PairId(row[0]) for row in rows]

    def list_pairs(
        self, wanted: PairFilter, limit: int = 50, after: PairId | None = None
    ) -> list[ReviewedPair]:
        """The pairs meant, in the order of the filter.

        Parameters
        ----------
        wanted : PairFilter
            Which.
        limit : int
            At most so many.
        after : PairId, optional
            Begin behind this one: the last of the page before.
        """
        return self.get_pairs(self.list_ids(wanted, limit, after))

    def list_about(self, ids: Collection[MicrographId]) -> list[PairId]:
        """Pairs about any of these micrographs, in the order in which they were added."""
        rows = self._database.rows(
            "SELECT pair_id FROM pair_states WHERE list_has_any("
            "string_split(trim(micrographs, chr(10)), chr(10)), ?::VARCHAR[]) ORDER BY seq",
            list(ids),
        )
        return [PairId(row[0]) for row in rows]

    def search_text(self, text: str, limit: int = 50) -> list[ReviewedPair]:
        """Pairs in whose question or answers every word occurs, riskiest first."""
        return self.list_pairs(PairFilter(text=text), limit)

    def iterate(self, wanted: PairFilter) -> Iterator[ReviewedPair]:
        """Every pair meant, in the order in which they were added, whatever the filter's order.

        Which they are is settled at the beginning; what is said of each is as new as the moment
        it is reached, and one that the filter no longer means by then is left out.
        """
        meant, parameters = condition(wanted)
        ids = [
            PairId(row[0])
            for row in self._database.rows(
                f"SELECT s.pair_id FROM pair_states s WHERE {meant} ORDER BY s.seq", *parameters
            )
        ]
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            rows = self._database.rows(
                f"SELECT s.pair_id FROM pair_states s WHERE {meant} "
                "AND s.pair_id IN (SELECT unnest(?::VARCHAR[]))",
                *(*parameters, batch),
            )
            still = {row[0] for row in rows}
            yield from self.get_pairs([i for i in batch if i in still])

    def count_pairs(self, wanted: PairFilter | None = None) -> int:
        """How many pairs are meant."""
        meant, parameters = condition(wanted or PairFilter())
        row = self._database.row(f"SELECT count(*) FROM pair_states s WHERE {meant}", *parameters)
        return int(row[0]) if row else 0

    def count_by(self, facet: Facet, wanted: PairFilter | None = None) -> dict[str, int]:
        """How many of the pairs meant there are of each kind, most first.

        A pair with several flags, reviewers or micrographs counts for each; one without for none.
        A reason is that of rejected pairs only.

        Raises
        ------
        BadSetting
            When pairs cannot be counted by ``facet``.
        """
        if facet not in get_args(Facet):
            raise BadSetting(
                f"Pairs cannot be counted by {facet!r}. Use one of: {', '.join(get_args(Facet))}."
            )
        meant, parameters = condition(wanted or PairFilter())
        column = _SEVERAL.get(facet)
        entry = f"unnest(string_split(trim(s.{column}, chr(10)), chr(10)))" if column else facet
        rows = self._database.rows(
            f"SELECT entry, count(*) FROM (SELECT {entry} AS entry FROM pair_states s "
            f"WHERE {meant}) GROUP BY entry ORDER BY count(*) DESC, entry",
            *parameters,
        )
        empty = facet not in (*_SEVERAL, "reason")
        return {entry: int(count) for entry, count in rows if entry or empty}

    def set_flags(self, pair_id: PairId, flags: Sequence[Flag]) -> ReviewedPair:
        """Replace what checks hold against a pair.

        Raises
        ------
        NotFound
            When the workspace holds no such pair.
        """
        self.record_flags({pair_id: flags})
        return self.get_pair(pair_id)

    def record_flags(self, flags: Mapping[PairId, Sequence[Flag]]) -> None:
        """The same for many, all or none; an empty sequence clears a pair."""
        with self._database.writing() as transaction:
            gone = set(flags) - among(transaction, "pairs", "id", flags)
            if gone:
                require_reviewed(transaction, min(gone))
            worst = [(i, *risk(found)) for i, found in flags.items()]
            transaction.run(
                "UPDATE pair_states SET severity = u.severity, flags = u.flags FROM (SELECT "
                "unnest(?::VARCHAR[]) AS id, unnest(?::DOUBLE[]) AS severity, "
                "unnest(?::VARCHAR[]) AS flags) u WHERE pair_states.pair_id = u.id",
                *([row[k] for row in worst] for k in range(3)),
            )
            insert_flags(transaction, flags, now())
        self._waiting.changed()
