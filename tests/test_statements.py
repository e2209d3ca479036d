"""Golden rows of Athena's statements: DDL, SHOW, DESCRIBE, partitions."""
from lake import Lake, same

DDL = """CREATE EXTERNAL TABLE IF NOT EXISTS `Events` (
  `User` string COMMENT 'who',
  `at` timestamp,
  tags array<string>,
  place struct<city:string,zip:int>,
  n decimal(10,2)
)
COMMENT 'what happened'
PARTITIONED BY (`dt` string, `hour` int)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json'='true')
LOCATION 's3://b/events/'
TBLPROPERTIES ("classification"="json")"""


def texts(document):
    return [[d.get("VarCharValue") for d in row["Data"]] for row in document["ResultSet"]["Rows"]]


def names(document):
    return [(c["Name"], c["Type"]) for c in document["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]


def with_events():
    lake = Lake()
    for dt in ("2024-01-01", "2024-01-02"):
        for hour in ("3", "12"):
            lake.write(f"s3/b/events/dt={dt}/hour={hour}/a.json", '{"user":"u","n":1.5}\n')
    lake.query(DDL)
    return lake


def test_describe_prints_hives_rows():
    with with_events() as lake:
        got = lake.api("DESCRIBE events")
        same(names(got), [("col_name", "string"), ("data_type", "string"), ("comment", "string")])
        rows = [r[0] for r in texts(got)]
        same(rows[0], "user                \tstring              \tfrom deserializer   ")
        same(rows[3], "place               \tstruct<city:string,zip:int>\tfrom deserializer   ")
        same(rows[7:], ["\t \t ", "# Partition Information\t \t ",
                        "# col_name          \tdata_type           \tcomment             ", "\t \t ",
                        "dt                  \tstring              \t                    ",
                        "hour                \tint                 \t                    "])
        assert "UpdateCount" not in got, got


def test_show_columns_pads_to_twenty():
    with with_events() as lake:
        got = lake.api("SHOW COLUMNS IN events")
        same(names(got), [("field", "string")])
        same(texts(got)[0], ["user                "])
        same(texts(got)[-1], ["hour                "])


def test_show_create_table_survives_a_round_trip():
    with with_events() as lake:
        first = lake.query("SHOW CREATE TABLE events")
        lake.query("DROP TABLE events")
        lake.query(first)
        drop_time = lambda text: [x for x in text.split("\n") if "transient_lastDdlTime" not in x]
        same(drop_time(lake.query("SHOW CREATE TABLE events")), drop_time(first))
        lines = first.split("\n")
        same(lines[0], "CREATE EXTERNAL TABLE `events`(")
        same(lines[1], "  `user` string COMMENT 'from deserializer', ")
        assert "ROW FORMAT SERDE " in lines and "STORED AS INPUTFORMAT " in lines and "OUTPUTFORMAT " in lines, first


def test_show_create_table_of_delimited_text():
    with Lake() as lake:
        lake.query("CREATE EXTERNAL TABLE t (a int COMMENT 'it\\'s', b map<string,int>) ROW FORMAT DELIMITED "
                   "FIELDS TERMINATED BY '\\t' COLLECTION ITEMS TERMINATED BY ',' MAP KEYS TERMINATED BY ':' "
                   "STORED AS TEXTFILE LOCATION 's3://b/t/'")
        text = lake.query("SHOW CREATE TABLE t")
        assert "ROW FORMAT DELIMITED \n  FIELDS TERMINATED BY '\\t' \n" in text, text
        lake.query("DROP TABLE t")
        lake.query(text)
        drop_time = lambda t: [x for x in t.split("\n") if "transient_lastDdlTime" not in x]
        same(drop_time(lake.query("SHOW CREATE TABLE t")), drop_time(text))


def test_msck_prints_what_it_adds_and_nothing_twice():
    with with_events() as lake:
        rows = [r[0] for r in texts(lake.api("MSCK REPAIR TABLE events"))]
        same(rows, ["Partitions not in metastore:\tevents:dt=2024-01-01/hour=12\tevents:dt=2024-01-01/hour=3"
                    "\tevents:dt=2024-01-02/hour=12\tevents:dt=2024-01-02/hour=3",
                    "Repair: Added partition to metastore events:dt=2024-01-01/hour=12",
                    "Repair: Added partition to metastore events:dt=2024-01-01/hour=3",
                    "Repair: Added partition to metastore events:dt=2024-01-02/hour=12",
                    "Repair: Added partition to metastore events:dt=2024-01-02/hour=3"])
        same(texts(lake.api("MSCK REPAIR TABLE events")), [])


def test_msck_names_folders_that_are_not_partitions():
    with Lake() as lake:
        lake.write("s3/b/t/2024/01/a.json", "{}\n")
        lake.query("CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (y int, m int) "
                   "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        same(texts(lake.api("MSCK REPAIR TABLE t")), [["Partitions not in metastore:\tt:2024/01"]])
        same(lake.query("SHOW PARTITIONS t"), "")


def test_partitions_are_added_and_dropped():
    with with_events() as lake:
        lake.query("ALTER TABLE events ADD PARTITION (dt='x', hour=1) LOCATION 's3://b/else/' PARTITION (dt='y', hour=2)")
        same(lake.query("SHOW PARTITIONS events"), "dt=x/hour=1\ndt=y/hour=2")
        assert "AlreadyExistsException" in lake.error("query", "ALTER TABLE events ADD PARTITION (dt='x', hour=1)")
        lake.query("ALTER TABLE events ADD IF NOT EXISTS PARTITION (dt='x', hour=1)")
        lake.query("ALTER TABLE events DROP PARTITION (dt='x', hour=1)")
        same(lake.query("SHOW PARTITIONS events"), "dt=y/hour=2")
        assert "Partition not found" in lake.error("query", "ALTER TABLE events DROP PARTITION (dt='x', hour=1)")
        lake.query("ALTER TABLE events PARTITION (dt='y', hour=2) RENAME TO PARTITION (dt='z', hour=2)")
        same(lake.query("SHOW PARTITIONS events"), "dt=z/hour=2")


def test_show_tables_takes_hives_patterns():
    with Lake() as lake:
        for name in ("alpha", "beta", "alps"):
            lake.query(f"CREATE EXTERNAL TABLE {name} (a int) ROW FORMAT SERDE "
                       "'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        same(names(lake.api("SHOW TABLES")), [("tab_name", "string")])
        same(lake.query("SHOW TABLES"), "alpha\nalps\nbeta")
        same(lake.query("SHOW TABLES 'al*'"), "alpha\nalps")
        same(lake.query("SHOW TABLES 'al.*'"), "alpha\nalps")
        same(lake.query("SHOW TABLES 'alps|beta'"), "alps\nbeta")


def test_databases_come_and_go():
    with Lake() as lake:
        lake.query("CREATE DATABASE IF NOT EXISTS One COMMENT 'x'")
        lake.query("CREATE EXTERNAL TABLE one.t (a int) ROW FORMAT SERDE "
                   "'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'")
        same(lake.query("SHOW DATABASES"), "default\none")
        same(lake.query("SHOW SCHEMAS LIKE 'on.*'"), "one")
        same(lake.query("SHOW SCHEMAS LIKE 'on*'"), "")
        same(lake.query("SHOW TABLES IN one"), "t")
        assert "is not empty" in lake.error("query", "DROP DATABASE one")
        lake.query("DROP DATABASE one CASCADE")
        same(lake.query("SHOW DATABASES"), "default")


def test_missing_objects_fail_with_hives_texts():
    with Lake() as lake:
        same(lake.error("query", "DROP TABLE nosuch"), "FAILED: SemanticException [Error 10001]: Table not found nosuch")
        lake.query("DROP TABLE IF EXISTS nosuch")
        same(lake.error("query", "CREATE TABLE t (a int)"),
             "MALFORMED_QUERY: No location was specified for table. An S3 location must be specified")


def test_formats_that_cannot_be_read_are_refused_by_name():
    with Lake() as lake:
        for clause, name in (("STORED AS PARQUET", "PARQUET"), ("STORED AS ORC", "ORC"), ("STORED AS AVRO", "AVRO"),
                             ("ROW FORMAT SERDE 'com.example.Nope'", "com.example.Nope")):
            line = lake.error("query", f"CREATE EXTERNAL TABLE t (a int) {clause} LOCATION 's3://b/t/'")
            assert line.startswith("TARN_NOT_SUPPORTED: ") and name.lower() in line.lower(), line
        same(lake.query("SHOW TABLES"), "")


def test_alter_table_changes_columns_and_properties():
    with with_events() as lake:
        lake.query("ALTER TABLE events ADD COLUMNS (extra bigint COMMENT 'more')")
        assert "extra               " in lake.query("SHOW COLUMNS IN events")
        lake.query("ALTER TABLE events REPLACE COLUMNS (solo string)")
        same(lake.query("SHOW COLUMNS IN events"), "solo                \ndt                  \nhour                ")
        lake.query("ALTER TABLE events SET TBLPROPERTIES ('k'='v')")
        assert "k\tv" in lake.query("SHOW TBLPROPERTIES events")
        lake.query("ALTER TABLE events SET LOCATION 's3://b/other/'")
        assert "'s3://b/other/'" in lake.query("SHOW CREATE TABLE events")


def test_a_dot_between_backticks_separates_the_database():
    with Lake() as lake:
        serde = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'"
        lake.query("CREATE DATABASE d")
        lake.query(f"CREATE EXTERNAL TABLE `d.t` (a int) {serde}")
        same(lake.query("SHOW TABLES IN d"), "t")
        text = lake.query("SHOW CREATE TABLE d.t")
        lake.query("DROP TABLE d.t")
        lake.query(text)
        same(lake.query("SHOW TABLES IN d"), "t")
        assert lake.error("query", 'CREATE TABLE "d.x" AS SELECT 1 AS a').startswith("TARN_NOT_SUPPORTED: ")


def test_every_ddl_of_the_vectors_survives_the_round_trip():
    import json
    import os
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "athena/vectors/serde.jsonl"), encoding="utf-8") as f:
        ddls = sorted({json.loads(line)["ddl"].split(";\n")[0] for line in f})
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "athena/setup.sql"), encoding="utf-8") as f:
        ddls += [s.strip() for s in f.read().split(";") if "CREATE EXTERNAL" in s]
    without_time = lambda text: [x for x in text.split("\n") if "transient_lastDdlTime" not in x]
    wrong = []
    with Lake() as lake:
        for i, ddl in enumerate(ddls):
            name = next((n for n in ("employees", "departments", "orders", "nums", "events") if f"TABLE {n} " in ddl), "t")
            lake.tarn("query", f"DROP TABLE IF EXISTS {name}")
            status, first, err = lake.tarn("query", "--format", "csv", stdin=f"{ddl};\nSHOW CREATE TABLE {name}")
            if status != 0:
                assert err.startswith("TARN_NOT_SUPPORTED"), f"{ddl}: {err}"
                continue
            status, second, err = lake.tarn("query", "--format", "csv", stdin=f"DROP TABLE {name};\n{first};\nSHOW CREATE TABLE {name}")
            if status != 0 or without_time(first) != without_time(second):
                wrong.append(f"{ddl}\n{first}\n{second}{err}")
    assert not wrong, f"{len(wrong)} of {len(ddls)}: {wrong[0]}"
