"""Payment mechanisms: one file each; a new one joins the union `Payment`.

A mechanism is a spec with a ``type`` and three methods: ``rule(quantity)`` builds the payment as a
rule, ``text(currency, what)`` says it, ``problems(quantity)`` names what does not fit; and the
property ``by_person``: whether the cohort's payment is the sum of payments for single people, so
that a cap can hold for each person.
"""

from typing import Annotated

from pydantic import Field

from impactmodel.contract.mechanisms.bands import Bands
from impactmodel.contract.mechanisms.points import Points
from impactmodel.contract.mechanisms.rate import Rate
from impactmodel.contract.mechanisms.share import Share
from impactmodel.contract.mechanisms.steps import Steps

type Payment = Annotated[Rate | Share | Steps | Bands | Points, Field(discriminator="type")]

__all__ = ["Bands", "Payment", "Points", "Rate", "Share", "Steps"]
