"""tarn pull: objects under the S3 root, only what changed, then offline."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import FIXTURES, TARN, Lake, same  # noqa: E402

SQL = os.path.join(ROOT, "sql")


def tarn(server, lake, *arguments, status=0):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
    done = subprocess.run([TARN, *arguments], cwd=lake.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          env={**clean, "HOME": "/nonexistent", **(server.environment() if server else {})})
    same(done.returncode, status, done.stderr.decode())
    return done.stdout.decode(), done.stderr.decode()


def load_fixtures(server):
    base = os.path.join(FIXTURES, "stedi-lake")
    for folder, _, names in os.walk(base):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                server.objects["stedi-lake", os.path.relpath(path, base)] = f.read()


def files(lake):
    found = {}
    for folder, _, names in os.walk(lake.path("root")):
        for name in names:
            if name != ".tarn-pull":
                with open(os.path.join(folder, name), "rb") as f:
                    found[os.path.relpath(os.path.join(folder, name), lake.path("root"))] = f.read()
    return found


def gets(server):
    return [r.key for r in server.log if r.method == "GET" and "list-type" not in r.query]


def test_pull_then_run_offline():
    with Lake() as lake:
        with FaultServer() as server:
            load_fixtures(server)
            tarn(server, lake, "pull", "--s3-root", "root", "--sql", SQL)
            same(files(lake), {f"{b}/{k}": v for (b, k), v in server.objects.items()})
        tarn(None, lake, "run", "--s3-root", "root", "--sql", SQL)
        same(lake.sqlite("SELECT count(*) FROM machine_learning_curated").strip(), "540")


def test_only_what_changed_is_fetched():
    with FaultServer() as server, Lake() as lake:
        load_fixtures(server)
        tarn(server, lake, "pull", "--s3-root", "root", "--sql", SQL)
        server.log.clear()
        tarn(server, lake, "pull", "--s3-root", "root", "--sql", SQL)
        same(gets(server), [])
        server.objects["stedi-lake", "customer/landing/customer-1.json"] = b'{"email":"new"}\n'
        server.objects["stedi-lake", "customer/landing/customer-9.json"] = b'{"email":"more"}\n'
        del server.objects["stedi-lake", "customer/landing/customer-2.json.gz"]
        lake.write("root/stedi-lake/customer/landing/mine.json", "{}")
        out, _ = tarn(server, lake, "pull", "--s3-root", "root", "--sql", SQL, "customer_landing")
        same(sorted(gets(server)), ["customer/landing/customer-1.json", "customer/landing/customer-9.json"])
        same(out, "customer_landing: 2 of 2 objects fetched (33 bytes), 1 removed\n")
        same(sorted(k for k in files(lake) if "/customer/" in k),
             [f"stedi-lake/customer/landing/{n}" for n in ("customer-1.json", "customer-9.json", "mine.json")])


def test_an_interrupted_pull_goes_on():
    with FaultServer() as server, Lake() as lake:
        for i in range(20):
            server.objects["b", f"t/{i:02}.json"] = b"{}\n" * i
        server.faults = [lambda r: error(403, "AccessDenied") if r.key == "t/10.json" else None]
        _, err = tarn(server, lake, "pull", "--s3-root", "root", "s3://b/t/", status=1)
        assert "s3://b/t/10.json" in err and "AccessDenied" in err, err
        server.faults = []
        server.log.clear()
        tarn(server, lake, "pull", "--s3-root", "root", "s3://b/t/")
        same(files(lake), {f"b/{k}": v for (_, k), v in server.objects.items()})
        assert "t/05.json" not in gets(server), gets(server)


def test_keys_that_are_no_files_are_named():
    for key, why in (("t/../x", "`..`"), ("t//x", "`//`"), ("t/" + "x" * 256, "255 bytes"), ("t/dir/", "ends in")):
        with FaultServer() as server, Lake() as lake:
            server.objects["b", key] = b"x"
            _, err = tarn(server, lake, "pull", "--s3-root", "root", "s3://b/t/", status=1)
            assert err.startswith("TARN_PULL: s3://b/t/") and why in err, err
    with FaultServer() as server, Lake() as lake:
        server.objects["b", "t/a"] = b"x"
        server.objects["b", "t/a/b"] = b"x"
        _, err = tarn(server, lake, "pull", "--s3-root", "root", "s3://b/t/", status=1)
        assert "a folder of it" in err, err


def test_wrong_bytes_are_not_kept():
    with FaultServer() as server, Lake() as lake:
        server.objects["b", "t/a.json"] = b"right"
        server.faults = [lambda r: Fault(206, b"wrong", {"ETag": FaultServer.etag(b"right"), "Content-Range": "bytes 0-4/5"}) if r.key == "t/a.json" else None]
        _, err = tarn(server, lake, "pull", "--s3-root", "root", "s3://b/t/", status=1)
        assert "MD5" in err, err
        same(files(lake), {})


def test_a_root_is_needed():
    with FaultServer() as server, Lake() as lake:
        _, err = tarn(server, lake, "pull", "s3://b/t/", status=1)
        assert "--s3-root" in err, err
