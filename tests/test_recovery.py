"""kill -9 at random moments of a run: lake and exports are the old state or the new, never a mixture.

TARN_KILLS is the number of moments (10 in make test; 100 is the long form)."""
import os
import random
import shutil
import subprocess
import time

from lake import FIXTURES, ROOT, TARN, Lake, same

SQL = os.path.join(ROOT, "sql")
KILLS = int(os.environ.get("TARN_KILLS", "10"))
STORED = ("customer_trusted", "accelerometer_trusted", "customers_curated", "step_trainer_trusted",
          "machine_learning_curated", "machine_learning_matched", "machine_learning_consented")


def exports(folder):
    """Every exported file's bytes; staging areas are not exports."""
    found = {}
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in names:
            with open(os.path.join(base, name), "rb") as f:
                found[os.path.relpath(os.path.join(base, name), folder)] = f.read()
    return found


def state(lake):
    same(lake.sqlite("PRAGMA integrity_check").strip(), "ok")
    rows = {t: lake.sqlite(f"SELECT * FROM {t} ORDER BY 1, 2, 3") for t in STORED}
    return rows, exports(lake.path("export"))


def changed_data(lake):
    """The fixtures with half of one source gone: every stored table changes but customers."""
    root = shutil.copytree(FIXTURES, lake.path("s3"))
    os.remove(os.path.join(root, "stedi-lake/accelerometer/landing/accelerometer-2.json"))
    os.remove(os.path.join(root, "stedi-lake/customer/landing/customer-2.json.gz"))
    return root


def restore(lake, name):
    shutil.rmtree(lake.path("export"), ignore_errors=True)
    for entry in os.listdir(lake.folder):
        if entry.startswith("lake.db"):
            os.remove(lake.path(entry))
    shutil.copytree(lake.path(name, "export"), lake.path("export"))
    shutil.copy(lake.path(name, "lake.db"), lake.path("lake.db"))


def save(lake, name):
    shutil.copytree(lake.path("export"), lake.path(name, "export"))
    shutil.copy(lake.path("lake.db"), lake.path(name, "lake.db"))


def test_a_killed_run_leaves_the_old_state_or_the_new():
    rng = random.Random(KILLS)
    with Lake() as lake:
        changed = changed_data(lake)
        lake.ok("run", "--sql", SQL, "--s3-root", FIXTURES)
        old = state(lake)
        save(lake, "old")
        start = time.monotonic()
        lake.ok("run", "--sql", SQL, "--s3-root", changed)
        duration = time.monotonic() - start
        new = state(lake)
        assert old[0] != new[0] and old[1] != new[1]
        seen = {"old": 0, "new": 0}
        for i in range(KILLS):
            restore(lake, "old")
            process = subprocess.Popen([TARN, "run", "--sql", SQL, "--s3-root", changed], cwd=lake.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=lake.environment())
            time.sleep(rng.random() * duration * 1.1)
            process.kill()
            process.wait()
            lake.ok("query", "SHOW TABLES")
            now = state(lake)
            assert now in (old, new), f"kill {i}: a mixture"
            seen["old" if now == old else "new"] += 1
            for staged, before in (row.split("|") for row in lake.sqlite("SELECT staged, old FROM tarn_swaps").split()):
                assert not os.path.exists(staged) and not os.path.exists(before), f"kill {i}: {staged} was left"
        # A run after all that gives the new state and leaves no staging behind.
        lake.ok("run", "--sql", SQL, "--s3-root", changed)
        same(state(lake), new)
        left = [n for base, folders, names in os.walk(lake.path("export")) for n in folders + names if ".new-" in n or ".old-" in n]
        same(left, [])


def test_a_swap_recorded_before_the_crash_is_finished_by_the_next_command():
    with Lake() as lake:
        lake.write("sql/curated/t.sql", "CREATE TABLE t AS SELECT 1 AS x")
        lake.ok("run")
        folder = lake.path("export/curated/t")
        staged = lake.write("export/curated/.tarn/t.new-7/part-00000.json", '{"x":2}\n')
        lake.sqlite(f"INSERT INTO tarn_swaps VALUES(7, '{folder}', '{os.path.dirname(staged)}', '{lake.path('export/curated/.tarn/t.old-7')}')")
        lake.ok("query", "SHOW TABLES")
        with open(os.path.join(folder, "part-00000.json"), encoding="utf-8") as f:
            same(f.read(), '{"x":2}\n')
        same(sorted(os.listdir(lake.path("export/curated/.tarn"))), ["t.made"])
        # Killed between the two renames: the folder is away, the staged one is still there.
        os.makedirs(lake.path("export/curated/.tarn"), exist_ok=True)
        os.rename(folder, lake.path("export/curated/.tarn/t.old-8"))
        staged = lake.write("export/curated/.tarn/t.new-8/part-00000.json", '{"x":3}\n')
        lake.sqlite(f"INSERT INTO tarn_swaps VALUES(8, '{folder}', '{os.path.dirname(staged)}', '{lake.path('export/curated/.tarn/t.old-8')}')")
        lake.ok("history")
        with open(os.path.join(folder, "part-00000.json"), encoding="utf-8") as f:
            same(f.read(), '{"x":3}\n')
        same(sorted(os.listdir(lake.path("export/curated/.tarn"))), ["t.made"])


def test_an_interrupted_run_exits_130_and_changes_nothing():
    import signal
    with Lake() as lake:
        lake.write("sql/curated/t.sql", "CREATE TABLE t AS WITH a AS (SELECT x FROM UNNEST(sequence(1, 5000)) t(x)) "
                                        "SELECT count(*) AS n FROM a CROSS JOIN a b CROSS JOIN a c")
        process = subprocess.Popen([TARN, "run"], cwd=lake.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=lake.environment())
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        process.wait(timeout=10)
        took = time.monotonic() - start
        same(process.returncode, 130, process.stderr.read().decode())
        assert took < 2, took
        same(lake.sqlite("SELECT count(*) FROM sqlite_master").strip(), "0")
        same(lake.query("SHOW TABLES"), "")
