"""tarn run: the STEDI pipeline, checks, history, exports; recovery has a file of its own."""
import collections
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from lake import FIXTURES, ROOT, SHARED_STEDI, TARN, Lake, first_objects, same

SQL = os.path.join(ROOT, "sql")
TABLES = ("customer_landing", "accelerometer_landing", "step_trainer_landing", "customer_trusted", "accelerometer_trusted",
          "customers_curated", "step_trainer_trusted", "machine_learning_curated", "machine_learning_matched",
          "machine_learning_consented")


def expected(bucket):
    """The rows of every table, derived from the files by plain Python."""
    customers = first_objects(os.path.join(bucket, "customer", "landing"))
    moves = first_objects(os.path.join(bucket, "accelerometer", "landing"))
    steps = first_objects(os.path.join(bucket, "step_trainer", "landing"))
    keys = ("customername", "email", "phone", "birthday", "serialnumber", "registrationdate", "lastupdatedate",
            "sharewithresearchasofdate", "sharewithpublicasofdate", "sharewithfriendsasofdate")
    customers = [{k: c.get(k) for k in keys} for c in customers]
    trusted = [c for c in customers if c["sharewithresearchasofdate"] is not None]
    emails = {c["email"] for c in trusted}
    moved = [m for m in moves if m["user"] in emails]
    users = {m["user"] for m in moved}
    curated = [c for c in trusted if c["email"] in users]
    serials = {c["serialnumber"] for c in curated}
    stepped = [s for s in steps if s["serialnumber"] in serials]
    at = collections.defaultdict(list)
    for m in moved:
        at[m["timestamp"]].append(m)
    consent = {(c["serialnumber"], c["email"]): c["sharewithresearchasofdate"] for c in curated}
    pairs = [(s, m) for s in stepped for m in at[s["sensorreadingtime"]]]
    matched = [p for p in pairs if (p[0]["serialnumber"], p[1]["user"]) in consent]
    consented = [p for p in matched if p[0]["sensorreadingtime"] >= consent[p[0]["serialnumber"], p[1]["user"]]]
    row = lambda p: {**p[0], **{k: p[1][k] for k in ("user", "x", "y", "z")}}
    return dict(zip(TABLES, (customers, moves, steps, trusted, moved, curated, stepped, [row(p) for p in pairs],
                             [row(p) for p in matched], [row(p) for p in consented])))


def bag(rows):
    return collections.Counter(json.dumps(r, sort_keys=True) for r in rows)


def run(lake, *more, sql=SQL):
    return lake.tarn("run", "--sql", sql, "--format", "json", *more)


def exported(lake, zone, table):
    folder = lake.path("export", zone, table)
    rows = []
    for name in sorted(os.listdir(folder)):
        assert re.fullmatch(r"[^._].*\.json", name), f"{folder} holds {name}"
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            rows += [json.loads(line) for line in f]
    return rows


def check_whole_run(lake, bucket):
    status, out, err = run(lake)
    same(status, 0, err)
    report = json.loads(out)
    want = expected(bucket)
    same({s["name"]: s["rows"] for s in report["steps"]}, {t: len(r) for t, r in want.items()})
    for table in TABLES[3:]:
        zone = "trusted" if table.endswith("trusted") else "curated"
        same(bag(exported(lake, zone, table)), bag(want[table]), table)
        # Stock sqlite3 reads the stored tables without the extension.
        same(lake.sqlite(f"SELECT count(*) FROM {table}").strip(), str(len(want[table])))
    for table in TABLES[:3]:
        same(lake.sqlite(f"SELECT count(*) FROM {table}", load=True).strip(), str(len(want[table])))
    return report, want


