#!/usr/bin/env python3
"""What other people's libraries make of data that tappa exported: survival by lifelines, the order and duration of
activities by pm4py. `make oracle` runs it and keeps the answers as golden files, which the Go tests compare with.

    oracle.py survival visits.csv > survival.json     the report visits as CSV
    oracle.py process log.xes > process.json          an exported log"""
import json
import sys
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")


def survival(path):
    import pandas as pd
    from lifelines import AalenJohansenFitter, KaplanMeierFitter

    exits = {"moved_on": 1, "completed": 2, "lost_explicit": 3, "lost_silent": 3, "in_progress": 0}
    visits = pd.read_csv(path)
    stages = {}
    for stage, rows in visits.groupby("stage"):
        stays, events = rows["stay_s"], rows["state"].map(exits)
        km = KaplanMeierFitter().fit(stays, events > 0)
        shares = {}
        for name, code in (("moved_on_share", 1), ("completed_share", 2), ("lost_share", 3)):
            if (events == code).any():
                fitted = AalenJohansenFitter(calculate_variance=False).fit(stays, events, event_of_interest=code)
                shares[name] = fitted.cumulative_density_.iloc[:, 0]
        points = []
        for at, event in km.event_table.iterrows():
            if event["observed"] == 0:
                continue
            s = float(km.survival_function_.iloc[:, 0].loc[at])
            se = s * float(km._cumulative_sq_.loc[at]) ** 0.5  # Greenwood's; the library draws other intervals from it
            points.append({"stay_s": float(at), "at_risk": int(event["at_risk"]), "left": int(event["observed"]),
                           "survival": s, "se": se, **{n: float(c.loc[at]) for n, c in shares.items()}})
        stages[stage] = {"median_s": finite(km.median_survival_time_), "points": points}
    return {"by": versions("lifelines", "pandas", "numpy"), "stages": stages}


def process(path):
    import pm4py

    log = pm4py.read_xes(path)
    counts, _, _ = pm4py.discover_dfg(log)
    gaps, _, _ = pm4py.discover_performance_dfg(log)
    durations = sorted(float(d) for d in pm4py.get_all_case_durations(log))
    follows = [{"from": a, "to": b, "n": int(n), "p50": float(gaps[a, b]["median"])} for (a, b), n in sorted(counts.items())]
    middle = len(durations) // 2
    p50 = durations[middle] if len(durations) % 2 else (durations[middle - 1] + durations[middle]) / 2
    return {"by": versions("pm4py", "pandas", "numpy"), "events": len(log), "cases": len(durations), "directly_follows": follows,
            "durations": {"n": len(durations), "p50": p50, "max": durations[-1]}}


def finite(x):
    x = float(x)
    return x if x != float("inf") else None


def versions(*names):
    return {n: version(n) for n in names}


if __name__ == "__main__":
    answer = {"survival": survival, "process": process}[sys.argv[1]](sys.argv[2])
    json.dump(answer, sys.stdout, indent=1, sort_keys=True)
    print()
