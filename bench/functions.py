"""The most used functions over a million rows, beside DuckDB and SQLite; writes docs/benchmark-functions.md.

  functions.py [--rows 1000000] [--rounds 3] [--only WORD] [--work FOLDER] [--no-write]

Three questions, each answered on one stored table that both engines keep in a file of their own:
  what a function costs beside DuckDB's (one thread in its process, and as a process of its own),
  what it costs beside the nearest function that SQLite has itself (both in one sqlite3 process),
  how long a page of SQL takes to compile (tarn translate of one statement, and of 201).
A function's cost is its statement's time less that of counting its column.  Times on one thread are
processor time: they hold on a busy machine.  Before a time counts, both sides must answer the same.
"""
import argparse
import datetime
import importlib.metadata
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
EXTENSION = os.path.join(os.path.dirname(TARN), "tarn.so")

# The same table on both sides: {groups} groups of 100.
MAKE_TARN = """CREATE TABLE big AS SELECT (a - 1) * 100 + b AS id, 'User' || CAST(a AS varchar) || '@Example.com,'
 || CAST(b AS varchar) AS s, CAST(a AS double) * 1.37 - b AS x, DATE '2020-01-01' + INTERVAL '1' DAY * (a % 1000) AS d,
 TIMESTAMP '2020-01-01 00:00:00.000' + INTERVAL '1' SECOND * (a * 100 + b) AS ts,
 '2020-03-' || lpad(CAST(b % 28 + 1 AS varchar), 2, '0') AS dt,
 '{{"a":' || CAST(a AS varchar) || ',"b":{{"c":"x' || CAST(b AS varchar) || '"}}}}' AS j, ARRAY[a, b, a + b] AS arr
 FROM UNNEST(sequence(1, 100)) AS v(b) CROSS JOIN
 (SELECT (p - 1) * 10000 + q AS a FROM UNNEST(sequence(1, {p})) AS t(p) CROSS JOIN UNNEST(sequence(1, {q})) AS u(q)) AS w"""
MAKE_DUCKDB = """CREATE TABLE big AS SELECT (a - 1) * 100 + b AS id, 'User' || a || '@Example.com,' || b AS s,
 a::double * 1.37::double - b AS x, DATE '2020-01-01' + (a % 1000)::int AS d,
 TIMESTAMP '2020-01-01' + to_seconds(a * 100 + b) AS ts,
 '2020-03-' || lpad((b % 28 + 1)::varchar, 2, '0') AS dt,
 '{{"a":' || a || ',"b":{{"c":"x' || b || '"}}}}' AS j, [a, b, a + b] AS arr
 FROM range(1, {groups} + 1) t(a), range(1, 101) u(b)"""

