"""Run the conformance vectors of tests/athena and say how Tarn's answers compare.

  python3 tests/vectors.py [-v] [--ratchet] [--jobs N] [AREA[/PART]…]

identical  columns (names, types) and rows are the engine's; for an error: code, position, message
near       the right error code with another text or position
refused    TARN_NOT_SUPPORTED
different  all else: never acceptable

`different` or a vector of identical.txt that is no longer identical: exit status 1.
-v prints each vector that is not identical, with both answers.
"""
import base64
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
DATA = os.path.join(HERE, "athena")
RATCHET = os.path.join(DATA, "identical.txt")
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))
TIMEOUT_S = 20
UNBOUNDED = 2147483647


def column_info(type_text):
    """Trino's type text -> Type, Precision, Scale of Athena's ColumnInfo (athena.md, section 5)."""
    m = re.fullmatch(r"(varchar|char|decimal|timestamp|time)(?:\((\d+)(?:,\s*(\d+))?\))?( with time zone)?", type_text)
    if m:
        base, p, s, zone = m.groups()
        if base == "varchar":
            return base, int(p or UNBOUNDED), 0
        if base == "char":
            return base, int(p), 0
        if base == "decimal":
            return base, int(p), int(s)
        return base + (zone or ""), 3, 0
    base = type_text.split("(")[0]
    precision = {"boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "real": 17,
                 "double": 17, "varbinary": 1073741824}.get(base, 0)
    return {"real": "float"}.get(base, base), precision, 0


