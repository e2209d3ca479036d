"""INSERT, UNLOAD and result files to S3 over the network: new objects after COMMIT, whatever happens."""
import gzip
import json
import os
import random
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import TARN, same  # noqa: E402
from net_lake import NetLake  # noqa: E402

SCHEDULES = max(4, int(os.environ.get("TARN_FAULT_SCHEDULES", "300")) // 15)
OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
FILE = r"\d{8}_\d{6}_\d{5}_\w{5}_" + ID + r"\.gz"


class WritingLake(NetLake):
    def tarn(self, *arguments, **more):
        status, out, err = super().tarn(*arguments, **more)
        assert "secret-of-the-test" not in out + err
        return status, out, err

    def start(self, *arguments):
        return subprocess.Popen([TARN, *arguments], cwd=self.folder, env=self.environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def leftovers(self):
        return sorted(n for n in os.listdir(self.folder) if "upload" in n or "spool" in n)


def keys(server, prefix=""):
    return sorted(k for b, k in server.objects if b == "b" and k.startswith(prefix))


def rows(server, prefix):
    """What lies below a prefix, read by independent means."""
    return [json.loads(line) for k in keys(server, prefix)
            for line in (gzip.decompress(server.objects["b", k]) if k.endswith(".gz") else server.objects["b", k]).splitlines()]


def make_table(lake, name="t", columns="a bigint", partitions=""):
    lake.ok("query", f"CREATE EXTERNAL TABLE {name} ({columns}) {partitions} {OPENX} LOCATION 's3://b/{name}/'")


def is_part(r):
    return "partNumber" in r.query


def is_begin(r):
    return r.method == "POST" and "uploads" in r.query


def is_complete(r):
    return r.method == "POST" and "uploadId" in r.query


def hangs_once(server, matches, seconds=5):
    """The first such request is answered late; a list that tells that it came."""
    seen = []

    def hang(request):
        if matches(request) and not seen:
            seen.append(request)
            return Fault(delay=seconds)
        return None
    server.faults = [hang]
    return seen


def wait_for(seen, process, seconds=30):
    end = time.time() + seconds
    while not seen and process.poll() is None and time.time() < end:
        time.sleep(0.002)
    assert seen, process.communicate()[1][-500:]


def kill_at(server, lake, matches, *arguments):
    seen = hangs_once(server, matches)
    process = lake.start(*arguments)
    wait_for(seen, process)
    process.kill()
    process.communicate()
    server.faults = []


# --- INSERT -----------------------------------------------------------------------------

def test_insert_adds_objects_and_replaces_none():
    with FaultServer() as server, WritingLake(server) as lake:
        server.objects["b", "t/old.json"] = b'{"a":1}\n'
        make_table(lake)
        lake.ok("query", "INSERT INTO t VALUES (2), (3)")
        lake.ok("query", "INSERT INTO t (a) SELECT a + 10 FROM t")
        assert [bool(re.fullmatch("t/" + FILE, k)) for k in keys(server)] == [True, True, False], keys(server)
        same(server.objects["b", "t/old.json"], b'{"a":1}\n')
        same(lake.query("SELECT a FROM t ORDER BY a").split(), ['"a"', '"1"', '"2"', '"3"', '"11"', '"12"', '"13"'])
        same((server.uploads, lake.leftovers(), lake.sqlite("SELECT count(*) FROM tarn_uploads").strip()), ({}, [], "0"))
        lake.ok("query", "INSERT INTO t SELECT a FROM t WHERE a > 99")
        same(len(keys(server)), 3, "no rows, no object")


def test_insert_into_a_bucket_itself():
    with FaultServer() as server, WritingLake(server) as lake:
        lake.ok("query", f"CREATE EXTERNAL TABLE t (a bigint) {OPENX} LOCATION 's3://b/'")
        lake.ok("query", "INSERT INTO t VALUES (7)")
        assert re.fullmatch(FILE, keys(server)[0]), keys(server)
        same(lake.query("SELECT a FROM t"), '"a"\n"7"\n')


def test_insert_into_partitions():
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake, partitions="PARTITIONED BY (day string, n bigint)")
        lake.ok("query", "INSERT INTO t VALUES (1, 'x y', 1), (2, 'a/b:c', 2), (3, 'x y', 1), (4, NULL, 3)")
        same([k.rsplit("/", 1)[0] for k in keys(server)],
             ["t/day=__HIVE_DEFAULT_PARTITION__/n=3", "t/day=a%2Fb%3Ac/n=2", "t/day=x y/n=1"])
        same(lake.query("SELECT a, day, n FROM t ORDER BY a"),
             '"a","day","n"\n"1","x y","1"\n"2","a/b:c","2"\n"3","x y","1"\n"4",,"3"\n')
        lake.ok("query", "INSERT INTO t VALUES (5, 'x y', 1)")
        same((len(keys(server)), lake.query("SELECT sum(a) AS s FROM t WHERE day = 'x y'")), (4, '"s"\n"9"\n'))


def test_many_partitions_go_out_side_by_side():
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake, partitions="PARTITIONED BY (p bigint)")
        server.faults = [lambda r: Fault(delay=0.05) if r.method in ("POST", "PUT") else None]
        start = time.time()
        lake.ok("query", "INSERT INTO t SELECT x, x FROM UNNEST(sequence(1, 100)) AS s(x)")
        took = time.time() - start
        same((len(keys(server)), sorted(r["a"] for r in rows(server, "t/"))), (100, list(range(1, 101))))
        assert took < 100 * 3 * 0.05 * 0.5, f"{took:.1f} s: one after the other"
        server.faults = []
        why = lake.error("query", "INSERT INTO t SELECT x, x FROM UNNEST(sequence(1, 101)) AS s(x)")
        assert why.startswith("HIVE_TOO_MANY_OPEN_PARTITIONS") and len(keys(server)) == 100, why
        same((server.uploads, lake.leftovers()), ({}, []))


