"""Tarn beside its peers, interleaved, on the same data; writes docs/benchmark.md and docs/benchmark.svg.

  bench.py [--scale 1.0] [--rounds 5] [--only TEXT…] [--ten-times down|up] [--work FOLDER]
           [--stedi FOLDER] [--list] [--no-write] [--render]

Every run is a whole process from start to end, with what it writes synced on Tarn's side.  A round
runs all contestants of an entry one after the other, each after a sync of the machine, so that nobody
writes back another's pages; round 0 warms up and is not counted.  A peer may stand in several forms:
those that are more than 1.5 times slower than its best in round 0 leave.  Before any time counts, the
tables and answers of all are compared with ours.  --only takes entries whose name contains a text (a
part of the whole writes no docs); --ten-times says beside which data peak memory is measured: ten
times the scale (about 20 GB and ten minutes more at scale 1), or a tenth of it; --render writes the docs again from the last results.

Needs the environment and the programs that `make bench` makes.  report.py writes the tables, plot.py
the picture.  FOLDER holds data, lakes and results.json.
"""
import argparse
import datetime
import glob
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import compare
import plot
import report

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
TOOLS = os.path.join(BUILD, "bench-tools")
PYTHON = sys.executable
SLOW_FORM = 1.5
STEDI_SCALE = 0.0191        # as many rows as the real STEDI data has, where that is not at hand
GB_PER_SCALE = 14
GB_TEN_TIMES = 25
TEN_LIMIT = "64MB"           # of --memory: the join's tables are larger at scale 1 already
SHORT_RUNS = 5              # of an entry that takes milliseconds, in one round


class Contestant:
    """A peer in one form: a command to run, what comes before it untimed, where its tables go."""

    def __init__(self, peer, command, form="", prepare=None, out=None):
        self.peer, self.command, self.form, self.prepare, self.out = peer, command, form, prepare, out
        self.runs, self.first = [], None
        self.name = f"{peer}, {form}" if form else peer


class Entry:
    """One thing to do.  measure: seconds (of the process), first (until it prints), printed (its own
    number).  check: called with the entry after round 0."""

    def __init__(self, name, contestants, check=None, measure="seconds", repeat=1):
        self.name, self.contestants, self.check = name, contestants, check
        self.measure, self.repeat, self.dropped = measure, repeat, []

    def round(self, bench, counted):
        for c in self.contestants:
            runs = []
            for _ in range(self.repeat):
                if c.prepare:
                    c.prepare()
                runs.append(bench.launch(c.command, self.measure))
            c.output = runs[0].pop("output")
            if not counted:
                c.first = runs[-1]["s"]
            else:
                c.runs += [{k: run[k] for k in ("s", "processor", "mb", "bytes")} for run in runs]

    def drop_slow_forms(self):
        for peer in {c.peer for c in self.contestants}:
            forms = [c for c in self.contestants if c.peer == peer]
            best = min(c.first for c in forms)
            for c in forms:
                if c.first > best * SLOW_FORM:
                    self.contestants.remove(c)
                    self.dropped.append(c)
                    if c.out:
                        fresh(c.out)()


def fresh(*paths):
    def prepare():
        for path in paths:
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.remove(path)
    return prepare


def empty(path):
    """A folder without anything in it."""
    return lambda: (fresh(path)(), os.makedirs(path))


