"""``slava snapshot``: accepted pairs, frozen and split, to be trained on or exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import print_progress, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slava.domain import Part

State = Annotated[str, typer.Option("--state", help="accepted, or all that nobody rejected.")]


def snapshot(
    name: Annotated[str, typer.Argument(metavar="NAME", help="How it is called.")],
    state: State = "accepted",
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 0,
    fractions: Annotated[
        str, typer.Option(help="Shares of train, validation and test.")
    ] = "0.8,0.1,0.1",
    measure: Annotated[
        bool, typer.Option(help="Measure micrographs that were not yet, for their context.")
    ] = True,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Freeze pairs as a named snapshot, split by micrograph and paper, never by pair."""
    shares, states = fractions_of(fractions), states_of(state)
    from store import Store

    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        added = store.snapshots.add_snapshot(
            name,
            states=states,
            fractions=shares,
            seed=seed,
            measure=measure,
            on_progress=print_progress,
        )
        made = added.snapshot
        show(
            {
                "id": made.id,
                "name": made.name,
                "known": added.known,
                "pairs": dict(made.pairs),
                "micrographs": dict(made.micrographs),
                "left_out": dict(added.left_out),
                "warnings": list(added.warnings),
                "folder": str(store.snapshots.folder(made.id)),
                "datasheet": str(store.snapshots.folder(made.id) / "datasheet.md"),
            },
            json_,
        )


def states_of(text: str) -> Literal["accepted", "all"]:
    """Which pairs are meant.

    Raises
    ------
    BadSetting
        When it is neither word.
    """
    if text == "accepted":
        return "accepted"
    if text == "all":
        return "all"
    raise BadSetting(f"--state {text!r} is neither accepted nor all.")


def fractions_of(text: str) -> Mapping[Part, float]:
    """Three shares as people write them: ``0.8,0.1,0.1``.

    Raises
    ------
    BadSetting
        When they are not three numbers that add up to 1.
    """
    from slava.handoff.snapshot import PARTS
    from slava.handoff.splitting import check_fractions

    try:
        shares = [float(share) for share in text.split(",")]
        told = dict(zip(PARTS, shares, strict=True))
    except ValueError:
        raise BadSetting(
            f"--fractions {text!r} is not three numbers, such as 0.8,0.1,0.1."
        ) from None
    return check_fractions(told)
