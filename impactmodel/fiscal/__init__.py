"""Public finances: dated rules with sources, payers and savings."""

from impactmodel.fiscal.ledger import Entry, Ledger
from impactmodel.fiscal.parameters import load_rules
from impactmodel.fiscal.savings import Savings, savings
from impactmodel.fiscal.unit_values import PublicSide, UnitValue, UnitValues

__all__ = [
    "Entry",
    "Ledger",
    "PublicSide",
    "Savings",
    "UnitValue",
    "UnitValues",
    "load_rules",
    "savings",
]
