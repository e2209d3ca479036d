"""Hash aggregation (vtab/group.h) against SQLite's own way on adversarial data.

TARN_PLAIN=1 leaves GROUP BY, DISTINCT and membership to SQLite, TARN_PLAIN=0 hands also small ones
to the operators.  Answers must be the same to the bit, whatever the threads and the memory; groups
come in the same order while they are few.
"""
import json
import random
import re
import signal
import subprocess
import time

from lake import TARN, Lake, same
from test_bulk import EMPTY, EVENTS, PARTED, PEOPLE, write_data

# name, SQL, whether it must be done by t_group, and how: "landing", "stored" natively, "rows" of SQLite, None not at all
QUERIES = [
    ('SELECT email, count(*) AS n FROM {t} GROUP BY email', "native"),
    ('SELECT name, flag, count(*), count(d), sum(id), sum(big / 1000), min(name), max(name) FROM {t} GROUP BY name, flag', "rows"),
    ('SELECT name, flag, count(*), count(d), sum(id), min(name), max(name), min(flag), max(flag) FROM {t} GROUP BY name, flag', "native"),
    ('SELECT id, sum(d), avg(d), min(d), max(d), sum(r), avg(r), min(r), max(r) FROM {t} GROUP BY id', "native"),
    ('SELECT sum(d), avg(d), min(d), max(d), sum(r), avg(r), min(r), max(r), avg(id), count(*), count(name) FROM {t}', "native"),
    ('SELECT sum(id), sum("at"), min(name), max(name), min(big), max(big), bool_and(flag), bool_or(flag), count_if(flag) FROM {t}', "native"),
    ('SELECT email, count(DISTINCT name), count(DISTINCT id), count(DISTINCT flag) FROM {t} GROUP BY email', "native"),
    ('SELECT count(DISTINCT name), count(DISTINCT id), count(DISTINCT big), count(DISTINCT email), approx_distinct(email) FROM {t}', "native"),
    ('SELECT DISTINCT name FROM {t}', "native"),
    ('SELECT DISTINCT name, flag, id, email FROM {t}', "native"),
    ('SELECT DISTINCT lower(name), id + 1 FROM {t} ORDER BY 2 DESC, 1', "rows"),
    ('SELECT DISTINCT id FROM {t} WHERE d > 1 ORDER BY id LIMIT 7', "native"),
    ('SELECT count(*) FROM {t} WHERE d > 1.5', "native"),
    ('SELECT count(*), sum(id) FROM {t} WHERE d <= 1.5 AND name <> \'a\' AND id BETWEEN 2 AND 40 AND email IS NOT NULL', "native"),
    ('SELECT id, count(*) FROM {t} WHERE d < 2 AND 3 >= id AND flag IS NULL GROUP BY id', "native"),
    ('SELECT name, count(*) FROM {t} WHERE name > \'a\' AND r >= 0.1 GROUP BY name', "native"),
    ('SELECT email, max(d) FROM {t} WHERE d IS NOT NULL AND name IN (\'a\', \'ä\') GROUP BY email', "rows"),
    ('SELECT id FROM {t} WHERE 1 = 0 GROUP BY id', "rows"),
    ('SELECT count(*), sum(id), min(d), max(name), avg(r), arbitrary(id) FROM {t} WHERE id > 1000000', "native"),
    ('SELECT id, count(*) FROM {t} WHERE id > 1000000 GROUP BY id', "native"),
    ('SELECT length(name), id % 3, count(*), sum(d * 2) FROM {t} GROUP BY length(name), 2', "rows"),
    ('SELECT "day", count(*), min("day"), max("at") FROM {t} GROUP BY "day"', "rows"),
    ('SELECT email, array_agg(id), max_by(name, id), arbitrary(name), min_by(d, "at"), stddev(d), approx_percentile(id, 0.5) FROM {t} GROUP BY email', "native_or_rows"),
    ('SELECT name, sum(id) FILTER (WHERE d > 1), count(*) FILTER (WHERE flag), count(DISTINCT id) FILTER (WHERE id > 3) FROM {t} GROUP BY name', "rows"),
    ('SELECT email, sum(id) AS s FROM {t} GROUP BY email HAVING count(*) > 2 AND sum(id) > 10 ORDER BY s DESC, email LIMIT 20', "native"),
    ('SELECT id, sum(CAST(d AS decimal(20,3))), avg(CAST(id AS decimal(12,2))) FROM {t} WHERE d < 100 AND d > -100 GROUP BY id', "rows"),
    ('SELECT d, count(*) FROM {t} GROUP BY d', None),
    ('SELECT tags, count(*) FROM {t} GROUP BY tags', None),
    ('SELECT sum(DISTINCT id), count(*) FROM {t} GROUP BY flag', None),
    ('SELECT name, flag, count(*), grouping(name) FROM {t} GROUP BY ROLLUP (name, flag)', None),
    ('SELECT array_agg(DISTINCT id ORDER BY id) FROM {t} GROUP BY flag', None),
    ('SELECT count(*), max(n) FROM (SELECT email, count(*) AS n FROM {t} GROUP BY email) x', "native"),
    ('SELECT x.email, x.n, p.city FROM (SELECT email, count(*) AS n FROM {t} GROUP BY email) x JOIN people p ON p.email = x.email', "native"),
    ('SELECT p.city, count(*), sum(e.id) FROM {t} e JOIN people p ON p.email = e.email GROUP BY p.city', "rows"),
    ('SELECT p.city, e.flag, max(e.name) FROM {t} e LEFT JOIN people p ON p.email = e.email AND p.age > 18 GROUP BY p.city, e.flag', "rows"),
    ('WITH w AS (SELECT id, name, d FROM {t} WHERE id > 2) SELECT name, count(*), sum(d) FROM w GROUP BY name', "rows"),
    ('WITH w AS (SELECT id, name FROM {t}) SELECT a.name, count(*) FROM w a JOIN w b ON a.id = b.id AND a.id > 60 GROUP BY a.name', "rows"),
    ('SELECT (SELECT count(DISTINCT email) FROM {t}) AS a, (SELECT sum(d) FROM {t} WHERE id = 3) AS b', "native"),
    ('SELECT p.id, (SELECT count(DISTINCT e.name) FROM {t} e WHERE e.email = p.email) FROM people p WHERE p.id < 5', None),
    ('SELECT email, n FROM (SELECT email, count(*) AS n FROM {t} GROUP BY email) WHERE n > 1 UNION ALL SELECT name, sum(id) FROM {t} GROUP BY name', "native"),
    ('SELECT id, count(*) AS n, rank() OVER (ORDER BY count(*) DESC, id) FROM {t} GROUP BY id', "native"),
    ('SELECT t.a, max(t.x) FROM {t} AS t (a, x, b, c, d, e, f, g, h, i, j, k) GROUP BY t.a', "native"),
    ('SELECT email FROM {t} GROUP BY email, id', "native"),
    ('SELECT email FROM {t} GROUP BY email ORDER BY count(*) DESC, email DESC LIMIT 3', "native"),
    ('SELECT count(email) FROM (SELECT DISTINCT email, id FROM {t}) x', "native"),
    ('SELECT id, count(*) FROM {t} WHERE name = \'x\' OR d = 1.5 GROUP BY id', "rows"),
    ('SELECT min(id), count(*) FROM {t} GROUP BY ()', "native"),
    ('SELECT email, id FROM {t} UNION SELECT email, age FROM people', "rows"),
    ('SELECT count(*), max(a) FROM (SELECT email AS a FROM {t} UNION SELECT city FROM people UNION SELECT name FROM {t} WHERE id > 3) x', "rows"),
    ('SELECT id FROM {t} WHERE id < 9 UNION (SELECT id FROM people WHERE id > 60 ORDER BY id LIMIT 3) ORDER BY 1 DESC LIMIT 5', "native"),
    ('SELECT flag, avg(x), count(x) FROM (SELECT flag, TRY_CAST(name AS double) AS x FROM {t}) GROUP BY flag', "rows"),
]
PARTS = [
    ("SELECT p, k, count(*), max(email) FROM parted_landing GROUP BY p, k", "native"),
    ("SELECT k, count(*), min(id) FROM parted_landing WHERE p = 'a' AND k >= 2 GROUP BY k", "native"),
    ("SELECT \"$path\", count(*) FROM parted_landing GROUP BY 1", "rows"),
    ("SELECT count(*), count(p) FROM parted_landing WHERE p IS NULL", "native"),
    ("SELECT DISTINCT p FROM parted_landing", "native"),
    ("SELECT id, count(*) FROM empty_landing GROUP BY id", "native"),
    ("SELECT count(*), sum(id), max(email), count(DISTINCT id) FROM empty_landing", "native"),
    ("SELECT DISTINCT email FROM empty_landing", "native"),
    ("INSERT INTO copy SELECT email, count(*) FROM copy GROUP BY email", None),
]


