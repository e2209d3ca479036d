"""What the contestants of an entry must agree on: tables, answers, sums.

Each check is called with an entry after its first round and ends the program when a contestant
differs from Tarn.
"""
import csv
import glob
import json
import math
import os
import sys

TABLES = ("customer_trusted", "accelerometer_trusted", "customers_curated", "step_trainer_trusted", "machine_learning_curated")
CUSTOMER = ["VARCHAR"] * 5 + ["BIGINT"] * 5
TYPES = {"customer_trusted": CUSTOMER, "customers_curated": CUSTOMER,
         "accelerometer_trusted": ["VARCHAR", "BIGINT"] + ["DOUBLE"] * 3,
         "step_trainer_trusted": ["BIGINT", "VARCHAR", "BIGINT"],
         "machine_learning_curated": ["BIGINT", "VARCHAR", "BIGINT", "VARCHAR"] + ["DOUBLE"] * 3}

# name, Athena's text, the peers' (ClickHouse's without the quotes)
QUERIES = [
    ("count(*) over landing", "SELECT count(*) FROM accelerometer_landing", "SELECT count(*) FROM accelerometer"),
    ("three aggregates over landing", 'SELECT sum(x), sum(y), min("user") FROM accelerometer_landing',
     'SELECT sum(x), sum(y), min("user") FROM accelerometer'),
    ("group by over landing", 'SELECT count(*), max(s) FROM (SELECT "user", sum(x) AS s FROM accelerometer_landing GROUP BY "user") t',
     'SELECT count(*), max(s) FROM (SELECT "user", sum(x) AS s FROM accelerometer GROUP BY "user") t'),
    ("filter and projection", "SELECT count(*), sum(z) FROM accelerometer_landing WHERE x > 1.5",
     "SELECT count(*), sum(z) FROM accelerometer WHERE x > 1.5"),
    ("top ten", 'SELECT "timestamp", x FROM accelerometer_landing ORDER BY "timestamp" DESC, x LIMIT 10',
     'SELECT "timestamp", x FROM accelerometer ORDER BY "timestamp" DESC, x LIMIT 10'),
    ("distinct", 'SELECT count(DISTINCT "timestamp") FROM accelerometer_landing',
     'SELECT count(DISTINCT "timestamp") FROM accelerometer'),
    ("one user's readings", "SELECT count(*), sum(x) FROM accelerometer_landing WHERE \"user\" = 'nobody@test.com'",
     "SELECT count(*), sum(x) FROM accelerometer WHERE \"user\" = 'nobody@test.com'"),
]


def exported(out, table):
    """The files of a table's export, wherever a contestant puts it."""
    for place in (os.path.join(out, table + ".json"), os.path.join(out, table, "*.json"),
                  os.path.join(out, "export", "*", table, "*.json")):
        if glob.glob(place):
            return place
    sys.exit(f"{out}: no export of {table}")


def digest(table, files):
    """An export as a multiset: how many rows, and the sum of their hashes.  Names come from the
    file (they differ in case), types from here (some quote large integers)."""
    import duckdb
    with open(sorted(glob.glob(files))[0], encoding="utf-8") as f:
        names = list(json.loads(f.readline()))
    if len(names) != len(TYPES[table]):
        sys.exit(f"{files}: columns {names}")
    columns = ", ".join(f"'{n}': '{t}'" for n, t in zip(names, TYPES[table]))
    row = ", ".join(f'"{n}"' for n in names)
    return duckdb.sql(f"SELECT count(*), sum(hash(row({row}))::HUGEINT) FROM read_json('{files}', "
                      f"format='newline_delimited', columns={{{columns}}})").fetchall()[0]


def differences(entry, tables):
    ours, *peers = entry.contestants
    for table in tables:
        want = digest(table, exported(ours.out, table))
        for peer in peers:
            got = digest(table, exported(peer.out, table))
            if got != want:
                print(f"{entry.name}: {table}: {peer.name} has other rows: {got}, Tarn {want}", flush=True)
                yield table, peer.name
        print(f"same rows: {entry.name}: {table} {want[0]}", flush=True)


def in_child(function):
    """In a process of its own, which gives its memory back."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 1 if function() else 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitpid(child, 0)[1]


def exports(entry, tables=TABLES):
    if in_child(lambda: list(differences(entry, tables))):
        sys.exit(f"{entry.name}: the tables differ")


def exports_or_note(entry):
    """Real files may hold lines that others read in other ways: that is said, not an end."""
    if in_child(lambda: list(differences(entry, TABLES))):
        print(f"{entry.name}: the tables differ (see above)", flush=True)


def cells(text):
    return [cell for row in csv.reader(text.splitlines()) for cell in row]


def same_cell(a, b):
    if a == b:
        return True
    nothing = ("", "None", "\\N", "NULL", "nan")
    if a in nothing and b in nothing:
        return True
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-6)
    except ValueError:
        return False


def answers(entry):
    """Queries: the same cells; ours come after a line of names."""
    ours, *peers = entry.contestants
    want = cells(ours.output.split("\n", 1)[1])
    for peer in peers:
        got = cells(peer.output)
        if len(got) != len(want) or not all(map(same_cell, want, got)):
            sys.exit(f"{entry.name}: {peer.name} answers {got[:8]}, Tarn {want[:8]}")


def sums(entry):
    """Scanners print their sums after the seconds."""
    for c in entry.contestants[1:]:
        if c.output.split()[1:] != entry.contestants[0].output.split()[1:]:
            sys.exit(f"{entry.name}: {c.name}: {c.output}, Tarn: {entry.contestants[0].output}")