# name, column, Athena's expression, DuckDB's (None: the same)
ENTRIES = [
    ("sum", "id", "sum(id)", None),
    ("avg", "x", "round(avg(x), 3)", None),
    ("max", "s", "max(s)", None),
    ("count distinct", "id", "count(DISTINCT id)", None),
    ("approx_distinct", "id", "approx_distinct(id) / 1000000000", "approx_count_distinct(id) // 1000000000"),
    ("max_by", "s", "max_by(s, id)", None),
    ("array_agg", "id", "cardinality(array_agg(id))", "len(array_agg(id))"),
    ("lower", "s", "max(lower(s))", None),
    ("upper", "s", "max(upper(s))", None),
    ("length", "s", "sum(length(s))", None),
    ("substr", "s", "max(substr(s, 2, 5))", None),
    ("trim", "s", "max(trim(s))", None),
    ("replace", "s", "max(replace(s, '@', '##'))", None),
    ("||", "s", "max(s || 'x')", None),
    ("strpos", "s", "sum(strpos(s, '@'))", None),
    ("split_part", "s", "max(split_part(s, ',', 2))", None),
    ("LIKE", "s", "count_if(s LIKE 'User9%.com,5_')", None),
    ("regexp_like", "s", "count_if(regexp_like(s, 'r9.*com'))", "count_if(regexp_matches(s, 'r9.*com'))"),
    ("regexp_extract", "s", r"max(regexp_extract(s, '\d+'))", None),
    ("regexp_replace", "s", r"max(regexp_replace(s, '\d+', '#'))", r"max(regexp_replace(s, '\d+', '#', 'g'))"),
    ("cast to varchar", "id", "max(CAST(id AS varchar))", None),
    ("cast to double", "id", "sum(CAST(id AS double))", None),
    ("cast to integer", "id", "sum(CAST(CAST(id AS varchar) AS integer))", None),
    ("try_cast", "s", "count(TRY_CAST(substr(s, 5, 2) AS integer))", None),
    ("round", "x", "round(sum(round(x, 1)), 3)", None),
    ("abs", "x", "round(sum(abs(x)), 3)", None),
    ("+", "id", "sum(id + 1)", None),
    ("*", "x", "round(sum(x * 2.5E0), 3)", "round(sum(x * 2.5::double), 3)"),
    ("%", "id", "sum(id % 7)", None),
    ("if", "x", "sum(IF(x > 0, 1, 0))", "sum(CASE WHEN x > 0 THEN 1 ELSE 0 END)"),
    ("coalesce, nullif", "id", "sum(coalesce(nullif(id, 5), 0))", None),
    ("year", "d", "sum(year(d))", None),
    ("month, day", "ts", "sum(month(ts) + day(ts))", None),
    ("date_trunc", "d", "max(date_trunc('month', d))", None),
    ("date_add", "d", "max(date_add('day', 3, d))", "max(d + 3)"),
    ("date_diff", "d", "sum(date_diff('day', d, DATE '2024-01-01'))", None),
    ("date_format", "ts", "max(date_format(ts, '%Y-%m'))", "max(strftime(ts, '%Y-%m'))"),
    ("date_parse", "dt", "max(date_parse(dt, '%Y-%m-%d'))", "max(strptime(dt, '%Y-%m-%d'))"),
    ("cast to date", "dt", "max(CAST(dt AS date))", None),
    ("from_unixtime", "id", "max(from_unixtime(id))", "max(make_timestamp(id * 1000000))"),
    ("json_extract_scalar", "j", "max(json_extract_scalar(j, '$.b.c'))", "max(json_extract_string(j, '$.b.c'))"),
    ("cardinality", "arr", "sum(cardinality(arr))", "sum(len(arr))"),
    ("contains", "arr", "count_if(contains(arr, 5))", "count_if(list_contains(arr, 5))"),
    ("element_at", "arr", "sum(element_at(arr, 3))", "sum(arr[3])"),
    ("transform", "arr", "sum(cardinality(transform(arr, e -> e + 1)))", "sum(len(list_transform(arr, lambda e: e + 1)))"),
    ("split", "s", "sum(cardinality(split(s, ',')))", "sum(len(split(s, ',')))"),
]

# name, column, Tarn's function as the emitter calls it, SQLite's nearest
NATIVE = [
    ("lower", "s", "t_lower(s)", "lower(s)"),
    ("upper", "s", "t_upper(s)", "upper(s)"),
    ("length", "s", "t_length(s)", "length(s)"),
    ("substr", "s", "t_substr_length(s, 2, 5)", "substr(s, 2, 5)"),
    ("trim", "s", "t_trim(s)", "trim(s)"),
    ("replace", "s", "t_replace(s, '@', '##')", "replace(s, '@', '##')"),
    ("strpos", "s", "t_strpos(s, '@')", "instr(s, '@')"),
    ("concat", "s", "t_concat(s, 'x')", "printf('%s%s', s, 'x')"),
    ("LIKE", "s", "t_like('(varchar,varchar)boolean', s, 'User9%.com,5_')", "s LIKE 'User9%.com,5_'"),
    ("abs", "x", "t_abs_double(x)", "abs(x)"),
    ("round", "x", "t_round_n_double(x, 1)", "round(x, 1)"),
    ("+ beside abs", "id", "t_add_bigint(id, 1)", "abs(id)"),
    ("% beside abs", "id", "t_modulus_bigint(id, 7)", "abs(id)"),
    ("+ beside +", "id", "t_add_bigint(id, 1)", "id + 1"),
    ("year", "d", "t_year_date(t_load_date(d))", "strftime('%Y', d)"),
    ("json_extract_scalar", "j", "t_json_extract_scalar('(varchar,varchar)varchar', j, '$.b.c')", "json_extract(j, '$.b.c')"),
]