def how(lake, sql):
    """What the translation does: "native", "rows" or None."""
    out = lake.ok("translate", sql, env={"TARN_PLAIN": "0"})
    if "t_group(" not in out:
        return None
    return "native" if re.search(r"'(landing|stored) ", out) else "rows"


def answers(lake, queries, env, *more):
    found = []
    for sql, _ in queries:
        code, out, err = lake.tarn("query", "--format", "csv", *more, "--", sql, env=env)
        found.append((code, out, err))
    return found


def compare(lake, queries, modes):
    plain = answers(lake, queries, {"TARN_PLAIN": "1"})
    for more in modes:
        for (sql, _), want, got in zip(queries, plain, answers(lake, queries, {"TARN_PLAIN": "0"}, *more)):
            if "JOIN" in sql or "1MB" in more:   # the order of a join's rows is no promise
                want, got = ((w[0], "\n".join(sorted(w[1].split("\n"))), w[2]) for w in (want, got))
            same((got[0], got[2]), (want[0], want[2]), f"{sql} {more}")
            lines = [(g[:300], w[:300]) for g, w in zip(got[1].split("\n"), want[1].split("\n")) if g != w]
            same(lines[:1], [], f"{sql} {more}: {len(lines)} lines differ")
            same(len(got[1]), len(want[1]), f"{sql} {more}")


