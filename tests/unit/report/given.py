"""The parts of a case whose every number is done by hand: four draws, a hundred people."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from impactmodel.running import CaseResult

type Run = Callable[..., CaseResult]

TAX = np.array([10.0, 20.0, 30.0, 40.0])
"""Effect on taxes per person and year, in the four draws."""

HEAD = """
name: Taxes by hand
interval: 0.5
view: expected
evidence: {type: outcomes, file: outcomes.nc}
"""
FINNISH = """
notes: [the first note]
translations:
  fi:
    name: Verot käsin laskettuna
    notes: [ensimmäinen huomautus]
    words: {taxes: verot, jobs: työpaikat}
"""
TARGET = """
targets: [{name: jobs, promised: 50, achieved: 20, source: a report, locator: page 3}]
"""
CONTRACT = """
contract:
  name: Half of the tax
  currency: EUR
  start: 2024-01-01
  population: assigned
  evaluation: {comparison_size: 100}
  clauses:
    - name: half
      outcome: taxes
      basis: {type: measured_impact}
      payment: {type: share, share: 0.5}
      payer: state
"""
FUND = """
funding:
  name: The fund
  currency: EUR
  start: 2024-01-01
  assumed: true
  service_costs: {set_up: 2000}
  senior: {commitment: 2000}
"""
PUBLIC = """
public:
  type: unit_values
  currency: EUR
  discount_rate: 0.25
  label: by hand
  values:
    - {line: tax, outcome: taxes, value: 0.75, payer: state, counterparty: participant}
    - {line: tax, outcome: taxes, value: 0.25, payer: municipality, counterparty: participant}
    - line: fees
      outcome: taxes
      value: -0.1
      payer: municipality
      source: a law
      locator: § 1
      status: enacted
"""
BESIDE = """
beside:
  All to the state:
    type: unit_values
    currency: EUR
    discount_rate: 0.25
    label: as if the state took all
    values: [{line: tax, outcome: taxes, value: 1, payer: state, counterparty: participant}]
"""
EVERYTHING = (FINNISH, TARGET, CONTRACT, FUND, PUBLIC, BESIDE)
