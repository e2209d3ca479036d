"""Tarn beside its peers, interleaved, on the same data; writes docs/benchmark.md.

  bench.py [--scale 1.0] [--rounds 5] [--only NAME…] [--work FOLDER] [--stedi FOLDER] [--no-write]

Every entry is a whole process from start to end, with what it writes synced on our side.  A round
runs all contestants of an entry one after the other; the ratio is the median of the peers' times
over the median of ours.  Before any time counts, the five tables of every peer are compared with
ours.  Needs the environment that `make bench` makes (duckdb, chdb, polars).
"""
import argparse
import datetime
import glob
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
PYTHON = sys.executable
TABLES = ("customer_trusted", "accelerometer_trusted", "customers_curated", "step_trainer_trusted",
          "machine_learning_curated")
# The published pipeline's five steps and what they read; not the two tables beside it.
STEPS = ["+machine_learning_curated"]

# name, Athena's text, DuckDB's text (None: the same), ClickHouse's (None: not asked)
QUERIES = [
    ("count(*)", "SELECT count(*) FROM accelerometer_landing", "SELECT count(*) FROM accelerometer", "SELECT count(*) FROM accelerometer"),
    ("three aggregates", 'SELECT sum(x), sum(y), min("user") FROM accelerometer_landing',
     'SELECT sum(x), sum(y), min("user") FROM accelerometer', "SELECT sum(x), sum(y), min(user) FROM accelerometer"),
    ("group by", 'SELECT count(*), max(s) FROM (SELECT "user", sum(x) AS s FROM accelerometer_landing GROUP BY "user") t',
     'SELECT count(*), max(s) FROM (SELECT "user", sum(x) AS s FROM accelerometer GROUP BY "user") t',
     "SELECT count(*), max(s) FROM (SELECT user, sum(x) AS s FROM accelerometer GROUP BY user) t"),
    ("filter and projection", "SELECT count(*), sum(z) FROM accelerometer_landing WHERE x > 1.5",
     "SELECT count(*), sum(z) FROM accelerometer WHERE x > 1.5", "SELECT count(*), sum(z) FROM accelerometer WHERE x > 1.5"),
    ("top ten", 'SELECT "timestamp", x FROM accelerometer_landing ORDER BY "timestamp" DESC, x LIMIT 10',
     'SELECT "timestamp", x FROM accelerometer ORDER BY "timestamp" DESC, x LIMIT 10',
     "SELECT timestamp, x FROM accelerometer ORDER BY timestamp DESC, x LIMIT 10"),
    ("distinct", 'SELECT count(DISTINCT "timestamp") FROM accelerometer_landing',
     'SELECT count(DISTINCT "timestamp") FROM accelerometer', "SELECT count(DISTINCT timestamp) FROM accelerometer"),
    ("one user's readings", "SELECT count(*), sum(x) FROM accelerometer_landing WHERE \"user\" = 'nobody@test.com'",
     "SELECT count(*), sum(x) FROM accelerometer WHERE \"user\" = 'nobody@test.com'",
     "SELECT count(*), sum(x) FROM accelerometer WHERE user = 'nobody@test.com'"),
]


class Run:
    """One process: seconds of wall clock, peak memory of the process in MB."""

    def __init__(self, command, keep=False):
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.PIPE if keep else subprocess.DEVNULL, stderr=subprocess.PIPE)
        out, err = child.stdout.read() if keep else b"", child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.perf_counter() - start
        self.megabytes = usage.ru_maxrss / 1024
        self.out = out.decode(errors="replace")
        if child.returncode:
            sys.exit(f"{' '.join(command)[:300]}\nfailed: {err.decode(errors='replace')[-2000:]}")


class Entry:
    """One thing to do, by several contestants: name -> (prepare, command)."""

    def __init__(self, name, contestants):
        self.name, self.contestants = name, contestants
        self.runs = {c: [] for c in contestants}

    def round(self, counted):
        for contestant, (prepare, command) in self.contestants.items():
            prepare()
            run = Run(command)
            if counted:
                self.runs[contestant].append(run)

    def seconds(self, contestant):
        return statistics.median(r.seconds for r in self.runs[contestant])

    def megabytes(self, contestant):
        return statistics.median(r.megabytes for r in self.runs[contestant])