def test_large_files_go_out_in_parts():
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake, columns="a bigint, v string")
        # Digests do not compress: the object needs several parts.
        lake.ok("query", "INSERT INTO t SELECT x.n*1000+y.n, to_hex(sha512(to_utf8(cast(x.n*1000+y.n AS varchar)))) "
                         "FROM UNNEST(sequence(0, 249)) AS x(n) CROSS JOIN UNNEST(sequence(0, 999)) AS y(n)", timeout=200)
        assert sum(is_part(r) for r in server.log) >= 2 and len(keys(server)) == 1
        same(lake.query("SELECT count(*) AS n, sum(a) AS s FROM t"), '"n","s"\n"250000","31249875000"\n')


def test_a_failed_insert_leaves_nothing():
    for matches in (is_begin, is_part):
        with FaultServer() as server, WritingLake(server) as lake:
            make_table(lake, partitions="PARTITIONED BY (p bigint)")
            left = [3]

            def fail(r):
                left[0] -= matches(r)
                return error(403, "AccessDenied") if matches(r) and left[0] < 0 else None
            server.faults = [fail]
            why = lake.error("query", "INSERT INTO t SELECT x, x FROM UNNEST(sequence(1, 20)) AS s(x)")
            assert "HTTP 403 AccessDenied" in why and "s3://b/t/p=" in why, why
            same((keys(server), server.uploads, lake.leftovers()), ([], {}, []))
            same(lake.sqlite("SELECT count(*) FROM tarn_partitions").strip(), "0")


def test_an_interrupted_insert_stops_at_once_and_leaves_nothing():
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake)
        seen = hangs_once(server, is_part, 6)
        process = lake.start("query", "INSERT INTO t VALUES (1)")
        wait_for(seen, process)
        start = time.time()
        process.send_signal(2)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130 and time.time() - start < 0.5, (process.returncode, time.time() - start, err)
        same((keys(server), server.uploads, lake.leftovers()), ([], {}, []))


# --- Crashes -----------------------------------------------------------------------------

def test_killed_between_commit_and_completion():
    """The lake says that the rows are there: the next command, whichever, makes it true."""
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake, partitions="PARTITIONED BY (p bigint)")
        kill_at(server, lake, is_complete, "query", "INSERT INTO t SELECT x, x % 3 FROM UNNEST(sequence(1, 9)) AS s(x)")
        lake.ok("history")
        same((sorted(r["a"] for r in rows(server, "t/")), len(keys(server))), (list(range(1, 10)), 3))
        same((server.uploads, lake.leftovers(), lake.sqlite("SELECT count(*) FROM tarn_uploads").strip()), ({}, [], "0"))
        same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"9"\n')


def test_killed_before_commit():
    for matches in (is_begin, is_part):
        with FaultServer() as server, WritingLake(server) as lake:
            make_table(lake, partitions="PARTITIONED BY (p bigint)")
            kill_at(server, lake, matches, "query", "INSERT INTO t SELECT x, x % 3 FROM UNNEST(sequence(1, 9)) AS s(x)")
            assert server.uploads
            same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"0"\n')
            same((keys(server), server.uploads, lake.leftovers()), ([], {}, []))


