#!/usr/bin/env python3
"""The questions of `make bench-walk` asked of others on the same log: directly-follows with durations of pm4py, first and
last interaction of each case and stage of DuckDB (two threads).

    peers.py log.csv     columns case_id, activity, stage, occurred_at"""
import resource
import statistics
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def cpu():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def timed(what, run, runs=5):
    """runs it as often as internal/walktime does and prints the medians"""
    walls, cpus = [], []
    for _ in range(runs):
        began, used = time.time(), cpu()
        rows = run()
        walls.append(time.time() - began)
        cpus.append(cpu() - used)
    print(f"{what:60} {statistics.median(walls):7.2f} s {statistics.median(cpus):7.2f} CPU s  {rows} rows, medians of {runs}")


def main(path):
    import duckdb
    import pandas as pd
    import pm4py

    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute(f"CREATE TABLE log AS SELECT * FROM '{path}'")
    first_last = "SELECT case_id, stage, min(occurred_at) AS a, max(occurred_at) AS b FROM log GROUP BY case_id, stage"
    timed("DuckDB: first and last per case and stage", lambda: db.execute(f"SELECT count(*) FROM ({first_last})").fetchone()[0])
    follows = """SELECT a, b, count(*), quantile_cont(gap, 0.5), quantile_cont(gap, 0.9) FROM (
        SELECT lag(activity) OVER w AS a, activity AS b, epoch_ms(occurred_at) - lag(epoch_ms(occurred_at)) OVER w AS gap
        FROM log WINDOW w AS (PARTITION BY case_id ORDER BY occurred_at)) WHERE a IS NOT NULL GROUP BY a, b"""
    timed("DuckDB: directly-follows with p50 and p90", lambda: len(db.execute(follows).fetchall()))
    frame = pd.read_csv(path, parse_dates=["occurred_at"])
    print(f"{len(frame)} interactions")
    frame = frame.rename(columns={"case_id": "case:concept:name", "activity": "concept:name", "occurred_at": "time:timestamp"})
    timed("pm4py: performance directly-follows, of a frame in memory", lambda: len(pm4py.discover_performance_dfg(frame)[0]))


if __name__ == "__main__":
    main(sys.argv[1])
