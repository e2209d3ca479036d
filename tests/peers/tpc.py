"""TPC-H's 22 queries at a small scale factor, against an independent engine.

  python tests/peers/tpc.py [--sf 0.01] [QUERY…]      (make tpc: in an environment of its own)

DuckDB's Python package 1.1.3 carries the generator and the texts (later ones do not); neither
enters the project.  Decimals are declared double on both sides.  Tarn reads the tables as JSON
lines (landing), materializes them by CREATE TABLE AS, and runs the texts as they are, but for
forms that Trino forbids, which are rewritten here.  Closes with `N passed, N failed`.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time

import duckdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
LIMIT_S = 5
TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


def rewrite(number, text):
    """What Trino forbids: an alias in GROUP BY."""
    text = text.strip().rstrip(";")
    if number == 15:
        text = re.sub(r"GROUP BY\s+supplier_no", "GROUP BY l_suppkey", text)
    return text


def hive_type(duck):
    if duck.startswith("DECIMAL"):
        return "double"
    return {"BIGINT": "bigint", "INTEGER": "int", "VARCHAR": "string", "DATE": "date", "DOUBLE": "double"}[duck]


def export(db, folder):
    """Each table as JSON lines below an S3 root, and as DOUBLE in DuckDB too; returns the DDL."""
    statements = []
    for table in TABLES:
        columns = [(r[0], r[1]) for r in db.execute(f"DESCRIBE {table}").fetchall()]
        casts = ", ".join(f"CAST({n} AS DOUBLE) AS {n}" if t.startswith("DECIMAL") else n for n, t in columns)
        db.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {casts} FROM {table}")
        os.makedirs(os.path.join(folder, "tpch", table))
        db.execute(f"COPY {table} TO '{folder}/tpch/{table}/part-0.json' (FORMAT JSON)")
        ddl = ", ".join(f"`{n}` {hive_type(t)}" for n, t in columns)
        statements.append(f"CREATE EXTERNAL TABLE {table}_landing ({ddl}) ROW FORMAT SERDE "
                          f"'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://tpch/{table}/'")
        statements.append(f"CREATE TABLE {table} AS SELECT * FROM {table}_landing")
    return ";\n".join(statements) + ";\n"


def cell(value):
    if isinstance(value, float):
        return 0.0 if value == 0 else round(value, 9 - int(math.floor(math.log10(abs(value)))))
    return value if value is None or isinstance(value, (int, str)) else str(value)


def normal(rows):
    return sorted(([cell(v) for v in row] for row in rows), key=lambda r: [str(type(v)) + str(v) for v in r])


def close(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def tarn(*arguments, timeout=120):
    return subprocess.run([TARN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sf", default="0.01")
    parser.add_argument("query", nargs="*", type=int)
    options = parser.parse_args()
    db = duckdb.connect()
    db.execute("LOAD tpch")
    db.execute(f"CALL dbgen(sf={options.sf})")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        setup = os.path.join(folder, "setup.sql")
        with open(setup, "w", encoding="utf-8") as f:
            f.write(export(db, folder))
        lake = os.path.join(folder, "lake.db")
        done = tarn("query", "--lake", lake, "--s3-root", folder, "-f", setup)
        if done.returncode:
            print(done.stderr)
            return 1
        for number, text in db.execute("SELECT query_nr, query FROM tpch_queries() ORDER BY 1").fetchall():
            if options.query and number not in options.query:
                continue
            text = rewrite(number, text)
            want = db.execute(text).fetchall()
            start = time.time()
            try:
                done = tarn("query", "--lake", lake, "--format", "json", "--", text)
            except subprocess.TimeoutExpired:
                done = None
            seconds = time.time() - start
            why = ""
            if done is None:
                why = "no end after 120 s"
            elif done.returncode:
                why = done.stderr.strip().split("\n")[-1]
            else:
                got = [list(row.values()) if isinstance(row, dict) else row for row in json.loads(done.stdout)]
                a, b = normal(want), normal(got)
                if len(a) != len(b) or not all(close(x, y) for p, q in zip(a, b) for x, y in zip(p, q)):
                    why = f"rows differ: {len(a)} wanted, {len(b)} got; first {a[:1]} / {b[:1]}"
                elif seconds > LIMIT_S:
                    why = f"{seconds:.1f} s"
            print(f"{'not ok' if why else 'ok'} q{number} {seconds:.2f} s {why}", flush=True)
            passed, failed = passed + (not why), failed + bool(why)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
