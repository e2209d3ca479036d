"""Landing on S3 and exports back to it: old or new, with the lake's COMMIT deciding."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import FIXTURES, TARN, Lake, same  # noqa: E402

SQL = os.path.join(ROOT, "sql")
TABLES = {"trusted": ("customer_trusted", "accelerometer_trusted", "step_trainer_trusted"),
          "curated": ("customers_curated", "machine_learning_curated", "machine_learning_matched", "machine_learning_consented")}


def tarn(server, lake, *arguments, status=0, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
    done = subprocess.run([TARN, *arguments], cwd=lake.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env={**clean, "HOME": "/nonexistent", **server.environment(), **env})
    same(done.returncode, status, done.stderr.decode())
    assert b"secret-of-the-test" not in done.stdout + done.stderr
    return done.stdout.decode(), done.stderr.decode()


def load_fixtures(server):
    base = os.path.join(FIXTURES, "stedi-lake")
    for folder, _, names in os.walk(base):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                server.objects["stedi-lake", os.path.relpath(path, base)] = f.read()


def exported(server, bucket="out"):
    return {k: v for (b, k), v in server.objects.items() if b == bucket and not k.endswith(".made")}


def local_exports(lake):
    lake.ok("run", "--sql", SQL, "--s3-root", FIXTURES, "--lake", "local.db")
    found = {}
    for zone, tables in TABLES.items():
        for table in tables:
            with open(lake.path("export", zone, table, "part-00000.json"), "rb") as f:
                found[f"lake/{zone}/{table}/part-00000.json"] = f.read()
    return found


def test_the_pipeline_runs_from_s3_to_s3():
    with FaultServer() as server, Lake() as lake:
        load_fixtures(server)
        tarn(server, lake, "run", "--sql", SQL, "--export", "s3://out/lake/")
        same(exported(server), local_exports(lake))
        same(server.uploads, {})
        # Again, with an object left over from a table of several files: it goes.
        server.objects["out", "lake/curated/customers_curated/part-00001.json"] = b"old"
        tarn(server, lake, "run", "--sql", SQL, "--export", "s3://out/lake/")
        same(exported(server), local_exports(lake))
        assert not [n for n in os.listdir(lake.folder) if "uploads" in n or "spool" in n], os.listdir(lake.folder)


def test_keys_that_are_not_ours_are_left_alone():
    with FaultServer() as server, Lake() as lake:
        load_fixtures(server)
        server.objects["out", "lake/trusted/customer_trusted/mine.json"] = b"precious"
        _, err = tarn(server, lake, "run", "--sql", SQL, "--export", "s3://out/lake", status=1)
        assert "was not made by Tarn" in err, err
        same(exported(server), {"lake/trusted/customer_trusted/mine.json": b"precious"})


def test_a_failed_upload_aborts_all_and_stores_nothing():
    with FaultServer() as server, Lake() as lake:
        load_fixtures(server)
        server.faults = [lambda r: error(403, "AccessDenied") if r.method == "PUT" and "machine_learning" in r.key else None]
        _, err = tarn(server, lake, "run", "--sql", SQL, "--export", "s3://out/lake", status=1)
        assert "AccessDenied" in err, err
        same(exported(server), {})
        same(server.uploads, {})
        same(lake.sqlite("SELECT count(*) FROM sqlite_master WHERE name='customer_trusted'").strip(), "0")


def test_what_a_commit_left_is_finished_by_the_next_command():
    with FaultServer() as server, Lake() as lake:
        load_fixtures(server)
        completes = lambda r: r.method == "POST" and "uploadId" in r.query
        seen = []

        def second_complete_fails(r):
            if completes(r):
                seen.append(r)
            return error(403, "AccessDenied") if completes(r) and len(seen) > 1 else None
        server.faults = [second_complete_fails]
        tarn(server, lake, "run", "--sql", SQL, "--export", "s3://out/lake", status=1)
        same(len(exported(server)), 1)
        same(lake.sqlite("SELECT count(*) FROM tarn_uploads").strip(), "6")
        server.faults = []
        tarn(server, lake, "history")
        same(exported(server), local_exports(lake))
        same((server.uploads, lake.sqlite("SELECT count(*) FROM tarn_uploads").strip()), ({}, "0"))


def test_uploads_of_a_killed_run_are_aborted_by_the_next_command():
    with FaultServer() as server, Lake() as lake:
        load_fixtures(server)
        killed = []

        def kill_at_third_part(r):
            if r.method == "PUT" and "uploadId" in r.query:
                killed.append(r)
                if len(killed) == 3:
                    process.kill()
                    return Fault(delay=1, status=500)
            return None
        server.faults = [kill_at_third_part]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
        process = subprocess.Popen([TARN, "run", "--sql", SQL, "--export", "s3://out/lake"], cwd=lake.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env={**clean, "HOME": "/nonexistent", **server.environment()})
        process.wait(timeout=60)
        assert len(server.uploads) == 3, server.uploads
        server.faults = []
        tarn(server, lake, "query", "SHOW TABLES")
        same((server.uploads, exported(server)), ({}, {}))


def test_one_table_to_s3():
    with FaultServer() as server, Lake() as lake:
        tarn(server, lake, "query", "CREATE TABLE t AS SELECT 1 AS x")
        tarn(server, lake, "export", "t", "s3://out/t/")
        same(exported(server), {"t/part-00000.json": b'{"x":1}\n'})
        tarn(server, lake, "query", "CREATE TABLE e AS SELECT 1 AS x WHERE false")
        tarn(server, lake, "export", "e", "s3://out/e/")
        same(exported(server)["e/part-00000.json"], b"")


def test_doctor_sees_a_wrong_clock():
    with FaultServer() as server, Lake() as lake:
        server.objects["b", "t/x.json"] = b"{}"
        out, _ = tarn(server, lake, "doctor", "s3://b/t/")
        assert "ok   clock" in out and "ok   read" in out, out
        server.faults = [lambda r: Fault(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>", {"Date": "Wed, 21 Oct 2037 07:28:00 GMT"})
                         if not r.headers.get("x-amz-date", "").startswith("2037") else None]
        out, _ = tarn(server, lake, "doctor", "s3://b/t/", status=1)
        assert "FAIL clock" in out and "behind the server's" in out, out