def prepare(lake, seed, n, malformed="TRUE", bad=()):
    write_data(lake, seed, n, bad=bad)
    for table in (EVENTS, PEOPLE, PARTED, EMPTY):
        lake.ok("query", "-f", lake.write("make.sql", table.format(malformed=malformed)))
    lake.ok("query", "CREATE TABLE people AS SELECT * FROM people_landing")
    lake.ok("query", "CREATE TABLE copy AS SELECT email, count(*) AS n FROM people_landing GROUP BY email")


MODES = ((), ("--threads", "1"), ("--threads", "4", "--memory", "1MB"))


def test_aggregates_of_landing_tables_are_those_of_sqlite():
    with Lake() as lake:
        prepare(lake, 1, 900, bad=[(0.3, "not json"), (0.5, ""), (0.7, '{"id": 1, "id": 2}')])
        queries = [(sql.format(t="events_landing"), by) for sql, by in QUERIES] + PARTS
        for sql, by in queries:
            found = how(lake, sql)
            same(found in ("native", "rows") if by == "native_or_rows" else found == by, True, f"{sql}: {found}, not {by}")
        compare(lake, [q for q in queries if not q[0].startswith("INSERT")], MODES)


def test_aggregates_of_stored_tables_are_those_of_sqlite():
    with Lake() as lake:
        prepare(lake, 2, 1500)
        lake.ok("query", "CREATE TABLE events AS SELECT * FROM events_landing")
        compare(lake, [(sql.format(t="events"), by) for sql, by in QUERIES], MODES[:2])


IN_QUERIES = [
    "SELECT count(*), sum(id) FROM {t} WHERE email IN (SELECT email FROM people)",
    "SELECT count(*), sum(id) FROM {t} WHERE email NOT IN (SELECT email FROM people)",
    "SELECT count(*), sum(id) FROM {t} WHERE email NOT IN (SELECT email FROM people WHERE email IS NOT NULL)",
    "SELECT id, email IN (SELECT email FROM people) AS a, id NOT IN (SELECT id FROM people_landing WHERE id < 30) AS b FROM {t}",
    "SELECT id, email IN (SELECT email FROM people WHERE id > 100000000) AS a, email NOT IN (SELECT email FROM people WHERE id > 100000000) AS b FROM {t}",
    "SELECT id, NULL IN (SELECT id FROM people) AS a, 3 IN (SELECT id FROM people_landing) AS b, 3 NOT IN (SELECT id FROM people_landing WHERE id IS NOT NULL) AS c FROM {t} WHERE id < 3",
    "SELECT name FROM {t} WHERE name IN (SELECT upper(name) FROM {t}) OR id IN (SELECT age FROM people)",
    "SELECT count(*) FROM people p WHERE p.id IN (SELECT id FROM {t} WHERE flag) AND p.city NOT IN (SELECT name FROM {t} WHERE name IS NOT NULL)",
    "SELECT count(*) FROM {t} WHERE id IN (SELECT id FROM people GROUP BY id HAVING count(*) > 2)",
    "SELECT count(*) FROM {t} WHERE id IN (SELECT id FROM people ORDER BY age DESC, id LIMIT 5)",
    "SELECT count(*) FROM {t} WHERE \"day\" IN (SELECT \"day\" FROM events_landing WHERE id = 7)",
    "SELECT count(*) FROM {t} e WHERE e.id IN (SELECT p.id FROM people p WHERE p.email = e.email)",
    "SELECT count(*) FROM {t} WHERE email = ANY (SELECT email FROM people) AND id <> ALL (SELECT age FROM people)",
    "SELECT email, count(*) FROM {t} WHERE big IN (SELECT id FROM people) GROUP BY email",
    "WITH w AS (SELECT email, id FROM people WHERE age > 18) SELECT count(*) FROM {t} WHERE email IN (SELECT email FROM w) AND id NOT IN (SELECT id FROM w WHERE id IS NOT NULL)",
    "SELECT CASE WHEN email IN (SELECT email FROM people) THEN 1 ELSE 2 END AS k, count(*) FROM {t} GROUP BY 1",
    "SELECT count(*) FROM {t} WHERE email IN (SELECT email FROM people WHERE id IN (SELECT id FROM {t} WHERE email NOT IN (SELECT city FROM people WHERE city IS NOT NULL)))",
]


