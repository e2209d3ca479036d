"""The most used functions over a million rows, beside DuckDB; writes docs/benchmark-functions.md.

  functions.py [--rows 1000000] [--rounds 3] [--work FOLDER] [--no-write]

Each entry is one aggregate over one expression of a stored table, in a whole process on each side
(a lake; a DuckDB database file).  Before a time counts, both must give the same answer.  Besides
the whole process, the table shows what the expression adds to a bare count(*) of its own engine.
"""
import argparse
import datetime
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))

# The same table on both sides: {a} groups of 100.
MAKE_TARN = """CREATE TABLE big AS SELECT (a - 1) * 100 + b AS id, 'User' || CAST(a AS varchar) || '@Example.com,'
 || CAST(b AS varchar) AS s, CAST(a AS double) * 1.37 - b AS x, DATE '2020-01-01' + INTERVAL '1' DAY * (a % 1000) AS d,
 TIMESTAMP '2020-01-01 00:00:00.000' + INTERVAL '1' SECOND * (a * 100 + b) AS ts,
 '{{"a":' || CAST(a AS varchar) || ',"b":{{"c":"x' || CAST(b AS varchar) || '"}}}}' AS j, ARRAY[a, b, a + b] AS arr
 FROM UNNEST(sequence(1, 100)) AS v(b) CROSS JOIN
 (SELECT (p - 1) * 10000 + q AS a FROM UNNEST(sequence(1, {p})) AS t(p) CROSS JOIN UNNEST(sequence(1, {q})) AS u(q)) AS w"""
MAKE_DUCKDB = """CREATE TABLE big AS SELECT (a - 1) * 100 + b AS id, 'User' || a || '@Example.com,' || b AS s,
 a::double * 1.37::double - b AS x, DATE '2020-01-01' + (a % 1000)::int AS d,
 TIMESTAMP '2020-01-01' + to_seconds(a * 100 + b) AS ts,
 '{{"a":' || a || ',"b":{{"c":"x' || b || '"}}}}' AS j, [a, b, a + b] AS arr
 FROM range(1, {groups} + 1) t(a), range(1, 101) u(b)"""

# name, Athena's expression, DuckDB's (None: the same)
ENTRIES = [
    ("count", "count(*)", None),
    ("sum", "sum(id)", None),
    ("avg", "round(avg(x), 3)", None),
    ("min, max", "max(s)", None),
    ("lower, upper", "sum(length(upper(s)))", None),
    ("length", "sum(length(s))", None),
    ("substr", "max(substr(s, 2, 5))", None),
    ("trim", "sum(length(trim(s)))", None),
    ("replace", "sum(length(replace(s, '@', '##')))", None),
    ("||", "sum(length(s || 'x'))", None),
    ("strpos", "sum(strpos(s, '@'))", None),
    ("split_part", "sum(length(split_part(s, ',', 2)))", None),
    ("split", "sum(cardinality(split(s, ',')))", "sum(len(split(s, ',')))"),
    ("regexp_like", "count_if(regexp_like(s, 'r9.*com'))", "count_if(regexp_matches(s, 'r9.*com'))"),
    ("regexp_extract", r"sum(length(regexp_extract(s, '\d+')))", None),
    ("cast to varchar", "sum(length(CAST(id AS varchar)))", None),
    ("cast to integer", "sum(CAST(CAST(id AS varchar) AS integer))", None),
    ("try_cast", "count(TRY_CAST(substr(s, 5, 2) AS integer))", None),
    ("round", "round(sum(round(x, 1)), 3)", None),
    ("abs", "round(sum(abs(x)), 3)", None),
    ("%", "sum(id % 7)", None),
    ("if", "sum(IF(x > 0, 1, 0))", "sum(CASE WHEN x > 0 THEN 1 ELSE 0 END)"),
    ("coalesce, nullif", "sum(coalesce(nullif(id, 5), 0))", None),
    ("date_trunc", "count(DISTINCT date_trunc('month', d))", None),
    ("year", "sum(year(d))", None),
    ("date_add", "max(date_add('day', 3, d))", "max(d + 3)"),
    ("date_diff", "sum(date_diff('day', d, DATE '2024-01-01'))", None),
    ("date_format", "max(date_format(ts, '%Y-%m'))", "max(strftime(ts, '%Y-%m'))"),
    ("json_extract_scalar", "sum(length(json_extract_scalar(j, '$.b.c')))", "sum(length(json_extract_string(j, '$.b.c')))"),
    ("cardinality", "sum(cardinality(arr))", "sum(len(arr))"),
    ("contains", "count_if(contains(arr, 5))", "count_if(list_contains(arr, 5))"),
    ("element_at", "sum(element_at(arr, 3))", "sum(arr[3])"),
    ("transform", "sum(cardinality(transform(arr, e -> e + 1)))", "sum(len(list_transform(arr, lambda e: e + 1)))"),
    ("unnest", "sum(e)", "sum(e)"),
]