def run_tarn(arguments):
    try:
        done = subprocess.run([TARN, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return -1, "", "time-out"
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def parse_error(stderr):
    """The last line of stderr -> code, line, column, message."""
    lines = [x for x in stderr.split("\n") if x.strip()]
    last = lines[-1] if lines else ""
    m = re.match(r"([A-Z][A-Z0-9_]*): (?:line (\d+):(\d+): )?(.*)$", last, re.S)
    if not m:
        return {"code": None, "line": None, "col": None, "message": last}
    return {"code": m[1], "line": int(m[2]) if m[2] else None, "col": int(m[3]) if m[3] else None,
            "message": m[4]}


def head(code, message):
    """The judged part of a message; a line break inside one is printed as a blank."""
    message = re.sub(r"\s+", " ", message or "")
    if code == "FUNCTION_NOT_FOUND":
        message = message.split(" Expected: ")[0]
    if code == "MALFORMED_QUERY":
        message = message.split(" Expecting: ")[0]
    return message.rstrip()


def compare_error(vector, got):
    want = vector["error"]
    if got["code"] != want["code"]:
        return "different"
    if "message" not in want:
        return "identical"
    same = (head(want["code"], want["message"]) == head(want["code"], got["message"])
            and (want.get("line"), want.get("col")) == (got["line"], got["col"]))
    return "identical" if same else "near"


def same_cell(type_text, a, b):
    if a == b:
        return True
    # Within a map, the order of the entries is not part of the answer.
    return "map(" in type_text and a is not None and b is not None and sorted(a) == sorted(b)


def same_rows(vector, rows):
    want = vector["rows"]
    if len(want) != len(rows):
        return False
    types = [t for _, t in vector["columns"]]
    if not vector.get("ordered"):
        def key(row):
            return [("", "") if c is None else ("x", "".join(sorted(c)) if "map(" in t else c)
                    for t, c in zip(types, row)]
        want, rows = sorted(want, key=key), sorted(rows, key=key)
    return all(len(a) == len(b) and all(same_cell(t, x, y) for t, x, y in zip(types, a, b))
               for a, b in zip(want, rows))


def parse_api(text):
    """A GetQueryResults document -> [(name, type, precision, scale)], rows."""
    document = json.loads(text)
    result = document["ResultSet"]
    columns = [(c["Name"], c["Type"], c["Precision"], c["Scale"])
               for c in result["ResultSetMetadata"]["ColumnInfo"]]
    rows = [[d.get("VarCharValue") for d in row["Data"]] for row in result["Rows"]]
    return columns, rows


def compare(vector, status, stdout, stderr):
    if status not in (0, 1):
        return "different", f"exit status {status}: {stderr[-400:]}"
    if status == 1:
        got = parse_error(stderr)
        if got["code"] == "TARN_NOT_SUPPORTED":
            return "refused", stderr.strip().split("\n")[-1]
        if "error" not in vector:
            return "different", stderr.strip().split("\n")[-1]
        return compare_error(vector, got), stderr.strip().split("\n")[-1]
    try:
        columns, rows = parse_api(stdout)
    except (ValueError, KeyError) as error:
        return "different", f"unreadable answer ({error}): {stdout[:200]}"
    if "error" in vector:
        return "different", f"rows: {json.dumps(rows[:3], ensure_ascii=False)}"
    want = [(n, *column_info(t)) for n, t in vector["columns"]]
    names = [c[0] for c in columns]
    if rows and rows[0] == names and len(rows) == len(vector["rows"]) + 1:
        rows = rows[1:]                       # the header row of DML
    if want != columns:
        return "different", f"columns: {columns}"
    if not same_rows(vector, rows):
        return "different", f"rows: {json.dumps(rows[:12], ensure_ascii=False)}"
    return "identical", ""


def run_query_vector(vector, lake):
    return run_tarn(["query", "--lake", lake, "--s3-root", os.path.join(DATA, "data"),
                     "--format", "api", "--", vector["sql"]])


def run_serde_vector(vector):
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "root")
        for path, content in vector["files"].items():
            full = os.path.join(root, "serde", path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            data = base64.b64decode(content["base64"]) if isinstance(content, dict) else content.encode()
            with open(full, "wb") as f:
                f.write(data)
        os.makedirs(os.path.join(root, "serde", "t"), exist_ok=True)
        ddl = os.path.join(folder, "setup.sql")
        with open(ddl, "w") as f:
            f.write(vector["ddl"])
        common = ["query", "--lake", os.path.join(folder, "lake.db"), "--s3-root", root]
        status, out, err = run_tarn([*common, "-f", ddl])
        if status != 0:
            return status, out, err
        return run_tarn([*common, "--format", "api", "--", vector["sql"]])


def load(wanted):
    vectors = []
    for name in sorted(os.listdir(os.path.join(DATA, "vectors"))):
        area = name[:-6]
        if wanted and not any(w.split("/")[0] == area for w in wanted):
            continue
        with open(os.path.join(DATA, "vectors", name), encoding="utf-8") as f:
            for line in f:
                vector = json.loads(line)
                if not wanted or any(vector["id"].startswith(w) for w in wanted):
                    vectors.append(vector)
    return vectors


def judge(vector, lake):
    answer = run_serde_vector(vector) if "ddl" in vector else run_query_vector(vector, lake)
    return compare(vector, *answer)


def run(vectors, jobs):
    """[(vector, verdict, detail)] in the order given."""
    with tempfile.TemporaryDirectory() as folder:
        lake = os.path.join(folder, "lake.db")
        if any("ddl" not in v for v in vectors):
            status, _, err = run_tarn(["query", "--lake", lake, "--s3-root", os.path.join(DATA, "data"),
                                       "-f", os.path.join(DATA, "setup.sql")])
            if status != 0:
                sys.exit(f"setup.sql failed: {err}")
        with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
            return [(v, *answer) for v, answer in zip(vectors, pool.map(lambda v: judge(v, lake), vectors))]


def read_ratchet():
    try:
        with open(RATCHET, encoding="utf-8") as f:
            return set(f.read().split())
    except FileNotFoundError:
        return set()


def table(results):
    """A line per area, and a total."""
    kinds = ("identical", "near", "refused", "different")
    areas = {}
    for vector, verdict, _ in results:
        area = areas.setdefault(vector["id"].split("/")[0], dict.fromkeys(kinds, 0))
        area[verdict] += 1
    areas["total"] = {k: sum(a[k] for a in areas.values()) for k in kinds}
    lines = [f"{'area':14}" + "".join(f"{k:>11}" for k in kinds) + "    share"]
    for name, a in areas.items():
        n = sum(a.values())
        lines.append(f"{name:14}" + "".join(f"{a[k]:11}" for k in kinds) + f"{100 * a['identical'] / max(n, 1):8.1f}%")
    return "\n".join(lines)


def main(argv):
    verbose = "-v" in argv
    ratchet = "--ratchet" in argv
    jobs = os.cpu_count() or 1
    if "--jobs" in argv:
        at = argv.index("--jobs")
        jobs = int(argv[at + 1])
        del argv[at:at + 2]
    vectors = load([a for a in argv if not a.startswith("-")])
    results = run(vectors, jobs)
    if verbose:
        for vector, verdict, detail in results:
            if verdict != "identical":
                want = vector.get("error") or {"columns": vector["columns"], "rows": vector["rows"][:12]}
                print(f"{verdict} {vector['id']}\n  sql:  {vector['sql']}")
                if "ddl" in vector:
                    print(f"  ddl:  {vector['ddl']}\n  files: {json.dumps(vector['files'], ensure_ascii=False)[:600]}")
                print(f"  want: {json.dumps(want, ensure_ascii=False)}\n  got:  {detail}")
    identical = {v["id"] for v, verdict, _ in results if verdict == "identical"}
    known = read_ratchet()
    lost = sorted((known & {v["id"] for v in vectors}) - identical)
    for name in lost:
        print(f"lost: {name} was identical before")
    if ratchet:
        with open(RATCHET, "w", encoding="utf-8") as f:
            f.write("".join(name + "\n" for name in sorted(known | identical)))
    print(table(results))
    return 1 if lost or any(verdict == "different" for _, verdict, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