def test_an_answer_that_nobody_noted():
    """An export whose CreateMultipartUpload was answered to a dead process: its upload goes, others' stay."""
    with FaultServer() as server, WritingLake(server) as lake:
        lake.ok("query", "CREATE TABLE u AS SELECT 1 AS a")
        key = "out/part-00000.json"
        begun = {"elder": time.gmtime(time.time() - 3600), "with-parts": time.gmtime(), "longer-key": time.gmtime()}
        for name in begun:
            server.uploads[name] = {1: b"x"} if name == "with-parts" else {}
            server.upload_keys[name] = ("b", key + ("x" if name == "longer-key" else ""), begun[name])
        kill_at(server, lake, is_begin, "export", "u", "s3://b/out")
        same(len(server.uploads), 4)
        lake.ok("query", "SELECT 1")
        same((sorted(server.uploads), lake.leftovers()), (["elder", "longer-key", "with-parts"], []))
    # Where uploads cannot be listed it may stay; no command fails for it.
    for answer in (error(403, "AccessDenied"), error(501, "NotImplemented"), error(405, "MethodNotAllowed")):
        with FaultServer() as server, WritingLake(server) as lake:
            lake.ok("query", "CREATE TABLE u AS SELECT 1 AS a")
            kill_at(server, lake, is_begin, "export", "u", "s3://b/out")
            server.faults = [lambda r: answer if r.method == "GET" and "uploads" in r.query else None]
            status, _, err = lake.tarn("query", "SELECT 1")
            same((status, err, lake.leftovers(), list(server.uploads.values())), (0, "", [], [{}]))


def test_a_server_that_is_away_is_named_and_later_all_is_finished():
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake)
        kill_at(server, lake, is_complete, "query", "INSERT INTO t VALUES (1)")
        server.faults = [lambda r: error(403, "AccessDenied")]
        status, _, err = lake.tarn("query", "SELECT 1")
        assert status == 0 and "not finished" in err and "AccessDenied" in err, err
        status, _, err = lake.tarn("query", "SELECT 1", env={"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"})
        assert status == 0 and "use that endpoint again" in err, err
        server.faults = []
        same((lake.tarn("query", "SELECT 1")[2], rows(server, "t/")), ("", [{"a": 1}]))


def test_uploads_recorded_by_an_older_tarn_are_finished():
    old = ("DROP TABLE tarn_uploads; CREATE TABLE tarn_uploads(run INTEGER NOT NULL, bucket TEXT NOT NULL, object_key TEXT NOT NULL,"
           "  prefix TEXT NOT NULL, marker TEXT NOT NULL, upload_id TEXT, etags TEXT);"
           "INSERT INTO tarn_uploads SELECT run, bucket, object_key, prefix, marker, upload_id, etags FROM kept; DROP TABLE kept;")
    with FaultServer() as server, WritingLake(server) as lake:
        lake.ok("query", "CREATE TABLE u AS SELECT 1 AS a")
        server.objects["b", "out/theirs.json"] = b"{}"
        server.objects["b", ".tarn/out.made"] = b""
        kill_at(server, lake, is_complete, "export", "u", "s3://b/out")
        lake.sqlite("CREATE TABLE kept AS SELECT * FROM tarn_uploads;" + old)
        same(lake.tarn("query", "SELECT 1")[2], "")
        same((rows(server, "out/part"), server.uploads, keys(server, "out/")), ([{"a": 1}], {}, ["out/part-00000.json", "out/theirs.json"]))
        same(lake.sqlite("SELECT count(*) FROM tarn_uploads").strip(), "0")
        lake.sqlite("DROP TABLE tarn_uploads; CREATE TABLE tarn_uploads(other TEXT)")
        why = lake.error("query", "SELECT 1")
        assert why.startswith("TARN_LAKE: ") and "tarn_uploads has a layout" in why, why


# --- UNLOAD and CREATE TABLE AS -------------------------------------------------------------

UNLOAD = "UNLOAD (SELECT 1 AS a, 'x' AS p UNION ALL SELECT 2, 'y') TO 's3://b/out/' WITH (format = 'JSON'%s)"


def test_unload_writes_into_an_empty_prefix_only():
    with FaultServer() as server, WritingLake(server) as lake:
        server.objects["b", "outside"] = b""
        lake.ok("query", UNLOAD % "")
        same(sorted(r["a"] for r in rows(server, "out/")), [1, 2])
        before = dict(server.objects)
        why = lake.error("query", UNLOAD % "")
        assert why.startswith("HIVE_PATH_ALREADY_EXISTS: ") and "s3://b/out/" in why, why
        same(server.objects, before)
        lake.ok("query", (UNLOAD % ", partitioned_by = ARRAY['p'], compression = 'none'").replace("out/", "parts"))
        same([re.sub(FILE[:-4], "FILE", k) for k in keys(server, "parts")], ["parts/p=x/FILE", "parts/p=y/FILE"])
        same(rows(server, "parts/"), [{"a": 1}, {"a": 2}])


