"""A wrong statement never gives rows: refused by name, or Athena's error with its position.

Each entry is a statement and how its error line begins.  `t` has columns n integer, s varchar,
d date, a array(integer), r row(x integer)."""
import re

from lake import Lake, same

SETUP = """CREATE TABLE t AS SELECT n, CAST(s AS varchar) AS s, DATE '2020-01-01' AS d, ARRAY[1] AS a,
           CAST(ROW(1) AS row(x integer)) AS r FROM (VALUES (1, 'a'), (2, 'b')) v(n, s)"""

WRONG = [
    # Names
    ("SELECT nosuch FROM t", "COLUMN_NOT_FOUND: line 1:8: "),
    ("SELECT t.nosuch FROM t", "COLUMN_NOT_FOUND: line 1:8: "),
    ("SELECT n FROM nosuch", "TABLE_NOT_FOUND: line 1:15: "),
    ("SELECT n FROM nosuch.t", "SCHEMA_NOT_FOUND: line 1:15: "),
    ("SELECT n FROM nosuch.default.t", "CATALOG_NOT_FOUND: line 1:15: "),
    ("SELECT \"nosuch\" FROM t", "COLUMN_NOT_FOUND: line 1:8: "),
    ("SELECT n AS x FROM t WHERE x = 1", "COLUMN_NOT_FOUND: line 1:28: "),
    ("SELECT n AS x FROM t GROUP BY x", "COLUMN_NOT_FOUND: line 1:31: "),
    ("SELECT n FROM t a, t b", "AMBIGUOUS_NAME: line 1:8: "),
    ("SELECT a.n FROM t", None),
    ("SELECT rowid FROM t", "COLUMN_NOT_FOUND: line 1:8: "),
    ("SELECT * FROM sqlite_master", "TABLE_NOT_FOUND: line 1:15: "),
    ("SELECT * FROM tarn_tables", "TABLE_NOT_FOUND: line 1:15: "),
    ("SELECT *", "COLUMN_NOT_FOUND: line 1:8: "),
    ("SELECT x.* FROM t", "TABLE_NOT_FOUND: line 1:8: "),
    ("WITH w(a, b) AS (SELECT 1) SELECT * FROM w", "MISMATCHED_COLUMN_ALIASES: "),
    ("SELECT r.nosuch FROM t", "COLUMN_NOT_FOUND: line 1:8: "),
    # Types: SQLite would answer every one of these
    ("SELECT n + s FROM t", "TYPE_MISMATCH: line 1:10: "),
    ("SELECT n FROM t WHERE s = 1", "TYPE_MISMATCH: line 1:25: "),
    ("SELECT n FROM t WHERE s", "TYPE_MISMATCH: line 1:23: "),
    ("SELECT n FROM t WHERE n", "TYPE_MISMATCH: line 1:23: "),
    ("SELECT n FROM t WHERE d = '2020-01-01'", "TYPE_MISMATCH: line 1:25: "),
    ("SELECT n FROM t WHERE n IN ('1')", "TYPE_MISMATCH: "),
    ("SELECT n FROM t WHERE n BETWEEN '1' AND '2'", "TYPE_MISMATCH: line 1:"),
    ("SELECT n FROM t WHERE n LIKE '1'", "TYPE_MISMATCH: line 1:23: "),
    ("SELECT CASE WHEN true THEN 1 ELSE 'x' END", "TYPE_MISMATCH: line 1:"),
    ("SELECT COALESCE(1, 'x')", "TYPE_MISMATCH: line 1:"),
    ("SELECT 1 UNION SELECT 'x'", "TYPE_MISMATCH: line 1:"),
    ("SELECT 1, 2 UNION SELECT 1", "TYPE_MISMATCH: line 1:"),
    ("SELECT NOT n FROM t", "TYPE_MISMATCH: line 1:12: "),
    ("SELECT n AND true FROM t", "TYPE_MISMATCH: line 1:8: "),
    ("SELECT n || 'x' FROM t", None),
    ("SELECT -s FROM t", "TYPE_MISMATCH: line 1:8: "),
    ("SELECT sum(s) FROM t", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT avg(d) FROM t", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT length(1)", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT a[1.5] FROM t", "TYPE_MISMATCH: line 1:"),
    ("SELECT CAST(true AS date)", "TYPE_MISMATCH: line 1:8: "),
    ("SELECT CAST(1 AS nosuch)", "TYPE_MISMATCH: line 1:8: "),
    ("SELECT * FROM t WHERE n = ANY (SELECT s FROM t)", "TYPE_MISMATCH: line 1:"),
    ("SELECT n FROM t LIMIT 'x'", "MALFORMED_QUERY: line 1:23: "),
    # Functions
    ("SELECT nosuch(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nosuch' not registered"),
    ("SELECT ifnull(1, 2)", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT iif(true, 1, 2)", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT instr('a', 'b')", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT strftime('%Y', 'now')", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT group_concat(s) FROM t", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT t_lower('X')", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT load_extension('x')", "FUNCTION_NOT_FOUND: line 1:8: "),
    ("SELECT st_point(1, 2)", "TARN_NOT_SUPPORTED: line 1:8: "),
    # Aggregation
    ("SELECT n, count(*) FROM t", "EXPRESSION_NOT_AGGREGATE: line 1:8: "),
    ("SELECT n FROM t GROUP BY s", "EXPRESSION_NOT_AGGREGATE: line 1:8: "),
    ("SELECT n FROM t HAVING n > 1", "EXPRESSION_NOT_AGGREGATE: line 1:8: "),
    ("SELECT n FROM t WHERE count(*) > 1", "EXPRESSION_NOT_SCALAR: line 1:32: "),
    ("SELECT sum(count(*)) FROM t", "NESTED_AGGREGATION: line 1:8: "),
    ("SELECT DISTINCT s FROM t ORDER BY n", "EXPRESSION_NOT_IN_DISTINCT: line 1:1: "),
    ("SELECT rank() FROM t", "MISSING_OVER: line 1:8: "),
    ("SELECT n FROM t GROUP BY 2", "INVALID_COLUMN_REFERENCE: line 1:"),
    ("SELECT n FROM t ORDER BY 2", "INVALID_COLUMN_REFERENCE: line 1:"),
    # Syntax that SQLite knows and Athena does not
    ("SELECT n FROM t WHERE n == 1", "MALFORMED_QUERY: line 1:"),
    ("SELECT n FROM t WHERE s GLOB 'a'", "MALFORMED_QUERY: line 1:"),
    ("SELECT n FROM t WHERE s REGEXP 'a'", "MALFORMED_QUERY: line 1:"),
    ("SELECT n FROM t LIMIT 1, 2", "MALFORMED_QUERY: line 1:"),
    ("SELECT [n] FROM t", "MALFORMED_QUERY: line 1:"),
    ("SELECT n FROM t WHERE n IS 1", "MALFORMED_QUERY: line 1:"),
    ("SELECT n FROM t NOT INDEXED", "MALFORMED_QUERY: line 1:"),
    ("SELECT 1 << 2", "MALFORMED_QUERY: line 1:"),
    ("SELECT n FROM t WHERE n NOTNULL", "MALFORMED_QUERY: line 1:"),
    ("SELEC 1", "MALFORMED_QUERY: line 1:1: mismatched input 'SELEC'"),
    ("SELECT", "MALFORMED_QUERY: line 1:"),
    ("PRAGMA table_info(t)", "MALFORMED_QUERY: line 1:1: "),
    ("ATTACH 'x' AS y", "MALFORMED_QUERY: line 1:1: "),
    ("REPLACE INTO t VALUES (1)", "MALFORMED_QUERY: line 1:1: "),
    ("CREATE INDEX i ON t(n)", "NOT_SUPPORTED: "),
    ("CREATE OR REPLACE TABLE u AS SELECT 1 AS x", None),
    # Athena has it, Tarn has not
    ("DELETE FROM t", "TARN_NOT_SUPPORTED: line 1:1: "),
    ("UPDATE t SET n = 1", "TARN_NOT_SUPPORTED: line 1:1: "),
    ("MERGE INTO t USING t ON true WHEN MATCHED THEN DELETE", "TARN_NOT_SUPPORTED: line 1:1: "),
    ("WITH RECURSIVE w(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM w) SELECT * FROM w", "TARN_NOT_SUPPORTED: line 1:"),
    ("SELECT * FROM t FOR TIMESTAMP AS OF TIMESTAMP '2020-01-01 00:00:00 UTC'", "TARN_NOT_SUPPORTED: line 1:"),
    ("SELECT * FROM t MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS true)", "TARN_NOT_SUPPORTED: line 1:"),
    # Run time
    ("SELECT 1/0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT n/(n-1) FROM t", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"),
    ("SELECT 9223372036854775807 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: "),
    ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT"),
    ("SELECT CAST('12abc' AS integer)", "INVALID_CAST_ARGUMENT: "),
    ("SELECT (SELECT n FROM t)", "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"),
    ("SELECT ARRAY[1][2]", "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1"),
    ("SELECT MAP(ARRAY['a'], ARRAY[1])['b']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: b"),
    ("SELECT DATE '2020-02-30'", "INVALID_LITERAL: line 1:8: "),
    ("SELECT date_parse('x', '%Y')", "INVALID_FUNCTION_ARGUMENT: "),
    ("SELECT regexp_like('a', '(')", "INVALID_FUNCTION_ARGUMENT: "),
    ("SELECT json_parse('{')", "INVALID_FUNCTION_ARGUMENT: "),
]


def test_there_are_enough_of_them():
    assert len(WRONG) >= 60


def test_a_wrong_statement_never_gives_rows():
    with Lake() as lake:
        lake.query(SETUP)
        wrong = []
        for sql, want in WRONG:
            status, out, err = lake.tarn("query", "--format", "csv", "--", sql)
            line = err.rstrip("\n").split("\n")[-1]
            if status != 1 or out or not re.match(r"([A-Z_0-9]+|FAILED): ", line):
                wrong.append(f"{sql}\n      exit {status}: {out!r} {err!r}")
            elif want and not line.startswith(want):
                wrong.append(f"{sql}\n      got:  {line}\n      want: {want}…")
            elif line.startswith("TARN_INTERNAL"):
                wrong.append(f"{sql}\n      {line}")
        assert not wrong, "\n    ".join([""] + wrong)
        same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"2"\n')
