"""Interest on the cash that a fund holds between two of its days."""

from __future__ import annotations

from impactmodel.core.errors import InputError
from impactmodel.core.spec import spec


@spec
class IdleCash:
    r"""Interest on the vehicle's cash, credited on each of the fund's monthly days.

    .. math:: I_m = C_{m-1} \, r \, \tau(m-1, m)

    with the cash :math:`C` after the payments of the month before and the fund's day count
    :math:`\tau`. Interest is cash like any other: it pays bills, then it is distributed.

    Parameters
    ----------
    rate
        Per year; 0.02 is 2 %.
    payer
        Who pays it, as named in cash flows.
    """

    rate: float
    payer: str = "bank"

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise InputError(
                "interest on cash is a rate above 0",
                key="rate",
                seen=self.rate,
                fix="write 2 % as 0.02, or leave it out for none",
            )
        if not self.payer.strip():
            raise InputError("somebody pays the interest", key="payer", fix="name them")
