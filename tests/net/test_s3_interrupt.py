"""SIGINT ends a run on S3 within 50 ms, whatever it waits for.

Measured from the signal to the end of the process, so it holds the kernel's and Python's share;
on a busy machine a single one may be late.  What is asserted: the median of a place within 50 ms,
each of them within LATEST_MS, status 130, and the lake as it was.
"""
import contextlib
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import TARN, Lake  # noqa: E402

SLOW_DNS = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "slowdns.so")
SANITIZED = bool(os.environ.get("TARN_SANITIZED"))
MEDIAN_MS = 500 if SANITIZED else 50
LATEST_MS = 3000 if SANITIZED else 1000
ROUNDS = 3
TIMES = 3 if SANITIZED else 7
DDL = "CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'"
COUNT = ("query", "SELECT count(*) FROM t")
rng = random.Random(7)


def clean(server_env):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
    return {**env, "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **server_env}


def interrupted_ms(lake, env, command, ready, latest=0.3):
    """Start, wait until ready() and a random while longer, interrupt: how long until the end."""
    process = subprocess.Popen([TARN, *command], cwd=lake.folder, env=clean(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.time() + 20
    while not ready() and process.poll() is None and time.time() < end:
        time.sleep(0.002)
    time.sleep(rng.random() * latest)
    assert process.poll() is None, f"{command}: ended before it was interrupted: {process.communicate()}"
    start = time.perf_counter()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    took = (time.perf_counter() - start) * 1000
    assert process.returncode == 130, (command, process.returncode, out, err)
    return took


def judge(what, measure):
    """A busy machine makes one round slow, not three."""
    for _ in range(ROUNDS):
        times = measure()
        print(f"# {what}: median {statistics.median(times):.0f} ms, longest {max(times):.0f} ms")
        if statistics.median(times) <= MEDIAN_MS and max(times) <= LATEST_MS:
            return
    raise AssertionError(f"{what}: {[round(t) for t in times]} ms")


class NetLake(Lake):
    """A lake whose S3 is a server."""

    def __init__(self, server_env):
        super().__init__()
        self.server_env = server_env

    def environment(self, extra=None):
        return clean(self.server_env)


def lake_with_table(server_env):
    lake = NetLake(server_env)
    lake.ok("query", DDL)
    return lake


def at_fault(what, fault, when, command=COUNT, before=()):
    """Interrupted while the server is in the fault, each time."""
    with FaultServer() as server, lake_with_table(server.environment()) as lake:
        server.objects = {("b", f"t/{i:03}.json"): b'{"a":1}\n' * 1000 for i in range(40)}
        for sql in before:
            lake.ok("query", sql)
        hit = []

        def once():
            hit.clear()
            server.faults = [decide]
            took = interrupted_ms(lake, server.environment(), command, lambda: hit)
            server.faults = []
            lake.ok("query", "SHOW TABLES")
            return took

        def decide(request):
            if when(request):
                hit.append(request)
                return fault
            return None
        judge(what, lambda: [once() for _ in range(TIMES)])
        assert not server.uploads, "uploads are left"


def is_list(request):
    return "list-type" in request.query


def is_get(request):
    return request.method == "GET" and not is_list(request)


def test_while_listing():
    at_fault("a listing without an answer", Fault(delay=20), is_list)
    at_fault("a listing that drips", Fault(drip=0.05), is_list)


def test_while_reading():
    at_fault("objects without an answer", Fault(delay=20), is_get)
    at_fault("objects that drip", Fault(drip=0.05), is_get)
    at_fault("one object of many", Fault(delay=20), lambda r: is_get(r) and r.key.endswith("017.json"))


def test_while_backing_off():
    at_fault("a back-off of a listing", error(503, "SlowDown", {"Retry-After": "30"}), is_list)
    at_fault("a back-off of objects", error(503, "SlowDown", {"Retry-After": "30"}), is_get)


def test_while_pulling():
    at_fault("pull", Fault(drip=0.05), is_get, ("pull", "--s3-root", "root"))


def test_while_writing():
    made = ("CREATE TABLE m AS SELECT x FROM UNNEST(sequence(1, 1000)) AS s(x)",)
    export = ("export", "m", "s3://out/m")
    at_fault("the beginning of an upload", Fault(delay=20), lambda r: r.method == "POST" and "uploads" in r.query, export, made)
    at_fault("a part", Fault(delay=20), lambda r: "partNumber" in r.query, export, made)
    at_fault("a back-off of a part", error(503, "SlowDown", {"Retry-After": "30"}), lambda r: "partNumber" in r.query, export, made)


@contextlib.contextmanager
def silent(backlog):
    """A port that takes connections and says nothing; one whose queue is full (0) does not even take them."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(backlog)
        for _ in range(0 if backlog else 3):
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def waiting(what, env):
    with lake_with_table(env) as lake:
        started = [0.0]

        def ready():
            started[0] = started[0] or time.time()
            return time.time() - started[0] > (1 if SANITIZED else 0.1)

        def once():
            started[0] = 0.0
            return interrupted_ms(lake, env, COUNT, ready)
        judge(what, lambda: [once() for _ in range(TIMES)])


def test_while_connecting():
    with silent(0) as port:
        waiting("a port that takes no connection", {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}"})
    with silent(100) as port:
        waiting("a TLS handshake", {"AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{port}"})


def test_while_looking_up_a_name():
    if SANITIZED:
        raise unittest.SkipTest("ASan wants to be preloaded first")
    waiting("a name server", {"AWS_ENDPOINT_URL_S3": "http://bucket.example.invalid", "LD_PRELOAD": SLOW_DNS})


def test_at_any_moment():
    """A slow server of many objects: the signal comes at any time of the run, and it may be over before."""
    with FaultServer(page=50) as server, lake_with_table(server.environment()) as lake:
        server.objects = {("b", f"t/{i:03}.json"): b'{"a":1}\n' * 1000 for i in range(400)}
        server.faults = [lambda r: Fault(delay=0.02) if r.number % 3 else error(503, "SlowDown") if r.number % 17 == 0 else None]

        def once():
            """None when the run was over before its signal."""
            process = subprocess.Popen([TARN, *COUNT], cwd=lake.folder, env=lake.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            # Later than the start of the process: a signal before its handler is there ends it too.
            time.sleep(0.03 + rng.random() * 0.5)
            start = time.perf_counter()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert process.returncode in (0, 130, -2), (process.returncode, err)
            assert process.returncode != 0 or b"400000" in out, out
            return (time.perf_counter() - start) * 1000 if process.returncode else None

        def some():
            times = [t for t in (once() for _ in range(TIMES * 3)) if t is not None]
            assert times, "every run was over before its signal"
            return times
        judge("any moment", some)