TOP_QUERIES = [
    'SELECT id, name, d FROM {t} ORDER BY d DESC, id LIMIT 20', 'SELECT id, name, d FROM {t} ORDER BY d, name DESC LIMIT 33',
    'SELECT * FROM (SELECT name, flag, big FROM {t} ORDER BY name, big DESC OFFSET 5 LIMIT 50) WHERE flag', 'SELECT email FROM {t} ORDER BY id LIMIT 40',
    'SELECT name FROM {t} ORDER BY email NULLS FIRST, r DESC NULLS FIRST, big OFFSET 3 LIMIT 100', 'SELECT id FROM {t} ORDER BY flag DESC NULLS LAST, d LIMIT 0',
    'SELECT id, d FROM {t} WHERE d > 0 AND name <> \'a\' ORDER BY d FETCH FIRST 7 ROWS ONLY', 'SELECT id, d AS x FROM {t} ORDER BY x DESC, 1 LIMIT 1000',
    'SELECT id FROM {t} ORDER BY id LIMIT 1001', 'SELECT id + 1 FROM {t} ORDER BY id LIMIT 5', 'SELECT id, "day" FROM {t} ORDER BY "at" DESC LIMIT 5',
    'SELECT raw, r, id AS k FROM {t} WHERE id > 5 ORDER BY raw, k, r LIMIT 12', 'SELECT id FROM {t} ORDER BY big + 1, id LIMIT 5',
    'SELECT email, id FROM {t} ORDER BY 1 DESC, 2 LIMIT 5', 'SELECT id, id AS again, name FROM {t} ORDER BY name, again LIMIT 9',
    'SELECT (SELECT name FROM {t} ORDER BY big DESC, name LIMIT 1) AS n, count(*) FROM {t}',
    'SELECT e.id FROM {t} e WHERE e.id IN (SELECT big FROM {t} ORDER BY big DESC, id LIMIT 300) ORDER BY e.id LIMIT 3',
]


def test_the_first_rows_are_those_of_sqlite():
    with Lake() as lake:
        prepare(lake, 9, 700)
        lake.ok("query", "CREATE TABLE events AS SELECT * FROM events_landing")
        for table in ("events", "events_landing"):
            queries = [(sql.format(t=table), None) for sql in TOP_QUERIES]
            compare(lake, queries, MODES)
            same(sum("'top " in lake.ok("translate", sql, env={"TARN_PLAIN": "0"}) for sql, _ in queries) >= 11, True, "first rows")


def test_membership_is_that_of_sqlite():
    with Lake() as lake:
        prepare(lake, 8, 500)
        lake.ok("query", "CREATE TABLE events AS SELECT * FROM events_landing")
        for table in ("events", "events_landing"):
            queries = [(sql.format(t=table), None) for sql in IN_QUERIES]
            compare(lake, queries, MODES)
            plans = [lake.ok("translate", sql, env={"TARN_PLAIN": "0"}) for sql, _ in queries]
            same(sum("t_in_set(" in plan or "t_group(" in plan for plan in plans) >= 13, True, "sets are used")
            same(any("t_in_set(" in plan for plan in plans) and any("0in of" in plan or "6in of" in plan or "1in of" in plan for plan in plans), True, "both ways")
        compare(lake, [("SELECT id FROM events WHERE id IN (SELECT 1 / (id - 7) FROM people)", None),
                       ("SELECT id FROM events WHERE id NOT IN (SELECT CAST(city AS int) FROM people)", None),
                       ("SELECT count(*), sum(id) FROM events_landing WHERE id IN (SELECT 1 / (id - 7) FROM people)", None)], MODES[:1])


