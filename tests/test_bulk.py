"""Bulk statements (src/bulk.h) against the plain path on adversarial data.

TARN_PLAIN=1 sends a statement through SQLite.  Tables, exports, row counts, rejects, inputs and
errors must be the same; scans keep the order of the files.
"""
import collections
import gzip
import json
import os
import random
import sqlite3
import subprocess
import sys
import unittest

from lake import FIXTURES, ROOT, TARN, Lake, same

SERDE = """ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json' = '{malformed}')
STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'"""

EVENTS = """CREATE EXTERNAL TABLE events_landing (
  id int, big bigint, name string, flag boolean, d double, r float, email string, `at` bigint, `day` date,
  tags array<string>, raw binary, note varchar(10))
""" + SERDE + "\nLOCATION 's3://b/events/';"
PEOPLE = "CREATE EXTERNAL TABLE people_landing (email string, id int, age smallint, city string, consent bigint)\n" + SERDE + \
    "\nLOCATION 's3://b/people/';"
PARTED = "CREATE EXTERNAL TABLE parted_landing (id int, email string)\nPARTITIONED BY (p string, k int)\n" + SERDE + \
    "\nLOCATION 's3://b/parted/';\nMSCK REPAIR TABLE parted_landing;"
EMPTY = "CREATE EXTERNAL TABLE empty_landing (email string, id int)\n" + SERDE + "\nLOCATION 's3://b/empty/';"

NAMES = ["", " ", "a", "A", "ä", "日本", "x\u0000y", "'", '"', "😀", "0", "1", "-1", "1.0", "NaN", "z" * 300, "null", "a ", "é", "e\u0301"]