def fresh(*paths):
    def prepare():
        for path in paths:
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.remove(path)
    return prepare


def nothing():
    pass


def tarn_run(work, root, name="ours", steps=tuple(STEPS), extra=()):
    lake, out = os.path.join(work, name + ".db"), os.path.join(work, name)
    return (fresh(lake, lake + "-journal", lake + "-wal", out),
            [TARN, "run", *steps, "--lake", lake, "--s3-root", root, "--sql", os.path.join(ROOT, "sql"), "--export", out, *extra])


def peer(work, script, root, *mode):
    out = os.path.join(work, script)
    return fresh(out), [PYTHON, os.path.join(HERE, f"peer_{script}.py"), root, out, *mode]


def pipeline(name, work, root, peers=True):
    contestants = {"tarn": tarn_run(work, root), "DuckDB": peer(work, "duckdb", root, "expert")}
    contestants["DuckDB, as written"] = peer(work, "duckdb", root, "plain")
    if peers:
        contestants["ClickHouse"] = peer(work, "chdb", root, "pipeline")
        contestants["Polars"] = peer(work, "polars", root)
    return Entry(name, contestants)


def landing_lake(work, root):
    """A lake with the landing tables declared, for the queries."""
    lake = os.path.join(work, "landing.db")
    fresh(lake)()
    for path in sorted(glob.glob(os.path.join(ROOT, "sql", "landing", "*.sql"))):
        Run([TARN, "query", "--lake", lake, "--s3-root", root, "-f", path])
    return lake


def queries(work, root):
    lake = landing_lake(work, root)
    entries = []
    for name, ours, duck, clickhouse in QUERIES:
        contestants = {"tarn": (nothing, [TARN, "query", "--lake", lake, "--s3-root", root, "--format", "csv", "--", ours]),
                       "DuckDB": (nothing, peer(work, "duckdb", root, duck)[1])}
        if clickhouse:
            contestants["ClickHouse"] = (nothing, peer(work, "chdb", root, clickhouse)[1])
        entries.append(Entry(name, contestants))
    return entries


CUSTOMER = ["VARCHAR"] * 5 + ["BIGINT"] * 5
TYPES = {"customer_trusted": CUSTOMER, "customers_curated": CUSTOMER,
         "accelerometer_trusted": ["VARCHAR", "BIGINT"] + ["DOUBLE"] * 3,
         "step_trainer_trusted": ["BIGINT", "VARCHAR", "BIGINT"],
         "machine_learning_curated": ["BIGINT", "VARCHAR", "BIGINT", "VARCHAR"] + ["DOUBLE"] * 3}


def digest(table, path):
    """An export as a multiset: how many rows, and the sum of their hashes.  Names come from the
    file (they differ in case), types from here (some quote large integers)."""
    import duckdb
    files = os.path.join(path, "*.json") if os.path.isdir(path) else path
    with open(sorted(glob.glob(files))[0], encoding="utf-8") as f:
        names = list(json.loads(f.readline()))
    if len(names) < len(TYPES[table]):          # DuckDB leaves nothing out, but be sure
        sys.exit(f"{path}: only {names}")
    columns = ", ".join(f"'{n}': '{t}'" for n, t in zip(names, TYPES[table]))
    row = ", ".join(f'"{n}"' for n in names)
    return duckdb.sql(f"SELECT count(*), sum(hash(row({row}))::HUGEINT) FROM read_json('{files}', "
                      f"format='newline_delimited', columns={{{columns}}})").fetchall()[0]


def same_tables(work):
    """Ours and every peer's exports hold the same rows."""
    for table in TABLES:
        zone = "curated" if table in ("customers_curated", "machine_learning_curated") else "trusted"
        ours = digest(table, os.path.join(work, "ours", zone, table))
        for other in ("duckdb", "chdb"):
            theirs = digest(table, os.path.join(work, other, table + ".json"))
            if ours != theirs:
                sys.exit(f"{table}: {other} has other rows: {theirs}, ours {ours}")
        print(f"same rows: {table} {ours[0]}", flush=True)