def test_fixtures_run_end_to_end():
    with Lake(FIXTURES) as lake:
        report, _ = check_whole_run(lake, os.path.join(FIXTURES, "stedi-lake"))
        same([c["name"] for c in report["checks"] if c["warning"] and c["rows"]], ["serial_numbers_shared"])
        same([(n["table"], n["count"]) for n in report["notices"]], [("accelerometer_landing", 1)])
        rejects = lake.sqlite("SELECT table_name, line, reason FROM tarn_rejects")
        assert rejects.startswith("accelerometer_landing|6|text after"), rejects
        same(lake.sqlite("SELECT count(*) FROM tarn_inputs").strip(), "7")
        same(lake.sqlite("PRAGMA integrity_check").strip(), "ok")


def test_public_stedi_data_gives_the_published_numbers():
    if not os.path.isdir(SHARED_STEDI):
        raise unittest.SkipTest("../shared is absent")
    with Lake() as lake:
        os.makedirs(lake.s3_root)
        os.symlink(os.path.abspath(SHARED_STEDI), os.path.join(lake.s3_root, "stedi-lake"))
        report, _ = check_whole_run(lake, SHARED_STEDI)
        same([s["rows"] for s in sorted(report["steps"], key=lambda s: TABLES.index(s["name"]))],
             [956, 81273, 28680, 482, 40981, 482, 14460, 43681, 40981, 32025])


def test_fixtures_are_what_the_generator_makes():
    with Lake() as lake:
        subprocess.run([sys.executable, os.path.join(FIXTURES, "generate.py"), lake.path("again")], check=True)
        for base, _, names in os.walk(lake.path("again")):
            for name in names:
                made = os.path.join(base, name)
                kept = os.path.join(FIXTURES, os.path.relpath(made, lake.path("again")))
                opened = gzip.open if name.endswith(".gz") else open
                with opened(made, "rb") as a, opened(kept, "rb") as b:
                    same(a.read(), b.read(), kept)


def test_a_second_run_gives_the_same_lake():
    with Lake(FIXTURES) as lake:
        same(run(lake)[0], 0)
        dump = lambda: [lake.sqlite(f"SELECT * FROM {t}") for t in TABLES[3:]]
        files = lambda: {t: exported(lake, "curated", t) for t in os.listdir(lake.path("export/curated")) if t[0] != "."}
        first = dump(), files()
        same(run(lake)[0], 0)
        same((dump(), files()), first)
        same(lake.sqlite("SELECT count(*) FROM tarn_runs").strip(), "2")


def test_trusted_scripts_make_the_same_rows_in_stock_sqlite():
    with Lake(FIXTURES) as lake:
        same(run(lake, "customer_landing", "accelerometer_landing", "step_trainer_landing")[0], 0)
        for name in ("trusted/customer_trusted", "trusted/accelerometer_trusted", "curated/customers_curated",
                     "trusted/step_trainer_trusted", "curated/machine_learning_curated",
                     "curated/machine_learning_matched", "curated/machine_learning_consented"):
            with open(os.path.join(SQL, name + ".sql"), encoding="utf-8") as f:
                lake.sqlite(f.read(), load=True)
        want = expected(os.path.join(FIXTURES, "stedi-lake"))
        for table in TABLES[3:]:
            same(int(lake.sqlite(f"SELECT count(*) FROM {table}")), len(want[table]), table)
        # And Tarn leaves alone what it did not make.
        line = lake.error("run", "--sql", SQL)
        assert line.startswith("TARN_FOREIGN_TABLE: "), line


def copied_sql(lake):
    return shutil.copytree(SQL, lake.path("sql"))


def test_a_step_that_breaks_the_privacy_rule_stores_and_exports_nothing():
    with Lake(FIXTURES) as lake:
        copied_sql(lake)
        lake.write("sql/trusted/accelerometer_trusted.sql", "CREATE TABLE accelerometer_trusted AS SELECT * FROM accelerometer_landing;")
        status, out, err = lake.tarn("run")
        same(status, 1)
        assert "readings_only_with_consent" in err and "Finn" in err or "Ada" in err, err
        assert err.rstrip().split("\n")[-1].startswith("TARN_CHECK: "), err
        same(lake.sqlite("SELECT count(*) FROM sqlite_master WHERE name='accelerometer_trusted'").strip(), "0")
        left = [n for _, _, names in os.walk(lake.path("export")) for n in names]
        same(left, [])


