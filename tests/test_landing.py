"""Landing tables in the stock sqlite3 shell: sources, codecs, records, partitions, errors.

What a SerDe makes of each value is judged by the conformance vectors; here is what lies around it.
"""
import base64
import bz2
import gzip
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def create(location, columns=(("id", "int"),), serde=OPENX, name="t", **more):
    """CREATE VIRTUAL TABLE; more: properties, table_properties (dicts), partition_columns, partitions, s3_root."""
    pairs = lambda items: "(" + ",".join("(" + ",".join("NULL" if x is None else quote(x) for x in c) + ")"
                                         for c in items) + ")"
    arguments = [f"location={quote(location)}", f"serde={quote(serde)}", f"columns={pairs(columns)}"]
    for key in ("properties", "table_properties"):
        if key in more:
            arguments.append(key + "=(" + ",".join(f"{quote(k)}={quote(v)}" for k, v in more[key].items()) + ")")
    for key in ("partition_columns", "partitions"):
        if key in more:
            arguments.append(f"{key}={pairs(more[key])}")
    if "s3_root" in more:
        arguments.append(f"s3_root={quote(more['s3_root'])}")
    return f"CREATE VIRTUAL TABLE {name} USING jsonl({','.join(arguments)});\n"


def shell(sql, db=":memory:", cwd=None, timeout=60, env=None):
    """The sqlite3 shell with the extension -> (rows as lists, stderr)."""
    done = subprocess.run(["sqlite3", "-bail", "-json", "-cmd", f".load {ROOT}/tarn", db], input=sql.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, timeout=timeout,
                          env={**os.environ, **(env or {})})
    out = done.stdout.decode("utf-8", "replace")
    rows = [list(r.values()) for part in re.findall(r"^\[.*?\]$", out, re.S | re.M) for r in json.loads(part)]
    return rows, done.stderr.decode("utf-8", "replace")


class Files:
    """A folder of files that is gone afterwards."""

    def __init__(self, **files):
        self.files = files

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        for name, data in self.files.items():
            self.write(name.replace("__", "/"), data)
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    @property
    def path(self):
        return self.folder.name

    def write(self, name, data):
        full = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())


def read(data, columns=(("id", "int"),), select="SELECT * FROM t", name="a.json", **more):
    """One file of one table."""
    with Files() as f:
        f.write(name, data)
        return shell(create(f.path, columns, **more) + select + ";")


def ids(data, **more):
    rows, error = read(data, **more)
    assert not error, error
    return [r[0] for r in rows]


def fails(data, *parts, **more):
    rows, error = read(data, **more)
    for part in parts:
        assert part in error, error


# --- Records -------------------------------------------------------------------------------

def test_line_ends_of_every_kind():
    assert ids('{"id":1}\n{"id":2}\r\n{"id":3}\r{"id":4}') == [1, 2, 3, 4]
    assert ids('{"id":1}\r\r\n\n{"id":2}') == [1, None, None, 2]


def test_line_ends_split_across_buffers():
    lines = "".join('{"id":%d,"x":"%s"}\r\n' % (i, "y" * (i % 97)) for i in range(20000))
    assert ids(lines) == list(range(20000))


def test_byte_order_mark_is_skipped():
    assert ids(b'\xef\xbb\xbf{"id":1}\n') == [1]
    assert ids(b'\xef\xbb\xbf') == []
    assert ids(b'\xef\xbb') == [None]


def test_empty_files_and_folders_give_no_rows():
    assert ids("") == []
    with Files() as f:
        assert shell(create(f.path) + "SELECT * FROM t;") == ([], "")


def test_nul_bytes_and_invalid_utf8():
    rows, error = read(b'{"v":"a\x00b"}\n{"v":"caf\xe9"}\n', (("v", "string"),), "SELECT hex(v) AS h FROM t")
    assert (rows, error) == ([["610062"], ["636166EFBFBD"]], "")


