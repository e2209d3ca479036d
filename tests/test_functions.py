"""Functions: the registry's examples give what they say, and Athena's names work in any sqlite3."""
import concurrent.futures
import csv
import io
import os
import subprocess

from lake import EXTENSION, Lake, ROOT

JOBS = int(os.environ.get("TARN_JOBS", "4"))


def registry(lake):
    return list(csv.DictReader(io.StringIO(lake.ok("functions", "--format", "csv"))))


def first_value(document):
    lines = list(csv.reader(io.StringIO(document)))
    return lines[1][0] if len(lines) > 1 and lines[1] else ""


def check_example(lake, row):
    expression, _, want = row["example"].rpartition(" = ")
    status, out, err = lake.tarn("query", "--format", "csv", "--", "SELECT " + expression)
    if status:
        return f"{row['example']}: {err.strip()}"
    got = first_value(out)
    return None if got == want.strip("'") else f"{row['example']}: got {got}"


def test_examples_give_what_they_say():
    with Lake() as lake, concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        rows = [r for r in registry(lake) if r["example"]]
        assert len(rows) > 150, f"only {len(rows)} examples"
        wrong = [x for x in pool.map(lambda r: check_example(lake, r), rows) if x]
        assert not wrong, "\n".join(wrong)


def test_the_page_of_functions_knows_the_registry():
    """docs/functions.md is made by `make docs`; it names nothing that is not there."""
    with open(os.path.join(ROOT, "docs", "functions.md")) as f:
        on_page = {line[4:].strip() for line in f if line.startswith("### ")}
    with Lake() as lake:
        names = {r["function"] for r in registry(lake)}
    assert on_page <= names, f"make docs: gone since: {sorted(on_page - names)}"
    assert len(names - on_page) < 40, f"make docs: new since: {sorted(names - on_page)}"


def sqlite(sql):
    done = subprocess.run(["sqlite3", "-batch", "-cmd", f".load {EXTENSION}", ":memory:", sql],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode().rstrip("\n"), done.stderr.decode()


# SQL in a stock sqlite3 that has loaded the extension, and what it prints.
SHELL = [
    ("SELECT date_parse('20/10/2022', '%d/%m/%Y')", "2022-10-20 00:00:00.000"),
    ("SELECT array_max('[3, 5, 4]'), year('2020-01-31')", "5|2020"),
    ("SELECT split('a,b', ','), cardinality('{\"a\": 1}')", '["a","b"]|1'),
    ("SELECT element_at('{\"a\": 1, \"b\": 2}', 'b'), contains('[1, 2]', 2)", "2|1"),
    ("SELECT date_add('month', 1, '2020-01-31'), date_diff('day', '2020-01-01', '2020-03-01')", "2020-02-29|60"),
    ("SELECT map('[\"a\"]', '[1.5]'), zip('[1]', '[\"x\"]')", '{"a":1.5}|[{"field0":1,"field1":"x"}]'),
    ("SELECT repeat('ab', 2), starts_with('abc', 'ab'), regexp_extract('a12b', '\\d+')", '["ab","ab"]|1|12'),
    ("SELECT split_part(NULL, ',', 1) IS NULL, cardinality(NULL) IS NULL", "1|1"),
    # SQLite's own functions keep their names and their answers.
    ("SELECT length('ab'), round(2.5), upper('a'), date('2020-01-31'), substr('abc', 2)", "2|3.0|A|2020-01-31|bc"),
    ("SELECT athena_length('h\u00e9'), athena_substr('abc', 0)", "2|"),
    ("WITH p(n, a) AS (VALUES ('ann', 30), ('bob', 25), ('cy', NULL)) "
     "SELECT max_by(n, a), array_agg(n), map_agg(n, a), approx_percentile(a, 0.5), athena_sum(a) FROM p",
     'ann|["ann","bob","cy"]|{"ann":30,"bob":25,"cy":null}|30|55'),
    ("SELECT array_agg(value) IS NULL FROM json_each('[]')", "1"),
    ("SELECT group_concat(strpos(value, 'b')) FROM json_each('[\"ab\", \"b\", \"\"]')", "2,1,0"),
]

# Errors there are Athena's.
SHELL_ERRORS = [
    ("SELECT strpos(1, 2)", "FUNCTION_NOT_FOUND: Unexpected parameters (bigint, bigint) for function strpos."),
    ("SELECT date_parse('x', '%Y')", "INVALID_FUNCTION_ARGUMENT: "),
    ("SELECT element_at('[1]', 0)", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
]


def test_plain_names_work_in_a_stock_shell():
    for sql, want in SHELL:
        status, out, err = sqlite(sql)
        assert (status, out) == (0, want), f"{sql}: {out!r} {err}"


def test_errors_in_a_stock_shell_are_athenas():
    for sql, want in SHELL_ERRORS:
        status, out, err = sqlite(sql)
        assert status and want in err, f"{sql}: {out!r} {err}"


# The inner form of calls, with nonsense in the place of types and programs.
BROKEN = [
    "SELECT t_contains('nonsense', 1, 2)",
    "SELECT t_contains()",
    "SELECT t_contains('(array(integer),integer)boolean', x'00')",
    "SELECT t_transform('(array(integer),function(integer,integer))array(integer)', t_array('()array(integer)'), 'x')",
    "SELECT t_transform('(array(integer),function(integer,integer))array(integer)', t_array('(integer)array(integer)', 1), '1:$9')",
    "SELECT t_transform('(array(integer),function(integer,integer))array(integer)', t_array('(integer)array(integer)', 1), '[integer] 1:$0')",
    "SELECT t_try('0:nosuch(1)')",
    "SELECT t_try('[integer] 0:$0')",
    "SELECT * FROM t_unnest('(integer)', 1)",
    "SELECT * FROM t_unnest(1)",
    "SELECT t_load('(varchar)array(integer)', '[1,')",
]


def test_broken_calls_are_errors_not_answers():
    for sql in BROKEN:
        status, out, err = sqlite(sql)
        assert status and "rror" in err, f"{sql}: {out!r}"


def test_damaged_lists_are_read_safely():
    for blob in ("x''", "x'ff'", "x'ffffffff'", "x'0100000000000000'", "x'02000000ff000000ff000000aa'", "x'0100000009000000010000'"):
        for call in ("t_cardinality('(array(integer))bigint', {})",
                     "t_array_sort('(array(integer))array(integer)', {})",
                     "t_array_join('(array(varchar),varchar)varchar', {}, ',')",
                     "t_store('(array(row(a integer,b map(varchar,integer))))varchar', {})",
                     "t_element_at_map('(map(integer,integer),integer)integer', {}, 1)"):
            status, out, err = sqlite("SELECT hex(" + call.format(blob) + ")")
            assert status in (0, 1), f"{call} of {blob}: {status} {err}"
