"""Exports of stored tables: from the pages by a crew of hands, and row by row through SQLite, with
the same bytes and the same errors."""
import json
import os
import random
import sqlite3

from lake import Lake, same

COLUMNS = [  # name, an expression of the type, what may lie in such a column
    ("b", "true", (0, 1, None)),
    ("i8", "tinyint '1'", (-128, 127, 0)),
    ("i64", "1", (2**63 - 1, -2**63, 0, 10, 99, 100, -1, 2**53 + 1, None)),
    ("r", "real '1.5'", (0.5, 16777216.0, 1e-3, 3.4028234663852886e38, "NaN", float("inf"), None)),
    ("d", "1.5e0", (0.0, -0.0, 1.0, -1.5, 0.001, 0.00099, 9999999.0, 1e7, 1e22, 2.2250738585072014e-308, 5e-324, 0.1 + 0.2,
                    1 / 3, 100.0, 123456.789012, 2.0**63, "NaN", float("inf"), float("-inf"), "odd", None)),
    ("c", "DECIMAL '1.50'", ("1.50", "-0.01", "12345678901234567890.12", None)),
    ("s", "'x'", ("", "plain", 'quote " and \\', "\t\n\r\b\f", "\x00\x01\x1f\x7f", "żółć 中文 😀", "12345678", '1234567"', "a" * 5000, "\n" * 700, None)),
    ("ch", "CAST('abc' AS char(5))", ("abc", "", None)),
    ("bin", "X'01'", (b"\x01", b"", b'"\\\n', None)),
    ("day", "DATE '2020-01-31'", ("2020-01-31", "-0001-01-01", None)),
    ("at", "CAST('2020-01-31 10:20:30.500' AS timestamp(3))", ("2020-01-31 10:20:30.500", "2020-01-31 10:20:30.000", "2020-01-31 10:20:30", None)),
    ("a", "ARRAY[1, 2]", ("[1,2]", "[]", "[null]", None)),
    ("m", "MAP(ARRAY['k'], ARRAY[1.5e0])", ('{"k":1.5}', '{"\\u0001":"NaN"}', "{}", None)),
    ("w", "CAST(ROW(1, 'x') AS row(p integer, q varchar))", ('{"p":1,"q":"x\\""}', '{"p":null,"q":null}', None)),
]


ODD = {"b": ("x", b"y"), "i8": ("", "12x"), "i64": ("x", b"\x00"), "d": ("odd", 7), "s": (b"\xff", 1), "ch": (b"c",), "bin": ("t", "\x01")}


def make(lake, rows, seed, odd=False):
    lake.query("CREATE TABLE t AS SELECT " + ", ".join(f"{e} AS {n}" for n, e, _ in COLUMNS))
    chance = random.Random(seed)
    db = sqlite3.connect(lake.path("lake.db"))
    with db:
        for _ in range(rows):
            row = [chance.choice(ODD[n]) if odd and n in ODD and chance.random() < 0.1 else chance.choice(values)
                   for n, _, values in COLUMNS]
            db.execute(f"INSERT INTO t VALUES({','.join('?' * len(row))})", row)
    db.close()


def both_ways(lake, *arguments):
    plain = lake.tarn("export", *arguments, env={"TARN_PLAIN": "1"})
    for threads in ("1", "2", "5"):
        got = lake.tarn("export", "--threads", threads, *arguments, env={"TARN_PLAIN": "0"})
        same(got, plain, f"{threads} threads")
    return plain


def test_rows_of_all_types_are_written_alike():
    for seed in range(4):
        with Lake() as lake:
            make(lake, 700, seed, odd=seed % 2 == 1)
            status, out, err = both_ways(lake, "t")
            assert status == 0 and err == "", err
            lines = out.split("\n")
            assert len(lines) == 702, len(lines)
            for line in lines[:-1]:
                json.loads(line, strict=True)


def test_damaged_values_fail_alike():
    for column, value in (("a", "[1,"), ("m", "no"), ("w", '{"p":"x"}'), ("a", 3.5), ("i64", 1.5), ("bin", 7), ("b", 0.5)):
        with Lake() as lake:
            make(lake, 50, 7)
            lake.sqlite(f"UPDATE t SET {column}={value!r} WHERE rowid=40")
            status, _, err = both_ways(lake, "t")
            assert status == 1 and err.startswith("TARN_STORED: column "), err


def test_tables_of_every_size_and_shape_are_written_alike():
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b WITH NO DATA")
        both_ways(lake, "t")
        lake.sqlite("INSERT INTO t VALUES(1, 'x')")
        both_ways(lake, "t")
        lake.sqlite("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60000) "
                    "INSERT INTO t SELECT i, printf('%.*c', i%50, 'y') FROM n; DELETE FROM t WHERE a%7=0; "
                    "UPDATE t SET b=printf('%.*c', 40000, 'z') WHERE a%5000=1")
        status, out, _ = both_ways(lake, "t")
        same(status, 0)
        same(out.count("\n"), 51430)
        # By itself: large enough for the pages.
        same(lake.ok("export", "t"), out)
        lake.sqlite("ALTER TABLE t ADD COLUMN c")
        status, _, err = both_ways(lake, "t")
        assert status == 1 and "has other columns than the catalog says" in err, err


def test_a_lake_in_wal_mode_is_exported_too():
    with Lake() as lake:
        make(lake, 20, 3)
        lake.sqlite("PRAGMA journal_mode=wal")
        status, out, err = both_ways(lake, "t")
        assert status == 0 and out.count("\n") == 21, err


def test_a_run_exports_what_it_has_not_committed():
    with Lake() as lake:
        lake.write("s3/b/in/rows.json", "".join(json.dumps({"i": i, "s": f"v{i}", "d": i / 100}) + "\n" for i in range(30000)))
        lake.write("sql/landing/src_landing.sql", "CREATE EXTERNAL TABLE src_landing (i bigint, s string, d double) "
                   "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/in/';\n")
        lake.write("sql/trusted/copied.sql", "CREATE TABLE copied AS SELECT i, s, d FROM src_landing WHERE i % 3 <> 0;\n")
        files = []
        for plain in ("1", "0", None):
            for _ in range(2):
                lake.ok("run", "--export", "out", env={"TARN_PLAIN": plain} if plain else None)
            with open(os.path.join(lake.folder, "out/trusted/copied/part-00000.json"), "rb") as f:
                files.append(f.read())
        same(files[0].count(b"\n"), 20000)
        assert files[1] == files[0] and files[2] == files[0], "exports differ"
        same(lake.sqlite("PRAGMA integrity_check").strip(), "ok")
