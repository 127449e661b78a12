"""Income tax of a year on wage and taxable benefit: deductions, taxes, the work income credit.

The order is that of the Income Tax Act: income less the deduction for its acquisition is net
earned income; contributions, earned income deduction (to 2024) and basic deduction follow. The
work income credit is taken from state tax first, and what is left of it from municipal tax,
medical care contribution and church tax in proportion to them. Nothing is rounded.
Source: SISU 26.10, Statistics Finland, BSD-3-Clause, macros TulonHankVahS, KunnAnsVahS, AnsVahS,
KunnPerVahS, PerVahS, ValtTuloVeroS, SairVakMaksuS, TyotVahS, VahennJakoS and YleVeroS.
"""

from __future__ import annotations

from impactmodel.core.rule import (
    Bands,
    Gate,
    Input,
    Lookup,
    Maximum,
    Minimum,
    Named,
    Rule,
    RuleBook,
    Steps,
    Sum,
)

_WAGE, _AGE = Input("wage", "wage"), Input("age", "age")
_NET = Input("net_earned_income")
_LOCAL = ("municipal_tax", "medical_care_contribution", "church_tax")


def _positive(rule: Rule) -> Rule:
    return Maximum((0.0, rule))


def _income() -> tuple[Named, ...]:
    earned = Minimum(
        (
            Bands(_WAGE, "deduction.earned_income.bands"),
            Input("deduction.earned_income.maximum"),
        )
    ) - Bands(_NET, "deduction.earned_income.phase_out")
    return (
        Named(
            "income_acquisition_deduction",
            Minimum((_WAGE, Input("deduction.income_acquisition.maximum"))),
            "deduction for the acquisition of income",
        ),
        Named(
            "net_earned_income",
            Sum((_WAGE, Input("taxable_benefit"))) - Input("income_acquisition_deduction"),
            "net earned income",
        ),
        Named(
            "earned_income_deduction",
            Minimum((_NET, _positive(earned))),
            "earned income deduction",
        ),
    )


def _taxable() -> tuple[Named, ...]:
    before_basic = _NET - Input("deductible_contributions")
    base, maximum = Input("income_before_basic_deduction"), Input("deduction.basic.maximum")
    basic = maximum - Input("deduction.basic.phase_out_rate") * _positive(base - maximum)
    return (
        Named(
            "income_before_basic_deduction",
            _positive(before_basic - Input("earned_income_deduction")),
            "income before the basic deduction",
        ),
        Named("basic_deduction", Minimum((base, _positive(basic))), "basic deduction"),
        Named(
            "taxable_income_municipal",
            base - Input("basic_deduction"),
            "taxable income in municipal taxation",
        ),
        Named(
            "taxable_income_state",
            Gate(
                Input("deduction.common_base"),
                ">=",
                1.0,
                Input("taxable_income_municipal"),
                _positive(before_basic),
            ),
            "taxable income in state taxation",
        ),
    )


def _credit() -> tuple[Named, ...]:
    factor = 1.0 + Input("sole_carer") * (Input("credit.work_income.sole_carer_factor") - 1.0)
    children = Input("children_under_18") * Input("credit.work_income.child_increase") * factor
    maximum = Sum(
        (
            Input("credit.work_income.maximum"),
            Steps(_AGE, "credit.work_income.age_increase"),
            children,
        )
    )
    full = Minimum((Bands(_WAGE, "credit.work_income.bands"), Input("work_income_credit_maximum")))
    return (
        Named("work_income_credit_maximum", maximum, "largest work income credit"),
        Named(
            "work_income_credit",
            _positive(full - Bands(_NET, "credit.work_income.phase_out")),
            "work income credit",
        ),
    )


def _before_credit() -> tuple[Named, ...]:
    state, municipal = Input("taxable_income_state"), Input("taxable_income_municipal")
    rates = {
        "helsinki": Input("municipal_tax.rate.helsinki"),
        "average": Input("municipal_tax.rate.average"),
    }
    other_income = _positive(municipal - _WAGE)
    medical = municipal * Input("contribution.medical_care.rate")
    addition = other_income * Input("contribution.medical_care.other_income_addition")
    return (
        Named("municipal_rate", Lookup("municipality", rates), "municipal tax rate"),
        Named(
            "church_rate",
            Input("church_member") * Input("church_tax.rate.average"),
            "church tax rate",
        ),
        Named(
            "state_tax_before_credit",
            Bands(state, "state_tax.scale") + Steps(state, "state_tax.at_first_limit"),
            "state tax before the credit",
        ),
        Named(
            "municipal_tax_before_credit",
            municipal * Input("municipal_rate"),
            "municipal tax before the credit",
        ),
        Named(
            "medical_care_contribution_before_credit",
            medical + addition,
            "medical care contribution before the credit",
        ),
        Named(
            "church_tax_before_credit",
            municipal * Input("church_rate"),
            "church tax before the credit",
        ),
    )


def _after_credit() -> tuple[Named, ...]:
    state, credit = Input("state_tax_before_credit"), Input("work_income_credit")
    total, left = Input("local_taxes_before_credit"), Input("local_taxes")
    # Without any local tax nothing is shared: the divisor one keeps every share at zero.
    divisor = Gate(total, ">", 0.0, total, 1.0)
    labels = {name: name.replace("_", " ") for name in _LOCAL}
    return (
        Named("state_tax", _positive(state - credit), "state tax"),
        Named(
            "local_taxes_before_credit",
            Sum([Input(f"{name}_before_credit") for name in _LOCAL]),
            "local taxes and medical care contribution before the credit",
        ),
        Named(
            "local_taxes",
            _positive(total - _positive(credit - state)),
            "local taxes and medical care contribution",
        ),
        *(
            Named(name, Input(f"{name}_before_credit") * left / divisor, labels[name])
            for name in _LOCAL
        ),
    )


def _totals() -> tuple[Named, ...]:
    above = _positive(_NET - Input("broadcasting_tax.threshold"))
    due = Minimum((Input("broadcasting_tax.maximum"), Input("broadcasting_tax.rate") * above))
    paid = ("deductible_contributions", "state_tax", "local_taxes", "broadcasting_tax")
    return (
        Named(
            "broadcasting_tax",
            Gate(_AGE, ">=", Input("broadcasting_tax.minimum_age"), due),
            "public broadcasting tax",
        ),
        Named(
            "taxes_and_contributions",
            Sum([Input(name) for name in paid]),
            "taxes and contributions",
        ),
        Named(
            "net_income",
            Sum((_WAGE, Input("taxable_benefit"))) - Input("taxes_and_contributions"),
            "net income",
        ),
    )


INCOME_TAX = RuleBook(
    (*_income(), *_taxable(), *_credit(), *_before_credit(), *_after_credit(), *_totals())
)
"""Taxes of a year; needs the results of `EMPLOYEE_CONTRIBUTIONS`."""
