"""make bench-s3: how fast landing tables on S3 are read, against a model server on loopback.

The model (bench/s3model.c): 40 ms to the first byte, 60 MB/s a connection.  It shares the machine's
processors with tarn, so the figures are a lower bound.  The same bytes are read from a local folder too.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(ROOT, os.environ.get("BUILD", "build"), "s3model")
TARN = os.path.join(ROOT, "tarn")
RECORD = b'{"user":"somebody@example.com","timestamp":1655296571764,"x":1.25,"y":-7.5,"z":0.125}\n'
ROUNDS = 3
CASES = [("500 objects of 50 kB", [(f"t/{i:05}.json", 50000 // len(RECORD) * len(RECORD)) for i in range(500)]),
         ("one object of 200 MB", [("t/one.json", 200_000_000 // len(RECORD) * len(RECORD))])]
QUERIES = [("count(*)", "SELECT count(*) FROM t"), ("sum(x) by user", "SELECT \"user\", sum(x) FROM t GROUP BY 1")]


def timed(command, env, folder):
    """Best wall time and its CPU time of some rounds; the output."""
    best = None
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(done.stderr.decode())
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if best is None or wall < best[0]:
            best = (wall, cpu, done.stdout)
    return best


def run_case(name, objects, folder):
    total = sum(size for _, size in objects)
    local = os.path.join(folder, "root")
    for key, size in objects:
        path = os.path.join(local, "bench", key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(RECORD * (size // len(RECORD)))
    model = subprocess.Popen([MODEL, "40", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        model.stdin.write("".join(f"{size} {key}\n" for key, size in objects).encode())
        model.stdin.close()
        port = int(model.stdout.readline())
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
        net = {**clean, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
        ddl = ("CREATE EXTERNAL TABLE t (\"user\" string, \"timestamp\" bigint, x double, y double, z double) "
               "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://bench/t/'").replace('"', "`")
        subprocess.run([TARN, "query", ddl], cwd=folder, env=net, check=True, stdout=subprocess.DEVNULL)
        for what, sql in QUERIES:
            wall, cpu, out = timed([TARN, "query", "--format", "csv", sql], net, folder)
            wall2, cpu2, out2 = timed([TARN, "query", "--format", "csv", "--s3-root", local, sql], clean, folder)
            assert out == out2, "the network gave other rows"
            print(f"| {name} | {what} | {wall:.2f} s | {total / wall / 1e6:.0f} MB/s | {cpu:.2f} s | {wall2:.2f} s | {cpu2:.2f} s |", flush=True)
    finally:
        model.kill()
        model.wait()


def main():
    print("| objects | query | S3 | | S3, CPU | local | local, CPU |\n|---|---|---|---|---|---|---|")
    for name, objects in CASES:
        folder = tempfile.mkdtemp(prefix="tarn-bench-s3-")
        try:
            run_case(name, objects, folder)
        finally:
            shutil.rmtree(folder)


main()
