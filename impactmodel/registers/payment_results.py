"""Results of a contract from a study of registers that were received for payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impactmodel.registers.gate import Gate, under

if TYPE_CHECKING:
    import pandas as pd

    from impactmodel.registers.study import StudyData


def payment_results(data: StudyData, gate: Gate) -> pd.DataFrame:
    """Return what `impactmodel.contract.read_results` reads: a row per outcome and group.

    Parameters
    ----------
    data
        A study of extracts received for payment.
    gate
        What the use passes; it leaves a line, also where it is refused.

    Returns
    -------
    pandas.DataFrame
        Columns ``outcome``, ``group``, ``total`` (units over the treated), ``people`` (the
        treated) and ``comparison`` (mean per person in comparison, as it is: without weights).

    Raises
    ------
    InputError
        If the data carry no purpose, or one that does not allow payment.
    """
    frame = data.frame
    arms = frame["treated"].value_counts()
    gate.use("payment", data, {"treated": int(arms[1]), "comparison": int(arms[0])})
    import pandas as pd

    labels = frame["group"] if "group" in frame else pd.Series("all", index=frame.index)
    parts = []
    for outcome in data.units:
        rows = pd.DataFrame(
            {"group": labels.astype(str), "treated": frame["treated"], "y": frame[outcome]}
        )
        treated = rows[rows["treated"] == 1].groupby("group")["y"].agg(["sum", "count"])
        others = rows[rows["treated"] == 0].groupby("group")["y"].mean()
        table = treated.rename(columns={"sum": "total", "count": "people"})
        table["comparison"] = others.reindex(table.index)
        parts.append(table.reset_index().assign(outcome=outcome))
    found = pd.concat(parts, ignore_index=True)
    columns = ["outcome", "group", "total", "people", "comparison"]
    return under(found[columns], gate.purpose)