def tarn_command(lake, name, expression):
    source = "big CROSS JOIN UNNEST(arr) AS u(e)" if name == "unnest" else "big"
    return [TARN, "query", "--lake", lake, "--format", "csv", "--", f"SELECT {expression} FROM {source}"]


def duckdb_command(database, name, expression):
    source = "(SELECT unnest(arr) AS e FROM big)" if name == "unnest" else "big"
    code = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchone()[0])"
    return [sys.executable, "-c", code, database, f"SELECT {expression} FROM {source}"]


def run(command):
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{command[-1]}: {done.stderr.decode()[-1000:]}")
    return seconds, done.stdout.decode().strip().split("\n")[-1].strip('"')


def same(a, b):
    try:
        return abs(float(a) - float(b)) <= 1e-6 * max(1.0, abs(float(a)))
    except ValueError:
        return a[:10] == b[:10]


def prepare(work, rows):
    import duckdb
    lake, database = os.path.join(work, "functions.db"), os.path.join(work, "functions.duckdb")
    groups = max(1, rows // 100)
    for path in (lake, database):
        if os.path.exists(path):
            os.remove(path)
    shape = {"p": max(1, groups // 10000), "q": min(groups, 10000), "groups": groups}
    run([TARN, "query", "--lake", lake, "--", MAKE_TARN.format(**shape)])
    connection = duckdb.connect(database)
    connection.execute(MAKE_DUCKDB.format(**shape))
    connection.close()
    return lake, database


def measure(lake, database, rounds):
    results = []
    for name, ours, theirs in ENTRIES:
        commands = tarn_command(lake, name, ours), duckdb_command(database, name, theirs or ours)
        (_, a), (_, b) = run(commands[0]), run(commands[1])
        if not same(a, b):
            sys.exit(f"{name}: Tarn says {a}, DuckDB {b}")
        times = [[], []]
        for _ in range(rounds):
            for side in (0, 1):
                times[side].append(run(commands[side])[0])
        results.append((name, ours, statistics.median(times[0]), statistics.median(times[1])))
        print(f"{name:22}{results[-1][2]:8.3f}{results[-1][3]:8.3f}", file=sys.stderr)
    return results


def page(results, rows):
    bare = results[0]
    ratios = sorted(t / d for _, _, t, d in results)
    lines = [
        "# Functions over a million rows", "",
        f"{rows} rows of a stored table, one aggregate over one expression, a whole process on each side; medians.",
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.date.today()}, "
        f"DuckDB {importlib.metadata.version('duckdb')} (all cores, its own storage). Made by `make bench-functions`.", "",
        f"Tarn's time over DuckDB's: median {statistics.median(ratios):.2f}, worst {ratios[-1]:.2f}. "
        "`+` is what the expression adds to the engine's own `count(*)`.", "",
        "| function | Athena's SQL | Tarn s | DuckDB s | ratio | Tarn + | DuckDB + |", "|---|---|---|---|---|---|---|"]
    for name, sql, ours, theirs in results:
        sql = sql.replace("|", "\\|")
        lines.append(f"| {name} | `{sql}` | {ours:.3f} | {theirs:.3f} | {ours / theirs:.2f} | "
                     f"{ours - bare[2]:.3f} | {theirs - bare[3]:.3f} |")
    return "\n".join(lines).replace("||", "\\|\\|") + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "tarn-bench-functions"))
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    text = page(measure(*prepare(options.work, options.rows), options.rounds), options.rows)
    if options.no_write:
        print(text)
        return
    with open(os.path.join(ROOT, "docs", "benchmark-functions.md"), "w") as f:
        f.write(text)


if __name__ == "__main__":
    main()
