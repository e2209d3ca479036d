"""Write docs/functions.md from the registry: `make docs` runs it, a test compares.

  python3 tests/tools/functions_page.py > docs/functions.md
"""
import csv
import io
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARN = os.environ.get("TARN", os.path.join(ROOT, "tarn"))

HEAD = """# Functions

What Tarn has of Athena's functions (engine version 3). This page is made from the registry by `make docs`; every
example is run by a test. `tarn functions NAME` shows the same at the command line. In a stock `sqlite3` with the
extension loaded they have the same names (`athena_NAME` where SQLite has a function of that name), except those
that take a lambda and window functions.

An unknown name is Athena's own error; a function that Athena has and Tarn lacks is refused with `TARN_NOT_SUPPORTED`.
"""

KINDS = (("scalar", "Scalar functions"), ("aggregate", "Aggregates"), ("window", "Window functions"))


def rows():
    done = subprocess.run([TARN, "functions", "--format", "csv"], stdout=subprocess.PIPE, check=True, timeout=60)
    return list(csv.DictReader(io.StringIO(done.stdout.decode())))


def entry(name, overloads):
    lines = [f"### {name}", ""]
    lines += [f"- `{name}{row['signature']}`" for row in overloads]
    docs = list(dict.fromkeys(row["description"] for row in overloads if row["description"]))
    if docs:
        lines += ["", " ".join(docs)]
    examples = list(dict.fromkeys(row["example"] for row in overloads if row["example"]))
    if examples:
        lines += ["", "```", *("SELECT " + "   -- ".join(x.rsplit(" = ", 1)) for x in examples), "```"]
    return lines + [""]


def page():
    lines = [HEAD]
    everything = rows()
    for kind, title in KINDS:
        by_name = {}
        for row in everything:
            if row["kind"] == kind:
                by_name.setdefault(row["function"], []).append(row)
        lines += [f"## {title}", ""]
        for name in sorted(by_name):
            lines += entry(name, by_name[name])
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