def test_unload_killed_after_commit_is_finished():
    with FaultServer() as server, WritingLake(server) as lake:
        kill_at(server, lake, is_complete, "query", UNLOAD % ", partitioned_by = ARRAY['p']")
        lake.ok("query", "SELECT 1")
        same((rows(server, "out/"), server.uploads), ([{"a": 1}, {"a": 2}], {}))


def test_create_table_as_deletes_nothing():
    """A prefix that was Tarn's and is empty now, and somebody who writes there meanwhile."""
    with FaultServer() as server, WritingLake(server) as lake:
        sql = "CREATE TABLE %s WITH (format = 'JSON', external_location = 's3://b/ext/') AS SELECT 1 AS a"
        lake.ok("query", sql % "t")
        del server.objects["b", "ext/part-00000.json"]
        server.faults = [lambda r: server.objects.setdefault(("b", "ext/theirs.json"), b"{}") and None if is_part(r) else None]
        lake.ok("query", sql % "u")
        same(keys(server, "ext/"), ["ext/part-00000.json", "ext/theirs.json"])
        kill = sql.replace("ext/", "ext2/") % "v"
        kill_at(server, lake, is_complete, "query", kill)
        same(lake.query("SELECT a FROM v"), '"a"\n"1"\n')
        same(rows(server, "ext2/"), [{"a": 1}])


# --- Result files ----------------------------------------------------------------------------

def result(lake, server, sql, *more):
    """status, stderr, and what the statement left in its output location."""
    for key in keys(server, "results/"):
        del server.objects["b", key]
    status, _, err = lake.tarn("query", "--format", "csv", "--output-location", "s3://b/results/", *more, "--", sql)
    return status, err, {re.sub(ID, "ID", k[len("results/"):]): server.objects["b", k].decode() for k in keys(server, "results/")}


def test_each_kind_of_statement_leaves_its_file():
    with FaultServer() as server, WritingLake(server) as lake:
        status, err, found = result(lake, server, "SELECT 1 AS a, 'x' AS b")
        same((status, found), (0, {"ID.csv": '"a","b"\n"1","x"\n'}), err)
        assert re.fullmatch(rf"result: s3://b/results/{ID}\.csv\n", err), err
        same(result(lake, server, "CREATE TABLE t AS SELECT 1 AS a")[2], {"tables/ID": "", "tables/ID-manifest.csv": ""})
        same(result(lake, server, "SHOW TABLES")[2], {"ID.txt": "t"})
        same(result(lake, server, "INSERT INTO t VALUES (2)")[2], {"ID": "", "ID-manifest.csv": ""})
        same(result(lake, server, "DROP TABLE t")[2], {"ID.txt": ""})
        same(result(lake, server, "SELECT 1/0")[0::2], (1, {}))
        same(result(lake, server, "SELECT 1 FROM nosuch")[0::2], (1, {}))
        same(result(lake, server, "DROP TABLE nosuch")[2], {"ID.txt": "FAILED: SemanticException [Error 10001]: Table not found nosuch"})
        found = result(lake, server, UNLOAD % "")[2]
        assert re.fullmatch("s3://b/out/" + FILE + "\n", found["ID-manifest.csv"]), found
        assert ("b", found["ID-manifest.csv"].strip()[len("s3://b/"):]) in server.objects
        same((server.uploads, lake.leftovers()), ({}, []))


BIG = "SELECT x.n*1000+y.n AS n, rpad('v', 100, 'abc') AS v FROM UNNEST(sequence(0, 199)) AS x(n) CROSS JOIN UNNEST(sequence(0, 999)) AS y(n)"


def test_a_large_result_goes_out_in_parts():
    with FaultServer() as server, WritingLake(server) as lake:
        status, err, found = result(lake, server, BIG)
        same((status, len(found["ID.csv"].splitlines())), (0, 200001), err)
        assert sum(is_part(r) for r in server.log) == 3
        same((server.uploads, lake.leftovers()), ({}, []))
        # One that fails on its way leaves nothing.
        status, err, found = result(lake, server, BIG.replace(" AS v ", " AS v, 1/(199998-x.n*1000-y.n) AS w "))
        assert status == 1 and "DIVISION_BY_ZERO" in err, err
        same((found, server.uploads, lake.leftovers()), ({}, {}, []))
        server.faults = [lambda r: error(403, "AccessDenied") if is_complete(r) else None]
        status, err, found = result(lake, server, BIG)
        assert status == 1 and "TARN_S3" in err and "AccessDenied" in err, err
        same((found, server.uploads, lake.leftovers()), ({}, {}, []))


