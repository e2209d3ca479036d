"""Instruction counts of fixed small workloads, for test_instructions.py.

  python3 tests/instructions.py            print them beside the recorded ones
  python3 tests/instructions.py --record   write tests/instructions.txt (`make guard-record`)

callgrind counts what the processor executes, so that a busy machine changes nothing: the numbers of
two runs differ by some thousands.  What else would choose another path is fixed: the C library's
functions by processor (GLIBC_TUNABLES), our own kernel (TARN_KERNEL), one thread, seeded data.  The
counts belong to the compiler and the libraries that the file names: with others nothing is compared.
The data is above the megabyte from which on large inputs are read differently from small ones.
"""
import concurrent.futures
import ctypes
import functools
import glob
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
RECORD = os.path.join(HERE, "instructions.txt")
SCALE = "0.005"             # 21,000 readings, 1.9 MB
SQL = os.path.join(ROOT, "sql")
FIXED = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-BMI1,-BMI2,-ERMS,-FSRM,-MOVBE,-LZCNT,-SSE4_2,-SSE4_1,-SSSE3",
         "TARN_KERNEL": "sse", "LC_ALL": "C", "TZ": "UTC"}

# name: arguments of tarn, run in a folder with the landing data in `s3`, a lake of them in lake.db,
# and a page of SQL in page.sql.
WORKLOADS = {
    "start": ["query", "SELECT 1"],
    "scan of all columns": ["query", 'SELECT sum(x), sum(y), sum(z), min("user"), max("timestamp") FROM accelerometer_landing'],
    "filter and IN": ["query", 'SELECT count(*), sum(x) FROM accelerometer_landing WHERE x > 0.5 AND "user" IN '
                      "(SELECT email FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL)"],
    "group by": ["query", 'SELECT "user", count(*), sum(x) FROM accelerometer_landing GROUP BY "user"'],
    "pipeline": ["run", "+machine_learning_curated", "--sql", SQL, "--no-export", "--lake", "run.db"],
    "export": ["export", "machine_learning_curated"],
    "translate a page": ["translate", "-f", "page.sql"],
}


class CannotCompare(Exception):
    """Why counts of this machine are no measure."""


def compiler():
    """What made tarn, from its debug information: name, version, optimization."""
    with open(TARN, "rb") as f:
        text = f.read()
    found = set(re.findall(rb"GNU C\d+ ([\d.]+) [^\0]*? (-O\S*)", text))
    if len(found) != 1:
        return "unknown"
    version, level = found.pop()
    return f"gcc {version.decode()} {level.decode()}"


def library(name, function):
    out = subprocess.run(["ldd", TARN], stdout=subprocess.PIPE, text=True, check=True).stdout
    path = re.search(rf"{re.escape(name)}\.so\S* => (\S+)", out)
    if not path:
        return "unknown"
    call = getattr(ctypes.CDLL(path[1]), function)
    call.restype = ctypes.c_char_p
    return call().decode()


@functools.lru_cache(maxsize=None)
def versions():
    if os.environ.get("TARN_SANITIZED"):
        raise CannotCompare("tarn is built with sanitizers")
    if shutil.which("valgrind") is None:
        raise CannotCompare("no valgrind")
    valgrind = subprocess.run(["valgrind", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"machine": platform.machine(), "compiler": compiler(), "libc": library("libc", "gnu_get_libc_version"),
            "sqlite": library("libsqlite3", "sqlite3_libversion"), "valgrind": valgrind.strip().replace("valgrind-", "")}


def recorded():
    """versions, counts."""
    lines = []
    if os.path.exists(RECORD):
        with open(RECORD, encoding="utf-8") as f:
            lines = [line.rstrip("\n").split("\t") for line in f if "\t" in line and line[0] != "#"]
    known = {"machine", "compiler", "libc", "sqlite", "valgrind"}
    return {k: v for k, v in lines if k in known}, {k: int(v) for k, v in lines if k not in known}


def environment():
    return {"PATH": os.environ["PATH"], **FIXED}


def prepare(folder):
    def tarn(*arguments):
        subprocess.run([TARN, *arguments], cwd=folder, env=environment(), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([sys.executable, os.path.join(ROOT, "bench", "generate.py"), "s3", "--scale", SCALE], cwd=folder, check=True)
    tarn("run", "--sql", SQL, "--s3-root", "s3", "--no-export")
    page = ""
    for path in sorted(glob.glob(os.path.join(SQL, "[!l]*", "*.sql"))):
        with open(path, encoding="utf-8") as f:
            page += f.read() + "\n"
    with open(os.path.join(folder, "page.sql"), "w", encoding="utf-8") as f:
        f.write(page * 5)


def one_thread(command):
    text = subprocess.run([TARN, "help", command], stdout=subprocess.PIPE, text=True, check=True).stdout
    return ["--threads", "1"] if "--threads" in text else []


def count(folder, name):
    arguments = WORKLOADS[name]
    lake = [] if "--lake" in arguments else ["--lake", "lake.db"]
    root = [] if arguments[0] == "export" else ["--s3-root", "s3"]
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", TARN, arguments[0], *lake, *root,
                           *one_thread(arguments[0]), *arguments[1:]],
                          cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
    err = done.stderr.decode(errors="replace")
    collected = re.search(r"Collected : (\d+)", err)
    assert done.returncode == 0 and collected, f"{name}: exit {done.returncode}: {err[-1500:]}"
    return int(collected[1])


@functools.lru_cache(maxsize=None)
def measure():
    """All workloads' counts, two at a time."""
    folder = tempfile.mkdtemp(prefix="tarn-guard-")
    try:
        prepare(folder)
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            return dict(zip(WORKLOADS, pool.map(lambda name: count(folder, name), WORKLOADS)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def must_compare():
    """The recorded counts; CannotCompare when this machine's are of another kind."""
    here, (there, counts) = versions(), recorded()
    assert counts, "no tests/instructions.txt: `make guard-record` writes it"
    other = [f"{k} {here[k]}, recorded with {there.get(k, 'nothing')}" for k in here if here[k] != there.get(k)]
    if other:
        raise CannotCompare("; ".join(other) + "; `make guard-record` records anew")
    return counts


def main(argv):
    now, before = measure(), recorded()[1]
    for name, n in now.items():
        old = before.get(name)
        print(f"{n:>14,}  {name}" + (f"  {n / old - 1:+.1%}" if old else ""))
    if argv == ["--record"]:
        with open(RECORD, "w", encoding="utf-8") as f:
            f.write("# Instructions of fixed small workloads (tests/instructions.py).  `make test` fails when one takes\n"
                    "# a tenth more; when that is on purpose, `make guard-record` writes this file anew.\n")
            f.writelines(f"{k}\t{v}\n" for k, v in [*versions().items(), *now.items()])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
