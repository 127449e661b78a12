"""Checks as objects, and the gate before the money step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
        The reason for which all failed checks are overridden.
    accepted
        Checks that were accepted by name, each with the reason, should they fail.
    """

    checks: tuple[Check, ...]
    rhat_max: float
    ess_min: float
    divergences: int
    overridden: str = ""
    accepted: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every check holds (an override does not make a failed check pass)."""
        return all(check.passed is not False for check in self.checks)

    @property
    def messages(self) -> tuple[str, ...]:
        """The text of each failed check."""
        return tuple(check.text for check in self.checks if check.passed is False)

    @property
    def stopping(self) -> tuple[Check, ...]:
        """The failed checks that were neither overridden nor accepted."""
        if self.overridden:
            return ()
        return tuple(c for c in self.checks if c.passed is False and c.name not in self.accepted)

    @property
    def status(self) -> str:
        """``passed``, ``failed: ...`` or ``overridden: ...``, as outcomes carry it."""
        if self.passed:
            return "passed"
        if self.stopping:
            return f"failed: {'; '.join(check.text for check in self.stopping)}"
        failed = {check.name for check in self.checks if check.passed is False}
        named = [f"{name}: {why}" for name, why in self.accepted.items() if name in failed]
        reason = self.overridden or "; ".join(named)
        return f"overridden: {reason} ({'; '.join(self.messages)})"

    def raise_if_failed(self) -> None:
        """Raise `DiagnosticsError` with the failed checks, unless they were overridden."""
        if self.stopping:
            said = "; ".join(check.text for check in self.stopping)
            raise DiagnosticsError(
                f"the fit failed its diagnostics: {said}; sample longer or "
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

    def accept(self, reasons: Mapping[str, str]) -> Diagnostics:
        """Return the same diagnostics with checks accepted by name, each with its reason.

        A check that is accepted and passes is left as it is; failed ones that are not named still
        stop the money step.

        Raises
        ------
        InputError
            If there is no check of a name, or a reason is empty.

        Examples
        --------
        >>> found = Diagnostics((Check("trend", False, "it drifts"),), 1.0, 4000.0, 0)
        >>> found.accept({"trend": "the drift is known"}).status
        'overridden: trend: the drift is known (it drifts)'
        """
        for name, reason in reasons.items():
            if name not in {check.name for check in self.checks}:
                failed = [f"'{c.name}'" for c in self.checks if c.passed is False]
                raise InputError(
                    "there is no such check",
                    key="accept_checks",
                    seen=name,
                    fix=f"failed are {', '.join(failed)}" if failed else "none failed: remove it",
                )
            if not reason.strip():
                raise InputError(
                    "a check is accepted for a reason", key=f"accept_checks.{name}", fix="say why"
                )
        return replace(self, accepted={name: why.strip() for name, why in reasons.items()})