def test_order_comes_from_what_steps_read():
    with Lake(FIXTURES) as lake:
        out = lake.ok("run", "--sql", SQL, "--dry-run")
        order = [line.split()[1] for line in out.splitlines()]
        assert order.index("customers_curated") < order.index("step_trainer_trusted"), out
        same(len(order), 10)
        assert not os.path.exists(lake.path("export"))


def test_a_cycle_is_named_before_anything_runs():
    with Lake() as lake:
        lake.write("sql/trusted/a.sql", "CREATE TABLE a AS SELECT * FROM b")
        lake.write("sql/trusted/b.sql", "CREATE TABLE b AS SELECT * FROM c")
        lake.write("sql/curated/c.sql", "CREATE TABLE c AS SELECT * FROM a")
        line = lake.error("run")
        assert line.startswith("TARN_CYCLE: ") and "a -> b -> c -> a" in line.replace("(left reads right)", ""), line


def test_mistakes_in_the_folder_are_named_before_anything_runs():
    with Lake() as lake:
        lake.write("sql/trusted/a.sql", "CREATE TABLE a AS SELECT * FROM nosuch")
        line = lake.error("run")
        same(line, "TABLE_NOT_FOUND: line 1:33: Table 'awsdatacatalog.default.nosuch' does not exist")
        lake.write("sql/trusted/a.sql", "CREATE TABLE other AS SELECT 1 AS x")
        assert "named after its table" in lake.error("run")
        lake.write("sql/trusted/a.sql", "CREATE TABLE a AS SELECT 1 AS x")
        lake.write("sql/curated/a.sql", "CREATE TABLE a AS SELECT 1 AS x")
        assert "two files" in lake.error("run")


def test_one_step_and_what_it_needs():
    with Lake(FIXTURES) as lake:
        line = lake.error("run", "--sql", SQL, "customer_trusted")
        assert "tarn run +customer_trusted" in line, line
        report = json.loads(run(lake, "+customer_trusted")[1])
        same([s["name"] for s in report["steps"]], ["customer_landing", "customer_trusted"])
        assert all(c["skipped"] or c["rows"] == 0 or c["warning"] for c in report["checks"]), report
        same(sorted(os.listdir(lake.path("export"))), ["trusted"])
        same([n for n in os.listdir(lake.path("export/trusted")) if n[0] != "."], ["customer_trusted"])
        report = json.loads(run(lake, "customer_trusted")[1])
        same(len(report["steps"]), 1)


def test_a_folder_that_is_not_ours_is_left_alone():
    with Lake(FIXTURES) as lake:
        mine = lake.write("export/trusted/customer_trusted/mine.txt", "precious")
        line = lake.error("run", "--sql", SQL)
        assert line.startswith("TARN_EXPORT: ") and "was not made by Tarn" in line, line
        assert os.path.exists(mine)
        same(lake.sqlite("SELECT count(*) FROM sqlite_master WHERE name='customer_trusted'").strip(), "0")
        same(lake.tarn("run", "--sql", SQL, "--no-export")[0], 0)


def test_an_empty_table_is_one_empty_file():
    with Lake() as lake:
        lake.write("sql/curated/nothing.sql", "CREATE TABLE nothing AS SELECT 1 AS x WHERE false")
        lake.ok("run")
        same(os.listdir(lake.path("export/curated/nothing")), ["part-00000.json"])
        same(os.path.getsize(lake.path("export/curated/nothing/part-00000.json")), 0)


