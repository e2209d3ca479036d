"""Stored tables, views, inserts, system tables."""
import json
import os

from lake import Lake, same


def test_stored_tables_read_well_in_stock_sqlite():
    with Lake() as lake:
        lake.query("""CREATE TABLE t AS SELECT true AS b, tinyint '1' AS i, 1.5 AS d, DECIMAL '1.50' AS c, 'x' AS s,
            CAST('abc' AS char(5)) AS ch, X'01' AS bin, DATE '2020-01-31' AS day,
            CAST('2020-01-31 10:20:30' AS timestamp(3)) AS at, ARRAY[1, 2] AS a, MAP(ARRAY['k'], ARRAY[1]) AS m,
            CAST(ROW(1, 'x') AS row(p integer, q varchar)) AS r, nan() AS n""")
        same(lake.sqlite("SELECT b, i, d, c, s, day, at, a, m, r, n FROM t").strip(),
             '1|1|1.5|1.50|x|2020-01-31|2020-01-31 10:20:30.000|[1,2]|{"k":1}|{"p":1,"q":"x"}|NaN')
        info = [x.split("|")[1:3] for x in lake.sqlite("PRAGMA table_info(t)").split()]
        same(dict((x[0], x[1]) for x in info if len(x) == 2)["c"], "text")
        text = lake.sqlite("SELECT sql FROM sqlite_master WHERE name='t'")
        assert '"c" "text decimal(3,2)"' in text and '"d" "double"' in text and '"at" "timestamp(3)"' in text, text
        same(lake.sqlite("SELECT typeof(c), typeof(d), typeof(b) FROM t").strip(), "text|real|integer")


def test_stored_values_come_back_with_their_types():
    with Lake() as lake:
        select = """SELECT true AS b, 1.5 AS d, DECIMAL '1.50' AS c, 'x' AS s, X'01' AS bin, DATE '2020-01-31' AS day,
            CAST('2020-01-31 10:20:30' AS timestamp(3)) AS at, ARRAY[DECIMAL '2.0', NULL] AS a, MAP(ARRAY[1], ARRAY['v']) AS m,
            CAST(ROW(1, 'x') AS row(p integer, q varchar)) AS r, nan() AS n"""
        lake.query("CREATE TABLE t AS " + select)
        same(lake.api("SELECT * FROM t"), lake.api(select))
        same(lake.query("SELECT c + 1 AS c, day + INTERVAL '1' DAY AS day, r.q AS q FROM t"), '"c","day","q"\n"2.50","2020-02-01","x"\n')


def test_types_that_no_table_can_hold_fail_as_on_athena():
    with Lake() as lake:
        for expression, want in (
                ("NULL", "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown: x"),
                ("TIME '10:00'", "NOT_SUPPORTED: Unsupported Hive type: time(0)"),
                ("JSON '1'", None), ("INTERVAL '1' DAY", "NOT_SUPPORTED: Unsupported Hive type: interval day to second")):
            line = lake.error("query", f"CREATE TABLE t AS SELECT {expression} AS x")
            if want:
                same(line, want)
        line = lake.error("query", "CREATE TABLE t AS SELECT TIMESTAMP '2020-01-01 00:00:00.000000' AS x")
        assert line.startswith("NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); "), line
        same(lake.error("query", "CREATE TABLE t AS SELECT 1"), "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1")
        same(lake.query("SHOW TABLES"), "")


def test_create_table_twice():
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT 1 AS a")
        line = lake.error("query", "CREATE TABLE t AS SELECT 2 AS a")
        assert line.startswith("TABLE_ALREADY_EXISTS: line 1:1: "), line
        lake.query("CREATE TABLE IF NOT EXISTS t AS SELECT 2 AS a")
        same(lake.query("SELECT a FROM t"), '"a"\n"1"\n')
        assert lake.error("query", "CREATE TABLE tarn_x AS SELECT 1 AS a").startswith("TARN_NOT_SUPPORTED: ")
        lake.sqlite("CREATE TABLE foreign_one(x)")
        assert lake.error("query", "CREATE TABLE foreign_one AS SELECT 1 AS a").startswith("TARN_FOREIGN_TABLE: ")
        assert lake.error("query", "DROP TABLE foreign_one").startswith("TARN_FOREIGN_TABLE: ")