# name, SQL, whether it must run in bulk.  Order matters: later ones read earlier ones.
STATEMENTS = [
    ("all_events", "SELECT id, big, name, flag, d, r, email, \"at\", \"day\", raw, note FROM events_landing", 0),
    ("some_events", "SELECT id, big, name, flag, d, r, email, \"at\", note FROM events_landing", 1),
    ("people", "SELECT * FROM people_landing", 1),
    ("literals", "SELECT id, 7 AS seven, 'x' AS x, true AS t, 1.5 AS h, email AS mail FROM events_landing", 1),
    ("not_null", "SELECT * FROM people_landing WHERE consent IS NOT NULL", 1),
    ("is_null", "SELECT id, email FROM events_landing WHERE email IS NULL", 1),
    ("equals", "SELECT id, name FROM events_landing WHERE name = 'a'", 1),
    ("differs", "SELECT id, name FROM events_landing WHERE name <> 'a' AND id <> 3", 1),
    ("ordered", "SELECT id, name FROM events_landing WHERE name > 'a' AND id >= -5 AND 100000 > big", 1),
    ("doubles", "SELECT id, d FROM events_landing WHERE d > 0", 1),
    ("doubles_less", "SELECT id, d, r FROM events_landing WHERE d <= 1.5 OR r < 0.5", 1),
    ("doubles_differ", "SELECT id, d FROM events_landing WHERE NOT d = 1.5", 1),
    ("doubles_in", "SELECT id, d FROM events_landing WHERE d IN (0, 1.5, 2)", 1),
    ("in_between", "SELECT id FROM events_landing WHERE id BETWEEN 3 AND 17 AND NOT big BETWEEN 0 AND 10", 1),
    ("in_list", "SELECT id, name FROM events_landing WHERE name IN ('a', 'ä', '日本') OR id IN (1, 2, 3)", 1),
    ("not_in_list", "SELECT id, name FROM events_landing WHERE name NOT IN ('a', 'ä')", 1),
    ("not_in_null", "SELECT id, name FROM events_landing WHERE name NOT IN ('a', NULL)", 1),
    ("in_null", "SELECT id, name FROM events_landing WHERE name IN ('a', NULL)", 1),
    ("logic", "SELECT id FROM events_landing WHERE flag AND NOT (name = 'a' OR d > 1) OR (flag IS NULL AND email IS NULL)", 1),
    ("column_to_column", "SELECT id FROM some_events WHERE id = big OR id < \"at\"", 1),
    ("semi", "SELECT id, email FROM events_landing WHERE email IN (SELECT email FROM people)", 1),
    ("semi_landing", "SELECT * FROM people_landing WHERE email IN (SELECT email FROM events_landing)", 1),
    ("anti", "SELECT id, email FROM events_landing WHERE email NOT IN (SELECT email FROM people WHERE email IS NOT NULL)", 1),
    ("anti_null", "SELECT id, email FROM events_landing WHERE email NOT IN (SELECT email FROM people)", 1),
    ("anti_empty", "SELECT id, email FROM some_events WHERE email NOT IN (SELECT email FROM people WHERE city = 'nowhere at all')", 1),
    ("semi_or", "SELECT id, email FROM events_landing WHERE email IS NULL OR email NOT IN (SELECT email FROM not_null WHERE email IS NOT NULL)", 1),
    ("semi_nested", "SELECT id FROM events_landing WHERE email IN (SELECT email FROM people WHERE id IN (SELECT id FROM some_events WHERE flag))", 1),
    ("semi_int", "SELECT * FROM people WHERE id IN (SELECT id FROM events_landing)", 1),
    ("semi_wider", "SELECT id, big FROM some_events WHERE big IN (SELECT id FROM people)", 1),
    ("exists_one", "SELECT * FROM people p WHERE EXISTS (SELECT 1 FROM some_events e WHERE e.email = p.email)", 1),
    ("exists_two", "SELECT * FROM people p WHERE EXISTS (SELECT 1 FROM some_events e WHERE e.email = p.email AND e.id = p.id AND e.flag)", 1),
    ("not_exists", "SELECT * FROM people p WHERE NOT EXISTS (SELECT 1 FROM some_events e WHERE e.email = p.email AND e.d > 1)", 1),
    ("joined", "SELECT e.id, e.name, p.city, p.age FROM events_landing e JOIN people p ON e.email = p.email", 1),
    ("joined_using", "SELECT email, e.id AS e_id, p.id AS p_id FROM some_events e JOIN people p USING (email)", 1),
    ("joined_star", "SELECT e.* FROM some_events e INNER JOIN people_landing p ON p.email = e.email WHERE p.age > 10 AND e.d > 0", 1),
    ("joined_comma", "SELECT e.id, p.city FROM some_events e, people p WHERE e.email = p.email AND e.id = p.id", 1),
    ("joined_int", "SELECT e.big, p.email FROM some_events e JOIN people p ON e.big = p.id", 1),
    ("joined_residual", "SELECT e.id, p.consent FROM some_events e JOIN people p ON e.email = p.email WHERE e.\"at\" >= p.consent", 1),
    ("joined_three", "SELECT e.id, p.city, s.id AS other FROM some_events e JOIN people p ON e.email = p.email JOIN semi_int s ON s.id = e.id AND s.city = p.city", 1),
    ("joined_self", "SELECT a.email AS a_mail, b.email AS b_mail FROM people a JOIN people b ON a.id = b.id AND a.age < b.age", 1),
    ("joined_empty", "SELECT e.id FROM some_events e JOIN empty_landing x ON x.email = e.email", 1),
    ("distinct_side", "SELECT DISTINCT p.* FROM people p JOIN some_events e ON e.email = p.email", 1),
    ("distinct_null", "SELECT DISTINCT name, flag FROM events_landing", 1),
    ("in_subquery_table", "SELECT id, mail FROM (SELECT id, email AS mail, big FROM some_events WHERE flag) x WHERE mail IS NOT NULL", 1),
    ("with_query", "WITH w AS (SELECT email, id FROM people WHERE age > 20) SELECT e.id, w.id AS w_id FROM some_events e JOIN w ON w.email = e.email", 1),
    ("with_alias", "SELECT t.a, t.b FROM (SELECT id, name FROM some_events) AS t (a, b) WHERE t.b <> ''", 1),
    ("partitions", "SELECT * FROM parted_landing", 1),
    ("pruned", "SELECT * FROM parted_landing WHERE p = 'a' AND k >= 2", 1),
    ("pruned_in", "SELECT id, p FROM parted_landing WHERE k IN (1, 3) AND p IS NOT NULL", 1),
    ("paths", "SELECT id, \"$path\" AS path FROM parted_landing WHERE p <> 'b'", 1),
    ("empty", "SELECT * FROM empty_landing", 1),
    ("counted", "SELECT email, count(*) AS n FROM some_events GROUP BY email", 0),
    ("computed", "SELECT id + 1 AS next, lower(name) AS low FROM some_events", 0),
    ("left_joined", "SELECT e.id, p.city FROM some_events e LEFT JOIN people p ON e.email = p.email", 0),
    ("limited", "SELECT id FROM events_landing ORDER BY \"at\", id LIMIT 10", 0),
    ("never", "SELECT id FROM events_landing WHERE 1 = 0", 0),
    ("doubles_joined", "SELECT a.id FROM some_events a JOIN some_events b ON a.d = b.d AND a.id = b.id", 1),
    ("decimals", "SELECT CAST(id AS decimal(10,2)) AS c FROM some_events WHERE id < 50", 0),
]
IN_ORDER = {n for n, sql, _ in STATEMENTS if not any(w in sql for w in ("JOIN", "GROUP", "DISTINCT", "ORDER", ", people"))}


