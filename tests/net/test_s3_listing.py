"""Many prefixes listed side by side, against a server that counts and waits."""
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import same  # noqa: E402
from net_lake import NetLake  # noqa: E402

OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
ASIDE = 32                                      # S3_LIST_ASIDE


class CountingServer(FaultServer):
    """Answers listings after `latency` and knows how many waited at once."""

    def __init__(self, latency=0.05, **more):
        super().__init__(**more)
        self.latency = latency
        self.faults = [lambda r: Fault(delay=self.latency) if "list-type" in r.query else None]

    def most_at_once(self):
        """The largest number of listings between whose arrivals less than the latency passed."""
        times = sorted(t for t, r in self.arrivals if "list-type" in r.query)
        return max((sum(t <= u < t + self.latency for u in times) for t in times), default=0)

    def __enter__(self):
        self.arrivals = []
        log = self.log

        class Log(list):
            def append(inner, request):
                self.arrivals.append((time.time(), request))
                list.append(inner, request)
        self.log = Log(log)
        return super().__enter__()

    def listings(self):
        return [r for r in self.log if "list-type" in r.query]


def days(n):
    return [f"2024-{1 + i // 28:02}-{1 + i % 28:02}" for i in range(n)]


def fill(server, n, files=2):
    for i, day in enumerate(days(n)):
        for k in range(files):
            server.objects["b", f"t/dt={day}/{k}.json"] = b'{"a":%d}\n' % (i * files + k)
        server.objects["b", f"t/dt={day}/_SUCCESS"] = b""


def make_table(lake, more=""):
    lake.ok("query", f"CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (dt string) {OPENX} LOCATION 's3://b/t/' {more}")


def timed(f):
    start = time.time()
    result = f()
    return result, time.time() - start


def test_partitions_are_listed_side_by_side_in_their_order():
    n = 100
    with CountingServer() as server, NetLake(server) as lake:
        make_table(lake)
        fill(server, n)
        lake.ok("query", "ALTER TABLE t ADD " + " ".join(f"PARTITION (dt='{d}')" for d in days(n)))
        del server.log[:], server.arrivals[:]
        out, took = timed(lambda: lake.query("SELECT a FROM t"))
        same(out.split()[1:], [f'"{i}"' for i in range(2 * n)], "the order of the rows")
        same(len(server.listings()), n)
        assert 8 <= server.most_at_once() <= ASIDE, server.most_at_once()
        assert took < n * server.latency / 3, f"{took:.2f} s"
        # What a condition leaves out is not listed.
        del server.log[:], server.arrivals[:]
        same(lake.query("SELECT sum(a) AS s FROM t WHERE dt IN ('2024-01-02', '2024-01-05')"), '"s"\n"22"\n')
        same(len(server.listings()), 2)


def test_projected_partitions_are_listed_side_by_side():
    with CountingServer() as server, NetLake(server) as lake:
        fill(server, 60)
        make_table(lake, "TBLPROPERTIES ('projection.enabled'='true', 'projection.dt.type'='date', "
                         "'projection.dt.range'='2024-01-01,2024-03-28', 'projection.dt.format'='yyyy-MM-dd')")
        del server.log[:], server.arrivals[:]
        out, took = timed(lambda: lake.query("SELECT count(*) AS n, max(a) AS hi FROM t"))
        same(out, '"n","hi"\n"120","119"\n')
        same(len(server.listings()), 88)
        assert 8 <= server.most_at_once() <= ASIDE and took < 88 * server.latency / 3, (server.most_at_once(), took)


def test_a_statement_lists_each_partition_once():
    with CountingServer(latency=0.001) as server, NetLake(server) as lake:
        fill(server, 10)
        make_table(lake)
        lake.ok("query", "MSCK REPAIR TABLE t")
        for sql in ("CREATE TABLE u AS SELECT a, dt FROM t", "INSERT INTO u SELECT a, dt FROM t",
                    "CREATE TABLE v AS SELECT x.a FROM t x JOIN t y ON x.a = y.a"):
            del server.log[:]
            lake.ok("query", sql)
            same(len(server.listings()), 10, sql)


def test_msck_repair_splits_a_large_listing_by_its_folders():
    n = 50
    with CountingServer(page=100) as server, NetLake(server) as lake:
        fill(server, n, files=40)
        server.objects["b", "t/readme.txt"] = b"beside the partitions"
        server.objects["b", "t/dt=2024-01-01/deeper/1.json"] = b""
        make_table(lake)
        del server.log[:], server.arrivals[:]
        out, took = timed(lambda: lake.ok("query", "MSCK REPAIR TABLE t"))
        same(out.count("Repair: Added partition to metastore"), n)
        assert len(server.listings()) <= n + 3 and 8 <= server.most_at_once() <= ASIDE, (len(server.listings()), server.most_at_once())
        assert took < n * server.latency / 3, f"{took:.2f} s"
        del server.log[:]
        same(lake.query("SELECT count(*) AS n, sum(a) AS s FROM t"), f'"n","s"\n"{n * 40}","{n * 40 * (n * 40 - 1) // 2}"\n')


