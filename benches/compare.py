#!/usr/bin/env python3
"""How fast a report is beside others: makes captures, asks the same question of each program in turns,
checks every answer against what really happened, prints a table.

    cargo build --release && benches/compare.py                  256 MB of each form, 5 rounds
    benches/compare.py --size 1G --rounds 7 --prototype PATH/limits --duckdb PATH/venv/bin/python

The question: per function and minute invocations, errors, cold starts, durations' mean and percentiles, most
memory. A program whose answer is wrong in any row makes this exit with 1, however fast it was.
CPU is user + system of the process; ratios are medians of neighbours in time, which other work on the machine
disturbs least. `--prototype` is a program that understands `ingest FILE`; DuckDB is a Python that can import it.
"""
import argparse, bisect, csv, hashlib, json, math, os, random, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN = 1795420800000
LINE = '{"logGroup":"/aws/lambda/%s","logStream":"%s","timestamp":%d,"message":%s}\n'
WORDS = "cache hit miss retry order accepted payload table index shard tenant region queue worker budget".split()


# ---- captures, and what is true of them

def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + ".%03dZ" % (ms % 1000)


def messages(dice, form, request, start, end, took, init, failed, size, used):
    """The lines of one invocation: (time, message)."""
    lines = []
    said = lambda: " ".join(dice.choices(WORDS, k=dice.randint(6, 16))) + " %d" % dice.randrange(10**6)
    levels = dice.choices(["INFO", "DEBUG", "WARN"], weights=[7, 2, 1], k=dice.choice([1, 2, 4, 6]))
    ms = "%d.%02d" % divmod(took, 100)
    billed = math.ceil(took / 100)
    if form == "text":
        lines.append((start, f"START RequestId: {request} Version: $LATEST\n"))
        for n, level in enumerate(levels):
            at = start + (end - start) * n // len(levels)
            python = (n + took) % 2
            lines.append((at, f"[{level}]\t{stamp(at)}\t{request}\t{said()}\n" if python else f"{stamp(at)}\t{request}\t{level}\t{said()}\n"))
        lines.append((end, f"END RequestId: {request}\n"))
        lines.append((end, f"REPORT RequestId: {request}\tDuration: {ms} ms\tBilled Duration: {billed} ms\tMemory Size: {size} MB\tMax Memory Used: {used} MB\t"
                      + (f"Init Duration: {init}.25 ms\t" if init else "") + ("Status: error\tError Type: Runtime.ExitError\t" if failed else "") + "\n"))
    else:
        record = lambda at, kind, rest: json.dumps({"time": stamp(at), "type": "platform." + kind, "record": {"requestId": request, **rest}}, separators=(",", ":"))
        lines.append((start, record(start, "start", {"version": "$LATEST"})))
        for n, level in enumerate(levels):
            at = start + (end - start) * n // len(levels)
            inside = {"timestamp": stamp(at), "level": level}
            inside.update({"message": said(), "requestId": request} if (n + took) % 2 else {"requestId": request, "message": said()})
            lines.append((at, json.dumps(inside, separators=(",", ":"))))
        metrics = {"durationMs": float(ms), "billedDurationMs": billed, "memorySizeMB": size, "maxMemoryUsedMB": used}
        if init:
            metrics["initDurationMs"] = init + 0.25
        lines.append((end, record(end, "report", {"metrics": metrics, "status": "error" if failed else "success"})))
    return lines


