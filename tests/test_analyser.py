"""What the analyser and the emitter promise beyond single vectors: what is evaluated and in which
order, how deep and how large a statement may be, which correlated subqueries are refused."""
import json

from lake import Lake


def rows(lake, sql):
    """Values of a query, by column position."""
    document = json.loads(lake.ok("query", "--format", "api", "--", sql).split("\n")[0])
    data = [[cell.get("VarCharValue") for cell in row["Data"]] for row in document["ResultSet"]["Rows"]]
    return data[1:]


def check(pairs):
    with Lake() as lake:
        for sql, expected in pairs:
            if isinstance(expected, str):
                error = lake.error("query", "--", sql)
                assert error.startswith(expected), f"{sql}: {error}"
            else:
                got = rows(lake, sql)
                assert got == expected, f"{sql}: {got}"


def test_and_stops_at_false_but_not_at_null():
    check([
        ("SELECT x FROM (VALUES 0, 1) t(x) WHERE x <> 0 AND 1/x = 1", [["1"]]),
        ("SELECT x FROM (VALUES 0, 1) t(x) WHERE x = 0 OR 1/x = 1 ORDER BY x", [["0"], ["1"]]),
        ("SELECT * FROM (SELECT x FROM (VALUES 0, 1) t(x) WHERE x <> 0) WHERE 1/x = 1", [["1"]]),
        ("SELECT NULL AND 1/0 = 1", "DIVISION_BY_ZERO"),
        ("SELECT 1 BETWEEN 2 AND 1/0", "DIVISION_BY_ZERO"),
        ("SELECT sum(1/x) FILTER (WHERE x <> 0) FROM (VALUES 0, 1) t(x)", "DIVISION_BY_ZERO"),
        ("SELECT x FROM (VALUES 1) t(x) WHERE " + " AND ".join(["1/x = 1"] * 60), [["1"]]),
    ])


def test_what_nobody_reads_raises_nothing():
    check([
        ("SELECT x FROM (SELECT x, 1/0 AS y FROM (VALUES 1) t(x) ORDER BY x LIMIT 5)", [["1"]]),
        ("SELECT x FROM (VALUES (1, 1/0)) t(x, y)", [["1"]]),
        ("SELECT y FROM (VALUES (1, 1/0)) t(x, y)", "DIVISION_BY_ZERO"),
        ("SELECT k FROM (SELECT k, sum(1/v) AS s FROM (VALUES (1, 0)) t(k, v) GROUP BY k)", [["1"]]),
        ("SELECT count(*) FROM (SELECT 1/0 UNION ALL SELECT 1)", [["2"]]),
        ("SELECT EXISTS (SELECT 1/0)", [["true"]]),
        ("WITH a AS (SELECT x, 1/(x-1) AS y FROM (VALUES 1, 2) t(x)) SELECT l.x FROM a l JOIN a r ON l.x = r.x ORDER BY 1",
         [["1"], ["2"]]),
    ])


def test_deep_expressions_and_queries():
    """SQLite's parser stops at about 30 parentheses and 15 SELECTs."""
    check([
        ("SELECT " + "+".join(["x"] * 300) + " FROM (VALUES 1) t(x)", [["300"]]),
        ("SELECT " + "lower(" * 100 + "s" + ")" * 100 + " FROM (VALUES 'A') t(s)", [["a"]]),
        ("SELECT " + "CASE WHEN x = 0 THEN 0 ELSE " * 60 + "x" + " END" * 60 + " FROM (VALUES 1) t(x)", [["1"]]),
        ("SELECT x FROM " + "(SELECT x FROM " * 60 + "(VALUES 1) t(x)" + ")" * 60, [["1"]]),
        ("SELECT " + "(SELECT " * 40 + "1" + ")" * 40, [["1"]]),
        ("WITH a0 AS (SELECT 1 x)" + "".join(f", a{i} AS (SELECT x FROM a{i-1})" for i in range(1, 200))
         + " SELECT * FROM a199", [["1"]]),
        ("SELECT count(*) FROM (SELECT a FROM (VALUES (1,2,3,4,5,6,7,8)) t(a,b,c,d,e,f,g,h) GROUP BY CUBE(a,b,c,d,e,f,g,h))",
         [["256"]]),
    ])


