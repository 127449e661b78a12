"""A ministry: from a published effect to savings by payer, and back into a contract."""

from pathlib import Path

import impactmodel as im

here = Path(__file__).parent
rules = im.fiscal.load_rules("fi")  # dated and sourced, 2019-2026
evidence = im.PublishedEvidence.from_yaml(here / "evidence.yaml")
outcomes = evidence.outcomes(seed=1)
profile = im.fiscal.Profile.from_csv(here / "example_persons.csv")
savings = im.fiscal.savings(outcomes, rules, profile=profile, horizon_years=5)
contract = im.OutcomesContract.from_yaml(here / "savings_contract.yaml")
payments = im.contract.payments(contract, im.fiscal.as_outcomes(savings), seed=1)
net = im.net_position(savings, payments)  # who pays, who saves, draw by draw
for payer, draws in net.by_payer().items():
    print(f"{payer}: {draws.mean():,.0f}, overpays with {net.probability_overpays(payer):.0%}")
print(savings.explain(payer="municipality", line="labour_market_subsidy", year=2021))
print(im.fiscal.at_expected_months(savings))  # f(E[x]) beside E[f(x)]
im.report.workbook(savings, path="savings.xlsx")