def test_lines_up_to_32_megabytes():
    ok = '{"id":1,"v":"' + "x" * (32 * 1024 * 1024 - 15) + '"}'
    rows, error = read(ok + "\n", (("v", "string"),), "SELECT length(v) AS n FROM t")
    assert (rows, error) == ([[32 * 1024 * 1024 - 15]], ""), error
    fails(ok + " \n", "HIVE_CURSOR_ERROR: Line too long in text file: ")


def test_nesting_beyond_the_limit_is_refused():
    deep = '{"v":' + "[" * 600 + "]" * 600 + "}\n"
    fails(deep, "TARN_NOT_SUPPORTED: JSON is nested too deeply", columns=(("v", "string"),))
    fails(deep, "TARN_NOT_SUPPORTED", columns=(("v", "array<string>"),), serde=HCATALOG)


def test_line_numbers_and_path():
    with Files() as f:
        f.write("b.json", '{"id":1}\n\n{"id":3}\n')
        rows, error = shell(create(f.path) + 'SELECT id, "$line", "$path", "$file_size" FROM t WHERE id IS NOT NULL;')
        url = "file://" + f.path + "/b.json"
        assert (rows, error) == ([[1, 1, url, 19], [3, 3, url, 19]], "")


def test_count_does_not_decode():
    assert ids('{"id":1}\n{broken\n', select="SELECT count(*) AS n FROM t") == [2]


def test_header_lines_are_skipped_in_each_file():
    with Files(a='h\n{"id":1}\n', b='h\n{"id":2}\n') as f:
        sql = create(f.path, table_properties={"skip.header.line.count": "1"}) + "SELECT id FROM t;"
        assert shell(sql) == ([[1], [2]], "")


# --- Errors --------------------------------------------------------------------------------

def test_errors_name_file_line_byte_and_column():
    fails('{"id":1}\n{"id":[1]}\n', "HIVE_BAD_DATA: Error Parsing a column in the table: ",
          "a.json:2 byte 7 column id: a JSON array cannot be coerced to integer",
          select="SELECT id FROM t WHERE id>1")
    fails('{"id":1}\n{"id":"x\n', "HIVE_CURSOR_ERROR: Failed to read file at file:///",
          "a.json:2 byte", "unterminated string", select="SELECT id FROM t WHERE id>1")


def test_unknown_classes_types_and_arguments_are_refused_when_made():
    for sql, part in [
            (create("/tmp", serde="org.example.NoSerDe"), "TARN_NOT_SUPPORTED: SerDe org.example.NoSerDe"),
            (create("/tmp", (("a", "uniontype<int>"),)), "TARN_NOT_SUPPORTED: the type uniontype<int> of column a"),
            (create("/tmp", (("a", "int"),), CSV), "TARN_NOT_SUPPORTED: the type integer of column a"),
            (create("/tmp/../etc"), "TARN_NOT_SUPPORTED: `..` in the location"),
            (create("s3://b/a/../c"), "TARN_NOT_SUPPORTED: `..` in the location"),
            (create("s3://b//c"), "TARN_NOT_SUPPORTED: an empty"),
            (create("hdfs://b/c"), "TARN_NOT_SUPPORTED: the location hdfs://b/c"),
            (create("/tmp", properties={"timestamp.formats": "QQQ"}), "TARN_NOT_SUPPORTED: timestamp.formats"),
            ("CREATE VIRTUAL TABLE t USING jsonl(nosuch='x');", "there is no argument nosuch"),
            ("CREATE VIRTUAL TABLE t USING jsonl(location=x);", "cannot read the argument")]:
        rows, error = shell(sql)
        assert part in error, error


def test_missing_places():
    with Files() as f:
        rows, error = shell(create(f.path + "/nosuch") + "SELECT * FROM t;")
        assert "HIVE_FILESYSTEM_ERROR: Failed to list directory: " in error, error
        os.mkdir(f.path + "/bucket")
        assert shell(create("s3://bucket/nosuch/", s3_root=f.path) + "SELECT * FROM t;") == ([], "")
        rows, error = shell(create("s3://nobucket/x/", s3_root=f.path) + "SELECT * FROM t;")
        assert "The specified bucket does not exist: nobucket" in error, error