def test_sets_beyond_the_memory_lie_in_a_file():
    with Lake() as lake:
        spill_lake(lake, 30000)
        compare(lake, [("SELECT count(*), sum(k) FROM many WHERE s IN (SELECT s FROM many WHERE b > 0)", None),
                       ("SELECT count(*), sum(k) FROM many WHERE k + 1 NOT IN (SELECT k FROM many WHERE k IS NOT NULL AND b < 2)", None),
                       ("SELECT count(*) FROM many WHERE s NOT IN (SELECT upper(s) FROM many)", None)], [("--memory", "1MB"), ()])


def test_small_inputs():
    for seed, n in ((3, 0), (4, 1), (5, 40)):
        with Lake() as lake:
            prepare(lake, seed, n)
            compare(lake, [(sql.format(t="events_landing"), by) for sql, by in QUERIES[:20]], MODES[:1])


def spill_lake(lake, n):
    rnd = random.Random(7)
    lines = []
    for i in range(n):
        lines.append(json.dumps({"k": rnd.choice([i, i, rnd.randint(0, n), i % 7, None]), "s": f"key {rnd.randint(0, n)} " + "x" * rnd.randint(0, 40),
                                 "x": rnd.random() * 1e6, "b": rnd.randint(-5, 5)}))
    lake.write("s3/b/many/a.json", "\n".join(lines) + "\n")
    lake.ok("query", "CREATE EXTERNAL TABLE many (k bigint, s string, x double, b int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/many/'")


def test_groups_beyond_the_memory_are_spilled():
    queries = ["SELECT k, count(*), sum(x), min(s), max(x) FROM many GROUP BY k",
               "SELECT s, b, count(*), avg(x), max(k) FROM many GROUP BY s, b",
               "SELECT DISTINCT s FROM many", "SELECT DISTINCT s, k FROM many WHERE b > 0",
               "SELECT count(DISTINCT k), count(DISTINCT s), sum(x) FROM many",
               "SELECT b, count(DISTINCT s), count(DISTINCT k), sum(x) FROM many GROUP BY b",
               "SELECT k, count(DISTINCT s), count(DISTINCT b), array_agg(b) FROM many GROUP BY k",
               "SELECT upper(s), max_by(x, k), min_by(x, b) FROM many GROUP BY upper(s)",
               "SELECT count(*), sum(n) FROM (SELECT s, count(*) AS n FROM many GROUP BY s) t"]
    with Lake() as lake:
        spill_lake(lake, 25000)
        compare(lake, [(q, None) for q in queries], [("--memory", "1MB"), ("--memory", "1MB", "--threads", "1")])


def test_order_of_few_groups_is_by_key_and_of_many_by_appearance():
    with Lake() as lake:
        spill_lake(lake, 2000)
        found = lake.query("SELECT b, count(*) FROM many GROUP BY b").split()[1:]
        same([f.split(",")[0].strip('"') for f in found], [str(i) for i in range(-5, 6)])
        lake.write("s3/b/many/b.json", "".join(json.dumps({"k": i * 7919 % 100003, "b": 0}) + "\n" for i in range(100003)))
        found = lake.query("SELECT k FROM many WHERE b = 0 AND s IS NULL GROUP BY k").split()[1:]
        same([f.strip('"') for f in found], [str(i * 7919 % 100003) for i in range(100003)])


