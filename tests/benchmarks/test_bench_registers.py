"""Cells of generated months of people: the cost beside SQL written by hand for DuckDB.

IMPACTMODEL_BENCH_ROWS sets the rows: 10,000,000 unless told. The rows are synthetic.
"""

import os
import resource
import statistics
import time

import pandas as pd
import pytest

from impactmodel.core.measures import OutcomeMeasure
from impactmodel.registers import DuckDbEngine, ParquetFiles, cells

ROWS = int(os.environ.get("IMPACTMODEL_BENCH_ROWS", "10000000"))
JOB = OutcomeMeasure("job", kind="binary")
WAGE = OutcomeMeasure("wage", kind="amount", unit="EUR")
BY = ["site", "grp", "month"]
MADE = """
copy (
    select (hash(i) % 2)::bigint as treated, (hash(i + 1) % 12)::bigint as site,
        (hash(i + 2) % 4)::bigint as grp, 24240 + (hash(i + 3) % 24)::bigint as month,
        (hash(i + 4) % 2)::bigint as job,
        (hash(i + 4) % 2)::bigint * (1 + hash(i + 5) % 500000)::bigint as wage
    from range({rows}) t(i)
) to '{path}' (format parquet)
"""
BY_HAND = """
select treated, site, grp, month, count(*) as n, sum(job) / 1.0 as job_sum,
    sum(wage) / 100.0 as wage_sum,
    sum(wage::decimal(19, 0) * wage::decimal(19, 0))::double / 10000 as wage_sum_squares,
    count(*) filter (wage > 0) as wage_positive,
    sum(ln(wage / 100)) filter (wage > 0) as wage_sum_log,
    sum(job * wage)::double / 100 as job_wage_sum_products
from read_parquet('{path}') group by all order by all
"""


@pytest.mark.filterwarnings("ignore:fetch_.* is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_cells_beside_sql(tmp_path, record_property, capsys):
    path = tmp_path / "months.parquet"
    connection = DuckDbEngine().connect()
    connection.raw_sql(MADE.format(rows=ROWS, path=path))
    table = ParquetFiles("months.parquet").open(connection, tmp_path)

    def mine():
        return cells(table, (JOB, WAGE), by=BY, cents=["wage"])

    def by_hand():
        return connection.raw_sql(BY_HAND.format(path=path)).df()

    pd.testing.assert_frame_equal(mine(), by_hand(), check_dtype=False, rtol=1e-10)
    found = {mine: [], by_hand: []}
    for _ in range(3):
        for work, times in found.items():
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    ours, theirs = (statistics.median(times) for times in found.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": ours, "seconds_by_hand": theirs, "ratio": ours / theirs, "peak_mb": peak}
    for name, value in figures.items():
        record_property(name, value)
    with capsys.disabled():
        said = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
        print(f"\n{ROWS:,} rows: {said}, load {os.getloadavg()[0]:.1f}")