def test_a_view_cannot_hide_a_landing_table_from_untrusted_schema():
    with Files(a='{"id":1}\n') as f:
        rows, error = shell(create(f.path) + "CREATE VIEW v AS SELECT * FROM t; SELECT * FROM v;")
        assert "unsafe use of virtual table" in error, error


# --- Files ---------------------------------------------------------------------------------

def test_order_is_bytewise_over_the_key_and_names_are_skipped():
    with Files() as f:
        for name in ("b/x.json", "b.json", "b-a.json", "a.json", "_x.json", ".y.json", "_d/z.json", ".g/z.json"):
            f.write(name, '{"id":"%s"}\n' % name)
        rows, error = shell(create(f.path, (("id", "string"),)) + "SELECT id FROM t;")
        assert ([r[0] for r in rows], error) == (["a.json", "b-a.json", "b.json", "b/x.json"], "")


def test_links_are_followed_and_loops_are_errors():
    with Files(d__a='{"id":1}\n', e__b='{"id":2}\n') as f:
        os.symlink(f.path + "/e", f.path + "/d/link")
        assert shell(create(f.path + "/d") + "SELECT id FROM t;") == ([[1], [2]], "")
        os.symlink(f.path + "/d", f.path + "/e/back")
        assert "leads back to a folder above it" in shell(create(f.path + "/d") + "SELECT id FROM t;")[1]
    with Files(a='{"id":1}\n') as f:
        os.symlink("nowhere", f.path + "/dangling")
        assert "HIVE_FILESYSTEM_ERROR" in shell(create(f.path) + "SELECT id FROM t;")[1]


def test_a_single_file_and_file_urls():
    with Files(a='{"id":1}\n', b='{"id":2}\n') as f:
        assert shell(create(f.path + "/b") + "SELECT id FROM t;") == ([[2]], "")
        assert shell(create("file://" + f.path) + "SELECT id FROM t;") == ([[1], [2]], "")


def test_s3_root_of_table_and_environment():
    with Files(r1__b__k__a='{"id":1}\n', r2__b__k__a='{"id":2}\n') as f:
        sql = create("s3://b/k", s3_root=f.path + "/r1") + 'SELECT id, "$path" FROM t;'
        assert shell(sql) == ([[1, "s3://b/k/a"]], "")
        assert shell(sql, env={"TARN_S3_ROOT": f.path + "/r2"}) == ([[2, "s3://b/k/a"]], "")


# --- Codecs --------------------------------------------------------------------------------

PLAIN = b"".join(b'{"id":%d}\n' % i for i in range(5000))


def hadoop_blocks(chunk, size):
    return size.to_bytes(4, "big") + len(chunk).to_bytes(4, "big") + chunk


def lz4_literals(data):
    out, left = b"\xf0", len(data) - 15
    while left >= 255:
        out, left = out + b"\xff", left - 255
    return out + bytes([left]) + data


def snappy_literals(data):
    out, n = b"", len(data)
    while n >= 128:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    out += bytes([n])
    for i in range(0, len(data), 60):
        part = data[i:i + 60]
        out += bytes([(len(part) - 1) << 2]) + part
    return out


def codecs():
    half = len(PLAIN) // 2
    yield ".gz", gzip.compress(PLAIN)
    yield ".gz", gzip.compress(PLAIN[:half]) + gzip.compress(b"") + gzip.compress(PLAIN[half:])
    yield ".bz2", bz2.compress(PLAIN[:half]) + bz2.compress(PLAIN[half:])
    yield ".deflate", zlib.compress(PLAIN)
    yield ".lz4", hadoop_blocks(lz4_literals(PLAIN[:half]), half) + hadoop_blocks(lz4_literals(PLAIN[half:]), len(PLAIN) - half)
    yield ".snappy", hadoop_blocks(snappy_literals(PLAIN), len(PLAIN))


