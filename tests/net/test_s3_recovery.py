"""Exports to S3 over the network, against a server of our own: old or new, finished after a crash."""
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import FIXTURES, TARN, Lake  # noqa: E402
from net_lake import NetLake  # noqa: E402

SQL = os.path.join(ROOT, "sql")
SCHEDULES = max(3, int(os.environ.get("TARN_FAULT_SCHEDULES", "300")) // 30)
KILLS = int(os.environ.get("TARN_KILLS", "12"))
TABLES = ("curated/customers_curated", "curated/machine_learning_consented", "curated/machine_learning_curated",
          "curated/machine_learning_matched", "trusted/accelerometer_trusted", "trusted/customer_trusted",
          "trusted/step_trainer_trusted")


def fixtures_on(server, without=()):
    for base, _, names in os.walk(FIXTURES):
        for name in names:
            path = os.path.join(base, name)
            bucket, _, key = os.path.relpath(path, FIXTURES).partition("/")
            if bucket == "stedi-lake" and name not in without:
                with open(path, "rb") as f:
                    server.objects[bucket, key] = f.read()


def exported(server, prefix="out/"):
    return {k: v for (b, k), v in server.objects.items() if b == "lake" and k.startswith(prefix) and "/." not in k}


def local_exports():
    with Lake(FIXTURES) as lake:
        lake.ok("run", "--sql", SQL)
        found = {}
        for table in TABLES:
            with open(lake.path("export", table, "part-00000.json"), "rb") as f:
                found[f"out/{table}/part-00000.json"] = f.read()
        return found


RUN = ("run", "--sql", SQL, "--export", "s3://lake/out")


def test_a_run_exports_to_s3_what_it_exports_to_a_folder():
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        lake.ok(*RUN)
        assert exported(server) == local_exports()
        assert server.uploads == {} and not os.path.exists(lake.path("lake.db-uploads"))
        puts = [r for r in server.log if r.method == "PUT" and "partNumber" not in r.query]
        assert all(r.key.endswith(".made") for r in puts), "a non-empty object is a multipart upload"
        etags = lake.sqlite("SELECT DISTINCT etag, mtime IS NULL FROM tarn_inputs WHERE path LIKE '%/customer-1.json'").strip()
        data = server.objects["stedi-lake", "customer/landing/customer-1.json"]
        assert etags == FaultServer.etag(data) + "|1", etags
        lake.ok(*RUN)                                       # again, over what Tarn made
        assert exported(server) == local_exports()
        assert lake.ok("query", "--format", "csv", "SELECT count(*) AS n FROM customer_trusted")


def test_a_prefix_that_tarn_did_not_make_is_left_alone():
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        server.objects["lake", "out/trusted/customer_trusted/theirs.json"] = b"{}"
        before = dict(server.objects)
        why = lake.error(*RUN)
        assert "not made by Tarn" in why and "theirs.json" in why, why
        assert server.objects == before and server.uploads == {}


def test_export_of_one_table_deletes_what_is_no_longer_its_part():
    with FaultServer() as server, NetLake(server) as lake:
        lake.ok("query", "CREATE TABLE t AS SELECT 1 AS a UNION ALL SELECT 2")
        lake.ok("export", "t", "s3://lake/one")
        assert server.objects["lake", "one/part-00000.json"] in (b'{"a":1}\n{"a":2}\n', b'{"a":2}\n{"a":1}\n')
        server.objects["lake", "one/part-00001.json"] = b"old"
        lake.ok("query", "DROP TABLE t")
        lake.ok("query", "CREATE TABLE t AS SELECT 1 AS a WHERE 1=0")
        lake.ok("export", "t", "s3://lake/one/")
        assert {k: v for (b, k), v in server.objects.items() if ".tarn" not in k} == {"one/part-00000.json": b""}


def test_external_location_on_s3():
    with FaultServer() as server, NetLake(server) as lake:
        lake.ok("query", "CREATE TABLE t WITH (format='JSON', external_location='s3://lake/ext/t/') AS SELECT 'x' AS a")
        assert server.objects["lake", "ext/t/part-00000.json"] == b'{"a":"x"}\n'
        why = lake.error("query", "CREATE TABLE u WITH (format='JSON', external_location='s3://lake/ext/t/') AS SELECT 'x' AS a")
        assert why.startswith("HIVE_PATH_ALREADY_EXISTS"), why


def test_a_run_that_fails_aborts_its_uploads():
    def fail_second_part(request):
        return error(403, "AccessDenied") if "partNumber" in request.query and "matched" in request.key else None
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        server.faults = [fail_second_part]
        why = lake.error(*RUN)
        assert "HTTP 403 AccessDenied" in why and "tarn_swaps" not in why, why
        assert exported(server) == {} and server.uploads == {} and not os.path.exists(lake.path("lake.db-uploads"))


def test_what_could_not_be_finished_is_finished_by_the_next_command():
    down = [True]
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        server.faults = [lambda r: error(403, "AccessDenied") if down[0] and r.method == "POST" and "uploadId" in r.query else None]
        why = lake.error(*RUN)
        assert "the lake is committed" in why and exported(server) == {}, why
        status, out, err = lake.tarn("query", "--format", "csv", "SELECT count(*) AS n FROM customer_trusted")
        assert status == 0 and "not finished" in err, err       # the lake can be used meanwhile
        down[0] = False
        status, out, err = lake.tarn("query", "--format", "csv", "SELECT count(*) AS n FROM customer_trusted")
        assert status == 0 and err == "" and exported(server) == local_exports(), err
        assert server.uploads == {}


def test_an_upload_that_somebody_aborted_is_named_once():
    with FaultServer() as server, NetLake(server) as lake:
        lake.ok("query", "CREATE TABLE t AS SELECT 1 AS a")
        server.faults = [lambda r: error(404, "NoSuchUpload") if r.method == "POST" and "uploadId" in r.query else None]
        why = lake.error("export", "t", "s3://lake/one")
        assert "export the table again" in why, why
        server.faults = []
        assert lake.tarn("query", "SELECT 1")[2] == ""
        lake.ok("export", "t", "s3://lake/one")
        assert server.objects["lake", "one/part-00000.json"] == b'{"a":1}\n'


def test_a_large_object_goes_out_in_parts():
    with FaultServer() as server, NetLake(server) as lake:
        lake.ok("query", "CREATE TABLE t AS SELECT x, rpad('v', 200, 'abc') AS v FROM UNNEST(sequence(1, 100)) AS s(x)")
        lake.ok("query", "CREATE TABLE u AS SELECT a.x*1000+b.x AS x, rpad('v', 2000, 'abc') AS v FROM t a CROSS JOIN t b")
        lake.ok("export", "u", "s3://lake/u")
        want = subprocess.run([TARN, "export", "u"], cwd=lake.folder, stdout=subprocess.PIPE, env=lake.environment(), check=True).stdout
        assert server.objects["lake", "u/part-00000.json"] == want and len(want) > 16 << 20
        assert sum("partNumber" in r.query for r in server.log) == 3


def test_kill_9_leaves_the_old_exports_or_the_new():
    """Killed at any moment; after the next command each table is the lake's, and no upload is left."""
    rng = random.Random(KILLS)
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        lake.ok(*RUN)
        old = exported(server)
        fixtures_on(server)
        for name in ("accelerometer-2.json", "customer-2.json.gz"):
            server.objects.pop(("stedi-lake", next(k for b, k in server.objects if k.endswith(name))))
        start = time.time()
        lake.ok(*RUN)
        duration, new = time.time() - start, exported(server)
        assert old.keys() == new.keys() and old != new
        seen = set()
        for i in range(KILLS):
            for key, data in old.items():
                server.objects["lake", key] = data
            marker = len(server.log)
            # Half of the kills in the middle of the work after COMMIT.
            target = None if i % 2 else rng.choice(sorted(new))
            process = subprocess.Popen([TARN, *RUN], cwd=lake.folder, env=lake.environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if target:
                while process.poll() is None and not any(
                        r.method == "POST" and r.key == target and "uploadId" in r.query for r in server.log[marker:]):
                    time.sleep(0.0005)
            else:
                time.sleep(rng.random() * duration)
            process.kill()
            process.wait()
            status, _, err = lake.tarn("query", "SELECT 1")
            now = exported(server)
            assert status == 0 and now in (old, new), f"kill {i}: a mixture: {err}"
            # Killed between S3's answer and the note: an upload without parts (src/remote.c).
            assert not any(server.uploads.values()) and not os.path.exists(lake.path("lake.db-uploads")), f"kill {i}: parts are left"
            server.uploads = {}
            seen.add("old" if now == old else "new")
        assert "new" in seen


def test_random_faults_never_give_a_wrong_export():
    """Seeded: each request may fail; a run that says 0 has exported every table, byte for byte."""
    rng = random.Random(20261122)
    kinds = [lambda: error(503, "SlowDown"), lambda: error(500, "InternalError"), lambda: Fault(reset=True),
             lambda: Fault(cut=rng.randrange(300)), lambda: error(400, "RequestTimeout"), lambda: error(403, "AccessDenied"),
             lambda: Fault(200, b"<Error><Code>InternalError</Code><Message>we failed</Message></Error>")]
    weights = [6, 6, 6, 6, 3, 1, 3]
    good, rate = 0, [0.0]
    want = local_exports()
    with FaultServer() as server:
        for i in range(SCHEDULES):
            server.objects, server.uploads, server.faults = {}, {}, []
            fixtures_on(server)
            rate[0] = (0.0, 0.02, 0.1, 0.2)[i % 4]

            def decide(request):
                fault = rng.choices(kinds, weights)[0]() if rng.random() < rate[0] else None
                # A 200 with an error in it is what CompleteMultipartUpload does.
                if fault and fault.status == 200 and not (request.method == "POST" and "uploadId" in request.query):
                    return None
                return fault
            server.faults = [decide]
            with NetLake(server) as lake:
                status, _, err = lake.tarn(*RUN)
                assert status in (0, 1), err
                server.faults = []
                if status == 0:
                    good += 1
                elif "committed" not in err:
                    assert exported(server) == {}, f"schedule {i}: exported without COMMIT: {err}"
                _, _, err2 = lake.tarn("query", "SELECT 1")
                assert err2 == "", f"schedule {i}: {err}{err2}"
                assert server.uploads == {}, f"schedule {i}: uploads are left: {err}"
                if status == 0 or "committed" in err:
                    assert exported(server) == want, f"schedule {i}: {err}"
    assert good >= SCHEDULES // 4


def export_that_hangs(server, lake, seconds):
    """A run whose third part is answered late; returns when it waits there."""
    seen = []

    def hang(request):
        if "partNumber" in request.query:
            seen.append(request)
            return Fault(delay=seconds) if len(seen) == 3 else None
        return None
    server.faults = [hang]
    process = subprocess.Popen([TARN, *RUN], cwd=lake.folder, env=lake.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(seen) < 3 and process.poll() is None:
        time.sleep(0.01)
    return process


def test_a_query_beside_a_running_export_sees_the_old_lake():
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        lake.ok("query", "CREATE TABLE t AS SELECT 1 AS a")
        process = export_that_hangs(server, lake, 3)
        start = time.time()
        status, out, err = lake.tarn("query", "--format", "csv", "SELECT a FROM t")
        assert (status, out, err) == (0, '"a"\n"1"\n', "") and time.time() - start < 2, (status, out, err)
        assert server.uploads, "a reader aborted the uploads of a live run"
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert exported(server) == local_exports()


def test_an_interrupted_export_aborts_its_uploads():
    with FaultServer() as server, NetLake(server) as lake:
        fixtures_on(server)
        process = export_that_hangs(server, lake, 6)
        start = time.time()
        process.send_signal(2)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130 and time.time() - start < 2, (process.returncode, time.time() - start, err)
        time.sleep(0.1)
        assert exported(server) == {}, err
        # It aborts what it can in 20 ms; the next command aborts the rest.
        server.faults = []
        lake.ok("query", "SELECT 1")
        assert server.uploads == {} and not os.path.exists(lake.path("lake.db-uploads")), server.uploads