def test_external_location_gets_the_files():
    with Lake() as lake:
        lake.write("sql/curated/t.sql", "CREATE TABLE t WITH (format = 'JSON', external_location = 's3://out/t/') AS SELECT 1 AS x")
        lake.ok("run")
        lake.ok("run")
        with open(os.path.join(lake.s3_root, "out/t/part-00000.json"), encoding="utf-8") as f:
            same(f.read(), '{"x":1}\n')
        assert not os.path.exists(lake.path("export/curated/t"))
        lake.write("sql/curated/t.sql", "CREATE TABLE t WITH (external_location = 's3://out/t/') AS SELECT 1 AS x")
        assert "PARQUET" in lake.error("run")


def test_exports_are_athenas_json():
    with Lake() as lake:
        lake.write("sql/curated/t.sql", """CREATE TABLE t AS SELECT 1.5 AS d, nan() AS n, infinity() AS i, DECIMAL '1.50' AS c,
            DATE '2020-01-31' AS day, CAST('2020-01-31 10:20:30.500' AS timestamp(3)) AS at, CAST(NULL AS varchar) AS gone,
            true AS yes, ARRAY[1, NULL] AS list, MAP(ARRAY['k'], ARRAY[DECIMAL '2.0']) AS m,
            CAST(ROW(1, 'é"') AS row(a integer, b varchar)) AS r, 1e10 AS big""")
        lake.ok("run")
        with open(lake.path("export/curated/t/part-00000.json"), encoding="utf-8") as f:
            same(f.read(), '{"d":1.5,"n":"NaN","i":"Infinity","c":1.50,"day":"2020-01-31","at":"2020-01-31 10:20:30.5",'
                           '"gone":null,"yes":true,"list":[1,null],"m":{"k":2.0},"r":{"a":1,"b":"é\\""},"big":1.0E10}\n')
        same(lake.ok("export", "t"), open(lake.path("export/curated/t/part-00000.json"), encoding="utf-8").read())


def test_a_locked_lake_is_named():
    with Lake(FIXTURES) as lake:
        lake.ok("query", "SHOW TABLES")
        holder = subprocess.Popen(["sqlite3", lake.path("lake.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            holder.stdin.write(b"BEGIN IMMEDIATE;\nSELECT 'held';\n")
            holder.stdin.flush()
            holder.stdout.readline()
            line = lake.error("query", "CREATE DATABASE d")
            assert line.startswith("TARN_LOCKED: ") and "lake.db" in line, line
        finally:
            holder.stdin.close()
            holder.wait(timeout=10)


def test_a_failing_step_names_its_file_and_changes_nothing():
    with Lake(FIXTURES) as lake:
        copied_sql(lake)
        lake.ok("run")
        before = lake.sqlite("SELECT count(*) FROM customer_trusted")
        lake.write("sql/curated/customers_curated.sql", "CREATE TABLE customers_curated AS SELECT 1/(x-1) AS x FROM (VALUES 1) t(x)")
        status, _, err = lake.tarn("run")
        same(status, 1)
        same(err.rstrip().split("\n")[-1], "DIVISION_BY_ZERO: Division by zero")
        assert "at sql/curated/customers_curated.sql" in err, err
        same(lake.sqlite("SELECT count(*) FROM customer_trusted"), before)
        same(lake.sqlite("SELECT count(*) FROM tarn_runs").strip(), "1")


def test_a_run_without_a_root_keeps_the_one_it_had():
    with Lake() as lake:
        shutil.copytree(SQL, lake.path("sql"))
        environment = {k: v for k, v in lake.environment().items() if k != "TARN_S3_ROOT"}
        go = lambda *a: subprocess.run([TARN, "run", *a], cwd=lake.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        same(go("--s3-root", FIXTURES).returncode, 0)
        done = go()
        same(done.returncode, 0, done.stderr.decode())
        same(lake.sqlite("SELECT DISTINCT s3_root FROM tarn_tables WHERE kind = 'landing'").strip(), FIXTURES)
