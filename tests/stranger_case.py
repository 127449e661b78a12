"""A case of a stranger's clients in another country: own columns, payers and currency."""

import numpy as np
import pandas as pd

from impactmodel.case import Case

CASE = """
name: Clients of a county in another country
seed: 5
draws: 600
evidence:
  type: clients
  rows:
    type: file
    file: klienter.csv
    population: made-up people of a test
    table:
      index: inskriven
      features:
        skola: {type: category, levels: [grund, hog]}
        veckor: {type: number, unit: weeks}
        kvinna: {type: flag}
      protected: [kvinna]
      service: insats
      services: [ingen, stod, kurs]
    targets: [{name: arbete, event: any job, horizon_days: 365, days_required: 30}]
  periods: {start: 2027-01-01, step: year, count: 1, clock: since_start}
  purpose: &held
    legal_basis: section 1 of an act
    permit: T-1
    controller: a test
    purpose: evaluation
    allowed_outputs: [effect, savings]
    expires: 2099-12-31
    retention: 2099-12-31
  use:
    name: stod_2027
    assesses: the chance of a job
    purpose:
      legal_basis: section 2 of an act
      permit: ""
      controller: a test
      purpose: client_work
      allowed_outputs: [client_decision]
      expires: 2099-06-30
      retention: 2099-12-31
    variables: [skola, veckor, kvinna]
    oversight: {role: adviser, also_uses: [the interview], contact: the desk}
  plan:
    anticipation: {target: arbete, policy: {type: without_service}}
    later: 2026-07-01
    groups: {type: given_groups, by: [skola]}
    places:
      capacity: {stod: 60, kurs: 60}
      cost: {stod: 9000, kurs: 52000}
      random_share: 0.1
    audited: [kvinna]
    worth:
      paid_by: {stod: county, kurs: social_fund}
      aim: {type: net_value}
public:
  type: unit_values
  currency: SEK
  discount_rate: 0.03
  values:
    - {line: support, outcome: arbete, value: 90000, payer: county, counterparty: participant}
    - line: contributions
      outcome: arbete
      value: {type: lognormal, mean: 30000, sd: 3000}
      payer: social_fund
      counterparty: employer
"""


def people(size=2400):
    """Return people whom support helps where schooling is short, and a course where it is long."""
    rng = np.random.default_rng(11)
    low, weeks, woman = rng.random(size) < 0.5, rng.gamma(2, 9, size), rng.random(size) < 0.5
    got = rng.choice(3, size, p=[0.5, 0.25, 0.25])
    helped = np.where(low, 0.25 * (got == 1), 0.2 * (got == 2))
    chance = 0.5 - 0.15 * low - 0.003 * np.minimum(weeks, 60) + helped
    day = np.datetime64("2026-01-01") + rng.integers(0, 365, size)
    return pd.DataFrame(
        {
            "inskriven": day.astype(str),
            "skola": np.where(low, "grund", "hog"),
            "veckor": weeks.round(0),
            "kvinna": woman.astype(int),
            "insats": np.array(["ingen", "stod", "kurs"])[got],
            "arbete": (rng.random(size) < chance).astype(int),
        }
    )


def written(folder, *changes, table=None):
    """Write the case with some texts changed; return its path."""
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (people() if table is None else table).to_csv(folder / "klienter.csv", index=False)
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def stranger(folder, *changes, table=None):
    """Return the case with some texts changed."""
    return Case.from_yaml(written(folder, *changes, table=table))