def test_a_live_query_keeps_its_uploads_and_a_dead_one_does_not():
    with FaultServer() as server, WritingLake(server) as lake:
        lake.ok("query", "CREATE TABLE t AS SELECT 1 AS a")
        for kill in (False, True):
            seen = hangs_once(server, is_part, 3)
            process = lake.start("query", "--format", "csv", "--output-location", "s3://b/results/", BIG)
            wait_for(seen, process)
            if kill:
                process.kill()
            else:
                lake.ok("query", "INSERT INTO t VALUES (2)")    # a writer, beside it
                assert server.uploads, "a live query's upload was aborted"
            process.communicate(timeout=60)
            server.faults = []
            lake.ok("query", "SELECT 1")
            same((len(keys(server, "results/")), server.uploads, lake.leftovers()), (1, {}, []), f"kill {kill}")


def test_an_interrupted_query_leaves_no_result():
    with FaultServer() as server, WritingLake(server) as lake:
        lake.ok("query", "CREATE TABLE t AS SELECT 1 AS a")
        seen = hangs_once(server, is_part, 6)
        process = lake.start("query", "--format", "csv", "--output-location", "s3://b/results/", BIG)
        wait_for(seen, process)
        start = time.time()
        process.send_signal(2)
        process.communicate(timeout=60)
        assert process.returncode == 130 and time.time() - start < 1, (process.returncode, time.time() - start)
        same((keys(server), server.uploads, lake.leftovers()), ([], {}, []))


def test_the_files_of_an_insert_appear_with_its_rows():
    with FaultServer() as server, WritingLake(server) as lake:
        make_table(lake)
        left = [0]

        def first_complete_only(r):
            left[0] += is_complete(r)
            return error(403, "AccessDenied") if (is_complete(r) and left[0] > 1) or (r.method == "PUT" and not is_part(r)) else None
        server.faults = [first_complete_only]
        status, err, found = result(lake, server, "INSERT INTO t VALUES (1)")
        assert status == 1 and "the lake is committed" in err, err
        server.faults = []
        lake.ok("query", "SELECT 1")
        same((sorted(re.sub(ID, "ID", k) for k in keys(server, "results/")), rows(server, "t/")),
             (["results/ID", "results/ID-manifest.csv"], [{"a": 1}]))


# --- Everything at once -------------------------------------------------------------------------

def test_random_faults_never_give_half_an_insert():
    """Seeded: each request may fail.  After the next quiet command the table has all rows of the
    statements that said 0, none of those that failed before COMMIT, and no upload is left."""
    rng = random.Random(20261122)
    kinds = [lambda: error(503, "SlowDown"), lambda: error(500, "InternalError"), lambda: Fault(reset=True),
             lambda: Fault(cut=rng.randrange(200)), lambda: error(400, "RequestTimeout"), lambda: error(403, "AccessDenied"),
             lambda: Fault(200, b"<Error><Code>InternalError</Code><Message>we failed</Message></Error>")]
    weights = [6, 6, 6, 6, 3, 1, 3]
    good = 0
    with FaultServer() as server:
        for i in range(SCHEDULES):
            rate = (0.0, 0.05, 0.15, 0.3)[i % 4]

            def decide(request):
                fault = rng.choices(kinds, weights)[0]() if rng.random() < rate else None
                return None if fault and fault.status == 200 and not is_complete(request) else fault
            with WritingLake(server) as lake:
                server.objects, server.uploads, server.faults, want = {}, {}, [], []
                make_table(lake, partitions="PARTITIONED BY (p bigint)")
                for k in range(3):
                    server.faults = [decide]
                    status, _, err = lake.tarn("query", "--output-location", "s3://b/results",
                                               f"INSERT INTO t SELECT {k}*10+x, x % 2 FROM UNNEST(sequence(1, 5)) AS s(x)")
                    server.faults = []
                    assert status in (0, 1), err
                    good += status == 0
                    status2, _, err2 = lake.tarn("query", "SELECT 1")
                    same((status2, err2, server.uploads, lake.leftovers()), (0, "", {}, []), f"schedule {i}: {err}")
                    if status == 0 or "committed" in err:
                        want += [k * 10 + x for x in range(1, 6)]
                    same(sorted(r["a"] for r in rows(server, "t/")), sorted(want), f"schedule {i}: {err}")
                    same(lake.query("SELECT count(*) AS n FROM t").split()[1], f'"{len(want)}"')
    assert good >= SCHEDULES, good