def processor_time():
    """Busy and stolen seconds of the whole machine."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, soft, steal = map(int, f.readline().split()[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + soft) / tick, steal / tick


class Bench:
    """The folder of a benchmark, and what the machine did meanwhile."""

    def __init__(self, work, scale):
        self.work, self.scale = work, scale
        self.wall = self.others = self.stolen = 0.0
        self.lakes = {}

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def launch(self, command, measure="seconds"):
        out = self.path("output")
        os.sync()
        busy, stolen = processor_time()
        done = subprocess.run([os.path.join(TOOLS, "launch"), out, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        words = done.stdout.split()
        if done.returncode or len(words) != 5 or words[4] != b"0":
            sys.exit(f"{' '.join(command)[:300]}\nfailed: {done.stdout!r} {done.stderr.decode(errors='replace')[-2000:]}")
        busy_now, stolen_now = processor_time()
        seconds, first, processor, kb, _ = map(float, words)
        self.wall += seconds
        self.others += max(0.0, busy_now - busy - processor)
        self.stolen += stolen_now - stolen
        with open(out, encoding="utf-8", errors="replace") as f:
            output = f.read()
        size = None
        if measure == "printed":
            seconds, size = float(output.split()[0]), int(output.split()[1])
        elif measure == "first":
            seconds = first
        return {"s": seconds, "processor": processor, "mb": kb / 1024, "bytes": size, "output": output}

    def data(self, scale, zipped=False):
        """The folder of generated landing data, made when it is not there."""
        root = self.path(f"{'gzip' if zipped else 'data'}-{scale:g}")
        if not os.path.exists(root):
            print(f"generating {root}", flush=True)
            fresh(root + ".new")()
            subprocess.run([PYTHON, os.path.join(HERE, "generate.py"), root + ".new", "--scale", str(scale),
                            *(["--gzip"] if zipped else [])], check=True)
            os.rename(root + ".new", root)
        return root

    def landing(self, root):
        """A lake with the landing tables declared: what the peers' scripts say in their column lists."""
        if root not in self.lakes:
            lake = self.path(f"landing-{os.path.basename(root)}.db")
            fresh(lake)()
            for path in sorted(glob.glob(os.path.join(ROOT, "sql", "landing", "*.sql"))):
                self.launch([TARN, "query", "--lake", lake, "--s3-root", root, "-f", path])
            self.lakes[root] = lake
        return self.lakes[root]

    def tarn(self, folder, root):
        """Five tables and five exports, the same work as the peers: no checks, no landing counts."""
        out = self.path(folder, "tarn")
        bare = self.path("sql")
        if not os.path.exists(bare):
            for zone in ("landing", "trusted", "curated"):
                shutil.copytree(os.path.join(ROOT, "sql", zone), os.path.join(bare, zone))
        landing = self.landing(root)

        def prepare():
            empty(out)()
            shutil.copy(landing, os.path.join(out, "lake.db"))
        return Contestant("Tarn", [TARN, "run", *compare.TABLES, "--lake", os.path.join(out, "lake.db"), "--s3-root", root,
                                   "--sql", bare, "--export", os.path.join(out, "export")], "", prepare, out)

    def tarn_whole(self, folder, root):
        """The same with everything that `tarn run` does besides."""
        out = self.path(folder, "tarn-whole")
        return Contestant("Tarn", [TARN, "run", "+machine_learning_curated", "--lake", os.path.join(out, "lake.db"), "--s3-root",
                                   root, "--sql", os.path.join(ROOT, "sql"), "--export", os.path.join(out, "export")],
                          "", empty(out), out)

    def peer(self, name, folder, root, mode, form="", again=False):
        """A peer's pipeline; mode goes to its script, which cleans only before a first run."""
        script = {"DuckDB": "duckdb", "ClickHouse": "chdb", "Polars": "polars"}[name]
        out = self.path(folder, "-".join(filter(None, (script, form))))
        return Contestant(name, [PYTHON, os.path.join(HERE, f"peer_{script}.py"), root, out, *mode],
                          form, None if again else fresh(out), out)

    def ensured(self, contestant, maker):
        """The contestant works on what the maker leaves behind."""
        before = contestant.prepare

        def prepare():
            if not os.path.exists(maker.out):
                maker.prepare()
                self.launch(maker.command)
            if before:
                before()
        contestant.prepare = prepare
        return contestant

    # --- Entries

    def peers(self, folder, root):
        return [self.peer("DuckDB", folder, root, ["pipeline", form], form) for form in ("in", "written")] + \
               [self.peer("ClickHouse", folder, root, ["pipeline"])] + \
               [self.peer("Polars", folder, root, [form], form) for form in ("streaming", "memory")]

    def pipeline(self, name, folder, root, check=compare.exports):
        return Entry(name, [self.tarn(folder, root), *self.peers(folder, root)], check)

    def second_run(self, root):
        tarn = self.tarn("big", root)
        second = Contestant("Tarn", tarn.command, out=tarn.out)
        contestants = [self.ensured(second, tarn)]
        duck, click = self.peers("big", root)[0], self.peers("big", root)[2]
        contestants.append(self.ensured(self.peer("DuckDB", "big", root, ["again", "in"], "in", again=True), duck))
        contestants.append(self.ensured(self.peer("ClickHouse", "big", root, ["again"], again=True), click))
        return Entry("big pipeline, second run", contestants, compare.exports)

    def export(self, root):
        tarn, (duck, _, click, *_) = self.tarn("big", root), self.peers("big", root)
        table, contestants = "accelerometer_trusted", []
        for maker, script in ((tarn, None), (duck, "duckdb"), (click, "chdb")):
            out = self.path("export", script or "tarn")
            command = [PYTHON, os.path.join(HERE, f"peer_{script}.py"), maker.out, out, "export", table] if script else \
                      [TARN, "export", "--lake", os.path.join(maker.out, "lake.db"), table, os.path.join(out, table)]
            contestants.append(self.ensured(Contestant(maker.peer, command, "", empty(out), out), maker))
        return Entry("export of a table", contestants, lambda entry: compare.exports(entry, [table]))

    def stedi(self, given):
        """The real data where it is; else generated data of its size."""
        root, kind = self.path("real"), "the real files"
        if os.path.isdir(given):
            os.makedirs(root, exist_ok=True)
            fresh_link = os.path.join(root, "stedi-lake")
            if os.path.islink(fresh_link):
                os.remove(fresh_link)
            os.symlink(os.path.abspath(given), fresh_link)
            check = compare.exports_or_note
        else:
            root, kind, check = self.data(STEDI_SCALE), "generated data of the same size, as the real files were not at hand", compare.exports
        entry = self.pipeline("real STEDI data, whole process", "stedi", root, check)
        shell = duckdb_shell()
        if shell:
            entry.contestants.append(self.shell(shell, root))
        for e in (entry, whole := Entry("real STEDI data, with checks and landing counts", [self.tarn_whole("stedi", root)])):
            e.repeat = 3
        return [entry, whole], kind

    def shell(self, shell, root):
        out = self.path("stedi", "duckdb-shell")
        script = self.path("stedi.sql")

        def prepare():
            empty(out)()
            with open(script, "wb") as f:
                f.write(subprocess.run([PYTHON, os.path.join(HERE, "peer_duckdb.py"), root, out, "script", "in"],
                                       stdout=subprocess.PIPE, check=True).stdout)
        return Contestant("DuckDB's shell", [shell, os.path.join(out, "duck.db"), "-f", script], "", prepare, out)

    def queries(self, root):
        lake = self.landing(root)
        entries = []
        for name, ours, theirs in compare.QUERIES:
            contestants = [Contestant("Tarn", [TARN, "query", "--lake", lake, "--s3-root", root, "--format", "csv", "--", ours])]
            for peer, script in (("DuckDB", "duckdb"), ("ClickHouse", "chdb")):
                contestants.append(Contestant(peer, [PYTHON, os.path.join(HERE, f"peer_{script}.py"), root, "-", "query",
                                                     theirs.replace('"', "") if script == "chdb" else theirs]))
            entries.append(Entry(name, contestants, compare.answers))
        return entries

    def scans(self, root):
        folder = os.path.join(root, "stedi-lake", "accelerometer", "landing")
        files = sorted(glob.glob(os.path.join(folder, "*")))
        entries = []
        for what, name in (("all", "scan of all columns, one thread"), ("one", "scan of one column, one thread"),
                           ("count", "counting lines, one thread")):
            contestants = [Contestant("Tarn", [os.path.join(TOOLS, "scan"), what, "5", folder])]
            for program, form in (("simdjson", "blocks"), ("simdjson", "stream"), ("simdjson", "lines"), ("simdjson-native", "blocks")):
                contestants.append(Contestant("simdjson", [os.path.join(TOOLS, program), what, "5", form, *files],
                                              form + (", -march=native" if "native" in program else "")))
            contestants.append(Contestant("simdjson in memory", [os.path.join(TOOLS, "simdjson"), what, "5", "memory", *files]))
            entries.append(Entry(name, contestants, compare.sums, "printed"))
        return entries

    def start(self, root):
        lake = self.landing(root)
        contestants = [Contestant("Tarn", [TARN, "query", "--lake", lake, "SELECT 1"]),
                       Contestant("DuckDB", [PYTHON, os.path.join(HERE, "peer_duckdb.py"), root, "-", "query", "SELECT 1"]),
                       Contestant("ClickHouse", [PYTHON, os.path.join(HERE, "peer_chdb.py"), root, "-", "query", "SELECT 1"])]
        shell = duckdb_shell()
        if shell:
            contestants.append(Contestant("DuckDB's shell", [shell, "-c", "SELECT 1"]))
        return Entry("start to first row", contestants, None, "first", SHORT_RUNS)

    def ten_times(self, direction):
        """Peak MB of the big pipeline at two scales: as it comes, and with a limit that both meet."""
        scales = sorted((self.scale, self.scale / 10 if direction == "down" else self.scale * 10))
        found = {"scales": scales, "limit": TEN_LIMIT, "default": [], "limited": []}
        for scale in scales:
            for name, more in (("default", []), ("limited", ["--memory", TEN_LIMIT])):
                c = self.tarn("ten", self.data(scale))
                c.prepare()
                run = self.launch(c.command + more)
                print(f"memory at scale {scale:g}, {name}: {run['mb']:.0f} MB, {run['s']:.1f} s", flush=True)
                found[name].append(run["mb"])
        fresh(self.path("ten"))()
        return found