def event(rnd, i):
    row = {"id": rnd.choice([None, i % 50, rnd.randint(-9, 9), i]), "big": rnd.choice([i, -i, 0, 2**62, None, i % 20]),
           "name": rnd.choice(NAMES + [None]), "flag": rnd.choice([True, False, None]),
           "d": rnd.choice([0.0, -0.0, 1.5, -1.5, 1e300, 2, None, rnd.random(), "NaN", "Infinity", i]),
           "r": rnd.choice([0.5, 0.1, None, 3]), "email": rnd.choice([None] * 3 + [""] + ["ü@x"] + [f"u{i % 300}@x", f"u{rnd.randint(0, 2000)}@x"] * 10),
           "at": rnd.choice([i * 1000, None, 1600000000000 + i]), "day": rnd.choice(["2024-02-29", None, "1969-12-31"]),
           "tags": rnd.choice([[], ["a", None], None]), "raw": "aGk=", "note": rnd.choice(["äöü", None, "0123456789"])}
    if rnd.random() < 0.1:
        row.pop(rnd.choice(list(row)))
    text = json.dumps(row, ensure_ascii=rnd.random() < 0.5)
    if rnd.random() < 0.002:
        text += ' {"id": 4}'
    return text


def person(rnd, i):
    return json.dumps({"email": rnd.choice([f"u{i}@x"] * 10 + [f"u{i // 2}@x"] * 10 + [None, "", "ü@x"][:1 + (i < 200) * 2]), "id": rnd.choice([i % 70, None, i]),
                       "age": rnd.choice([None, 18, 30, 200]), "city": rnd.choice(["Rom", "Köln", None, ""]),
                       "consent": rnd.choice([None, 1500000000000, i])})


