"""Report: tables, figures, pages and files; the only room that draws, rounds or summarises."""

from impactmodel.report.brief import brief
from impactmodel.report.effect_figures import plot_effect
from impactmodel.report.files import write_run
from impactmodel.report.memo import investment_memo
from impactmodel.report.money_figures import (
    plot_cash_flows,
    plot_net_position,
    plot_payments,
    plot_returns,
    plot_savings,
)
from impactmodel.report.run_page import run_page
from impactmodel.report.summary import summary
from impactmodel.report.workbook import workbook

__all__ = [
    "brief",
    "investment_memo",
    "plot_cash_flows",
    "plot_effect",
    "plot_net_position",
    "plot_payments",
    "plot_returns",
    "plot_savings",
    "run_page",
    "summary",
    "workbook",
    "write_run",
]
