"""A saved model: additive coefficients in a file that holds no code and replays to the bit."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from impactmodel.core.errors import InputError
from impactmodel.core.summary import check_prob
from impactmodel.evidence.columns import frozen

type Array = npt.NDArray[np.float64]

_ARRAYS = ("intercept", "coefficients", "centre")
_TEXTS = ("name", "target", "policy", "columns", "features")


@dataclass(frozen=True, slots=True)
class Reason:
    """How far a feature moves the logit of the chance; it predicts, it does not cause.

    Parameters
    ----------
    feature
        Its name.
    effect
        Mean over draws of the sum of coefficient times (value − centre) over its columns.
    """

    feature: str
    effect: float


@dataclass(frozen=True, slots=True, repr=False)
class Score:
    """What a model says of one person; its repr shows no value.

    Parameters
    ----------
    chance
        Mean over draws.
    lower, upper, prob
        Ends and probability of the equal-tailed interval of the draws.
    base
        Mean logit at the centre; base and reasons add up to the mean logit.
    reasons
        By feature, in the order of the model.
    """

    chance: float
    lower: float
    upper: float
    prob: float
    base: float
    reasons: tuple[Reason, ...]

    def __repr__(self) -> str:
        return f"Score of one person with {len(self.reasons)} reasons"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ModelRecord:
    """A fitted additive model of a chance: logit p = intercept + Σ coefficient × column.

    Scores are summed column by column and draw by draw in a fixed order, so that a person's score
    does not depend on whom it was computed beside: it replays to the bit with the same versions of
    Python and NumPy on the same kind of machine.

    Parameters
    ----------
    name, target, policy
        Identifier, what is anticipated, and the reference policy (``without service`` or
        ``as usual``).
    columns
        Encoded columns, as the inputs hold them.
    features
        (column) the feature that each encodes.
    intercept
        (draw).
    coefficients
        (draw, column).
    centre
        (column) values against which reasons are counted.

    Raises
    ------
    InputError
        If shapes do not fit, a column is named twice or a number is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> record = ModelRecord("m1", "work", "as usual", ("age",), ("age",), np.zeros(2),
    ...     np.array([[1.0], [3.0]]), np.zeros(1))
    >>> score = record.score([0.0])
    >>> score.chance, score.reasons
    (0.5, (Reason(feature='age', effect=0.0),))
    """

    name: str
    target: str
    policy: str
    columns: tuple[str, ...]
    features: tuple[str, ...]
    intercept: Array
    coefficients: Array
    centre: Array

    def __post_init__(self) -> None:
        if len(set(self.columns)) != len(self.columns) or not self.columns:
            raise InputError("columns have different names", key="columns")
        for key in _ARRAYS:
            values = np.array(getattr(self, key), dtype="<f8", order="C")
            object.__setattr__(self, key, frozen(values))
            if not np.isfinite(values).all():
                raise InputError("a number of the model is not finite", key=key)
        shape, width = self.coefficients.shape, len(self.columns)
        fits = shape == (len(self.intercept), width) and self.centre.shape == (width,)
        if not fits or len(self.features) != width or not len(self.intercept):
            raise InputError(
                f"{width} columns need coefficients (draw, {width})",
                key="coefficients",
                seen="x".join(map(str, shape)),
            )

    def __repr__(self) -> str:
        draws, columns = self.coefficients.shape
        return f"ModelRecord({self.name}: {self.target}, {self.policy}; {columns} x {draws} draws)"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of names and numbers: two models with the same score alike."""
        digest = hashlib.sha256(_json({key: getattr(self, key) for key in _TEXTS}))
        for key in _ARRAYS:
            values = getattr(self, key)
            digest.update(f"{key}{values.shape}".encode() + values.tobytes())
        return digest.hexdigest()

    def logits(self, inputs: npt.ArrayLike) -> Array:
        """Return logits of the chance (draw, person) of encoded inputs (person, column).

        Raises
        ------
        InputError
            If the inputs have other columns, or one is missing; the message shows no value.
        """
        x = np.atleast_2d(np.asarray(inputs, dtype=np.float64))
        if x.shape[1:] != (len(self.columns),):
            raise InputError(
                f"the model has {len(self.columns)} columns", key="inputs", seen=x.shape[-1]
            )
        for j, name in enumerate(self.columns):
            absent = int((~np.isfinite(x[:, j])).sum())
            if absent:
                raise InputError(f"{absent} of {len(x)} inputs are missing", key=name)
        found = np.repeat(self.intercept[:, None], len(x), axis=1)
        for j in range(len(self.columns)):
            found += self.coefficients[:, j, None] * x[:, j]
        return found

    def score(self, inputs: npt.ArrayLike, prob: float = 0.9) -> Score:
        """Return the chance of one person, its interval and its reasons.

        Parameters
        ----------
        inputs
            Encoded values (column).
        prob
            Probability of the equal-tailed interval.
        """
        check_prob(prob)
        x = np.asarray(inputs, dtype=np.float64).ravel()
        logit = self.logits(x)[:, 0]
        # Written out: exact sums do not depend on a library's order of adding.
        chances = np.sort([1 / (1 + math.exp(-z)) if z > -700 else 0.0 for z in logit])
        lower, upper = np.quantile(chances, [(1 - prob) / 2, (1 + prob) / 2])
        draws = len(logit)
        means = [math.fsum(column) / draws for column in self.coefficients.T]
        moved: dict[str, list[float]] = {}
        for j, feature in enumerate(self.features):
            moved.setdefault(feature, []).append(means[j] * (x[j] - self.centre[j]))
        at_centre = [m * c for m, c in zip(means, self.centre, strict=True)]
        return Score(
            chance=math.fsum(chances) / draws,
            lower=float(lower),
            upper=float(upper),
            prob=prob,
            base=float(math.fsum([math.fsum(self.intercept) / draws, *at_centre])),
            reasons=tuple(Reason(name, float(math.fsum(parts))) for name, parts in moved.items()),
        )

    def save(self, path: str | Path) -> str:
        """Write the model as an ``npz`` file without pickled objects; return its fingerprint."""
        texts: dict[str, Any] = {key: getattr(self, key) for key in _TEXTS}
        header = np.frombuffer(_json(texts | {"fingerprint": self.fingerprint}), dtype=np.uint8)
        arrays = {key: getattr(self, key) for key in _ARRAYS}
        with Path(path).open("wb") as file:
            np.savez(file, header=header, **arrays)
        return self.fingerprint

    @classmethod
    def load(cls, path: str | Path) -> ModelRecord:
        """Read a model that `save` wrote.

        Raises
        ------
        InputError
            If it is no such file, or was changed after it was saved.
        """
        name = Path(path).name
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as held:
                texts = json.loads(held["header"].tobytes())
                arrays = {key: held[key] for key in _ARRAYS}
            fingerprint = texts.pop("fingerprint")
            texts |= {key: tuple(texts[key]) for key in ("columns", "features")}
            found = cls(**texts, **arrays)
        except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
            if isinstance(error, FileNotFoundError):
                raise InputError("there is no such file", file=name) from None
            raise InputError("this is no saved model", file=name) from None
        if found.fingerprint != fingerprint:
            raise InputError(
                "the model was changed after it was saved", file=name, fix="save it again"
            )
        return found


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True).encode()