def in_child(function, argument):
    """In a process of its own: what it uses must not count as the memory of later children."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            function(argument)
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        sys.exit("the tables differ")


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def report(options, entries, single):
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("duckdb", "chdb", "polars"))
    lines = ["# Benchmark", "",
             f"Made by `make bench` on {datetime.date.today()}: {machine()}; {versions}; data at scale {options.scale}, "
             f"{options.rounds} interleaved rounds, medians. Whole processes; what Tarn writes is synced. "
             "A ratio is the peer's time over Tarn's: above 1, Tarn is faster.", "",
             "| work | Tarn | MB | " + " | ".join("DuckDB|ratio|ClickHouse|ratio|Polars|ratio".split("|")) + " |",
             "|---|---|---|---|---|---|---|---|---|"]
    for e in entries:
        ours = e.seconds("tarn")
        row = [e.name, f"{ours:.3f} s", f"{e.megabytes('tarn'):.0f}"]
        best = min((c for c in e.contestants if c.startswith("DuckDB")), key=e.seconds, default=None)
        for contestant in (best, "ClickHouse", "Polars"):
            if contestant in e.runs and e.runs[contestant]:
                row += [f"{e.seconds(contestant):.3f} s", f"{e.seconds(contestant) / ours:.1f}×"]
            else:
                row += ["", ""]
        lines.append("| " + " | ".join(row) + " |")
    lines += ["", "| memory | |", "|---|---|"] + [f"| {k} | {v} |" for k, v in single.items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "bench"))
    parser.add_argument("--stedi", default=os.path.join(ROOT, "..", "shared", "data", "stedi"))
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    work = os.path.abspath(options.work)
    root, zipped, real = (os.path.join(work, d) for d in (f"data-{options.scale}", f"gzip-{options.scale}", "real"))
    os.makedirs(work, exist_ok=True)
    for folder, flags in ((root, []), (zipped, ["--gzip"])):
        if not os.path.exists(folder):
            Run([PYTHON, os.path.join(HERE, "generate.py"), folder, "--scale", str(options.scale), *flags])
    if os.path.isdir(options.stedi) and not os.path.exists(real):
        os.makedirs(real)
        os.symlink(os.path.abspath(options.stedi), os.path.join(real, "stedi-lake"))
    entries = [pipeline("big pipeline", work, root)]
    entries.append(Entry("big pipeline, second run", {"tarn": (nothing, tarn_run(work, root)[1])}))
    if os.path.exists(real):
        entries.append(pipeline("real STEDI data", work + "/r", real))
        os.makedirs(work + "/r", exist_ok=True)
    entries += queries(work, root)
    entries.append(pipeline("big pipeline, gzip", work + "/z", zipped, peers=False))
    os.makedirs(work + "/z", exist_ok=True)
    if options.only:
        entries = [e for e in entries if any(w in e.name for w in options.only)]
    for i in range(options.rounds + 1):
        for e in entries:
            e.round(counted=i > 0)
            print(f"round {i} {e.name}: " + ", ".join(f"{c} {r[-1].seconds:.3f}" for c, r in e.runs.items() if r), flush=True)
        if i == 0 and any(e.name == "big pipeline" for e in entries):
            in_child(same_tables, work)
    single = {}
    first = entries[0]
    if first.name == "big pipeline":
        single["big pipeline, peak of Tarn / DuckDB / ClickHouse / Polars"] = " / ".join(
            f"{first.megabytes(c):.0f} MB" for c in ("tarn", "DuckDB", "ClickHouse", "Polars"))
    text = report(options, entries, single)
    print(text)
    if not options.no_write:
        os.makedirs(os.path.join(ROOT, "docs"), exist_ok=True)
        with open(os.path.join(ROOT, "docs", "benchmark.md"), "w", encoding="utf-8") as f:
            f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
