"""Several voters, one answer: log-linear pooling with fitted temperatures and weights.

A voter is the neighbours' vote (``knn``), the class head of a trained encoder (``encoder``) or
the backbone (``model``). Everything is fitted on a validation part that nothing was trained on.

Sources: temperature scaling after Guo et al. 2017 (arXiv:1706.04599); log-linear pooling after
Genest and Zidek 1986.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.errors import BadInput

Probabilities = NDArray[np.float64]

PRIOR_WEIGHT: Mapping[str, float] = {"knn": 0.5, "encoder": 0.5, "model": 0.0}
"""What a voter weighs before anything is known: a backbone must earn its weight."""
PRIOR_STRENGTH = 4.0
"""In validation micrographs: so many outweigh the prior."""
_LEAST = 1e-6
_FENCE = 1.0


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the voters are pooled, and when the answer is "none of these classes"."""

    weights: Mapping[str, float] = field(default_factory=lambda: dict(PRIOR_WEIGHT))
    """Exponent of each voter's calibrated probabilities, >= 0."""
    temperatures: Mapping[str, float] = field(default_factory=dict)
    """Divides each voter's log-probabilities; 1 where it is not named."""
    least_similarity: float | None = None
    """Below this cosine of the nearest demonstration nothing is close: abstain."""
    validated_on: int = 0
    """How many micrographs it was fitted on; 0 is the default for an unknown library."""

    def fuse(self, voters: Mapping[str, Probabilities]) -> Probabilities:
        """Pool probabilities of shape (classes,) or (n, classes), one per voter; same shape.

        A voter of weight 0 counts only where no other spoke.

        Raises
        ------
        ValueError
            Without any voter.
        """
        if not voters:
            raise ValueError("there is no voter to pool")
        counted = {name: p for name, p in voters.items() if self.weights.get(name, 0.0) > 0}
        pooled = sum(
            (self.weights.get(name, 0.0) if counted else 1.0)
            * tempered(p, self.temperatures.get(name, 1.0))
            for name, p in (counted or voters).items()
        )
        return softmax(np.asarray(pooled))

    def to_json(self) -> str:
        """As text; :meth:`from_json` reads it."""
        return json.dumps({"format": 1, **asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Fusion:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        BadInput
            If it is something else.
        """
        try:
            told: dict[str, Any] = json.loads(text)
            if told.pop("format") != 1:
                raise ValueError("another format")
            return cls(**told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"this is no fusion that sLAVA wrote ({error}). Fit it again."
            ) from error


def fit_fusion(
    voters: Mapping[str, Probabilities],
    truth: NDArray[np.int64],
    nearest: NDArray[np.floating] | None = None,
) -> Fusion:
    """Fit temperatures, weights and the abstention threshold on a validation part.

    Parameters
    ----------
    voters
        Probabilities (n, classes) of each voter for the n validation micrographs.
    truth
        (n,), the place of the true class.
    nearest
        (n,), cosine of each one's nearest demonstration.

    Returns
    -------
    Fusion
        Never less accurate on the validation part than its best voter alone.
    """
    if not len(truth):
        return Fusion()
    temperatures = {name: fit_temperature(p, truth) for name, p in voters.items()}
    weights = _fit_weights(voters, temperatures, truth)
    threshold = None if nearest is None else abstain_below(nearest)
    fitted = Fusion(weights, temperatures, threshold, len(truth))
    right = {name: accuracy(p, truth) for name, p in voters.items()}
    best = max(right, key=lambda name: (right[name], PRIOR_WEIGHT.get(name, 0.0)))
    if accuracy(fitted.fuse(voters), truth) < right[best]:
        alone = {name: float(name == best) for name in voters}
        fitted = Fusion(alone, temperatures, threshold, len(truth))
    return fitted


def fit_temperature(probabilities: Probabilities, truth: NDArray[np.int64]) -> float:
    """The temperature, 0.3 to 10, at which (n, classes) tell ``truth`` (n,) best."""
    from scipy.optimize import minimize_scalar

    def loss(log_t: float) -> float:
        said = softmax(tempered(probabilities, float(np.exp(log_t))))
        return likelihood_loss(said, truth) + log_t**2 / len(truth)

    found = minimize_scalar(loss, bounds=(np.log(0.3), np.log(10)), method="bounded")
    return float(np.exp(found.x))


def abstain_below(nearest: NDArray[np.floating]) -> float:
    """A cosine that hardly any micrograph of a known class falls below."""
    low, middle = (float(v) for v in np.quantile(nearest, (0.05, 0.5)))
    return max(-1.0, low - _FENCE * max(middle - low, 0.01))


def _fit_weights(
    voters: Mapping[str, Probabilities],
    temperatures: Mapping[str, float],
    truth: NDArray[np.int64],
) -> dict[str, float]:
    from scipy.optimize import minimize

    names = list(voters)
    said = np.stack([tempered(voters[name], temperatures[name]) for name in names])
    before = np.array([PRIOR_WEIGHT.get(name, 0.0) for name in names])

    def loss(weights: NDArray[np.float64]) -> float:
        pooled = softmax(np.tensordot(weights, said, 1))
        strayed = float(((weights - before) ** 2).sum())
        return likelihood_loss(pooled, truth) + PRIOR_STRENGTH * strayed / len(truth)

    found = minimize(loss, before, method="L-BFGS-B", bounds=[(0.0, 2.0)] * len(names))
    return {name: float(w) for name, w in zip(names, found.x, strict=True)}


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Log-probabilities divided by a temperature; not normalised."""
    logs: Probabilities = np.log(np.maximum(probabilities, _LEAST)) / temperature
    return logs - logs.max(-1, keepdims=True)


def softmax(logits: Probabilities) -> Probabilities:
    """Along the last axis."""
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    shares: Probabilities = raised / raised.sum(-1, keepdims=True)
    return shares


def likelihood_loss(probabilities: Probabilities, truth: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood of ``truth`` (n,) under (n, classes)."""
    told = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(told, _LEAST)).mean())


def accuracy(probabilities: Probabilities, truth: NDArray[np.int64]) -> float:
    """Share of ``truth`` (n,) that (n, classes) rank first."""
    return float((probabilities.argmax(-1) == truth).mean())
