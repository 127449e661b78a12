"""A contract as a YAML file: what was read, made or imported can be written, and read again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from impactmodel.core.spec import dump

if TYPE_CHECKING:
    from impactmodel.contract.agreement import OutcomesContract


def contract_yaml(contract: OutcomesContract) -> str:
    """Return a contract as YAML, without the terms that a file may leave out.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.contract import Clause, OutcomesContract, Rate
    >>> clause = Clause("jobs", Rate(3000.0), payer="state", outcome="job")
    >>> print(contract_yaml(OutcomesContract("Trial", "EUR", dt.date(2024, 1, 1), (clause,))))
    name: Trial
    currency: EUR
    start: '2024-01-01'
    clauses:
    - name: jobs
      payment:
        price: 3000.0
        type: rate
      payer: state
      outcome: job
    <BLANKLINE>
    """
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = 100
    text = io.StringIO()
    writer.dump(dump(contract, defaults=False), text)
    return text.getvalue()
