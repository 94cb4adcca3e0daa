#!/usr/bin/env python3
"""Make the sample incident: one bad half hour of a small shop, out of several generated runs.

    sample-logs/make.py [GENERATOR] [OUTDIR]

GENERATOR is gen_incident.py (default: $LAMTOP_GEN_INCIDENT, else ../shared/tools/gen_incident.py
beside the project); OUTDIR is this folder. Standard library only; the same generator gives the
same bytes.

Every run simulates a whole account with one trouble in it. Of a run with a trouble only the
function that has it is taken; everyone else comes from one calm run. So the records of a function
(log, metrics and traces) always come from one run, and agree with each other. Functions of the
calm run that bear the name of a troubled one are left out.

The runs begin before the capture does, so that the capture finds everything warm: an invocation
that began earlier is left out whole, as is its minute of metrics.
"""
import collections
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MINUTE = 60_000
START, MINUTES, SKIPPED = "2026-11-23T08:53:00Z", 30, 7      # of the runs; the capture is 09:00 to 09:23
FUNCTIONS, RATE = 18, 0.5                                    # of the calm run; rate in invocations a second

CALM = ("calm-quiet", 5, "normal")
TROUBLES = [                                                 # scenario, seed, severity, the function that has it
    ("bad-deploy", 205, "normal", "payment-authorize"),
    ("slow-downstream", 4, "normal", "checkout-api"),
    ("throttled-reserved", 31, "normal", "user-login"),
    ("cold-start-storm", 69, "normal", "feature-flags"),
    ("timeout", 27, "normal", "sms-dispatch"),
    ("silence", 39, "normal", "session-gc"),
]
# What an account's total is the plain sum of. Percentiles and peaks of several functions can't be summed.
SUMMED = ("Invocations", "Errors", "Throttles")


class Run:
    """What the generator wrote for one scenario, reduced to some functions and to the capture's time."""

    def __init__(self, generator, scenario, seed, severity, out):
        subprocess.run(
            [sys.executable, generator, "--scenario", scenario, "--seed", str(seed), "--severity", severity,
             "--functions", str(FUNCTIONS), "--rate", str(RATE), "--start", START, "--minutes", str(MINUTES),
             "--out", out], check=True)
        self.out = out
        with open(os.path.join(out, "truth.json")) as fh:
            self.truth = json.load(fh)
        self.begin = self.truth["window"][0] + SKIPPED * MINUTE

    def lines(self, name):
        with open(os.path.join(self.out, name), encoding="utf-8") as fh:
            for line in fh:
                yield json.loads(line), line

    def functions(self):
        return {e["logGroup"].rsplit("/", 1)[1] for e, _ in self.lines("logs.ndjson")}

    def logs(self, wanted):
        """(time, line) of the invocations that began in the capture. A stream runs one at a time and
        ends each with its REPORT, so what lies between two REPORTs belongs together."""
        together = collections.defaultdict(list)
        kept = []
        for order, (e, line) in enumerate(self.lines("logs.ndjson")):
            if e["logGroup"].rsplit("/", 1)[1] not in wanted:
                continue
            group = together[e["logStream"]]
            group.append((e["timestamp"], order, line))
            if kind(e["message"]) == "report":
                if group[0][0] >= self.begin:
                    kept += group
                group.clear()
        if any(together.values()):
            sys.exit("%s: an invocation without its REPORT" % self.out)
        kept.sort()
        return [(t, line) for t, _, line in kept]

    def metrics(self, wanted):
        """(time, record) of the functions' own data points."""
        return [(e["timestamp"], e) for e, _ in self.lines("metrics.ndjson")
                if e["dimensions"].get("FunctionName") in wanted and e["timestamp"] >= self.begin]

    def segments(self, wanted):
        """(time, lines of one invocation's documents): the service's and the function's, or that of a refused request."""
        groups, last = [], None
        for s, line in self.lines("segments.ndjson"):
            if s["name"] not in wanted:
                continue
            if s.get("parent_id") == last and last is not None:
                groups[-1][1].append(line)
            else:
                groups.append((round(s["start_time"] * 1000), [line]))
            last = s["id"]
        return [g for g in groups if g[0] >= self.begin]


# ---- the join
def total(points):
    """The account's data points (no dimension), summed over the functions."""
    sums = {}
    for t, e in points:
        if list(e["dimensions"]) == ["FunctionName"] and e["metric_name"] in SUMMED:
            row = sums.setdefault((t, e["metric_name"]), {**e, "dimensions": {}, "value": dict.fromkeys(("count", "sum"), 0.0)})
            v, w = row["value"], e["value"]
            v["count"] += w["count"]
            v["sum"] += w["sum"]
            v["max"], v["min"] = max(v.get("max", 0.0), w["max"]), min(v.get("min", w["min"]), w["min"])
    return [(t, row) for (t, _), row in sums.items()]


