"""One expression, four readers: payment and tax rules as small trees.

A rule is a tree of `Rule` nodes over named inputs. It is read by ``values`` (numpy, over draws),
``audit`` (Decimal, with a trail), ``excel`` (a formula) and ``describe`` (plain text), so that the
number that is paid, explained, exported and described cannot drift apart. A new kind of node is
one class with these four readings.
"""

from impactmodel.core.rule.arithmetic import Input, Maximum, Minimum, Named, Round, Share
from impactmodel.core.rule.base import (
    Audit,
    Constant,
    Difference,
    Product,
    Quotient,
    Rule,
    Sum,
    TrailLine,
)
from impactmodel.core.rule.book import RuleBook
from impactmodel.core.rule.readers import audit, describe, excel, inputs, terms, values, walk
from impactmodel.core.rule.rewrite import rewrite
from impactmodel.core.rule.tables import Bands, Gate, Lookup, Steps

__all__ = [
    "Audit",
    "Bands",
    "Constant",
    "Difference",
    "Gate",
    "Input",
    "Lookup",
    "Maximum",
    "Minimum",
    "Named",
    "Product",
    "Quotient",
    "Round",
    "Rule",
    "RuleBook",
    "Share",
    "Steps",
    "Sum",
    "TrailLine",
    "audit",
    "describe",
    "excel",
    "inputs",
    "rewrite",
    "terms",
    "values",
    "walk",
]