def duckdb_shell():
    spec = importlib.util.find_spec("duckdb_cli")
    path = os.path.join(os.path.dirname(spec.origin), "duckdb") if spec else ""
    return path if os.access(path, os.X_OK) else None


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    return done.stdout.split("\n")[0] if done.returncode == 0 else ""


def versions():
    found = {}
    for package in ("duckdb", "duckdb-cli", "chdb", "polars"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    if os.path.exists("/usr/include/simdjson.h"):
        with open("/usr/include/simdjson.h", encoding="utf-8", errors="replace") as f:
            line = re.search(r"#define SIMDJSON_VERSION \"?([\d.]+)", f.read())
        found["simdjson"] = line[1] if line else "?"
    return found


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} processors, {memory:.0f} GB, Linux {platform.release()}"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--ten-times", choices=("down", "up"), default="up")
    parser.add_argument("--work", default=os.path.join(BUILD, "bench"))
    parser.add_argument("--stedi", default=os.path.join(ROOT, "..", "shared", "data", "stedi"))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--no-write", action="store_true")
    parser.add_argument("--render", action="store_true")
    options = parser.parse_args()
    if options.list:
        options.scale = 0.001
    if options.rounds < 1 or options.scale <= 0:
        parser.error("at least one round, a scale above 0")
    options.work = os.path.abspath(options.work)
    return options


