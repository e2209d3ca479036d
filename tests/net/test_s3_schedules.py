"""Random schedules of faults: a landing table on S3 gives its rows, all of them, or an error.

Seeded: the faults of schedule i follow from (SEED, i) and the request alone, so that
`TARN_FAULT_SCHEDULES=1 TARN_FAULT_FIRST=i` runs a schedule again.  tests/tools/s3rows.c reads; a
few processes side by side, since a schedule is mostly waiting.
"""
import concurrent.futures
import gzip
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "s3"))
from fault_server import FaultServer, random_fault  # noqa: E402

ROWS = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "s3rows")
SEED = int(os.environ.get("TARN_FAULT_SEED", "20261122"))
FIRST = int(os.environ.get("TARN_FAULT_FIRST", "0"))
SCHEDULES = int(os.environ.get("TARN_FAULT_SCHEDULES", "300"))
SIDE_BY_SIDE = 6
ATTEMPTS = 5                                    # the client's default
LONGEST_S = 30                                  # of one schedule: its deadline is 8 s a request


def rows_of(n, first):
    return b"".join(b'{"id":%d,"s":"row %d of %d"}\n' % (first + i, i, n) for i in range(n))


def objects():
    """Small ones, an empty one, a compressed one, keys of odd forms, one that is read in ranges."""
    return {"t/a.json": rows_of(3, 0), "t/b c+d.json": rows_of(5, 100), "t/c.json.gz": gzip.compress(rows_of(40, 200), mtime=0),
            "t/d.json": b"", "t/dt=2024-01-01/x.json": rows_of(2, 300), "t/e.json": rows_of(400, 1000),
            "t/f%ü.json": rows_of(7, 2000), "t/g/h.json": rows_of(1, 3000), "t/z.json": rows_of(200, 4000)}


class Schedules(FaultServer):
    """Every bucket s<i> is the same bucket, with the faults of schedule i."""

    def __init__(self):
        super().__init__(page=4)
        self.stored = objects()
        self.attempts = {}
        self.faults = [self.decide]

    def answer(self, r, body):
        self.objects = {(r.bucket, k): v for k, v in self.stored.items()}
        return super().answer(r, body)

    def decide(self, r):
        self.log.clear()
        i = int(r.bucket[1:])
        what = (i, r.method, r.key, r.headers.get("range", "").partition("-")[2], r.query.get("continuation-token"))
        attempt = self.attempts[what] = self.attempts.get(what, 0) + 1
        rng = random.Random(repr((SEED, what, attempt)))
        transient = is_transient(i)
        if attempt >= ATTEMPTS and transient:
            return None
        return random_fault(rng, transient) if rng.random() < (0.03, 0.1, 0.3)[i % 3] else None


def is_transient(i):
    """Every other schedule has only faults that end before the attempts do."""
    return i % 2 == 0


def run(server, first, end, step):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
    count = len(range(first, end, step))
    done = subprocess.run([ROWS, str(first), str(end), str(step)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60 + LONGEST_S * count, env={**env, "HOME": "/nonexistent", **server.environment()})
    assert done.returncode == 0, f"s3rows {first} {end} {step}: exit {done.returncode}: {done.stderr.decode()[-2000:]}"
    return [line.split(" ", 2) for line in done.stdout.decode().splitlines()]


def test_random_faults_never_give_a_wrong_row():
    start = time.time()
    with Schedules() as server:
        server.faults = []
        want = run(server, 0, 1, 1)[0]
        assert want[1] == "ok" and want[2].startswith("658 "), want
        server.faults = [server.decide]
        end = FIRST + SCHEDULES
        with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            results = [r for batch in pool.map(lambda k: run(server, FIRST + k, end, SIDE_BY_SIDE), range(SIDE_BY_SIDE)) for r in batch]
    assert len(results) == SCHEDULES
    wrong = [r for r in results if r[1] == "ok" and r[2] != want[2]]
    assert not wrong, f"seed {SEED}: wrong rows in schedules {wrong[:10]}, not {want[2]}"
    failed = [r for r in results if r[1] != "ok"]
    silly = [r for r in failed if is_transient(int(r[0]))]
    assert not silly, f"seed {SEED}: {len(silly)} schedules of passing faults failed: {silly[:3]}"
    unnamed = [r for r in failed if "s3://s" not in r[2]]
    assert not unnamed, f"seed {SEED}: errors without a name: {unnamed[:3]}"
    print(f"# seed {SEED}: {SCHEDULES} schedules, {len(failed)} ended in an error, none in a wrong row; {time.time() - start:.0f} s")
