"""Against OpenStack Swift's S3 API, which verifies signatures: the whole pipeline, and what goes wrong."""
import atexit
import contextlib
import glob
import os
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
import swift  # noqa: E402
from lake import FIXTURES, TARN, Lake, same  # noqa: E402
from torture import KEYS  # noqa: E402

SQL = os.path.join(ROOT, "sql")
CLI = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "s3cli")
STORED = ("customer_trusted", "accelerometer_trusted", "customers_curated", "step_trainer_trusted",
          "machine_learning_curated", "machine_learning_matched", "machine_learning_consented")
running = []


def server():
    """One Swift for all tests of this file."""
    if not swift.available():
        raise unittest.SkipTest("Swift is not installed (make deps-s3)")
    if not running:
        stack = contextlib.ExitStack()
        running.append(stack.enter_context(swift.Swift()))
        atexit.register(stack.close)
        for bucket in ("stedi-lake", "out", "torture"):
            cli("make", bucket)
        for base, _, names in os.walk(FIXTURES):
            for name in names:
                path = os.path.join(base, name)
                bucket, _, key = os.path.relpath(path, FIXTURES).partition("/")
                if bucket == "stedi-lake":
                    with open(path, "rb") as f:
                        cli("put", bucket, key, data=f.read())
    return running[0]


