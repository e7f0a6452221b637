"""One micrograph classified by example: neighbours, a backbone and a trained head, pooled.

Between a library's index and the window or the command. It must not know where pictures,
vectors or labels are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, Classification, Metric, Neighbour, Ranked, Strategy
from slava.errors import BadInput, BadSetting
from slava.imaging.display import stretch
from slava.retrieval.asking import NO_BACKBONE, ModelAnswer, ViewOf, ask_backbone
from slava.retrieval.encoder import KnowsClasses, MicrographEncoder, check_key
from slava.retrieval.features import visible_features
from slava.retrieval.fusion import Fusion
from slava.retrieval.index import Index
from slava.retrieval.sampling import sample_demonstrations
from slava.retrieval.view import Picture
from slava.retrieval.vote import ranked, vote
from slava.vlm.backbone import Backbone, View


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is to be classified.

    ``picture`` is the specimen's part; ``id`` and ``group`` keep it and its own sample from
    being their own neighbours; ``vector`` (dimension,) spares encoding it again.
    """

    picture: Picture
    id: str = ""
    group: str = ""
    vector: NDArray[np.float32] | None = None


def classify(
    query: Query,
    index: Index,
    encoder: MicrographEncoder,
    backbone: Backbone | None = None,
    k: int = 5,
    strategy: Strategy = "similar",
    fusion: Fusion | None = None,
    *,
    metric: Metric = "cosine",
    seed: int = 0,
    view_of: ViewOf | None = None,
    pinned: Sequence[str] = (),
    put_aside: Collection[str] = (),
    own_group_too: bool = True,
    stop: threading.Event | None = None,
) -> Classification:
    """Rank the classes of the library for one micrograph.

    Parameters
    ----------
    query, index, encoder
        The query, the library, and the encoder that made the library's vectors.
    backbone
        A loaded model; without one only neighbours and the encoder's own head vote.
    k, strategy, metric, seed
        See :func:`~slava.retrieval.sampling.sample_demonstrations`; k = 0 is zero-shot.
    fusion
        How votes are pooled; without one the default for an unknown library.
    view_of
        Gives the demonstrations' views to the backbone.
    pinned, put_aside
        Ids of demonstrations that are shown, or not shown, whatever the strategy says.
    own_group_too
        Whether neighbours of the query's own group may be shown.
    stop
        Ends a backbone's writing.

    Raises
    ------
    BadInput
        If the library has fewer than two classes, or its vectors are another encoder's.
    BadSetting
        If ``k`` is out of range, or 0 where neither model nor head could answer.
    """
    check_key(encoder.key, index.key)
    labels = index.classes
    if len(labels) < 2:
        held = f"one class, {labels[0]!r}" if labels else "no labelled micrograph"
        raise BadInput(
            f"the library holds {held}; to tell classes apart it needs at least two. "
            "Label micrographs of another class."
        )
    vector = query.vector if query.vector is not None else encoder.encode([query.picture])[0]
    barred = {query.id, *put_aside} - {""}
    neighbours = sample_demonstrations(
        index, vector, k, strategy, seed, metric=metric, exclude_ids=barred, pinned=pinned,
        exclude_groups=() if own_group_too else {query.group},
    )  # fmt: skip
    voters: dict[str, NDArray[np.float64]] = {}
    if neighbours:
        voters["knn"] = vote(neighbours, labels)
    head = head_votes(encoder, vector[None], labels)
    if head is not None:
        voters["encoder"] = head[0]
    answer = _model(backbone, query.picture, neighbours, view_of, labels, stop)
    if answer.probabilities is not None:
        voters["model"] = answer.probabilities
    if not voters:
        raise BadSetting(f"nothing can answer: no demonstrations (k = {k}), and {answer.note}.")
    return _pooled(labels, voters, fusion or Fusion(), neighbours, answer.note, query.picture)


def head_votes(
    encoder: MicrographEncoder, vectors: NDArray[np.float32], labels: Sequence[str]
) -> NDArray[np.float64] | None:
    """What a trained encoder's own head says of its vectors (n, dimension): (n, len(labels)).

    ``None`` where it has no head, or the head does not know all of ``labels``.
    """
    if not isinstance(encoder, KnowsClasses) or not set(labels) <= set(encoder.labels):
        return None
    said = encoder.class_probabilities(vectors)
    said = said[:, [encoder.labels.index(label) for label in labels]]
    shares: NDArray[np.float64] = said / np.maximum(said.sum(1, keepdims=True), 1e-12)
    return shares


def _model(
    backbone: Backbone | None,
    picture: Picture,
    neighbours: Sequence[Neighbour],
    view_of: ViewOf | None,
    labels: Sequence[str],
    stop: threading.Event | None,
) -> ModelAnswer:
    if backbone is None:
        return ModelAnswer(None, NO_BACKBONE)
    return ask_backbone(backbone, view_from(picture), neighbours, view_of, labels, stop)


def view_from(picture: Picture) -> View:
    """A picture as a backbone is shown it: 8 bits, stretched."""
    return View(stretch(picture), Box(0, 0, picture.shape[1], picture.shape[0]))


def _pooled(
    labels: Sequence[str],
    voters: dict[str, NDArray[np.float64]],
    fusion: Fusion,
    neighbours: tuple[Neighbour, ...],
    note: str,
    picture: Picture,
) -> Classification:
    by_voter = {name: ranked(labels, p) for name, p in voters.items()}
    fused = ranked(labels, fusion.fuse(voters))
    nearest = max((n.similarity for n in neighbours), default=None)
    far = (
        fusion.least_similarity is not None
        and nearest is not None
        and nearest < fusion.least_similarity
    )
    reason = (
        f"none of these classes: the nearest demonstration has a similarity of {nearest:.2f}, "
        f"below the {fusion.least_similarity:.2f} that micrographs of these classes reach"
        if far
        else ""
    )
    return Classification(
        ranked_knn=by_voter.get("knn", ()),
        ranked_model=by_voter.get("model", ()),
        ranked_fused=fused,
        neighbours=neighbours,
        abstained=far,
        reason=reason,
        rationale=rationale(fused, neighbours, picture),
        model_note=note,
        ranked_encoder=by_voter.get("encoder", ()),
    )


def rationale(fused: Sequence[Ranked], neighbours: Sequence[Neighbour], picture: Picture) -> str:
    """One sentence: the label, what is visible, and the demonstrations that it rests on."""
    label = fused[0].label
    seen = ", ".join(visible_features(picture))
    agreeing = sorted(
        (n for n in neighbours if n.demonstration.label == label), key=lambda n: -n.similarity
    )
    if not agreeing:
        others = "no demonstration shown bears this label" if neighbours else "nothing was shown"
        return f"{label}, with {seen}; {others}."
    near = " and ".join(f"{_name(n)} ({n.similarity:.2f})" for n in agreeing[:2])
    return (
        f"{label}, with {seen}: most like {near}; "
        f"{len(agreeing)} of {len(neighbours)} demonstrations bear this label."
    )


def _name(neighbour: Neighbour) -> str:
    return neighbour.demonstration.name or neighbour.demonstration.micrograph_id[:8]
