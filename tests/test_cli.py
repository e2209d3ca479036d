"""Commands as data: arguments, exit code, stdout, the last line of stderr."""
import csv
import io
import json

from lake import Lake, same

USAGE = [
    ([], "no command"),
    (["nosuch"], "no command nosuch"),
    (["query", "--nosuch"], "unknown option --nosuch"),
    (["query", "--lake"], "needs a value"),
    (["query", "--dry-run", "SELECT 1"], "does not take --dry-run"),
    (["query", "--format", "xml", "SELECT 1"], "no format xml"),
    (["query", "SELECT 1", "SELECT 2"], "one statement"),
    (["query", "-f", "x.sql", "SELECT 1"], "one statement"),
    (["run", "--no-export=1"], "takes no value"),
    (["help", "nosuch"], "no command nosuch"),
    (["export"], "TABLE"),
    (["check"], "files"),
    (["history", "operand"], "history"),
]

# SQL, the csv that comes out
CSV = [
    ("SELECT 1 AS a, 'x' AS b", '"a","b"\n"1","x"\n'),
    ("SELECT 1 AS \"ID\"", '"ID"\n"1"\n'),
    ("SELECT 1", '"_col0"\n"1"\n'),
    ("SELECT NULL AS n, '' AS e", '"n","e"\n,""\n'),
    ("SELECT 'a\"b,c' AS q", '"q"\n"a""b,c"\n'),
    ("SELECT 'line\nbreak' AS q", '"q"\n"line\nbreak"\n'),
    ("SELECT 1 AS x WHERE false", '"x"\n'),
    ("SELECT true AS t, false AS f", '"t","f"\n"true","false"\n'),
    ("SELECT 1.0 AS d, 1e10 AS e, 0.1 + 0.2 AS s", '"d","e","s"\n"1.0","1.0E10","0.30000000000000004"\n'),
    ("SELECT DATE '2020-01-01' AS d, TIMESTAMP '2020-01-01 00:00:00' AS t0",
     '"d","t0"\n"2020-01-01","2020-01-01 00:00:00"\n'),
    ("SELECT ARRAY[1, 2] AS a, MAP(ARRAY['k'], ARRAY['v']) AS m", '"a","m"\n"[1, 2]","{k=v}"\n'),
    ("SELECT X'0102' AS b", '"b"\n"01 02"\n'),
    ("SELECT 1 AS a;", '"a"\n"1"\n'),
    ("-- a comment\nSELECT 1 AS a", '"a"\n"1"\n'),
    ("SELECT 1 AS a -- tail", '"a"\n"1"\n'),
]

