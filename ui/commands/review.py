"""``slava review``: how many pairs there are, and one verdict on all that a filter means."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import Record, show

if TYPE_CHECKING:
    from slava.domain import Reason, Verdict
    from store import PairFilter, Store
    from store.pairs import Facet

Text = Annotated[str, typer.Option(help="Every word occurs in the question or an answer.")]
State = Annotated[str | None, typer.Option(help="pending, accepted, rejected or disagreed.")]
Aspect = Annotated[str | None, typer.Option(help="Pairs on this aspect.")]
Category = Annotated[str | None, typer.Option(help="Pairs on micrographs of this category.")]
Flag = Annotated[str | None, typer.Option(help="Pairs that this check objects to.")]
Flagged = Annotated[bool | None, typer.Option(help="Pairs with any objection, or with none.")]
Teacher = Annotated[str | None, typer.Option(help="Pairs that this teacher drafted.")]
Prompt = Annotated[str | None, typer.Option("--prompt-version", help="Of this prompt version.")]
Accept = Annotated[bool, typer.Option("--accept", help="Accept every pair that is meant.")]
Reject = Annotated[bool, typer.Option("--reject", help="Reject them; needs --reason.")]
Why = Annotated[
    str | None,
    typer.Option(help="hallucination, wrong_number, not_visible, bad_question, duplicate, other."),
]
Comment = Annotated[str, typer.Option(help="Kept with the verdict.")]
Reviewer = Annotated[str | None, typer.Option(help="Who judges; your user name by default.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count; write nothing.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take back this reviewer's last verdict.")]

FACETS: tuple[Facet, ...] = (
    *("state", "aspect", "category", "flag", "teacher", "prompt_version", "reviewer", "reason"),
)


def review(
    text: Text = "",
    state: State = None,
    aspect: Aspect = None,
    category: Category = None,
    flag: Flag = None,
    flagged: Flagged = None,
    teacher: Teacher = None,
    prompt_version: Prompt = None,
    accept: Accept = False,
    reject: Reject = False,
    reason: Why = None,
    comment: Comment = "",
    reviewer: Reviewer = None,
    dry_run: DryRun = False,
    undo: Undo = False,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Count the pairs that a filter means, or accept or reject them all. --undo takes it back."""
    if accept + reject + undo > 1:
        raise BadSetting("Only one of --accept, --reject and --undo can be done at a time.")
    if (reason or comment or dry_run) and not (accept or reject):
        raise BadSetting("--reason, --comment and --dry-run go with --accept or --reject.")
    from store import PairFilter, Store

    wanted: dict[str, Any] = {
        "text": text,
        "state": state,
        "aspect": aspect,
        "category": category,
        "flag": flag,
        "flagged": flagged,
        "teacher": teacher,
        "prompt_version": prompt_version,
    }
    meant = PairFilter(**wanted)
    said = {name: value for name, value in wanted.items() if value not in (None, "")}
    settings = Settings.gather(workspace=workspace)
    name = reviewer or getpass.getuser()
    with Store.open(settings.workspace) as store:
        done: Record = {"filter": said}
        if undo:
            done |= _undone(store, name)
        elif accept or reject:
            verdict: Verdict = "accepted" if accept else "rejected"
            result = store.reviews.record_bulk(
                meant, name, verdict, cast("Reason | None", reason), comment, dry_run
            )
            done |= {"reviewer": name, "verdict": verdict, "dry_run": dry_run}
            done |= {"meant": result.meant, "reviewed": result.reviewed}
        show(done | _counts(store, meant), json_)


def _undone(store: Store, reviewer: str) -> Record:
    pair = store.reviews.undo_last(reviewer)
    return {"reviewer": reviewer, "undone": pair.pair.id if pair else None}


def _counts(store: Store, meant: PairFilter) -> Record:
    """How many pairs the filter means now, and of which kinds they are."""
    return {
        "pairs": store.pairs.count_pairs(),
        "matching": store.pairs.count_pairs(meant),
        **{f"by_{facet}": store.pairs.count_by(facet, meant) for facet in FACETS},
    }
