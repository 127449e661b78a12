"""Checks as objects, and the gate before the money step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from impactmodel.core.errors import DiagnosticsError, InputError


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a fit.

    Parameters
    ----------
    name
        What was checked.
    passed
        Whether it holds; None where it informs and cannot fail.
    text
        The value seen and the limit, in a sentence.
    table
        Rows behind it, the first one with the names of the columns; may be empty.
    """

    name: str
    passed: bool | None
    text: str
    table: tuple[tuple[str | float, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """All checks of a fit; a failed one stops the money step unless overridden on record.

    Parameters
    ----------
    checks
        Every check.
    rhat_max, ess_min, divergences
        Largest R-hat, smallest effective sample size (bulk or tail) and number of divergent
        transitions. Independent draws have R-hat 1 and as many effective as actual draws.
    overridden
        The reason for which failed checks are overridden.
    """

    checks: tuple[Check, ...]
    rhat_max: float
    ess_min: float
    divergences: int
    overridden: str = ""

    @property
    def passed(self) -> bool:
        """Whether every check holds (an override does not make a failed check pass)."""
        return all(check.passed is not False for check in self.checks)

    @property
    def messages(self) -> tuple[str, ...]:
        """The text of each failed check."""
        return tuple(check.text for check in self.checks if check.passed is False)

    @property
    def status(self) -> str:
        """``passed``, ``failed: ...`` or ``overridden: ...``, as outcomes carry it."""
        if self.passed:
            return "passed"
        if self.overridden:
            return f"overridden: {self.overridden} ({'; '.join(self.messages)})"
        return f"failed: {'; '.join(self.messages)}"

    def raise_if_failed(self) -> None:
        """Raise `DiagnosticsError` with the failed checks, unless they were overridden."""
        if not self.passed and not self.overridden:
            raise DiagnosticsError(
                f"the fit failed its diagnostics: {'; '.join(self.messages)}; sample longer or "
                "change the model, or record why it may be used with fit.override(reason)"
            )

    def override(self, reason: str) -> Diagnostics:
        """Return the same diagnostics with the reason for which failures are overridden.

        Raises
        ------
        InputError
            If nothing failed or no reason is given.
        """
        if self.passed:
            raise InputError("no check failed, there is nothing to override")
        if not reason.strip():
            raise InputError("an override needs a reason", key="reason", fix="say why")
        return replace(self, overridden=reason.strip())