def all_entries(bench, options):
    """Every entry as (name prefix, maker): data is generated only for those that run."""
    plain = bench.data(bench.scale)
    entries = [bench.pipeline("big pipeline", "big", plain),
               Entry("big pipeline, with checks and landing counts", [bench.tarn_whole("big", plain)]),
               bench.second_run(plain), bench.export(plain)]
    zipped = "gzip landing, big pipeline"
    if not options.only or any(w.lower() in zipped for w in options.only):
        entries.append(bench.pipeline(zipped, "gzip", bench.data(bench.scale, zipped=True)))
    stedi, kind = bench.stedi(options.stedi)
    entries += stedi + bench.queries(plain) + bench.scans(plain) + [bench.start(plain)]
    if options.only:
        entries = [e for e in entries if any(w.lower() in e.name.lower() for w in options.only)]
    return entries, kind


def run(bench, options):
    entries, kind = all_entries(bench, options)
    if not entries:
        sys.exit("no entry has a name like that: --list")
    if options.list:
        print("\n".join(e.name for e in entries))
        return None
    load = os.getloadavg()[0]
    for i in range(options.rounds + 1):
        for e in entries:
            e.round(bench, counted=i > 0)
            print(f"round {i} {e.name}: " + ", ".join(f"{c.name} {(c.runs[-1]['s'] if c.runs else c.first):.3f}"
                                                      for c in e.contestants), flush=True)
            if i == 0:
                if e.check:
                    e.check(e)
                e.drop_slow_forms()
    results = {
        "meta": {"date": str(datetime.date.today()), "machine": machine(), "scale": options.scale, "rounds": options.rounds,
                 "versions": versions(), "tarn": first_line(TARN, "--version"), "commit": first_line("git", "describe", "--always", "--dirty"),
                 "compiler": first_line(os.environ.get("CC", "cc"), "--version"), "stedi": kind, "load": load,
                 "others": bench.others / (bench.wall * os.cpu_count()), "stolen": bench.stolen / (bench.wall * os.cpu_count()),
                 "whole": not options.only},
        "entries": [{"name": e.name,
                     "contestants": [{"peer": c.peer, "form": c.form, "runs": c.runs} for c in e.contestants],
                     "left": [{"peer": c.peer, "form": c.form, "seconds": c.first} for c in e.dropped]} for e in entries]}
    keep(options, results)          # the times are not lost when what follows is interrupted
    if not options.only:
        results["ten"] = bench.ten_times(options.ten_times)
        keep(options, results)
    return results


def keep(options, results):
    with open(os.path.join(options.work, "results.json"), "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)


def main():
    options = arguments()
    os.makedirs(options.work, exist_ok=True)
    if options.render:
        with open(os.path.join(options.work, "results.json"), encoding="utf-8") as f:
            results = json.load(f)
    else:
        free, need = shutil.disk_usage(options.work).free / 1e9, GB_PER_SCALE * options.scale
        if options.ten_times == "up" and not options.only:
            need += GB_TEN_TIMES * options.scale
        if free < need:
            sys.exit(f"{options.work}: {free:.0f} GB free, some {need:.0f} are needed")
        results = run(Bench(options.work, options.scale), options)
        if results is None:
            return 0
    text = report.markdown(results)
    print(text)
    if not options.no_write and results["meta"]["whole"]:
        for name, content in (("benchmark.md", text), ("benchmark.svg", plot.svg(results))):
            with open(os.path.join(ROOT, "docs", name), "w", encoding="utf-8") as f:
                f.write(content)
    missed = [row for row in report.goal_rows(results) if "missed" in row]
    if missed:
        print("missed; bench/notes.md says why (then: --render):\n" + "\n".join(missed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
