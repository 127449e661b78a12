r"""Sampler of donor weights: mass moves between two donors at a time.

The posterior has a mode for almost every set of few donors, at the edges of the simplex, where
a gradient leads nowhere. Given all else, the share :math:`u` of donor *i* in
:math:`w_i + w_j` has the density

.. math:: p(u) \propto u^{\alpha - 1} (1 - u)^{\alpha - 1}\,
    \exp\{-\tfrac12 A (u - m)^2 / \sigma^2\}

for which two proposals that do not depend on the present value are used in turn: its first
factor, Beta, which jumps between the edges, and its second, normal, which finds the inside.
The constant is drawn from its conditional distribution; the other scalars take random steps.
"""

from __future__ import annotations

import numpy as np

from impactmodel.effects.methods import Sampler
from impactmodel.effects.sc_model import Array, DonorModel, log_gamma

SWEEPS = 20
"""Sweeps per draw, kept or discarded."""


def sample_donors(model: DonorModel, sampler: Sampler) -> dict[str, Array]:
    """Return the parameters (chain, draw, ...) of a model, under the names of its PyMC twin.

    Each chain starts at a draw from the priors of the weights and has a seed of its own.
    """
    from impactmodel.effects import sc_kernel as kernel

    p, before = model.priors, len(model.y)
    donors = np.ascontiguousarray(model.donors[:before].T)
    assumed = np.array([p.concentration, p.spread, p.noise, p.constant])
    chains = []
    for seed in np.random.SeedSequence(sampler.seed).spawn(sampler.chains):
        rng = np.random.default_rng(seed)
        concentration = p.concentration * np.exp(p.spread * rng.standard_normal())
        logs = log_gamma(np.array(concentration), (len(donors),), rng)
        rho = rng.beta(2.0, 2.0) if model.lasting else 0.0
        state = np.array([p.noise, concentration, 0.0, rho])
        chains.append(
            kernel.walk(
                logs - np.logaddexp.reduce(logs),
                state,
                model.y[None],
                donors,
                assumed,
                (sampler.tune, sampler.draws, SWEEPS),
                rng,
            )
        )
    scalars = np.stack([scalar for _, scalar in chains])
    name, out = model.measure.name, {}
    out[f"{name}_weights"] = np.stack([weights for weights, _ in chains])
    out[f"{name}_sigma"] = scalars[..., kernel.SIGMA]
    if p.spread > 0:
        out[f"{name}_concentration"] = scalars[..., kernel.CONCENTRATION]
    if p.constant > 0:
        out[f"{name}_constant"] = scalars[..., kernel.CONSTANT]
    if model.lasting:
        out[f"{name}_rho"] = scalars[..., kernel.RHO]
    return out