PAGE_TABLES = """CREATE TABLE customer AS SELECT 1 AS id, 'e' AS email, DATE '2020-01-01' AS registered, 'north' AS region;
CREATE TABLE orders AS SELECT 1 AS id, 1 AS customer_id, TIMESTAMP '2020-01-01 00:00:00.000' AS placed, DECIMAL '9.99' AS amount;
CREATE TABLE item AS SELECT 1 AS order_id, 'sku' AS sku, 2 AS quantity, ARRAY['a', 'b'] AS tags"""
PAGE = """WITH recent AS (
  SELECT o.id, o.customer_id, o.placed, o.amount,
    row_number() OVER (PARTITION BY o.customer_id ORDER BY o.placed DESC) AS newest
  FROM orders AS o
  WHERE o.placed >= date_add('day', -90, TIMESTAMP '2020-04-01 00:00:00.000')
    AND o.amount > DECIMAL '0.50'
),
per_customer AS (
  SELECT
    c.id,
    lower(c.email) AS email,
    c.region,
    count(*) AS orders,
    sum(r.amount) AS spent,
    max(r.placed) AS last_order,
    max_by(r.id, r.placed) AS last_id,
    approx_distinct(date_trunc('week', r.placed)) AS weeks
  FROM customer AS c
  JOIN recent AS r ON r.customer_id = c.id
  WHERE c.registered BETWEEN DATE '2019-01-01' AND DATE '2020-12-31'
    AND regexp_like(c.email, '^[a-z]+@')
  GROUP BY c.id, lower(c.email), c.region
  HAVING count(*) > 1
),
tagged AS (
  SELECT
    o.customer_id,
    t.tag,
    sum(i.quantity) AS pieces
  FROM item AS i
  CROSS JOIN UNNEST(i.tags) AS t(tag)
  JOIN orders AS o
    ON o.id = i.order_id
  WHERE i.sku NOT IN ('gift', 'sample')
  GROUP BY o.customer_id, t.tag
),
ranked AS (
  SELECT
    p.*,
    rank() OVER (PARTITION BY p.region ORDER BY p.spent DESC) AS place,
    p.spent / sum(p.spent) OVER (PARTITION BY p.region) AS share,
    lag(p.spent) OVER (ORDER BY p.spent) AS previous
  FROM per_customer AS p
)
SELECT
  r.region,
  r.place,
  r.email,
  coalesce(r.spent, DECIMAL '0.00') AS spent,
  round(CAST(r.share AS double) * 100, 1) AS percent,
  date_diff('day', CAST(r.last_order AS date), DATE '2020-04-01') AS days_ago,
  CASE WHEN r.weeks > 8 THEN 'steady' WHEN r.weeks > 2 THEN 'now and then' ELSE 'rare' END AS habit,
  (SELECT max(t.pieces) FROM tagged AS t WHERE t.customer_id = r.id) AS most,
  if(r.previous IS NULL, 'first', CAST(r.previous AS varchar)) AS previous
FROM ranked AS r
LEFT JOIN tagged AS g ON g.customer_id = r.id AND g.tag = 'a'
WHERE r.place <= 10
  AND EXISTS (SELECT 1 FROM orders AS o WHERE o.customer_id = r.id)
ORDER BY r.region, r.place, r.email
LIMIT 100"""