def test_beyond_the_limits_is_refused_by_name():
    check([
        ("SELECT count(*) FROM " + ", ".join(f"(VALUES 1) t{i}(x{i})" for i in range(70)), "TARN_NOT_SUPPORTED: line 1:1: a statement beyond SQLite's limits"),
        ("SELECT " + ", ".join(["x"] * 2500) + " FROM (VALUES 1) t(x)", "TARN_NOT_SUPPORTED: line"),
        ("WITH a0 AS (SELECT 1 x)" + "".join(f", a{i} AS (SELECT a.x FROM a{i-1} a JOIN a{i-1} b ON a.x = b.x)" for i in range(1, 40))
         + " SELECT count(*) FROM a39", "TARN_NOT_SUPPORTED: line"),
        ("SELECT x FROM (VALUES 1) t(x) GROUP BY CUBE (x, x, x, x, x, x, x, x, x)", "TARN_NOT_SUPPORTED: line 1:"),
    ])


def test_correlated_subqueries_as_the_engine_plans_them():
    no = "NOT_SUPPORTED: line"
    check([
        ("SELECT (SELECT max(y) FROM (VALUES 1, 2) u(y) WHERE y <= x) FROM (VALUES 1) t(x)", [["1"]]),
        ("SELECT (SELECT y FROM (VALUES 1, 2) u(y) WHERE y = x LIMIT 1) FROM (VALUES 1) t(x)", [["1"]]),
        ("SELECT (SELECT y + z FROM (VALUES (1, 1)) u(y, z) WHERE y = x LIMIT 1) FROM (VALUES 1) t(x)", no),
        ("SELECT (SELECT z FROM (VALUES (1, 2), (1, 3)) u(y, z) WHERE y = x ORDER BY z LIMIT 1) FROM (VALUES 1) t(x)", [["2"]]),
        ("SELECT (SELECT z FROM (VALUES (1, 2)) u(y, z) WHERE y = x AND z > x ORDER BY z LIMIT 1) FROM (VALUES 1) t(x)", no),
        ("SELECT (SELECT sum(x + y) FROM (VALUES 1, 2) u(y)) FROM (VALUES 1) t(x)", no),
        ("SELECT EXISTS (SELECT 1 FROM (VALUES 1, 1, 3) u(y) WHERE y < x GROUP BY y) FROM (VALUES 1, 2) t(x)", [["false"], ["true"]]),
        ("SELECT EXISTS (SELECT 1 FROM (VALUES (1, 1)) u(y, z) WHERE y + z < x GROUP BY y) FROM (VALUES 1) t(x)", no),
        ("SELECT * FROM (VALUES 1) t(x) CROSS JOIN LATERAL (VALUES x)", no),
        ("SELECT (SELECT rank() OVER (PARTITION BY x) FROM (VALUES 1) u(y) WHERE y = x) FROM (VALUES 1) t(x)", no),
    ])


def test_a_correlated_probe_uses_an_index():
    """A scan for each outer row would take minutes."""
    n = 30000
    check([
        (f"SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN (VALUES 0, 1, 2) b(y) "
         f"WHERE EXISTS (SELECT 1 FROM (SELECT z FROM UNNEST(sequence(1, 10000)) c(z)) WHERE z = x AND z <> y)", [[str(n - 2)]]),
    ])


def test_columns_come_from_the_analysis_not_from_sqlite():
    check([
        ("SELECT x AS a, x AS a FROM (VALUES 1) t(x)", [["1", "1"]]),
        ('SELECT "nosuch"', "COLUMN_NOT_FOUND: line 1:8"),
        ("SELECT x AS y FROM (VALUES 1) t(x) WHERE y = 1", "COLUMN_NOT_FOUND: line 1:42"),
        ("SELECT x, count(*) FROM (VALUES 1) t(x)", "EXPRESSION_NOT_AGGREGATE: line 1:8"),
        ("SELECT '1' = 1", "TYPE_MISMATCH: line 1:12"),
        ("SELECT x FROM (VALUES nan(), 1e0) t(x) WHERE x > 0", [["1.0"]]),
        ("SELECT a.x FROM (VALUES nan(), 1e0) a(x) JOIN (VALUES nan(), 1e0) b(x) ON a.x = b.x", [["1.0"]]),
    ])
