"""The results of bench.py as Markdown: goals and whether they are met, every time, how it was done.

What is measured is in the results; why a goal is missed is told in bench/notes.md, which is added at
the end.
"""
import os
import statistics

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = ("DuckDB", "ClickHouse", "Polars", "simdjson")

# work, against, reach, aim.  Ratios are the peer's time over Tarn's: more is better.
GOALS = [
    ("big pipeline", "DuckDB", 2, 4),
    ("big pipeline", "ClickHouse", 1.8, 3.5),
    ("big pipeline", "Polars", 2.5, 4),
    ("real STEDI data, whole process", "DuckDB", 6, 10),
    ("scan of all columns, one thread", "simdjson", 2, 3),
    ("count(*) over landing", "DuckDB", 3, 5),
    ("three aggregates over landing", "DuckDB", 1.5, 2.5),
    ("group by over landing", "DuckDB", 1, 2),
    ("export of a table", "DuckDB", 2, 6),
    ("gzip landing, big pipeline", "DuckDB", 1.5, 2.5),
]
# Tarn's memory over the other's: less is better.
MEMORY = "peak memory, big pipeline"
TEN = "memory at ten times the rows"
GOALS_AT_MOST = [(MEMORY, "DuckDB", 0.6, 0.2), (TEN, "itself", 1.2, 1.0)]

# Entries that are Tarn alone stand beside another entry's peers.
BESIDE = {"big pipeline, with checks and landing counts": "big pipeline",
          "real STEDI data, with checks and landing counts": "real STEDI data, whole process"}


def middle(numbers):
    return statistics.median(numbers)


def entry_of(results, name):
    return next((e for e in results["entries"] if e["name"] == name), None)


def best(entry, peer):
    """The contestant of a peer in its fastest form, or None."""
    forms = [c for c in entry["contestants"] if c["peer"] == peer and c["runs"]] if entry else []
    return min(forms, key=lambda c: middle([r["s"] for r in c["runs"]]), default=None)


def seconds(contestant):
    return [r["s"] for r in contestant["runs"]]


def ratio(results, name, peer):
    """(median of the peer's over median of ours, least, most of the rounds), or None."""
    entry = entry_of(results, name)
    ours, theirs = best(entry, "Tarn"), best(entry_of(results, BESIDE.get(name, name)), peer)
    if ours is None or theirs is None:
        return None
    pairs = [b / a for a, b in zip(seconds(ours), seconds(theirs))]
    return middle(seconds(theirs)) / middle(seconds(ours)), min(pairs), max(pairs)


def memory_ratio(results, work):
    """(ratio, text) of a goal of memory, or None."""
    if work == TEN:
        if "ten" not in results:
            return None
        ten = results["ten"]
        texts = [f"{name}: {ten[key][0]:.0f} MB at scale {ten['scales'][0]:g}, {ten[key][1]:.0f} MB at {ten['scales'][1]:g}"
                 for name, key in ((f"--memory {ten['limit']}", "limited"), ("as it comes, 256MB", "default"))]
        return ten["limited"][1] / ten["limited"][0], "; ".join(texts)
    entry = entry_of(results, "big pipeline")
    ours, theirs = best(entry, "Tarn"), best(entry, "DuckDB")
    if ours is None or theirs is None:
        return None
    a, b = (middle([r["mb"] for r in c["runs"]]) for c in (ours, theirs))
    return a / b, f"{a:.0f} MB beside {b:.0f} MB"


def times(x):
    return f"{x:.2f}×" if x < 10 else f"{x:.0f}×"


def clock(contestant):
    all_of_them = seconds(contestant)
    unit, per = ("ms", 1000) if middle(all_of_them) < 0.1 else ("s", 1)
    show = (lambda s: f"{s * per:.1f}") if per == 1000 else (lambda s: f"{s:.2f}")
    return f"{show(middle(all_of_them))} {unit} ({show(min(all_of_them))}–{show(max(all_of_them))})"


