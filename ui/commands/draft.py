"""``slava draft``: question-answer pairs about micrographs, by a teacher or on this machine.

Its options; what they set going is in :mod:`ui.commands.drafting`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slava.settings import Settings
from ui.commands.options import Json, Workspace


def draft(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|FOLDER...", help="Added first; else all of it."),
    ] = None,
    label: Annotated[str, typer.Option(help="Only micrographs of this category.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many micrographs; 0 is all.")] = 0,
    pack: Annotated[str, typer.Option(help="The pack: aspects, rules, lengths.")] = "nanomaterials",
    aspects: Annotated[str, typer.Option(help="Labels of aspects, by commas; else all.")] = "",
    templates: Annotated[str, typer.Option(help="vqa, caption, conversation; by commas.")] = "vqa",
    compare: Annotated[
        str,
        typer.Option(help="Comparisons: similar_across, dissimilar_within, heterogeneity, all."),
    ] = "",
    passages: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON, JSONL or CSV of what papers say: file, caption, passages; kept.",
        ),
    ] = None,
    teacher: Annotated[
        str, typer.Option(help="local, or the URL of an endpoint; else SLAVA_TEACHER_URL.")
    ] = "",
    model: Annotated[str, typer.Option(help="Its model; else SLAVA_TEACHER_MODEL.")] = "",
    cap: Annotated[
        float | None, typer.Option(metavar="USD", help="No more is spent than this.")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Requests on their way at once.")] = 4,
    size: Annotated[int, typer.Option(metavar="PX", help="Longest side that is sent.")] = 1024,
    honours_keys: Annotated[
        bool, typer.Option("--honours-keys", help="The endpoint honours Idempotency-Key.")
    ] = False,
    resend_uncertain: Annotated[
        bool,
        typer.Option("--resend-uncertain", help="Send again what may have been paid already."),
    ] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="One file by the Batch API; Ctrl+C, then --resume.")
    ] = False,
    equal_only: Annotated[
        bool, typer.Option("--equal-only", help="Flag equal texts only, not those alike: faster.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show payload, tokens and cost; send nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what --dry-run shows.")] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="JOB", help="Go on with a job that did not end.")
    ] = None,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Draft question-answer pairs. Nothing is sent without --yes; confidential ones never are."""
    from ui.commands.draft_sending import Terms
    from ui.commands.drafting import LOCAL, What, draft_here, draft_rest, draft_there
    from ui.privacy import set_private_environment

    settings = Settings.gather(workspace=workspace)
    set_private_environment(settings.workspace)
    from store import Store
    from ui.services.checking import meaning
    from ui.services.teaching import Desk

    what = What(tuple(paths or ()), label, limit, pack, aspects, templates, compare, size, passages)
    terms = Terms(
        cap, concurrency, honours_keys, resend_uncertain, batch, agreed=yes and not dry_run,
        dry_run=dry_run,
    )  # fmt: skip
    with Store.open(settings.workspace) as store:
        desk = Desk(store, None if equal_only else meaning())
        if resume is not None:
            draft_rest(desk, settings, resume.strip(), terms, json_)
        elif teacher == LOCAL:
            draft_here(desk, what, model, json_)
        else:
            draft_there(desk, settings, what, teacher, model, terms, json_)