def test_insert_adds_rows_with_the_tables_types():
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT 1.5 AS d, 'x' AS s, DECIMAL '1.50' AS c WHERE false")
        same(json.loads(lake.ok("query", "--format", "api", "INSERT INTO t VALUES (2, 'y', DECIMAL '1.00'), (3e0, NULL, DECIMAL '2.25')"))["UpdateCount"], 2)
        same(lake.error("query", "INSERT INTO t (s) SELECT 'only'"),
             "INVALID_CAST_ARGUMENT: Cannot truncate non-space characters when casting from varchar(4) to varchar(1) on INSERT")
        lake.query("INSERT INTO t (s) SELECT 'o '")
        same(lake.query("SELECT * FROM t ORDER BY d"), '"d","s","c"\n"2.0","y","1.00"\n"3.0",,"2.25"\n,"o",\n')
        assert lake.error("query", "INSERT INTO t VALUES (1)").startswith("TYPE_MISMATCH: "), lake.error("query", "INSERT INTO t VALUES (1)")
        assert lake.error("query", "INSERT INTO nosuch VALUES (1)").startswith("TABLE_NOT_FOUND: ")


def test_a_view_is_expanded_where_it_is_read():
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, s)")
        lake.query("CREATE VIEW v AS SELECT n * 10 AS Big, s FROM t WHERE n > 1")
        same(lake.query("SELECT * FROM v"), '"big","s"\n"20","b"\n')
        same(lake.query("DESCRIBE v"), "big\tinteger\ns\tvarchar(1)")
        same(lake.query("SHOW VIEWS"), "v")
        lake.query("INSERT INTO t VALUES (3, 'c')")
        same(lake.query("SELECT count(*) AS n FROM v JOIN t ON t.n * 10 = v.big"), '"n"\n"2"\n')
        assert "View already exists" in lake.error("query", "CREATE VIEW v AS SELECT 1 AS x")
        lake.query("CREATE OR REPLACE VIEW v AS SELECT 1 AS x")
        same(lake.query("SELECT * FROM v"), '"x"\n"1"\n')
        lake.query("DROP VIEW v")
        assert "does not exist" in lake.error("query", "DROP VIEW v")
        lake.query("DROP VIEW IF EXISTS v")
        assert lake.error("query", "SELECT * FROM v").startswith("TABLE_NOT_FOUND: ")


def test_a_views_names_mean_its_own_database():
    with Lake() as lake:
        lake.query("CREATE DATABASE d")
        lake.ok("query", "--database", "d", "CREATE TABLE t AS SELECT 'in d' AS x")
        lake.ok("query", "--database", "d", "CREATE VIEW v AS SELECT x FROM t")
        lake.query("CREATE TABLE t AS SELECT 'in default' AS x")
        same(lake.query("SELECT x FROM d.v"), '"x"\n"in d"\n')
        same(lake.sqlite('SELECT x FROM "d.t"').strip(), "in d")


def test_information_schema():
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b")
        lake.query("CREATE VIEW v AS SELECT a FROM t")
        same(lake.query("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'default' ORDER BY 1"),
             '"table_name","table_type"\n"t","BASE TABLE"\n"v","VIEW"\n')
        same(lake.query("SELECT column_name, ordinal_position, data_type FROM information_schema.columns WHERE table_name = 't' ORDER BY 2"),
             '"column_name","ordinal_position","data_type"\n"a","1","integer"\n"b","2","varchar(1)"\n')
        same(lake.query("SELECT schema_name FROM information_schema.schemata ORDER BY 1"),
             '"schema_name"\n"default"\n"information_schema"\n')