# SQL, the whole last line of stderr
ERRORS = [
    ("SELECT 1; SELECT 2", "MALFORMED_QUERY: Only one sql statement is allowed. Got: SELECT 1; SELECT 2"),
    ("SELECT 1/0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT x", "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access requested resources"),
    ("SELECT * FROM nosuch", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.default.nosuch' does not exist"),
    ("SELECT 1 +\n 'a'", "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer + varchar(1)"),
]


def test_usage_errors_exit_2():
    with Lake() as lake:
        for arguments, words in USAGE:
            status, out, err = lake.tarn(*arguments)
            same(status, 2, f"{arguments}: {err}")
            assert words in err and out == "", f"{arguments}: {out}{err}"


def test_csv_is_athenas_result_file():
    with Lake() as lake:
        for sql, want in CSV:
            same(lake.ok("query", "--format", "csv", "--", sql), want, sql)


def test_csv_is_the_default_off_a_terminal():
    with Lake() as lake:
        same(lake.ok("query", "SELECT 1 AS a"), '"a"\n"1"\n')


def test_errors_are_one_last_line():
    with Lake() as lake:
        for sql, want in ERRORS:
            status, out, err = lake.tarn("query", "--", sql)
            same((status, out), (1, ""), sql)
            same(err, want + "\n", sql)


def test_options_may_follow_operands():
    with Lake() as lake:
        same(lake.ok("query", "SELECT 1 AS a", "--format", "jsonl", "--lake=other.db"), '{"a":1}\n')
        import os
        assert os.path.exists(lake.path("other.db"))


def test_what_looks_like_sql_is_an_operand():
    with Lake() as lake:
        same(lake.ok("query", "-- note\nSELECT 1 AS a"), '"a"\n"1"\n')
        same(lake.ok("query", "--", "-- note\nSELECT 1 AS a"), '"a"\n"1"\n')


def test_scripts_are_split_at_semicolons():
    with Lake() as lake:
        script = "SELECT ';' AS a; -- not; here\nSELECT 2 AS b /* nor; here */;\n;\n"
        same(lake.ok("query", stdin=script), '"a"\n";"\n"b"\n"2"\n')
        lake.write("s.sql", script)
        same(lake.ok("query", "-f", "s.sql", "--format", "jsonl"), '{"a":";"}\n{"b":2}\n')
        status, out, err = lake.tarn("query", stdin="SELECT 1 AS a; SELECT nosuch; SELECT 3 AS c")
        same((status, out), (1, '"a"\n"1"\n'))


def test_api_documents_are_one_line_a_statement():
    with Lake() as lake:
        out = lake.ok("query", "--format", "api", stdin="CREATE DATABASE d; SHOW DATABASES; SELECT 1 AS a, CAST(NULL AS varchar(3)) AS b")
        ddl, show, query = [json.loads(line) for line in out.splitlines()]
        same(ddl, {"ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": []}}})
        same(show["UpdateCount"], 0)
        same(show["ResultSet"]["Rows"], [{"Data": [{"VarCharValue": "d"}]}, {"Data": [{"VarCharValue": "default"}]}])
        same(query["ResultSet"]["Rows"], [{"Data": [{"VarCharValue": "a"}, {"VarCharValue": "b"}]}, {"Data": [{"VarCharValue": "1"}, {}]}])
        columns = query["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        same([(c["Name"], c["Type"], c["Precision"], c["Scale"], c["CaseSensitive"]) for c in columns],
             [("a", "integer", 10, 0, False), ("b", "varchar", 3, 0, True)])
        ctas = json.loads(lake.ok("query", "--format", "api", "CREATE TABLE t AS SELECT 1 AS a"))
        same((ctas["UpdateCount"], ctas["ResultSet"]["Rows"]), (1, []))
        same([c["Name"] for c in ctas["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]], ["rows"])


def test_json_and_markdown():
    with Lake() as lake:
        sql = "SELECT 1 AS a, 'x|y' AS b, CAST(NULL AS double) AS c"
        same(json.loads(lake.ok("query", "--format", "json", sql)), [{"a": 1, "b": "x|y", "c": None}])
        same(lake.ok("query", "--format", "markdown", sql), "| a | b | c |\n|--:|---|--:|\n| 1 | x\\|y |  |\n")


def test_box_aligns_wide_characters():
    with Lake() as lake:
        lines = lake.ok("query", "--format", "box", "SELECT '日本' AS a, 10 AS n UNION ALL SELECT 'x', 2 ORDER BY n").splitlines()
        same(lines, ["┌──────┬────┐", "│ a    │ n  │", "├──────┼────┤", "│ x    │  2 │", "│ 日本 │ 10 │", "└──────┴────┘"])


def test_a_large_result_streams_whole():
    with Lake() as lake:
        out = lake.ok("query", "SELECT a.x * 1000 + b.x AS n, 'some text that makes the row longer' AS t FROM UNNEST(sequence(0, 999)) a(x) "
                               "CROSS JOIN UNNEST(sequence(0, 299)) b(x)")
        rows = list(csv.reader(io.StringIO(out)))
        same(len(rows), 300001)


def test_check_judges_every_statement():
    with Lake() as lake:
        lake.write("s.sql", "SELECT 1;\nCREATE TABLE t AS SELECT 1 AS a;\nSELECT a FROM t;\nSELECT nosuch FROM t;\n\nDELETE FROM t;\n")
        status, out, _ = lake.tarn("check", "s.sql")
        same(status, 1)
        lines = out.splitlines()
        same([line.split()[1] for line in lines], ["identical", "identical", "identical", "error", "refused"], out)
        same([line.split()[0] for line in lines], ["s.sql:1:", "s.sql:2:", "s.sql:3:", "s.sql:4:", "s.sql:6:"])
        same(lake.query("SHOW TABLES"), "")
        lake.write("good.sql", "SELECT 1")
        same(lake.tarn("check", "good.sql")[0], 0)


def test_translate_prints_sql_or_the_refusal():
    with Lake() as lake:
        assert lake.ok("translate", "SELECT 1 AS a").startswith("SELECT ")
        assert lake.error("translate", "SELECT nosuch").startswith("COLUMN_NOT_FOUND: line 1:8: ")


def test_version_and_functions():
    with Lake() as lake:
        assert lake.ok("--version").startswith("tarn ")
        assert "levenshtein_distance" in lake.ok("functions")
        assert "abs" in lake.ok("functions", "abs")
        same(lake.tarn("functions", "nosuch")[0], 1)


def test_prepared_statements_live_in_the_lake():
    with Lake() as lake:
        lake.query("PREPARE p FROM SELECT ? + 1 AS a, ? AS b")
        same(lake.query("EXECUTE p USING 41, 'x'"), '"a","b"\n"42","x"\n')
        assert lake.error("query", "EXECUTE p USING 1").startswith("INVALID_PARAMETER_USAGE: ")
        lake.query("DEALLOCATE PREPARE p")
        assert lake.error("query", "EXECUTE p USING 1, 2").startswith("NOT_FOUND: ")


def test_explain_validates_only():
    with Lake() as lake:
        same(lake.query("EXPLAIN (TYPE VALIDATE) SELECT 1"), '"Valid"\n"true"\n')
        assert lake.error("query", "EXPLAIN SELECT 1").startswith("TARN_NOT_SUPPORTED: ")


def test_nothing_is_made_by_help():
    import os
    with Lake() as lake:
        lake.ok("help")
        lake.ok("query", "--help")
        same(os.listdir(lake.folder), [])


def test_threads_are_a_number():
    with Lake() as lake:
        for n in ("1", "2", "64"):
            same(lake.ok("query", "--threads", n, "SELECT 1 AS a"), '"a"\n"1"\n')
        for n in ("0", "65", "-1", "two", "", "1x", "99999999999999999999"):
            status, out, err = lake.tarn("query", f"--threads={n}", "SELECT 1 AS a")
            same((status, out), (2, ""), n)
            same(err, f"tarn: --threads is a number from 1 to 64, not {n}; `tarn help` lists commands and options\n")
