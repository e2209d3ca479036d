"""Helpers of the tests: a temporary folder with a lake, and tarn run on it."""
import json
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
EXTENSION = os.path.join(ROOT, "tarn")
FIXTURES = os.path.join(ROOT, "fixtures")
SHARED = os.environ.get("TARN_SHARED", os.path.join(ROOT, "..", "shared"))
SHARED_STEDI = os.path.join(SHARED, "data", "stedi")


class Lake:
    """A temporary folder; commands run inside it.  Use as a context manager."""

    def __init__(self, s3_root=None):
        self.folder = tempfile.mkdtemp(prefix="tarn-test-")
        self.s3_root = s3_root or os.path.join(self.folder, "s3")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        full = self.path(name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return full

    def environment(self, extra=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TARN_", "AWS_"))}
        env["TARN_S3_ROOT"] = self.s3_root
        env.update(extra or {})
        return env

    def tarn(self, *arguments, stdin=None, env=None, timeout=120):
        """status, stdout, stderr as text."""
        done = subprocess.run([TARN, *arguments], cwd=self.folder, input=(stdin or "").encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(env), timeout=timeout)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def ok(self, *arguments, **more):
        status, out, err = self.tarn(*arguments, **more)
        assert status == 0, f"tarn {' '.join(arguments)}: exit {status}: {err}"
        return out

    def error(self, *arguments, **more):
        """The last line of stderr of a command that must fail with exit 1."""
        status, out, err = self.tarn(*arguments, **more)
        assert status == 1, f"tarn {' '.join(arguments)}: exit {status}, not 1: {out}{err}"
        return err.rstrip("\n").split("\n")[-1]

    def query(self, sql):
        return self.ok("query", "--format", "csv", "--", sql)

    def api(self, sql):
        return json.loads(self.ok("query", "--format", "api", "--", sql))

    def sqlite(self, sql, *before, load=False):
        """Rows of the stock sqlite3 shell, as its list output."""
        command = ["sqlite3", "-batch"]
        if load:
            command += ["-cmd", f".load {EXTENSION}"]
        done = subprocess.run([*command, *before, self.path("lake.db")], cwd="/", input=sql.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              env={k: v for k, v in os.environ.items() if k != "TARN_S3_ROOT"})
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


def same(got, want, what=""):
    assert got == want, f"{what}\n  got:  {got!r}\n  want: {want!r}"


def first_objects(folder):
    """Every first JSON object of every line below a folder, by independent means, keys lower-case."""
    import gzip
    decoder = json.JSONDecoder()
    rows = []
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(base, name)
            opened = gzip.open(path, "rt", encoding="utf-8") if name.endswith(".gz") else open(path, encoding="utf-8")
            with opened as f:
                for line in f:
                    rows.append({k.lower(): v for k, v in decoder.raw_decode(line.strip())[0].items()})
    return rows