def verdict(value, reach, aim, at_most=False):
    if at_most:
        value, reach, aim = -value, -reach, -aim
    return "aim reached" if value >= aim else "reached" if value >= reach else "**missed**"


def goal_rows(results):
    rows = []
    for work, against, reach, aim in GOALS:
        r = ratio(results, work, against)
        measured, said = (f"{times(r[0])} ({times(r[1])}–{times(r[2])})", verdict(r[0], reach, aim)) if r else ("not measured", "")
        rows.append(f"| {work} | {against} | {measured} | {reach:g}× | {aim:g}× | {said} |")
    for work, against, reach, aim in GOALS_AT_MOST:
        r = memory_ratio(results, work)
        measured, said = (f"{r[0]:.2f}× ({r[1]})", verdict(r[0], reach, aim, True)) if r else ("not measured", "")
        rows.append(f"| {work} | {against} | {measured} | at most {reach:g}× | {aim:g}× | {said} |")
    return ["| work | against | measured | reach | aim | |", "|---|---|---|---|---|---|", *rows]


def time_rows(results):
    rows = []
    for entry in results["entries"]:
        ours = best(entry, "Tarn")
        if entry["contestants"][0]["runs"][0]["bytes"]:
            continue
        row = [entry["name"], clock(ours), f"{middle([r['mb'] for r in ours['runs']]):.0f}"]
        for peer in PEERS[:3]:
            theirs, r = best(entry, peer), ratio(results, entry["name"], peer)
            row += [clock(theirs) if theirs else "", times(r[0]) if r else ""]
        rows.append("| " + " | ".join(row) + " |")
    return ["| work | Tarn | MB | DuckDB | ratio | ClickHouse | ratio | Polars | ratio |", "|---|---|---|---|---|---|---|---|---|", *rows]


def scan_rows(results):
    rows = []
    for entry in results["entries"]:
        ours, theirs, memory = (best(entry, p) for p in ("Tarn", "simdjson", "simdjson in memory"))
        if not ours["runs"][0]["bytes"] or not theirs:
            continue
        speed = [f"{c['runs'][0]['bytes'] / middle(seconds(c)) / 1e9:.2f} GB/s" if c else "" for c in (ours, theirs, memory)]
        rows.append(f"| {entry['name']} | {speed[0]} | {speed[1]} ({theirs['form']}) | "
                    f"{times(ratio(results, entry['name'], 'simdjson')[0])} | {speed[2]} |")
    return ["| processor time on one thread | Tarn | simdjson | ratio | simdjson, files in memory beforehand |",
            "|---|---|---|---|---|", *rows] if rows else []


def shell_rows(results):
    rows = []
    for entry in results["entries"]:
        shell = best(entry, "DuckDB's shell")
        if shell:
            rows.append(f"| {entry['name']} | {clock(best(entry, 'Tarn'))} | {clock(shell)} | "
                        f"{times(ratio(results, entry['name'], shell['peer'])[0])} |")
    version = results["meta"]["versions"].get("duckdb-cli", "?")
    return [f"| DuckDB as its own shell ({version}), without Python | Tarn | shell | ratio |", "|---|---|---|---|", *rows] if rows else []


def resource_rows(results):
    """What the big pipeline takes of the machine, by contestant."""
    entry = entry_of(results, "big pipeline")
    found = [c for c in (best(entry, p) for p in ("Tarn", *PEERS[:3])) if c]
    if not found:
        return []
    rows = [(name, [middle([r[key] for r in c["runs"]]) for c in found], digits)
            for name, key, digits in (("processor seconds, all threads", "processor", 2), ("peak memory, MB", "mb", 0))]
    return ["| big pipeline | " + " | ".join(c["peer"] for c in found) + " |", "|---|" + "---|" * len(found),
            *(f"| {name} | " + " | ".join(f"{x:.{digits}f}" for x in numbers) + " |" for name, numbers, digits in rows)]