def test_a_split_listing_is_the_listing():
    """Names that sort around the slash, empty parts, folders that are objects too, three levels."""
    names = ["a", "a!", "a!/x", "a-b", "a.b/1", "a/", "a/1", "a/b/c/d", "a/b/c/e/f", "a//b", "a0", "b", "b/", "é/ж", "z/"]
    names += [f"a/many/{i:03}" for i in range(60)] + [f"deep/x/{k}/y/{i:02}" for k in "pqr" for i in range(30)]
    names += [f"folders/{i:03}/f" for i in range(40)]
    want = sorted((n for n in names if not n.endswith("/")), key=str.encode)
    for page in (1, 7, 20, 21, 25, 1000):
        with FaultServer(page=page) as server, NetLake(server) as lake:
            for i, name in enumerate(names):
                server.objects["b", "t/" + name] = b"" if name.endswith("/") else b'{"a":1}\n'
            lake.ok("query", f"CREATE EXTERNAL TABLE t (a int) {OPENX} LOCATION 's3://b/t'")
            out = lake.ok("query", "--format", "csv", 'SELECT "$path" AS p FROM t')
            same([line[1:-1] for line in out.split("\n")[1:-1]], ["s3://b/t/" + n for n in want], f"page {page}")


def test_many_small_folders_are_not_listed_one_by_one():
    with CountingServer(latency=0, page=50) as server, NetLake(server) as lake:
        for i in range(400):
            server.objects["b", f"t/{i:03}/x.json"] = b'{"a":1}\n'
        lake.ok("query", f"CREATE EXTERNAL TABLE t (a int) {OPENX} LOCATION 's3://b/t'")
        same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"400"\n')
        same(len(server.listings()), 8)


def test_a_prefix_that_cannot_be_listed_is_named():
    for answer in (error(403, "AccessDenied"), Fault(200, b"<html></html>")):
        with CountingServer(latency=0.01) as server, NetLake(server) as lake:
            fill(server, 40)
            make_table(lake)
            lake.ok("query", "MSCK REPAIR TABLE t")
            server.faults.insert(0, lambda r: answer if r.query.get("prefix", "").startswith("t/dt=2024-01-17") else None)
            why = lake.error("query", "SELECT count(*) FROM t")
            assert why.startswith("HIVE_FILESYSTEM_ERROR: s3://b/") and "2024-01-17" in why + str(answer.body), why
            server.faults.pop(0)
            left = [20]

            def flaky(r):
                left[0] -= "list-type" in r.query
                return error(503, "SlowDown") if "list-type" in r.query and left[0] > 0 else None
            server.faults.insert(0, flaky)
            same(lake.query("SELECT count(*) AS n FROM t"), '"n"\n"80"\n')


def test_listing_is_interrupted_at_once():
    with CountingServer(latency=5) as server, NetLake(server) as lake:
        fill(server, 40)
        make_table(lake)
        lake.ok("query", "ALTER TABLE t ADD " + " ".join(f"PARTITION (dt='{d}')" for d in days(40)))
        from lake import TARN
        import subprocess
        for sql in ("SELECT count(*) FROM t", "CREATE TABLE u AS SELECT a FROM t", "MSCK REPAIR TABLE t"):
            process = subprocess.Popen([TARN, "query", sql], cwd=lake.folder, env=lake.environment(),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            seen = len(server.listings())
            while len(server.listings()) < seen + (1 if "MSCK" in sql else 20) and process.poll() is None:
                time.sleep(0.005)
            time.sleep(0.02)
            start = time.time()
            process.send_signal(2)
            _, err = process.communicate(timeout=30)
            assert process.returncode == 130 and time.time() - start < 0.3, (sql, process.returncode, time.time() - start, err)


def test_files_that_a_condition_leaves_out_are_not_fetched():
    with FaultServer() as server, NetLake(server) as lake:
        for i in range(40):
            server.objects["b", f"t/{i:02}.json"] = b'{"a":%d}\n' % i
        lake.ok("query", f"CREATE EXTERNAL TABLE t (a int) {OPENX} LOCATION 's3://b/t/'")
        del server.log[:]
        same(lake.query("SELECT a FROM t WHERE \"$path\" = 's3://b/t/07.json'"), '"a"\n"7"\n')
        same([r.key for r in server.log if r.method == "GET" and r.key], ["t/07.json"])


def test_crawl_and_pull_list_over_the_network():
    with CountingServer(latency=0.01, page=100) as server, NetLake(server) as lake:
        fill(server, 20, files=30)
        out = lake.ok("crawl", "s3://b/t")
        assert "PARTITIONED BY" in out and "`a` int" in out, out
        lake.ok("query", f"CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (dt string) {OPENX} LOCATION 's3://b/t'")
        server.objects["b", "t2/other.json"] = b"{}"            # not below t/
        lake.ok("pull", "t", "--s3-root", "root")
        found = [os.path.join(base, n) for base, _, names in os.walk(lake.path("root")) for n in names if n.endswith(".json")]
        same(len(found), 600)
