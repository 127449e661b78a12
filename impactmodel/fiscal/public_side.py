"""The public sides that a case may have, told apart by ``type``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from impactmodel.fiscal.observed import Observed
from impactmodel.fiscal.rule_side import RuleSide
from impactmodel.fiscal.unit_values import UnitValues

type PublicSide = Annotated[UnitValues | Observed | RuleSide, Field(discriminator="type")]
"""Stated values per unit of an outcome, observed money, or rules for a profile of persons."""