def write(path, lines):
    """gz whose bytes depend on the content alone: no name, no time."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as fh:
        fh.write("".join(lines).encode())


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as fh:
        return [json.loads(line) for line in fh]


# ---- figures, counted again from the written files
REPORT = re.compile(r"REPORT RequestId: (\S+)\tDuration: (\S+) ms\t.*?Max Memory Used: (\d+) MB\t(Init Duration: )?", re.S)
THROWN = re.compile(r"\S+Z\t\S+\tERROR\tInvoke Error \t\{|\[ERROR\] \w[\w.]*: ")


def kind(message):
    """start, report, thrown (the runtime's word for an exception) or nothing of these."""
    if message.startswith('{"time"'):
        return {"platform.start": "start", "platform.report": "report"}.get(json.loads(message)["type"])
    if message.startswith("START RequestId: "):
        return "start"
    return "report" if message.startswith("REPORT RequestId: ") else "thrown" if THROWN.match(message) else None


def figures(out):
    """function -> totals: invocations, errors, time-outs and cold starts by the log, throttles by the metrics."""
    by = collections.defaultdict(lambda: {"invocations": 0, "errors": 0, "timeouts": 0, "cold_starts": 0, "throttles": None,
                                          "versions": set(), "max_concurrency": 0, "max_memory_mb": 0, "traces": 0})
    thrown, edges = set(), collections.defaultdict(list)
    for e in read(os.path.join(out, "incident.ndjson.gz")):
        name, stream, text = e["logGroup"].rsplit("/", 1)[1], e["logStream"], e["message"]
        f, what = by[name], kind(text)
        if what == "start":
            f["invocations"] += 1
            f["versions"].add(stream.split("[")[1].split("]")[0])
            edges[name].append((e["timestamp"], 1))
        elif what == "thrown":
            thrown.add(stream)
        elif what == "report":
            edges[name].append((e["timestamp"], -1))
            if text.startswith("{"):
                record = json.loads(text)["record"]
                status, used, cold = record["status"], record["metrics"]["maxMemoryUsedMB"], "initDurationMs" in record["metrics"]
            else:
                m = REPORT.match(text)
                status = "timeout" if "Status: timeout" in text else "error" if "Status: error" in text or stream in thrown else "success"
                used, cold = int(m[3]), bool(m[4])
            thrown.discard(stream)
            f["errors"] += status != "success"
            f["timeouts"] += status == "timeout"
            f["cold_starts"] += cold
            f["max_memory_mb"] = max(f["max_memory_mb"], used)
    for name, e in edges.items():
        running = 0
        for _, step in sorted(e):                            # at the same millisecond ends come first
            running += step
            by[name]["max_concurrency"] = max(by[name]["max_concurrency"], running)
    sums = collections.Counter()
    for e in read(os.path.join(out, "metrics.ndjson.gz")):
        if list(e["dimensions"]) == ["FunctionName"]:
            sums[e["dimensions"]["FunctionName"], e["metric_name"]] += e["value"]["sum"]
    traces = collections.defaultdict(set)
    for s in read(os.path.join(out, "segments.ndjson.gz")):
        traces[s["name"]].add(s["trace_id"])
    for name, f in by.items():
        f.update(throttles=round(sums[name, "Throttles"]), versions=sorted(f["versions"]), traces=len(traces[name]))
        for metric, ours in (("Invocations", f["invocations"]), ("Errors", f["errors"])):
            if sums[name, metric] != ours:
                sys.exit("%s: %d %s in the log, %d in the metrics" % (name, ours, metric, sums[name, metric]))
    return dict(sorted(by.items()))


def main():
    beside = os.path.join(HERE, "..", "..", "shared", "tools", "gen_incident.py")
    generator = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("LAMTOP_GEN_INCIDENT", beside)
    out = sys.argv[2] if len(sys.argv) > 2 else HERE
    if not os.path.exists(generator):
        sys.exit("no generator at %s: give its path, or set LAMTOP_GEN_INCIDENT" % generator)
    logs, points, traces, incidents, taken, window = [], [], [], [], set(), None
    with tempfile.TemporaryDirectory() as tmp:
        for i, (scenario, seed, severity, culprit) in enumerate([*TROUBLES, (*CALM, None)]):
            run = Run(generator, scenario, seed, severity, os.path.join(tmp, str(i)))
            wanted = {culprit} if culprit else run.functions() - taken
            if wanted & taken:
                sys.exit("%s: taken twice" % (wanted & taken))
            taken |= wanted
            logs += run.logs(wanted)
            points += run.metrics(wanted)
            traces += run.segments(wanted)
            window, t = [run.begin, run.truth["window"][1]], run.truth
            if culprit:
                if t["functions"] != [culprit]:
                    sys.exit("%s seed %d: the trouble is with %s" % (scenario, seed, t["functions"]))
                incidents.append({k: t[k] for k in ("kind", "from", "to", "numbers", "dependency") if k in t} | {"function": culprit})
    by_time = lambda x: x[0]                                 # stable: a stream keeps its order within a millisecond
    points = sorted(points + total(points), key=lambda x: (x[0], json.dumps(x[1]["dimensions"]), x[1]["metric_name"]))
    write(os.path.join(out, "incident.ndjson.gz"), [line for _, line in sorted(logs, key=by_time)])
    write(os.path.join(out, "metrics.ndjson.gz"), [json.dumps(e, separators=(",", ":")) + "\n" for _, e in points])
    write(os.path.join(out, "segments.ndjson.gz"), [line for _, group in sorted(traces, key=by_time) for line in group])
    incidents.sort(key=lambda x: x["from"])
    functions = figures(out)
    totals = {k: sum(f[k] for f in functions.values()) for k in ("invocations", "errors", "throttles")}
    doc = {"window": window, "first_trouble": incidents[0]["from"], "incidents": incidents, "totals": totals, "functions": functions}
    with open(os.path.join(out, "truth.json"), "w") as fh:
        json.dump(doc, fh, indent=1)
        fh.write("\n")


if __name__ == "__main__":
    main()
