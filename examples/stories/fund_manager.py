"""A fund manager: from an evaluation's draws to returns, a price and a memo."""

from pathlib import Path

import impactmodel as im

here = Path(__file__).parent
contract = im.OutcomesContract.from_yaml(here / "contract.yaml")
outcomes = im.Outcomes.from_netcdf("evaluation.nc")  # from the economist
payments = im.contract.payments(contract, outcomes, seed=1)  # measured view
structure = im.FundingStructure.from_yaml(here / "fund.yaml")
flows = im.finance.cashflows(structure, payments)
returns = im.finance.returns(flows)  # irr, moic, npv, loss per draw
solved = im.solve_price(
    contract, outcomes, structure, outcome="sustained_job", target_irr=0.05
)  # E[NPV at 5 %] = 0
noise = im.contract.paying_for_noise(contract, outcomes)
print(returns.summary(0.9), solved, noise.pay_without_effect)
im.report.investment_memo(contract, returns, path="memo.html")
