"""Who gains and who loses: the payers of public finances and the private sides of a flow."""

from __future__ import annotations

PUBLIC_PAYERS = (
    "state",
    "municipality",
    "wellbeing_county",
    "kela_sickness_fund",
    "employment_fund",
    "pension_insurers",
)
"""The public payers of Finland; other countries name their own."""
PRIVATE_PAYERS = ("participant", "employer")
"""The private sides of a flow in every country; what they gain is no public saving."""


def is_public(name: str, private: tuple[str, ...] = ()) -> bool:
    """Tell whether what a party gains is a public saving.

    Parameters
    ----------
    name
        A payer.
    private
        Private parties beside participant and employer, such as a parish.

    Examples
    --------
    >>> is_public("municipality"), is_public("participant")
    (True, False)
    """
    return name not in PRIVATE_PAYERS and name not in private
