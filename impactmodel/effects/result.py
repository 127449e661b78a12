"""What a fit returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impactmodel.core.outcomes import Outcomes
from impactmodel.effects.checks import Diagnostics

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True, eq=False)
class EffectFit:
    """A fitted design.

    Parameters
    ----------
    outcomes
        Draws of outcomes with and without the programme; they carry the state of the diagnostics
        and are what is saved (``fit.outcomes.to_netcdf``). They hold no row of any person.
    diagnostics
        The checks.
    posterior
        Draws of the parameters as they were sampled: group ``posterior`` with dims (chain, draw),
        and ``sample_stats`` after sampling. Its order is that before outcomes were paired.
    """

    outcomes: Outcomes
    diagnostics: Diagnostics
    posterior: xr.DataTree

    def override(self, reason: str) -> EffectFit:
        """Return the fit with its failed checks overridden, the reason on record.

        Raises
        ------
        InputError
            If nothing failed or no reason is given.
        """
        diagnostics = self.diagnostics.override(reason)
        return self._with(diagnostics, f"failed checks overridden: {diagnostics.overridden}")

    def accept(self, reasons: Mapping[str, str]) -> EffectFit:
        """Return the fit with failed checks accepted by name, each reason on record.

        Raises
        ------
        InputError
            If there is no check of a name, or a reason is empty.
        """
        diagnostics = self.diagnostics.accept(reasons)
        return self._with(
            diagnostics,
            *(
                f"the check '{c.name}' failed and is accepted: {diagnostics.accepted[c.name]}"
                for c in diagnostics.checks
                if c.passed is False and c.name in diagnostics.accepted
            ),
        )

    def _with(self, diagnostics: Diagnostics, *statements: str) -> EffectFit:
        provenance = dataclasses.replace(
            self.outcomes.provenance.assuming(*statements), diagnostics=diagnostics.status
        )
        return dataclasses.replace(
            self,
            outcomes=self.outcomes.replace(provenance=provenance),
            diagnostics=diagnostics,
        )

    def __repr__(self) -> str:
        return f"EffectFit({self.outcomes!r}, diagnostics {self.diagnostics.status})"