def test_every_codec_gives_the_plain_rows():
    for suffix, data in codecs():
        assert ids(data, name="a.json" + suffix) == list(range(5000)), suffix


def test_truncated_and_damaged_streams_are_errors_with_their_byte():
    for suffix, data in codecs():
        for cut in (1, 7, len(data) // 2 + 5, len(data) - 1):
            rows, error = read(data[:cut], name="a" + suffix, select="SELECT count(*) AS n FROM t")
            assert rows == [] and "HIVE_CURSOR_ERROR" in error and " stream" in error and "byte " in error, (suffix, cut, error)
        wrong = bytearray(data)
        wrong[len(data) // 2] ^= 0xff
        rows, error = read(bytes(wrong), name="a" + suffix, select="SELECT count(*) AS n FROM t")
        if suffix not in (".lz4", ".snappy"):       # their framing has no checksum
            assert rows == [] and "HIVE_CURSOR_ERROR" in error, (suffix, error)


def test_compressed_text_without_its_suffix_is_text():
    fails(gzip.compress(PLAIN)[:40] + b"\n{", "HIVE_CURSOR_ERROR", name="a.json")


def test_empty_compressed_files_and_other_formats():
    for suffix in (".gz", ".bz2", ".zst", ".deflate", ".lz4", ".snappy"):
        assert ids(b"", name="a" + suffix) == []
    fails(b"x", "TARN_NOT_SUPPORTED: lzo compression of", name="a.lzo")
    fails(bytes.fromhex("04224d18"), "the frame format", name="a.lz4")


# --- Partitions ----------------------------------------------------------------------------

def partitioned(f, **more):
    columns = (("dt", "string"), ("n", "int"))
    parts = [(None, "2024-01-01", "1"), (None, "2024-01-02", "2"), (f.path + "/elsewhere", None, None)]
    return create(f.path + "/t", (("id", "int"),), partition_columns=columns, partitions=parts, **more)


def test_partitions_are_read_typed_and_pruned():
    with Files() as f:
        f.write("t/dt=2024-01-01/n=1/a", '{"id":1}\n')
        f.write("t/dt=2024-01-02/n=2/a", "{broken\n")
        f.write("elsewhere/a", '{"id":3,"dt":"ignored"}\n')
        sql = partitioned(f)
        for where, want in [("dt='2024-01-01'", [[1, "2024-01-01", 1]]), ("n<2", [[1, "2024-01-01", 1]]),
                            ("dt IS NULL", [[3, None, None]]), ("n=1 AND dt>'2023'", [[1, "2024-01-01", 1]]),
                            ("dt IN ('2024-01-01','x')", [[1, "2024-01-01", 1]]), ("n='1'", [[1, "2024-01-01", 1]])]:
            rows, error = shell(sql + f"SELECT * FROM t WHERE {where};")
            if where == "n='1'":
                assert "HIVE_CURSOR_ERROR" in error, where     # kinds differ: nothing is left out
            else:
                assert (rows, error) == (want, ""), (where, rows, error)


def test_partition_values_are_decoded_into_default_locations():
    with Files() as f:
        f.write("t/k=a%2Fb%25/x", '{"id":1}\n')
        sql = create(f.path + "/t", partition_columns=(("k", "string"),), partitions=[(None, "a/b%")])
        assert shell(sql + "SELECT * FROM t;") == ([[1, "a/b%"]], "")


def test_a_partition_value_that_is_not_of_its_type_is_an_error():
    with Files(t__a='{"id":1}\n') as f:
        sql = create(f.path + "/t", partition_columns=(("k", "int"),), partitions=[(f.path + "/t", "abc")])
        assert "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'abc' for integer partition key: k" in shell(
            sql + "SELECT * FROM t;")[1]


def test_ten_thousand_partitions():
    with Files() as f:
        f.write("t/k=777/a", '{"id":7}\n')
        sql = create(f.path + "/t", partition_columns=(("k", "int"),),
                     partitions=[(None, str(i)) for i in range(10000)])
        start = time.time()
        assert shell(sql + "SELECT * FROM t WHERE k=777;") == ([[7, 777]], "")
        assert time.time() - start < 5


# --- RegexSerDe ----------------------------------------------------------------------------

REGEX = "org.apache.hadoop.hive.serde2.RegexSerDe"


def test_regex_groups_are_columns():
    data = "a 12 2024-02-29 x\nno match\nb x 2024-13-01\n"
    rows, error = read(data, (("a", "string"), ("n", "int"), ("d", "date"), ("rest", "string"), ("none", "string")),
                       serde=REGEX, properties={"input.regex": r"(\S+) (\S+) (\d+-\d+-\d+)( \S+)?"})
    assert error == "" and rows == [["a", 12, "2024-02-29", " x", None], [None] * 5,
                                    ["b", None, "2025-01-01", None, None]], (rows, error)


def test_regex_constructs_that_differ_from_java_are_refused():
    for pattern in (r"(\p{L}+)", r"(?<name>x)", r"(?i)x", r"([[:alpha:]])", r"\bx"):
        assert "TARN_NOT_SUPPORTED" in read("x", serde=REGEX, properties={"input.regex": pattern})[1], pattern
    assert "input.regex" in read("x", serde=REGEX)[1]
    assert "input.regex" in read("x", serde=REGEX, properties={"input.regex": "(x"})[1]


# --- Comparisons taken from SQLite ---------------------------------------------------------

def test_or_over_partitions_and_rows_loses_nothing():
    with Files() as f:
        f.write("t/dt=2024-01-01/n=1/a", '{"id":1}\n{"id":2}\n')
        f.write("t/dt=2024-01-02/n=2/a", '{"id":1}\n{"id":2}\n{"id":3}\n')
        f.write("elsewhere/a", '{"id":1}\n')
        sql = partitioned(f)
        for where, want in [("dt='2024-01-01' OR dt='2024-01-02'", 5), ("dt='2024-01-01' OR n=2", 5),
                            ("id=1 OR id=2", 5), ("id=1 OR n=2", 5), ("dt IS NULL OR id>2", 2)]:
            assert shell(sql + f"SELECT count(*) AS n FROM t WHERE {where};") == ([[want]], ""), where


def test_comparisons_give_what_an_ordinary_table_gives():
    texts = ["1", "01", "a", "b", "A", "", "1.0", "caf\u00e9", "NaN", None]
    ints = [0, 1, -1, 2, 9007199254740993, None]
    reals = ["0.0", "1.0", "-1.5", "1e300", '"NaN"', '"Infinity"', "null"]
    lines = "".join('{"i":%s,"s":%s,"r":%s,"d":%s,"p":"%s"}\n' % (
        json.dumps(ints[k % 6]), json.dumps(texts[k % 10]), reals[k % 7], json.dumps(f"2024-01-{k % 28 + 1:02}"), k % 4 + 0.5)
        for k in range(420))
    columns = (("i", "bigint"), ("s", "string"), ("r", "double"), ("d", "date"), ("p", "decimal(5,2)"))
    values = ["0", "1", "-1", "1.0", "0.5", "'1'", "'01'", "'a'", "'A'", "''", "'1.0'", "NULL", "'NaN'", "x'61'",
              "9007199254740993", "9007199254740992.0", "'2024-01-05'", "1e300", "'0.50'", "0.50"]
    predicates = [f"{c} {op} {v}" for c in "isrdp" for v in values
                  for op in ("=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT")]
    predicates += [f"{c} IN ({', '.join(v)})" for c in "isrdp" for v in (
        ["1", "2"], ["'1'", "'a'"], ["1", "'a'"], ["1.0", "0"], ["NULL", "1"], ["'a'", "NULL"], ["x'61'", "'b'"],
        ["SELECT s FROM r WHERE s>'a'"], ["SELECT i FROM r"], ["SELECT r FROM r"])]
    predicates += [f"{c} IS {n}NULL" for c in "isrdp" for n in ("", "NOT ")]
    predicates += ["i=1 AND s='a'", "i=1 OR s='a'", "i IN (1,2) AND r>0", "s LIKE 'a%'", "s='a' COLLATE NOCASE", "i=s", "i<r"]
    with Files(a=lines) as f:
        sql = create(f.path, columns) + "CREATE TABLE r(i bigint, s varchar, r double, d date, p \"text decimal(5,2)\");\n"
        sql += "INSERT INTO r SELECT * FROM t;\n"
        for k, predicate in enumerate(predicates):
            sql += (f"SELECT {k} AS k, (SELECT group_concat(\"$line\") FROM t WHERE {predicate}) IS "
                    f"(SELECT group_concat(rowid) FROM (SELECT rowid FROM r WHERE {predicate} ORDER BY rowid)) AS same;\n")
        rows, error = shell(sql)
        assert error == "", error
        assert len(rows) == len(predicates)
        wrong = [predicates[k] for k, same in rows if not same]
        assert wrong == [], wrong


def test_a_semi_join_reads_the_files_once():
    with Files(a="".join('{"id":%d}\n' % i for i in range(50000))) as f:
        sql = create(f.path) + "CREATE TABLE w(x); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+7 FROM n WHERE i<49000) INSERT INTO w SELECT i FROM n;"
        start = time.time()
        rows, error = shell(sql + "SELECT count(*) AS n FROM t WHERE id IN (SELECT x FROM w);")
        assert (rows, error) == ([[7001]], ""), (rows, error)
        assert time.time() - start < 5


# --- The rest ------------------------------------------------------------------------------

def test_ctrl_c_stops_a_scan_at_once():
    with Files() as f:
        f.write("a.json", '{"id":1}\n' * 300000)
        for i in range(40):
            os.link(f.path + "/a.json", f.path + f"/{i}.json")
        process = subprocess.Popen(["sqlite3", "-cmd", f".load {ROOT}/tarn"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write((create(f.path) + "SELECT count(*), sum(id) FROM t;\n").encode())
        process.stdin.flush()
        time.sleep(0.5)
        start = time.time()
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        error = process.stderr.read()
        process.wait(10)
        assert b"interrupt" in error.lower(), error
        assert time.time() - start < 1


def test_a_self_join_reads_one_pinned_list():
    rows, error = read('{"id":1}\n{"id":2}\n', select="SELECT a.id, b.id AS j FROM t a, t b WHERE a.id<b.id")
    assert (rows, error) == ([[1, 2]], "")


def test_the_examples_of_the_manual_run():
    with open(os.path.join(ROOT, "vtab", "jsonl.c"), encoding="utf-8") as f:
        text = f.read().split("*/")[0]
    text = "\n".join(line[2:] for line in text.split("\n"))
    examples = re.findall(r"CREATE VIRTUAL TABLE.*?\);\n", text, re.S)
    assert len(examples) == 2
    for example in examples:
        name = re.search(r"TABLE (\w+)", example)[1]
        rows, error = shell(example + f"SELECT count(*) AS n FROM pragma_table_info('{name}');")
        assert error == "" and rows[0][0] > 0, error


def test_declared_types_are_athenas_names():
    columns = (("a", "int"), ("b", "decimal(5,2)"), ("c", "string"), ("d", "struct<hidden:int,x:int>"))
    rows, error = shell(create("/tmp", columns) + "SELECT name, type FROM pragma_table_info('t');")
    rows = [[name, kind.lower()] for name, kind in rows]
    assert error == "" and rows == [["a", "integer"], ["b", "text decimal(5,2)"], ["c", "varchar"],
                                    ["d", "struct<hidden:int,x:int>"]], rows


def test_base64_of_text_tables():
    data = b"|".join([base64.b64encode(b"hello"), b"plain text!"])
    rows, error = read(data, (("a", "binary"), ("b", "binary")), "SELECT hex(a) AS a, hex(b) AS b FROM t",
                       serde=LAZY, properties={"field.delim": "|"})
    assert (rows, error) == ([[b"hello".hex().upper(), b"plain text!".hex().upper()]], "")