def test_partitions_table():
    with Lake() as lake:
        lake.write("s3/b/t/dt=2024-01-01/h=3/a.json", "{}\n")
        lake.query("CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (dt date, h int) "
                   "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        lake.query("MSCK REPAIR TABLE t")
        same(lake.query('SELECT * FROM "t$partitions"'), '"dt","h"\n"2024-01-01","3"\n')
        same(lake.query('SELECT count(*) AS n FROM "t$partitions" WHERE dt = DATE \'2024-01-01\''), '"n"\n"1"\n')


def test_landing_errors_name_the_file():
    with Lake() as lake:
        lake.write("s3/b/t/a.json", '{"a":1}\n{"a":{}}\n')
        lake.query("CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        status, out, err = lake.tarn("query", "SELECT * FROM t")
        same((status, out), (1, ""))
        lines = err.rstrip().split("\n")
        assert lines[-1].startswith("HIVE_BAD_DATA: "), err
        assert lines[-2].startswith("at s3://b/t/a.json:2 "), err
        same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"2"\n')


def test_unload_writes_gzipped_json():
    import gzip
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT * FROM (VALUES (1, 'a'), (2, NULL)) v(n, s)")
        lake.query("UNLOAD (SELECT n, s FROM t) TO 's3://out/u/' WITH (format = 'JSON')")
        folder = os.path.join(lake.s3_root, "out/u")
        names = os.listdir(folder)
        same(len(names), 1)
        assert names[0].endswith(".gz"), names
        with gzip.open(os.path.join(folder, names[0]), "rt") as f:
            same(sorted(f.read().splitlines()), ['{"n":1,"s":"a"}', '{"n":2,"s":null}'])
        assert lake.error("query", "UNLOAD (SELECT 1 AS n) TO 's3://out/u/' WITH (format = 'JSON')").startswith("HIVE_PATH_ALREADY_EXISTS: ")
        assert "PARQUET" in lake.error("query", "UNLOAD (SELECT 1 AS n) TO 's3://out/v/' WITH (format = 'PARQUET')")


def test_insert_into_a_landing_table_adds_a_file():
    with Lake() as lake:
        lake.write("s3/b/t/a.json", '{"a":1,"s":"x"}\n')
        lake.query("CREATE EXTERNAL TABLE t (a int, s string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        lake.query("INSERT INTO t SELECT 2, 'y'")
        same(lake.query("SELECT * FROM t ORDER BY a"), '"a","s"\n"1","x"\n"2","y"\n')
        same(len(os.listdir(os.path.join(lake.s3_root, "b/t"))), 2)


def test_insert_into_partitions_makes_their_folders():
    with Lake() as lake:
        lake.query("CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (dt string) "
                   "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        lake.query("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, NULL)")
        same(sorted(os.listdir(os.path.join(lake.s3_root, "b/t"))), ["dt=__HIVE_DEFAULT_PARTITION__", "dt=x", "dt=y"])
        same(lake.query("SELECT * FROM t ORDER BY a"), '"a","dt"\n"1","x"\n"2","y"\n"3",\n')
        same(lake.query("SHOW PARTITIONS t"), "dt=__HIVE_DEFAULT_PARTITION__\ndt=x\ndt=y")


def test_partitioned_tables_keep_their_partitions():
    with Lake() as lake:
        lake.query("CREATE TABLE t WITH (format = 'PARQUET', partitioned_by = ARRAY['dt', 'h']) AS "
                   "SELECT * FROM (VALUES (1, 'x', 3), (2, 'y', 4), (3, 'y', NULL)) v(n, dt, h)")
        same(lake.query("SHOW PARTITIONS t"), "dt=x/h=3\ndt=y/h=__HIVE_DEFAULT_PARTITION__\ndt=y/h=4")
        assert "# Partition Information" in lake.query("DESCRIBE t")
        same(lake.query("SELECT * FROM t WHERE h = 4"), '"n","dt","h"\n"2","y","4"\n')
        line = lake.error("query", "CREATE TABLE u WITH (partitioned_by = ARRAY['n']) AS SELECT 1 AS n, 2 AS m")
        assert line.startswith("HIVE_COLUMN_ORDER_MISMATCH: "), line
        line = lake.error("query", "CREATE TABLE u WITH (partitioned_by = ARRAY['k']) AS SELECT 1 AS n, k FROM UNNEST(sequence(1, 101)) x(k)")
        assert line.startswith("HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers"), line
        line = lake.error("query", "CREATE TABLE u WITH (nosuch = 1) AS SELECT 1 AS n")
        assert line.startswith("INVALID_TABLE_PROPERTY: "), line


def test_a_lake_of_a_newer_tarn_is_left_alone():
    with Lake() as lake:
        lake.query("SHOW TABLES")
        lake.sqlite("PRAGMA user_version=99")
        assert lake.error("query", "SHOW TABLES").startswith("TARN_LAKE: ")


def test_a_view_over_what_has_changed_is_stale():
    with Lake() as lake:
        lake.query("CREATE TABLE t AS SELECT 1 AS n, 'x' AS s")
        lake.query("CREATE VIEW v AS SELECT * FROM t")
        view = "View 'awsdatacatalog.default.v' is stale or in invalid state: "
        for table, want in (
                ("SELECT 'a' AS n, 'x' AS s", "VIEW_IS_STALE: line 1:15: " + view + "column [n] of type varchar(1) projected from query view at "
                 "position 0 cannot be coerced to column [n] of type integer stored in view definition"),
                ("SELECT 1 AS n, 'x' AS s, 3 AS more", "VIEW_IS_STALE: line 1:15: " + view + "stored view column count (2) does not match "
                 "column count derived from the view query analysis (3)"),
                ("SELECT 1 AS m, 'x' AS s", "VIEW_IS_STALE: line 1:15: " + view + "column [m] of type integer projected from query view at "
                 "position 0 has a different name from column [n] of type integer stored in view definition"),
                (None, "INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.default.v': "
                 "line 1:15: Table 'awsdatacatalog.default.t' does not exist")):
            lake.query("DROP TABLE t")
            if table:
                lake.query("CREATE TABLE t AS " + table)
            same(lake.error("query", "SELECT * FROM v"), want)
            if not table:
                lake.query("CREATE TABLE t AS SELECT tinyint '1' AS n, 'x' AS s")
        line = lake.error("query", "SELECT * FROM v")
        assert line.startswith("TARN_NOT_SUPPORTED: line 1:15: "), line
