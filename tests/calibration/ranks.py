"""How far ranks of truths among posterior draws are from uniform: what every calibration judges."""

import numpy as np


def deviation(rank, draws):
    """Largest standardised distance of the ranks' distribution from uniform, per column."""
    grid = np.arange(1, draws + 1) / (draws + 1)
    below = np.stack([(rank < k).mean(axis=0) for k in range(1, draws + 1)])
    error = np.sqrt(grid * (1 - grid) / len(rank))
    return (np.abs(below - grid[:, None]) / error[:, None]).max(axis=0)