def run(command, text=None):
    """The last line that a process printed, its seconds by the clock and on the processors."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command[-1]}: {done.stderr.decode()[-1000:]}")
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout.decode().strip().split("\n")[-1].strip('"'), wall, busy


class Sides:
    """The two engines on their copies of the table."""

    def __init__(self, work, rows):
        import duckdb
        self.lake, self.database = os.path.join(work, "functions.db"), os.path.join(work, "functions.duckdb")
        groups = max(1, rows // 100)
        shape = {"p": max(1, groups // 10000), "q": min(groups, 10000), "groups": groups}
        for path in (self.lake, self.database):
            if os.path.exists(path):
                os.remove(path)
        statements = MAKE_TARN.format(**shape) + ";\n" + PAGE_TABLES
        run([TARN, "query", "--lake", self.lake, "-f", "-"], statements.encode())
        connection = duckdb.connect(self.database)
        connection.execute(MAKE_DUCKDB.format(**shape))
        connection.close()
        self.duckdb = duckdb.connect(self.database, read_only=True)
        self.duckdb.execute("SET threads = 1")

    def tarn(self, expression):
        return run([TARN, "query", "--lake", self.lake, "--format", "csv", "--", f"SELECT {expression} FROM big"])

    def duckdb_process(self, expression):
        code = ("import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
                "print(c.execute(sys.argv[2]).fetchone()[0])")
        return run([sys.executable, "-c", code, self.database, f"SELECT {expression} FROM big"])

    def duckdb_here(self, expression):
        start = time.process_time()
        answer = self.duckdb.execute(f"SELECT {expression} FROM big").fetchone()[0]
        return str(answer), time.process_time() - start


def same(a, b):
    try:
        return abs(float(a) - float(b)) <= 1e-6 * max(1.0, abs(float(a)))
    except ValueError:
        return a[:10] == b[:10]


def measure_duckdb(sides, rounds, only):
    """(name, SQL, Tarn, Tarn's function, DuckDB, DuckDB's function, Tarn's process, DuckDB's process)."""
    results, bare = [], {}
    for name, column, ours, theirs in ENTRIES:
        theirs = theirs or ours
        if only and only not in name:
            continue
        if column not in bare:
            pairs = [(sides.tarn(f"count({column})")[2], sides.duckdb_here(f"count({column})")[1]) for _ in range(rounds)]
            bare[column] = [statistics.median(side) for side in zip(*pairs)]
        a, b = sides.tarn(ours)[0], sides.duckdb_here(theirs)[0]
        if not same(a, b):
            sys.exit(f"{name}: Tarn says {a}, DuckDB {b}")
        times = []
        for _ in range(rounds):
            _, wall, busy = sides.tarn(ours)
            times.append((busy, sides.duckdb_here(theirs)[1], wall, sides.duckdb_process(theirs)[1]))
        t, d, tw, dw = [statistics.median(side) for side in zip(*times)]
        results.append((name, ours, t, t - bare[column][0], d, d - bare[column][1], tw, dw))
        print(f"{name:20} {t:.3f} {d:.3f} {t / d:6.2f}   process {tw:.3f} {dw:.3f} {tw / dw:6.2f}", file=sys.stderr)
    return results


def measure_sqlite(sides, rounds, only):
    """(name, our call, SQLite's, our statement, SQLite's statement, our function, SQLite's function)."""
    def seconds(*expressions):
        script = f".load {EXTENSION}\n.timer on\n" + "".join(f"SELECT count({e}) FROM big;\n" for e in expressions)
        done = subprocess.run(["sqlite3", sides.lake], input=script, text=True, capture_output=True)
        times = re.findall(r"user ([0-9.]+) sys ([0-9.]+)", done.stdout)
        if len(times)!=len(expressions):
            sys.exit(f"sqlite3: {done.stderr}{done.stdout}")
        return [float(user) + float(system) for user, system in times]
    results = []
    for name, column, ours, theirs in NATIVE:
        if only and only not in name:
            continue
        times = [seconds(column, ours, theirs, column)[1:] for _ in range(rounds)]
        t, s, bare = [statistics.median(side) for side in zip(*times)]
        results.append((name, ours, theirs, t, s, t - bare, s - bare))
        print(f"{name:20} {t:.3f} {s:.3f} {t / s:6.2f}   function {t - bare:.3f} {s - bare:.3f}", file=sys.stderr)
    return results


def measure_compile(sides, rounds):
    """Milliseconds that one more page of SQL costs."""
    def seconds(copies):
        return run([TARN, "translate", "--lake", sides.lake, "-f", "-"], ";\n".join([PAGE] * copies).encode())[2]
    return statistics.median((seconds(201) - seconds(1)) / 200 for _ in range(rounds)) * 1000


def sqlite_version():
    return subprocess.run(["sqlite3", "--version"], text=True, capture_output=True).stdout.split()[0]


def code(sql):
    return "`" + sql.replace("|", "\\|") + "`"


def page(results, natives, compiled, rows, rounds):
    def spread(ratios):
        return f"median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}" if ratios else "nothing measured"
    floors = [(r[2] - r[3], r[4] - r[5]) for r in results] or [(0, 0)]
    lines = [
        "# Functions over a million rows", "",
        f"Made by `make bench-functions` on {datetime.date.today()}: {rows} rows of a stored table, medians of {rounds} "
        f"interleaved rounds; {platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"SQLite {sqlite_version()}, DuckDB {importlib.metadata.version('duckdb')}.", "",
        "## Beside DuckDB", "",
        "One aggregate over one expression.  *Query*: seconds of processor time on one thread, Tarn as a whole process, "
        "DuckDB inside a running one (its start-up is not counted).  *Function*: the same less counting the column.  "
        "*Process*: seconds by the clock of a process that runs the statement, DuckDB (from Python) on all cores.", "",
        f"Tarn's time over DuckDB's: as a process {spread([r[6] / r[7] for r in results])}; "
        f"on one thread, start-up of DuckDB not counted, {spread([r[2] / r[4] for r in results])}.  "
        f"Most of the second is not the functions': SQLite goes row by row, and counting a column of this table takes Tarn "
        f"{min(floors)[0]:.3f} to {max(floors)[0]:.3f} s, DuckDB {max(f[1] for f in floors):.3f}; a call adds some 25 to 100 ns a row.  "
        "Aggregates of plain columns (the first lines) and `count(DISTINCT …)` take their rows from the pages instead, a few ns each.", "",
        "| function | Athena's SQL | query: Tarn | DuckDB | ratio | function: Tarn | DuckDB | process: Tarn | DuckDB | ratio |",
        "|---|---|---|---|---|---|---|---|---|---|"]
    for name, sql, t, tf, d, df, tw, dw in results:
        name = name.replace("|", "\\|")
        lines.append(f"| {name} | {code(sql)} | {t:.3f} | {d:.3f} | {t / d:.2f} | {tf:.3f} | {df:.3f} | "
                     f"{tw:.3f} | {dw:.3f} | {tw / dw:.2f} |")
    lines += [
        "", "## Beside SQLite's own functions", "",
        "`SELECT count(…)` in one sqlite3 process with the extension loaded, processor time.  SQLite's own know ASCII only, "
        "do not see overflow and take wrong types; they are the floor, not an equivalent.", "",
        f"Tarn's statement over SQLite's: {spread([r[3] / r[4] for r in natives])}.", "",
        "| function | Tarn's call | SQLite's | statement: Tarn | SQLite | ratio | function: Tarn | SQLite |",
        "|---|---|---|---|---|---|---|---|"]
    for name, ours, theirs, t, s, tf, sf in natives:
        lines.append(f"| {name} | {code(ours)} | {code(theirs)} | {t:.3f} | {s:.3f} | {t / s:.2f} | {tf:.3f} | {sf:.3f} |")
    lines += [
        "", "## Compiling", "",
        f"A page of {len(PAGE.splitlines())} lines (four CTEs, joins, windows, UNNEST, correlated subqueries) becomes SQLite's "
        f"SQL in {compiled:.2f} ms."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="entries whose name holds this word")
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "tarn-bench-functions"))
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    sides = Sides(options.work, options.rows)
    text = page(measure_duckdb(sides, options.rounds, options.only), measure_sqlite(sides, options.rounds, options.only),
                measure_compile(sides, options.rounds), options.rows, options.rounds)
    if options.no_write or options.only:
        print(text)
        return
    with open(os.path.join(ROOT, "docs", "benchmark-functions.md"), "w") as f:
        f.write(text)


if __name__ == "__main__":
    main()