def environment(**more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
    return {**clean, "HOME": "/nonexistent", **running[0].environment(), **more}


def cli(*arguments, data=b"", status=0, **env):
    done = subprocess.run([CLI, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          env=environment(**env))
    same(done.returncode, status, f"{arguments}: {done.stderr.decode()}")
    return done.stdout if status == 0 else done.stderr.decode()


def tarn(lake, *arguments, status=0, **env):
    done = subprocess.run([TARN, *arguments], cwd=lake.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env=environment(**env))
    same(done.returncode, status, done.stderr.decode())
    assert b"testing" not in done.stderr, "the secret was printed"
    return done.stdout.decode(), done.stderr.decode()


def rows(lake, name="lake.db"):
    def select(t):
        return subprocess.run(["sqlite3", "-batch", lake.path(name), f"SELECT * FROM {t} ORDER BY 1, 2, 3"], check=True,
                              stdout=subprocess.PIPE, timeout=60).stdout
    return {t: select(t) for t in STORED}


def keys(bucket, prefix):
    return [line.split(" ", 2)[2] for line in cli("list", bucket, prefix).decode().split("\n")[:-1]]


def test_the_pipeline_on_s3_gives_the_rows_of_the_local_run():
    server()
    with Lake() as lake:
        lake.ok("run", "--sql", SQL, "--s3-root", FIXTURES, "--lake", "local.db", "--export", "local/")
        for _ in range(2):                                  # the second run replaces what the first exported
            tarn(lake, "run", "--sql", SQL, "--export", "s3://out/stedi")
            same(rows(lake), rows(lake, "local.db"))
            names = [k for k in keys("out", "stedi/") if not k.endswith(".made")]
            same(len(names), len(STORED))
            for key in names:
                with open(lake.path("local", key[len("stedi/"):]), "rb") as f:
                    same(cli("get", "out", key, "0", "0"), f.read(), key)
        tarn(lake, "pull", "--sql", SQL, "--s3-root", "root")
        lake.ok("run", "--sql", SQL, "--s3-root", lake.path("root"), "--lake", "offline.db", "--export", "offline/")
        same(rows(lake, "offline.db"), rows(lake, "local.db"))


def test_keys_of_any_form():
    server()
    for key in KEYS:
        cli("put", "torture", "t/" + key, data=key.encode())
    listed = keys("torture", "t/")
    same(listed, sorted(("t/" + k for k in KEYS), key=str.encode))
    for key in KEYS:
        same(cli("get", "torture", "t/" + key, "0", "0"), key.encode(), key)
    cli("delete", "torture", *listed)
    same(keys("torture", "t/"), [])


def table(lake, name, location):
    tarn(lake, "query", f"CREATE EXTERNAL TABLE {name} (a int, k string) PARTITIONED BY (dt string) "
                        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION '{location}'")


def test_partitions_and_paths_of_hive_keys():
    server()
    for day in ("2024-01-01", "2024-01-02 x+y"):
        for i in range(2):
            cli("put", "torture", f"hive/dt={day}/part {i}.json", data=b'{"a":%d,"k":"v"}\n' % i)
    cli("put", "torture", "hive/dt=2024-01-01/.hidden", data=b"no json")
    cli("put", "torture", "hive/dt=2024-01-01/_SUCCESS", data=b"no json")
    with Lake() as lake:
        table(lake, "hive", "s3://torture/hive/")
        tarn(lake, "query", "ALTER TABLE hive ADD PARTITION (dt='2024-01-01') PARTITION (dt='2') LOCATION 's3://torture/hive/dt=2024-01-02 x+y/'")
        out, _ = tarn(lake, "query", "--format", "csv", 'SELECT dt, a, "$path" AS p FROM hive ORDER BY 1, 2')
        same(out.splitlines()[1:], [
            '"2","0","s3://torture/hive/dt=2024-01-02 x+y/part 0.json"', '"2","1","s3://torture/hive/dt=2024-01-02 x+y/part 1.json"',
            '"2024-01-01","0","s3://torture/hive/dt=2024-01-01/part 0.json"',
            '"2024-01-01","1","s3://torture/hive/dt=2024-01-01/part 1.json"'])


def test_wrong_secret_skew_and_region():
    server()
    why = cli("list", "stedi-lake", "", status=1, AWS_SECRET_ACCESS_KEY="not-the-secret")
    assert "SignatureDoesNotMatch" in why and "not-the-secret" not in why and "Ours:" in why, why
    # Swift names the right region; the client learns it.
    assert keys("stedi-lake", "customer/")
    listed = cli("list", "stedi-lake", "customer/", AWS_REGION="eu-west-1").decode()
    assert len(listed.splitlines()) == 2
    with Lake() as lake:
        _, why = tarn(lake, "run", "--sql", SQL, status=1, AWS_SECRET_ACCESS_KEY="not-the-secret")
        assert "SignatureDoesNotMatch" in why and "s3://stedi-lake/" in why, why


def under_clock(shift):
    """The environment that gives a program a wrong clock."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found or os.environ.get("TARN_SANITIZED"):
        raise unittest.SkipTest("libfaketime is not installed (make deps-s3)" if not found else "ASan wants to be preloaded first")
    return {"LD_PRELOAD": found[0], "FAKETIME": shift, "DONT_FAKE_MONOTONIC": "1"}


def test_a_wrong_clock_is_corrected():
    """Swift refuses what is signed more than 15 minutes off; the client signs again by the server's Date."""
    server()
    data = os.urandom(6 << 20)
    for shift in ("+2h", "-3d", "+400d"):
        clock = under_clock(shift)
        same(len(cli("list", "stedi-lake", "customer/", **clock).splitlines()), 2)
        cli("put", "torture", "skew/small", data=b"small", **clock)
        cli("upload", "torture", "skew/large", data=data, **clock)
        same(cli("get", "torture", "skew/small", "0", "5", **clock), b"small")
        same(cli("get", "torture", "skew/large", "0", str(len(data)), **clock), data)
        cli("delete", "torture", "skew/small", "skew/large", **clock)
        with Lake() as lake:
            out, _ = tarn(lake, "doctor", "s3://stedi-lake/customer/", status=1, **clock)
            assert "FAIL clock" in out and ("ahead of" if shift[0] == "+" else "behind") in out and "ok   read" in out, out
            tarn(lake, "run", "--sql", SQL, "--export", "s3://out/skew", **clock)
            same(lake.sqlite("SELECT count(*) FROM machine_learning_curated").strip(), "540")
    same(keys("torture", "skew/"), [])


def test_large_objects_ranges_and_conditions():
    server()
    data = os.urandom(1 << 20) * 11
    cli("upload", "torture", "big", data=data)
    size, etag, _ = cli("list", "torture", "big").decode().split(" ", 2)
    same(int(size), len(data))
    assert etag.endswith('-3"'), etag
    same(cli("get", "torture", "big", "5000000", "5000100", etag), data[5000000:5000100])
    assert "412" in cli("get", "torture", "big", "0", "10", '"0"', status=1)
    cli("upload", "torture", "gone", "abort", data=data)
    same(keys("torture", "gone"), [])


def test_more_than_a_page_through_a_table():
    server()
    n = 1100
    with Lake() as lake:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: cli("many", "torture", "many/", str(i), str(i + n // 4)), range(0, n, n // 4)))
        tarn(lake, "query", "CREATE EXTERNAL TABLE many (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' "
                            "LOCATION 's3://torture/many/'")
        out, _ = tarn(lake, "query", "--format", "csv", "SELECT count(*) AS n, sum(a) AS s, min(a) AS lo, max(a) AS hi FROM many")
        same(out.splitlines()[1], f'"{n}","{n * (n - 1) // 2}","0","{n - 1}"')
