"""The test runner: every tests/test_*.py and every program of tests/unit.

  python3 tests/run.py              all
  python3 tests/run.py NAME…        only tests whose file or function name contains a NAME
  python3 tests/run.py --folder F   the test files of another folder, and no unit programs

A test is a function `test_<behaviour>()` of a test file; it fails by raising AssertionError and
is skipped by raising unittest.SkipTest.  A unit program prints `ok NAME`, `not ok NAME: why` or
`skipped NAME: why` lines.  The last line printed is `N passed, N failed[, N skipped]`; the exit
status is 1 when anything failed, or when nothing ran.
"""
import concurrent.futures
import glob
import importlib.util
import os
import subprocess
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
UNIT_TIMEOUT_S = 300
FILE_TIMEOUT_S = 900


def run_file(path, wanted):
    """Run one test file in this process, printing a line per test."""
    sys.path[:0] = [HERE, os.path.dirname(path)]
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stem = os.path.basename(path)[5:-3]
    for name, test in list(vars(module).items()):
        if not name.startswith("test_") or not callable(test):
            continue
        label = f"{stem}: {name[5:]}"
        if wanted and not any(w in label or w in path or w in name for w in wanted):
            continue
        start = time.time()
        try:
            test()
            print(f"ok {label} ({time.time() - start:.1f} s)", flush=True)
        except unittest.SkipTest as why:
            print(f"skipped {label}: {why}", flush=True)
        except BaseException as error:  # a test may fail in any way
            if isinstance(error, KeyboardInterrupt):
                raise
            why = f"{type(error).__name__}: {error}"
            print("not ok " + label + ": " + why.replace("\n", "\n    "), flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()


def run_command(command, timeout):
    """Run a child that prints result lines; a crash or a time-out is a failure of its own."""
    name = os.path.basename(command[-1])
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, errors="replace")
    except subprocess.TimeoutExpired as late:
        text = late.stdout.decode(errors="replace") if late.stdout else ""
        return text + f"\nnot ok {name}: no end after {timeout} s"
    text = done.stdout
    failed = any(line.startswith("not ok ") for line in text.splitlines())
    if done.returncode != 0 and not failed:
        text += f"\nnot ok {name}: exit status {done.returncode}"
    return text


def main(argv):
    if argv[:1] == ["--one"]:
        run_file(argv[1], argv[2:])
        return 0
    folder, jobs = HERE, []
    if argv[:1] == ["--folder"]:
        folder, argv = os.path.join(ROOT, argv[1]), argv[2:]
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        jobs.append(([sys.executable, os.path.join(HERE, "run.py"), "--one", path, *argv], FILE_TIMEOUT_S))
    unit = os.path.join(ROOT, os.environ.get("BUILD", "build"), "unit")
    for path in sorted(glob.glob(os.path.join(unit, "*"))) if folder == HERE else []:
        if os.access(path, os.X_OK) and "." not in os.path.basename(path):
            if not argv or any(w in path for w in argv):
                jobs.append(([path], UNIT_TIMEOUT_S))
    count = {"ok": 0, "not ok": 0, "skipped": 0}
    failures = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for text in pool.map(lambda job: run_command(*job), jobs):
            for line in text.splitlines():
                kind = next((k for k in ("not ok", "ok", "skipped") if line.startswith(k + " ")), None)
                if kind:
                    count[kind] += 1
                if kind == "not ok":
                    failures.append(line)
                print(line)
    if failures:
        print("\nfailed:")
        for line in failures:
            print("  " + line)
    line = f"{count['ok']} passed, {count['not ok']} failed"
    if count["skipped"]:
        line += f", {count['skipped']} skipped"
    print(line)
    return 1 if count["not ok"] or count["ok"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