def test_errors_are_those_of_sqlite():
    with Lake() as lake:
        lake.write("s3/b/many/a.json", "".join(json.dumps({"k": i % 3, "s": str(i), "x": i, "b": 1, "big": 2 ** 62}) + "\n" for i in range(900)))
        lake.ok("query", "CREATE EXTERNAL TABLE many (k bigint, s string, x double, b int, big bigint) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/many/'")
        queries = ["SELECT sum(big) FROM many", "SELECT k, sum(big) FROM many GROUP BY k", "SELECT sum(-big) FROM many",
                   "SELECT sum(big), sum(CAST(s AS tinyint)) FROM many", "SELECT max(1 / (b - 1)) FROM many GROUP BY k"]
        compare(lake, [(q, None) for q in queries], MODES)
        same("bigint addition overflow: 4611686018427387904 + 4611686018427387904" in lake.error("query", "SELECT k, sum(big) FROM many GROUP BY k"), True)
        lake.write("s3/b/many/b.json", '{"k": 1}\n{"k": "x"}\n')
        compare(lake, [(q, None) for q in ("SELECT sum(k) FROM many", "SELECT k, count(*) FROM many GROUP BY k", "SELECT DISTINCT k FROM many",
                                           "SELECT count(DISTINCT k) FROM many WHERE b = 1", "SELECT lower(s), max(k) FROM many GROUP BY 1")], MODES)


def test_views_inserts_and_plans():
    with Lake() as lake:
        prepare(lake, 6, 700)
        lake.ok("query", "CREATE VIEW v AS SELECT email, count(*) AS n, sum(d) AS s FROM events_landing GROUP BY email")
        queries = ["SELECT n, count(*), sum(s) FROM v GROUP BY n", "SELECT * FROM v WHERE n > 2", "SELECT max(s) FROM v"]
        compare(lake, [(q, None) for q in queries], MODES[:2])
        tables = []
        for plain in "10":
            lake.ok("query", f"CREATE TABLE t{plain} AS SELECT * FROM copy")
            lake.ok("query", f"INSERT INTO t{plain} SELECT email, sum(n) FROM t{plain} GROUP BY email", env={"TARN_PLAIN": plain})
            lake.ok("query", f"INSERT INTO t{plain} SELECT city, count(DISTINCT email) FROM people_landing GROUP BY city", env={"TARN_PLAIN": plain})
            tables.append(sorted(lake.query(f"SELECT * FROM t{plain}").split("\n")))
        same(tables[1], tables[0])
        same("t_group('SELECT r" in lake.ok("translate", "SELECT id, count(*) FROM events_landing GROUP BY id"), True)


def test_partitions_are_still_left_out():
    with Lake() as lake:
        lake.write("s3/b/parted/p=a/k=1/x.json", '{"id": 1, "email": "x"}\n{"id": 2}\n')
        lake.write("s3/b/parted/p=b/k=1/x.json", "not json\n")
        lake.ok("query", "-f", lake.write("make.sql", PARTED.format(malformed="FALSE")))
        lake.ok("query", "CREATE VIEW v AS SELECT p, k, count(*) AS n FROM parted_landing GROUP BY p, k")
        for sql in ("SELECT p, n FROM v WHERE p = 'a'", "SELECT p, count(*) FROM parted_landing GROUP BY p HAVING p = 'a' AND count(*) > 1",
                    "SELECT * FROM (SELECT DISTINCT p, id FROM parted_landing) WHERE p IN ('a', 'c')",
                    "WITH g AS (SELECT p AS q, max(id) AS m FROM parted_landing GROUP BY p), h AS (SELECT q AS z, m FROM g) SELECT * FROM h WHERE z BETWEEN 'a' AND 'aa'",
                    "SELECT * FROM (SELECT p, id FROM parted_landing UNION SELECT p, k FROM parted_landing) WHERE p = 'a'",
                    "SELECT max(n) FROM (SELECT p AS pp, n FROM v) WHERE pp = 'a'", "SELECT p, count(*) FROM parted_landing WHERE p = 'a' GROUP BY p"):
            compare(lake, [(sql, None)], MODES[:2])
            lake.query(sql)


def test_an_aggregation_can_be_interrupted():
    with Lake() as lake:
        spill_lake(lake, 150000)
        for i in range(6):
            sql = "SELECT s, k, count(*), sum(x) FROM many GROUP BY s, k" if i % 2 else "SELECT upper(s), k, count(DISTINCT x * 2) FROM many GROUP BY 1, 2"
            child = subprocess.Popen([TARN, "query", "--memory", "1MB", "--", sql], cwd=lake.folder, env=lake.environment({"TARN_PLAIN": "0"}),
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(0.05 + 0.04 * i)
            start = time.time()
            child.send_signal(signal.SIGINT)
            child.wait(20)
            took = time.time() - start
            same(child.returncode in (130, 0, -signal.SIGINT), True, child.stderr.read())    # the last: before it listens
            same(child.returncode != 130 or took < 3, True, f"it took {took:.2f} s to stop")  # of a busy machine
            child.stderr.close()