def write_data(lake, seed, n, bad=()):
    rnd = random.Random(seed)
    for part in range(3):
        lines = [event(rnd, part * n + i) for i in range(n)]
        for at, text in bad:
            lines.insert(int(at * n) + part, text)
        data = ("\n".join(lines) + ("\n" if part else "")).encode("utf-8", "surrogatepass")
        if part == 1:
            data = gzip.compress(data)
        lake.write(f"s3/b/events/f{part}.json" + (".gz" if part == 1 else ""), data)
    lake.write("s3/b/events/huge.json", json.dumps({"id": 5, "name": "h" * 200000, "email": "u5@x"}) + "\n" + json.dumps({"email": "y" * 70000}) + "\n")
    people = [person(rnd, i) for i in range(n // 4)]
    lake.write("s3/b/people/a.json", "\n".join(people[:n // 8]) + "\n\n")
    lake.write("s3/b/people/b.json", "\n".join(people[n // 8:]))
    for p in ("a", "b", "__HIVE_DEFAULT_PARTITION__"):
        for k in (1, 2, 3):
            lake.write(f"s3/b/parted/p={p}/k={k}/x.json", "".join(json.dumps({"id": i, "email": f"u{i}@x"}) + "\n" for i in range(20)))
    lake.write("s3/b/empty/none.json", "")


def write_scripts(lake, malformed, statements):
    for table in (EVENTS, PEOPLE, PARTED, EMPTY):
        name = table.split()[3]
        lake.write(f"sql/landing/{name}.sql", table.format(malformed=malformed))
    for name, sql, _ in statements:
        lake.write(f"sql/trusted/{name}.sql", f"CREATE TABLE {name} AS\n{sql};\n")


def run(lake, which, env, *more):
    """A run into a lake and an export folder of its own: its exit status and stderr."""
    code, out, err = lake.tarn("run", "--lake", f"{which}.db", "--export", which, *more, env=env)
    return code, err


def rows(lake, which, sql):
    with sqlite3.connect(lake.path(f"{which}.db")) as db:
        db.text_factory = bytes
        return db.execute(sql).fetchall()


def export(lake, which, name):
    folder = lake.path(which, "trusted", name)
    return b"".join(open(os.path.join(folder, f), "rb").read() for f in sorted(os.listdir(folder)))


def compare(lake, a, b, statements, exact=False):
    for name, _, _ in statements:
        typed = rows(lake, a, f'SELECT * FROM "{name}"'), rows(lake, b, f'SELECT * FROM "{name}"')
        if exact or name in IN_ORDER:
            same(typed[1] == typed[0], True, f"{name}: rows of {a} and {b}, in order: {len(typed[0])}, {len(typed[1])}")
            same(export(lake, a, name) == export(lake, b, name), True, f"{name}: exports")
        same(collections.Counter(map(repr, typed[1])) == collections.Counter(map(repr, typed[0])), True,
             f"{name}: rows of {a} and {b}: {len(typed[0])}, {len(typed[1])}")
        same(sorted(export(lake, a, name).split(b"\n")) == sorted(export(lake, b, name).split(b"\n")), True, f"{name}: lines of exports")
    for sql in ("SELECT table_name, file, line, byte, reason, raw FROM tarn_rejects ORDER BY 1, 2, 3, 4",
                "SELECT table_name, path, size FROM tarn_inputs ORDER BY 1, 2",
                "SELECT name, row_count FROM tarn_steps ORDER BY 1"):
        same(rows(lake, b, sql), rows(lake, a, sql), sql)
    same(rows(lake, b, "PRAGMA integrity_check"), [(b"ok",)])


def check_bulk(lake, which, statements):
    for name, sql, bulk in statements:
        out = lake.ok("translate", "--lake", f"{which}.db", f"CREATE TABLE t AS {sql}")
        same(out.startswith("-- bulk: "), bool(bulk), f"{name}: {out[:200]}")


def test_bulk_statements_give_the_rows_of_the_plain_path():
    with Lake() as lake:
        write_data(lake, 1, 4000, bad=[(0.3, "not json"), (0.5, ""), (0.7, '{"id": 1, "id": 2}')])
        write_scripts(lake, "TRUE", STATEMENTS)
        code, err = run(lake, "plain", {"TARN_PLAIN": "1"})
        same(code, 0, err)
        for which, more in (("bulk", ()), ("one", ("--threads", "1")), ("four", ("--threads", "4", "--memory", "1MB"))):
            code, err = run(lake, which, {"TARN_PLAIN": "0"}, *more)
            same(code, 0, err)
            compare(lake, "plain", which, STATEMENTS)
        check_bulk(lake, "plain", STATEMENTS)
        compare(lake, "bulk", "one", STATEMENTS, exact=True)


def test_small_and_large_inputs_under_the_strict_serde():
    for seed, n in ((2, 8), (3, 60), (4, 9000)):
        with Lake() as lake:
            write_data(lake, seed, n)
            some = [s for s in STATEMENTS if n < 1000 or s[0] in ("some_events", "people", "semi", "joined", "not_null", "semi_landing", "distinct_side")]
            write_scripts(lake, "FALSE", some)
            for which, env in (("plain", {"TARN_PLAIN": "1"}), ("bulk", {"TARN_PLAIN": "0"})):
                code, err = run(lake, which, env)
                same(code, 0, err)
            compare(lake, "plain", "bulk", some)


def test_errors_are_those_of_the_plain_path():
    bad = {"a malformed line": (0.6, '{"id": 1'), "a wrong type": (0.5, '{"id": "x", "email": {"a": 1}}'),
           "an object for a number": (0.7, '{"big": {"a": 1}}'), "invalid UTF-8": (0.2, '{"name": "\udc80"}')}
    names = ("some_events", "is_null", "semi_landing", "anti", "joined", "distinct_null", "doubles")
    for what, line in bad.items():
        with Lake() as lake:
            write_data(lake, 5, 600, bad=[line])
            write_scripts(lake, "FALSE", [])
            lake.ok("query", "-f", "sql/landing/events_landing.sql")
            lake.ok("query", "-f", "sql/landing/people_landing.sql")
            lake.ok("query", "CREATE TABLE people AS SELECT * FROM people_landing")
            for name, sql, _ in STATEMENTS:
                if name not in names:
                    continue
                got = []
                for plain in "10":
                    code, _, err = lake.tarn("query", f"CREATE TABLE t_{name} AS {sql}", env={"TARN_PLAIN": plain})
                    left = lake.sqlite(f"SELECT count(*) FROM sqlite_schema WHERE name='t_{name}'").strip()
                    got.append((code, err, left))
                    lake.tarn("query", f"DROP TABLE IF EXISTS t_{name}")
                same(got[1], got[0], f"{what}: {name}")


def test_insert_in_bulk_adds_the_rows_of_the_plain_path():
    inserts = ["INSERT INTO wide SELECT id, email, city, age FROM people_landing",
               "INSERT INTO wide (city, id) SELECT city, id FROM people_landing WHERE age > 20",
               "INSERT INTO wide (email) SELECT DISTINCT email FROM people_landing",
               "INSERT INTO wide SELECT DISTINCT id, email, city, age FROM people_landing",
               "INSERT INTO wide SELECT * FROM wide",
               "INSERT INTO wide SELECT id, email, city, NULL FROM people_landing WHERE email IN (SELECT email FROM wide)",
               "INSERT INTO wide SELECT w.id, p.email, p.city, p.age FROM people_landing p JOIN copy w ON w.email = p.email"]
    with Lake() as lake:
        write_data(lake, 6, 400)
        write_scripts(lake, "FALSE", [])
        found = []
        for plain in "10":
            env, db = {"TARN_PLAIN": plain}, f"{plain}.db"
            lake.ok("query", "--lake", db, "-f", "sql/landing/people_landing.sql")
            for sql in ["CREATE TABLE wide AS SELECT CAST(id AS bigint) AS id, email, city, CAST(age AS integer) AS age FROM people_landing WHERE id < 5",
                        "CREATE TABLE copy AS SELECT * FROM wide", *inserts]:
                out = lake.ok("query", "--lake", db, "--format", "api", sql, env=env)
                found.append((plain, sql, json.loads(out).get("UpdateCount")))
        half = len(found) // 2
        same([f[1:] for f in found[half:]], [f[1:] for f in found[:half]])
        same(collections.Counter(map(repr, rows(lake, "0", "SELECT * FROM wide"))),
             collections.Counter(map(repr, rows(lake, "1", "SELECT * FROM wide"))))


def test_views_are_expanded():
    with Lake() as lake:
        write_data(lake, 7, 300)
        write_scripts(lake, "FALSE", [])
        lake.ok("query", "-f", "sql/landing/people_landing.sql")
        lake.ok("query", "CREATE VIEW adults AS SELECT email AS mail, id, city FROM people_landing WHERE age >= 18")
        lake.ok("query", "CREATE VIEW romans AS SELECT mail, id FROM adults WHERE city = 'Rom'")
        sql = "SELECT r.id, a.city FROM romans r JOIN adults a ON a.mail = r.mail"
        same(lake.ok("translate", f"CREATE TABLE t AS {sql}").startswith("-- bulk: scan people_landing, hash join people_landing"), True)
        for plain in "10":
            lake.ok("query", f"CREATE TABLE t{plain} AS {sql}", env={"TARN_PLAIN": plain})
        same(lake.sqlite("SELECT count(*)>0 FROM t1").strip(), "1")
        same(lake.sqlite("SELECT count(*) FROM (SELECT * FROM t0 EXCEPT SELECT * FROM t1)").strip(), "0")
        same(lake.sqlite("SELECT (SELECT count(*) FROM t0)=(SELECT count(*) FROM t1)").strip(), "1")


def test_the_steps_of_the_pipeline_run_in_bulk():
    with Lake(FIXTURES) as lake:
        lake.ok("run", "--no-export", "--sql", os.path.join(ROOT, "sql"))
        for zone in ("trusted", "curated"):
            for name in os.listdir(os.path.join(ROOT, "sql", zone)):
                with open(os.path.join(ROOT, "sql", zone, name)) as f:
                    sql = f.read().rstrip().rstrip(";")
                same("-- bulk: scan " in lake.ok("translate", sql.replace("CREATE TABLE ", "CREATE TABLE new_")), True, name)


CHECKS = [
    ("none", "SELECT id FROM some_events WHERE id > 1000000000"),
    ("some", "SELECT id, email FROM people WHERE id < 40"),
    ("grouped_none", "SELECT email, count(*) AS n FROM people WHERE age > 5000 GROUP BY email"),
    ("grouped_some", "SELECT email, count(*) AS n FROM people WHERE age = 200 AND id < 40 GROUP BY email"),
    ("having_none", "SELECT 'x' AS x, count(*) AS n FROM people WHERE age > 5000 HAVING count(*) > 0"),
    ("having_some", "SELECT 'x' AS x, count(*) AS n FROM people WHERE age IS NULL HAVING count(*) > 0"),
    ("having_zero", "SELECT 'x' AS x, count(*) AS n FROM people WHERE age > 5000 HAVING count(*) = 0"),
    ("having_other", "SELECT 'x' AS x, count(*) AS n FROM people WHERE age > 5000 HAVING count(age) >= 0"),
    ("counted", "SELECT count(*) AS n FROM people WHERE age > 5000"),
    ("rollup", "SELECT email, count(*) AS n FROM people WHERE age > 5000 GROUP BY ROLLUP (email)"),
    ("union_none", "SELECT id FROM people WHERE age > 5000 UNION ALL SELECT id FROM people WHERE age < 0"),
    ("union_some", "SELECT id FROM people WHERE age > 5000 UNION ALL SELECT id FROM people WHERE id < 40"),
    ("anti_none", "SELECT email, count(*) AS n FROM people WHERE email NOT IN (SELECT email FROM people_landing WHERE email IS NOT NULL) GROUP BY email"),
    ("anti_unknown", "SELECT email FROM people WHERE id < 40 AND email NOT IN (SELECT email FROM people_landing)"),
    ("limited", "SELECT id FROM people LIMIT 0"),
    ("joined", "SELECT p.id FROM people p JOIN some_events e ON e.email = p.email AND e.id = -77"),
]


def test_checks_hold_and_fail_as_on_the_plain_path():
    some = [s for s in STATEMENTS if s[0] in ("people", "some_events")]
    with Lake() as lake:
        write_data(lake, 8, 300)
        write_scripts(lake, "FALSE", some)
        for name, sql in CHECKS:
            lake.write("sql/checks/one.sql", sql + ";\n")
            got = [run(lake, plain, {"TARN_PLAIN": plain}, "--no-export") for plain in "10"]
            same(got[1], got[0], name)
            same(got[0][0], int(not name.endswith("none") and name not in ("anti_unknown", "limited", "joined")), name)


PEAK = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""


def peak_kilobytes(lake, *arguments):
    """The peak memory of a command that must succeed.  A small process starts it: a child begins with its parent's peak."""
    done = subprocess.run([sys.executable, "-c", PEAK, TARN, *arguments], cwd=lake.folder, env=lake.environment(), stdout=subprocess.PIPE)
    same(done.returncode, 0, arguments)
    return int(done.stdout)


def test_joins_keep_to_the_memory_they_are_given():
    if os.environ.get("TARN_SANITIZED"):
        raise unittest.SkipTest("sanitizers take memory of their own")
    with Lake() as lake:
        write_scripts(lake, "FALSE", [])
        lake.write("s3/b/events/a.json", "".join(f'{{"id": {i}, "name": "{i:0200d}", "email": "u{i % 1000}@x"}}\n' for i in range(100000)))
        lake.ok("query", "-f", "sql/landing/events_landing.sql")
        lake.ok("query", "CREATE TABLE stored AS SELECT id, name FROM events_landing")
        sql = "CREATE TABLE {} AS SELECT e.id, s.name FROM events_landing e JOIN stored s ON s.id = e.id"
        little = peak_kilobytes(lake, "query", "--memory", "8MB", "--threads", "2", sql.format("little"))
        much = peak_kilobytes(lake, "query", "--threads", "2", sql.format("much"))
        assert little < much - 10000, f"peaks: {little} and {much} kB"
        same(lake.sqlite("SELECT count(*) FROM (SELECT * FROM much EXCEPT SELECT * FROM little)").strip(), "0")
        same(lake.sqlite("SELECT count(*), count(DISTINCT id) FROM little").strip(), "100000|100000")


def test_memory_is_a_size():
    with Lake() as lake:
        for size in ("1MB", "3gb", "1048576", "2048KB"):
            same(lake.ok("query", "--memory", size, "SELECT 1").split()[-1].strip('"'), "1")
        for size in ("", "x", "-1MB", "1", "1023KB", "1TB", "1 MB", "99999999999GB", "1.5GB"):
            status, _, err = lake.tarn("query", "--memory", size, "SELECT 1")
            same((status, "--memory is a size" in err), (2, True), size)


def test_landing_rows_are_counted_whoever_reads_them():
    """By a scan of a later step that reads all; else by themselves.  Results are told in order."""
    steps = {"whole": ("people", "SELECT * FROM people_landing"), "some": ("few", "SELECT * FROM parted_landing WHERE p = 'a' AND k = 1"),
             "filter": ("old", "SELECT * FROM people_landing WHERE age > 20")}
    for plain in "10":
        with Lake() as lake:
            write_data(lake, 9, 100)
            write_scripts(lake, "FALSE", [(name, sql, 1) for name, sql in steps.values()])
            out = lake.ok("run", "--no-export", env={"TARN_PLAIN": plain})
            want = {"empty_landing": 0, "events_landing": 302, "parted_landing": 180, "people_landing": 26, "few": 20}
            got = dict(r.split("|") for r in lake.sqlite("SELECT name, row_count FROM tarn_steps").split())
            same({k: int(got[k]) for k in want}, want)
            same([line.split()[1] for line in out.splitlines()[:-1]], lake.sqlite("SELECT name FROM tarn_steps ORDER BY step").split())
            size = sum(os.path.getsize(lake.path("s3/b/people", f)) for f in ("a.json", "b.json"))
            same(lake.sqlite("SELECT bytes FROM tarn_steps WHERE name='people_landing'").strip(), str(size))