def make(path, form, size):
    """Writes a capture of about so many bytes and returns the truth: {(function, minute): figures}."""
    dice, truth = random.Random(7), {}
    functions = ["service-%03d" % n for n in range(100)]
    streams = {f: [f"2026/11/23/[$LATEST]{hashlib.md5(f'{f}{n}'.encode()).hexdigest()}" for n in range(12)] for f in functions}
    free = {s: 0 for all_of_one in streams.values() for s in all_of_one}
    waiting, written, clock, number = [], 0, BEGIN, 0
    with open(path, "w") as out:
        while written < size:
            clock += dice.randrange(14)
            function = functions[min(int(dice.paretovariate(0.7)) - 1, 99)]
            took = int(dice.lognormvariate(9, 1)) + 100  # in units of 10 µs
            start, end = clock, clock + math.ceil(took / 100)
            stream = next((s for s in streams[function] if free[s] <= start), None)
            if stream:
                number += 1
                digest = hashlib.md5(b"%d" % number).hexdigest()
                request = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
                init = dice.randrange(100, 900) if free[stream] == 0 else 0
                free[stream] = end + 1
                failed, used = dice.random() < 0.01, dice.randrange(60, 500)
                for at, message in messages(dice, form, request, start, end, took, init, failed, 512, used):
                    bisect.insort(waiting, (at, number, len(waiting), LINE % (function, stream, at, json.dumps(message))))
                row = truth.setdefault((function, end // 60000 * 60), {"took": [], "errors": 0, "cold_starts": 0, "max_memory_mb": 0})
                row["took"].append(took / 100)
                row["errors"] += failed
                row["cold_starts"] += init > 0
                row["max_memory_mb"] = max(row["max_memory_mb"], used)
            ready = bisect.bisect_left(waiting, (clock,))
            if ready > 2000:
                lines = "".join(line for *_, line in waiting[:ready])
                del waiting[:ready]
                out.write(lines)
                written += len(lines)
        out.write("".join(line for *_, line in waiting))
    for row in truth.values():
        row["took"].sort()
    return truth


# ---- answers

def wrong(truth, answer):
    """What is wrong with an answer as TSV, or None. Percentiles by nearest rank or between ranks."""
    got = {(r["function"], int(float(r["minute"]))): r for r in csv.DictReader(answer.splitlines(), delimiter="\t")}
    if set(got) != set(truth):
        return f"{len(truth.keys() - got.keys())} rows missing, {len(got.keys() - truth.keys())} too many"
    for key, want in truth.items():
        row, took = got[key], want["took"]
        near = lambda column, *values: any(abs(float(row[column]) - v) <= 2e-3 + 1e-6 * v for v in values)
        for column, value in (("invocations", len(took)), *((c, want[c]) for c in ("errors", "cold_starts", "max_memory_mb"))):
            if float(row[column]) != value:
                return f"{key}: {column} is {row[column]}, not {value}"
        checks = [("avg_ms", [sum(took) / len(took)]), ("max_ms", [took[-1]])]
        for column, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            at = (len(took) - 1) * q
            low = int(at)
            between = took[low] + (took[min(low + 1, len(took) - 1)] - took[low]) * (at - low)
            checks.append((column, [took[max(math.ceil(q * len(took) - 1e-9), 1) - 1], between]))
        for column, values in checks:
            if not near(column, *values):
                return f"{key}: {column} is {row[column]}, not {values}"
    return None


DUCKDB = r"""
import sys, duckdb
form, path = sys.argv[1:]
con = duckdb.connect()
lines = f"read_json('{path}', format='newline_delimited', columns={{logGroup:'VARCHAR', timestamp:'BIGINT', message:'VARCHAR'}})"
if form == "json":
    rows = f'''SELECT substr(logGroup, 13) f, "timestamp"//60000*60 m, (j->>'$.record.status') <> 'success' err,
        (j->'$.record.metrics.initDurationMs') IS NOT NULL cold, (j->>'$.record.metrics.durationMs')::DOUBLE ms,
        (j->>'$.record.metrics.maxMemoryUsedMB')::INT mb
        FROM (SELECT *, message::JSON j FROM {lines} WHERE contains(message, '"type":"platform.report"'))'''
else:
    rows = f'''SELECT substr(logGroup, 13) f, "timestamp"//60000*60 m, contains(message, 'Status: ') err,
        contains(message, 'Init Duration: ') cold, regexp_extract(message, '\\tDuration: ([0-9.]+)', 1)::DOUBLE ms,
        regexp_extract(message, 'Max Memory Used: ([0-9]+)', 1)::INT mb
        FROM {lines} WHERE starts_with(message, 'REPORT RequestId: ')'''
print("function\tminute\tinvocations\terrors\tcold_starts\tavg_ms\tp50\tp90\tp99\tmax_ms\tmax_memory_mb")
for row in con.execute(f'''SELECT f, m, count(*), sum(err::INT), sum(cold::INT), avg(ms), quantile_cont(ms, 0.5), quantile_cont(ms, 0.9),
        quantile_cont(ms, 0.99), max(ms), max(mb) FROM ({rows}) GROUP BY ALL''').fetchall():
    print(*row, sep="\t")
"""


def run(command, out):
    began = time.perf_counter()
    with open(out, "wb") as answer:
        process = subprocess.Popen(command, stdout=answer, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "wall": time.perf_counter() - began}


def size_of(text):
    return int(text[:-1]) * {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[text[-1]]


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--lamtop", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", HERE + "/../target"), "release/lamtop"))
    parse.add_argument("--size", type=size_of, default="256M", help="bytes of a capture: 64M, 1G")
    parse.add_argument("--rounds", type=int, default=5)
    parse.add_argument("--prototype", help="the hand-written prototype, if it is built")
    parse.add_argument("--duckdb", help="a Python that can import duckdb")
    given = parse.parse_args()
    bad = False
    with tempfile.TemporaryDirectory(prefix="lamtop-compare-") as folder:
        for form in ("json", "text"):
            path, out = f"{folder}/{form}.ndjson", f"{folder}/answer"
            truth = make(path, form, given.size)
            lines = int(subprocess.check_output(["wc", "-l", path]).split()[0])
            programs = {"lamtop report": [given.lamtop, "report", path, "--by", "function,1m", "--time", "end", "--format", "tsv"], "wc -l": ["wc", "-l", path]}
            if given.prototype:
                programs["prototype"] = [given.prototype, "ingest", path]
            if given.duckdb:
                programs["DuckDB"] = [given.duckdb, "-c", DUCKDB, form, path]
            took = {name: [] for name in programs}
            for _ in range(given.rounds):
                for name, command in programs.items():
                    took[name].append(run(command, out))
                    with open(out) as answer:
                        text = answer.read()
                    problem = wrong(truth, text) if name != "wc -l" else None if text.split()[0] == str(lines) else "wrong count"
                    if problem:
                        bad = True
                        print(f"WRONG: {name}: {problem}")
            print(f"\n{form}, {os.path.getsize(path) / 1e6:.0f} MB, {lines / 1e6:.2f} M lines, {len(truth)} rows, {given.rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
            print("| program | CPU s | wall s | CPU ÷ lamtop's | wall ÷ lamtop's |\n|---|---|---|---|---|")
            for name, runs in took.items():
                middle = lambda key: statistics.median(r[key] for r in runs)
                ratio = lambda key: statistics.median(r[key] / ours[key] for r, ours in zip(runs, took["lamtop report"]))
                print(f"| {name} | {middle('cpu'):.3f} | {middle('wall'):.3f} | {ratio('cpu'):.2f} | {ratio('wall'):.2f} |", flush=True)
            os.unlink(path)
    sys.exit(bad)


main()