def form_lines(results):
    """Which form of a peer counts, and what the others took."""
    lines = []
    for entry in results["entries"]:
        for peer in PEERS:
            forms = [(c["form"], middle(seconds(c))) for c in entry["contestants"] if c["peer"] == peer and c["runs"]]
            left = [(c["form"], c["seconds"]) for c in entry["left"] if c["peer"] == peer]
            if len(forms) + len(left) > 1:
                text = "; ".join(f"{form} {s:.2f} s" for form, s in sorted(forms, key=lambda f: f[1]))
                text += "".join(f"; {form} {s:.2f} s (round 0 only)" for form, s in left)
                lines.append(f"- {entry['name']}, {peer}: {text}")
    return lines


HOW = """## How it is measured

- A ratio is the peer's median time over Tarn's: above 1, Tarn is faster; in brackets the least and the
  most of the rounds.  Rounds are interleaved; round 0 warms up and is not counted.  Before each run the
  machine's pages are written back (`sync`), so that nobody pays for another.
- A run is a whole process from start to exit (*start to first row*: to its first byte of output).
  Peers run in Python but for *DuckDB's shell*; their start, importing included, is part of the time.
- **What Tarn writes is synced to the disk** before it exits, tables in one transaction and exports; what
  the peers write is left to the system but for what their own commits do.
- *big pipeline*: the five steps with five exports as JSON lines, the same work for all: Tarn's landing
  tables are declared beforehand (metadata; the peers' scripts hold their columns), no checks run, no
  landing rows are counted.  *with checks and landing counts* is `tarn run` as it comes, beside the
  same peers, who do neither.  *second run*: over the lake of the first, whose tables are replaced.
- Peers stand in their best form: DuckDB with semi-joins as IN, unordered, a file for each thread
  (*in*), or as people write it (*written*); Polars' streaming or in-memory engine; ClickHouse with
  MergeTree tables; explicit schemas everywhere.
- Scanners are timed by processor time, inside one process, one thread.  Both read the files from the page
  cache in each pass; simdjson on-demand in blocks, in whole files or line by line (the best counts).
- The five tables of all contestants hold the same rows, the queries' answers are the same, the scanners'
  sums too: checked in round 0.
- Memory is the peak of resident pages (`ru_maxrss`), mapped files included.  Ten times the rows are
  measured under a limit (`--memory`) that tables of both sizes exceed, and as it comes, where the
  smaller stays below the limit and the larger does not.
"""


def markdown(results):
    meta = results["meta"]
    names = {"duckdb": "DuckDB", "duckdb-cli": "its shell", "chdb": "chdb (ClickHouse)", "polars": "Polars", "simdjson": "simdjson"}
    peers = ", ".join(f"{names[k]} {v}" for k, v in meta["versions"].items())
    lines = ["# Benchmark", "",
             f"Made by `make bench` on {meta['date']}: {meta['machine']}. {meta['tarn']} ({meta['commit']}), {meta['compiler']}; {peers}.",
             f"Scale {meta['scale']:g} (at 1: 4.27 million accelerometer readings, 1.5 million step readings, 540 MB), "
             f"{meta['rounds']} interleaved rounds, medians (least–most). "
             f"While it ran, other work used {meta['others']:.0%} of the processors and {meta['stolen']:.1%} was stolen by other machines "
             f"(load {meta['load']:.1f} at the start).",
             f"*real STEDI data*: {meta['stedi']}.", "",
             "![Tarn beside its peers](benchmark.svg)", "", "## Goals", ""]
    sections = [goal_rows(results), ["## Times"], time_rows(results), scan_rows(results), shell_rows(results), resource_rows(results),
                [HOW.rstrip("\n")]]
    forms = form_lines(results)
    if forms:
        sections.append(["Forms, medians:", "", *forms])
    notes = os.path.join(HERE, "notes.md")
    if meta["whole"] and os.path.exists(notes):
        with open(notes, encoding="utf-8") as f:
            sections.append([f.read().rstrip("\n")])
    for section in sections:
        if section:
            lines += section + [""]
    return "\n".join(lines)
