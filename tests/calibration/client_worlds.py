"""Columns of synthetic clients, for the studies of effects and allocations."""

import dataclasses

import numpy as np
from scipy.special import expit, logit

from impactmodel.clients import Category, SyntheticClients
from impactmodel.clients.effect_inputs import Served
from impactmodel.clients.membership import Membership
from impactmodel.clients.synthetic_chances import KINDS, RATIOS


def encode(clients):
    """Return columns (person, column) and names: levels but the first, gaps as a level."""
    columns, names = [], []
    for name, feature in clients.table.features.items():
        values = clients.values[name]
        if isinstance(feature, Category):
            for level in range(1, len(feature.levels)):
                columns.append(values == level)
                names.append(f"{name} {feature.levels[level]}")
            absent = values < 0
        else:
            absent = np.isnan(values)
            known = np.log1p(values) if name == "months_out" else values
            columns.append(np.where(absent, np.nanmean(known), known))
            names.append(name)
        if absent.any():
            columns.append(absent)
            names.append(f"{name} missing")
    return np.column_stack(columns).astype(np.float64), tuple(names)


def world_of(size, seed, assignment=None):
    """Return a world, its people as an estimator of effects sees them, and their columns."""
    more = {} if assignment is None else {"assignment": assignment}
    world = SyntheticClients(size, seed=seed, **more).draw()
    clients = world.clients()
    x, names = encode(clients)
    y = clients.target("work_7m")[:, None]
    people = Served(x, names, clients.service, clients.table.services, y, ("work_7m",))
    return world, people


def recorded_kind(world):
    """Return the kinds of people as far as they are recorded: gaps read as no."""
    clients = world.clients()
    v = clients.values
    newcomer = (v["origin"] == 2) | (v["language"] == 1)
    weak = (v["employed"] == 1) | (v["long_case"] == 1)
    code = np.where(newcomer, 1, np.where(weak, 2, 3))
    code = np.where(v["health"] == 1, 0, code)
    return Membership.of_codes(code.astype(np.intp), KINDS)


def where_odds_multiply(world, people, seed):
    """Return the people with other outcomes, and their true effects (person, service).

    A service multiplies the odds on record, by the hazard ratio of the kind to the power of 1.5:
    about as much as it does to a chance in the middle.
    """
    ratios = 1.5 * np.log(RATIOS)[:, world.truth.kind].T
    chance = expit(logit(world.truth.recorded[0])[:, None] + ratios)
    rows = np.arange(len(chance))
    luck = np.random.default_rng([seed, len(rows)]).random(len(rows))
    y = (luck < chance[rows, people.service])[:, None] * 1.0
    return dataclasses.replace(people, y=y), chance[:, 1:] - chance[:, :1]
