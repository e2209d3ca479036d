"""make bench-s3: how fast landing tables on S3 are read, against a model server on loopback.

The model (bench/s3model.c): 40 ms to the first byte, 60 MB/s a connection.  It shares the machine's
processors with its clients, so the figures are a lower bound.  Side by side: tarn; DuckDB's httpfs with its
own settings and with 32 threads; chdb's s3().  In turn, ROUNDS times; the best of each counts, and
all must give the same rows.  tarn's time is its whole process, the peers' is the query alone.
The same bytes are read by tarn from a local folder too, for the CPU that the network costs.
Writes docs/benchmark-s3.md (not with --no-write).
"""
import datetime
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "s3model")
TARN = os.path.join(ROOT, "tarn")
PEER = os.path.join(ROOT, "bench", "s3_peer.py")
RECORD = b'{"user":"somebody@example.com","timestamp":1655296571764,"x":1.25,"y":-7.5,"z":0.125}\n'
ROUNDS = 3
CASES = [("500 objects of 50 kB", [(f"t/{i:05}.json", 50000 // len(RECORD) * len(RECORD)) for i in range(500)]),
         ("one object of 200 MB", [("t/one.json", 200_000_000 // len(RECORD) * len(RECORD))])]
QUERIES = {"count": ("`count(*)`", "SELECT count(*) AS n FROM t"),
           "sum": ("`sum(x)` by user", 'SELECT "user", sum(x) AS s FROM t GROUP BY 1')}
PEERS = {"duckdb": "DuckDB httpfs", "duckdb-32": "DuckDB httpfs, 32 threads", "chdb": "chdb s3()"}
DDL = ("CREATE EXTERNAL TABLE t (`user` string, `timestamp` bigint, x double, y double, z double) "
       "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://bench/t/'")


def tarn(sql, env, folder, *more):
    """Wall and CPU seconds of the process, and the rows."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([TARN, "query", "--format", "api", *more, sql], cwd=folder, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr.decode())
    rows = [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in json.loads(done.stdout)["ResultSet"]["Rows"][1:]]
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "rows": sorted(rows)}


def peer(engine, port, query, env):
    done = subprocess.run([sys.executable, PEER, engine, str(port), query], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if done.returncode:
        sys.exit(f"{engine}: {done.stderr.decode()}")
    return json.loads(done.stdout.decode().splitlines()[-1])


def comparable(rows):
    """Numbers as numbers: 1E6 is 1000000.0."""
    def value(text):
        try:
            return float(text)
        except ValueError:
            return text
    return [[value(v) for v in row] for row in rows]


def make_local(objects, folder):
    for key, size in objects:
        path = os.path.join(folder, "root", "bench", key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(RECORD * (size // len(RECORD)))
    return os.path.join(folder, "root")


def best(results, what):
    return min(r[what] for r in results)


def run_case(name, objects, folder):
    """For each query: the best figures by contender."""
    local = make_local(objects, folder)
    model = subprocess.Popen([MODEL, "40", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    found = {}
    try:
        model.stdin.write("".join(f"{size} {key}\n" for key, size in objects).encode())
        model.stdin.close()
        port = int(model.stdout.readline())
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
        net = {**clean, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
        subprocess.run([TARN, "query", DDL], cwd=folder, env=net, check=True, stdout=subprocess.DEVNULL)
        for query, (_, sql) in QUERIES.items():
            results = {}
            for _ in range(ROUNDS):
                results.setdefault("tarn", []).append(tarn(sql, net, folder))
                results.setdefault("local", []).append(tarn(sql, clean, folder, "--s3-root", local))
                for engine in PEERS:
                    results.setdefault(engine, []).append(peer(engine, port, query, clean))
            want = comparable(results["tarn"][0]["rows"])
            for contender, all_of_it in results.items():
                for r in all_of_it:
                    if comparable(r["rows"]) != want:
                        sys.exit(f"{name}, {query}: {contender} gave {r['rows']}, not {want}")
            found[query] = {c: {"wall": best(r, "wall"), "cpu": best(r, "cpu")} for c, r in results.items()}
            print(f"{name}, {query}: {json.dumps(found[query])}", file=sys.stderr, flush=True)
    finally:
        model.kill()
        model.wait()
    return found


def versions():
    code = "import duckdb, chdb; print(duckdb.__version__, chdb.__version__)"
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout.split()


def report(results):
    duckdb, chdb = versions()
    yield f"""# Landing tables on S3: figures

Made by `make bench-s3` on {datetime.date.today()}: a model server on loopback, 40 ms to the first byte and 60 MB/s a
connection; {platform.machine()}, {os.cpu_count()} processors that the server shares. A model, not S3: no TLS, no throttling.
tarn, DuckDB {duckdb} with httpfs and chdb {chdb} took turns, {ROUNDS} rounds; the best of each counts, and all gave the
same rows. tarn's time is its whole process; the peers' is the query alone, without their start. The
ratio is the peer's time to tarn's: above 1, tarn was faster.

## Time

| objects | query | tarn | | {' | | '.join(PEERS.values())} | |
|---|---|---|---|{'---|---|' * len(PEERS)}"""
    for name, objects, found in results:
        total = sum(size for _, size in objects)
        for query, r in found.items():
            wall = r["tarn"]["wall"]
            peers = " | ".join(f"{r[p]['wall']:.2f} s | {r[p]['wall'] / wall:.1f}" for p in PEERS)
            yield f"| {name} | {QUERIES[query][0]} | {wall:.2f} s | {total / wall / 1e6:.0f} MB/s | {peers} |"
    yield """
Small objects are bound by 32 requests at a time (500 / 32 × 41 ms = 0.64 s).

## CPU

User and system time of `tarn` alone, whole process, over the network and over the same bytes in local files. The
difference is what receiving costs: copies out of the kernel, page faults, checking, and a few milliseconds to load libcurl.

| objects | query | S3 | local | ratio | S3, ns a byte | more than local, ns a byte |
|---|---|---|---|---|---|---|"""
    for name, objects, found in results:
        total = sum(size for _, size in objects)
        for query, r in found.items():
            s3, local = r["tarn"]["cpu"], r["local"]["cpu"]
            yield (f"| {name} | {QUERIES[query][0]} | {s3:.3f} s | {local:.3f} s | {s3 / local:.2f} | {s3 / total * 1e9:.2f} "
                   f"| {(s3 - local) / total * 1e9:.2f} |")


def main():
    results = []
    for name, objects in CASES:
        folder = tempfile.mkdtemp(prefix="tarn-bench-s3-")
        try:
            results.append((name, objects, run_case(name, objects, folder)))
        finally:
            shutil.rmtree(folder)
    text = "\n".join(report(results)) + "\n"
    print(text)
    if "--no-write" not in sys.argv:
        with open(os.path.join(ROOT, "docs", "benchmark-s3.md"), "w", encoding="utf-8") as f:
            f.write(text)


main()
