"""The benchmark's programs: they parse, their report names every goal, docs/benchmark.* come from them."""
import ast
import glob
import os
import re
import sys
import xml.etree.ElementTree as xml

from lake import ROOT, same

sys.path.insert(0, os.path.join(ROOT, "bench"))
import plot
import report


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def results(slower):
    """What bench.py would keep, had every peer taken `slower` times as long as Tarn."""
    def contestant(peer, s, size):
        return {"peer": peer, "form": "", "runs": [{"s": s * k, "processor": s * k, "mb": 100.0, "bytes": size} for k in (0.9, 1.0, 1.2)]}
    entries = []
    for work in dict.fromkeys(work for work, *_ in report.GOALS):
        peers = [against for w, against, *_ in report.GOALS if w == work]
        size = 10**9 if "simdjson" in peers else None
        entries.append({"name": work, "left": [], "contestants": [contestant("Tarn", 0.5, size)]
                        + [contestant(p, 0.5 * slower, size) for p in peers]})
    return {"meta": {"date": "2026-01-01", "machine": "a machine", "scale": 1.0, "rounds": 3, "versions": {"duckdb": "2"},
                     "tarn": "tarn", "commit": "0", "compiler": "cc", "stedi": "generated", "load": 0.0, "others": 0.0,
                     "stolen": 0.0, "whole": True},
            "entries": entries, "ten": {"scales": [1, 10], "limit": "64MB", "limited": [100.0, 110.0], "default": [200.0, 300.0]}}


def goals(text):
    """(work, against, reach, aim) -> (measured, verdict) of the table of goals."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", text.split("## Goals")[1], re.M)
    return {row[:2] + row[3:5]: (row[2], row[5]) for row in rows if "×" in row[3]}


def test_scripts_parse():
    for path in glob.glob(os.path.join(ROOT, "bench", "*.py")):
        with open(path, encoding="utf-8") as f:
            ast.parse(f.read(), path)


def test_every_goal_is_judged():
    for slower, said in ((1.01, "**missed**"), (100.0, "aim reached")):
        found = goals(report.markdown(results(slower)))
        same(len(found), len(report.GOALS) + len(report.GOALS_AT_MOST))
        for work, against, reach, aim in report.GOALS:
            if (slower, reach) != (1.01, 1):
                same(found[work, against, f"{reach:g}×", f"{aim:g}×"][1], said, f"{work}, {against}, {slower}")
        measured, said = found[report.TEN, "itself", "at most 1.2×", "1×"]
        assert measured.startswith("1.10× (--memory 64MB: 100 MB at scale 1, 110 MB at 10; as it comes"), measured
        same(said, "reached")


def test_what_was_not_run_is_not_judged():
    some = results(2.0)
    some["entries"] = [e for e in some["entries"] if e["name"] != "group by over landing"]
    same(goals(report.markdown(some))["group by over landing", "DuckDB", "1×", "2×"], ("not measured", ""))


def test_the_page_lists_every_goal():
    found = goals(read("docs", "benchmark.md"))
    for work, against, reach, aim in report.GOALS:
        assert (work, against, f"{reach:g}×", f"{aim:g}×") in found, f"docs/benchmark.md: no row of {work}, {against}"
    for work, against, reach, aim in report.GOALS_AT_MOST:
        assert (work, against, f"at most {reach:g}×", f"{aim:g}×") in found, f"docs/benchmark.md: no row of {work}"


def test_a_missed_goal_has_a_note():
    """bench/notes.md says by how much, what was tried, what the profile shows."""
    notes = read("bench", "notes.md")
    for (work, against, *_), (_, said) in goals(read("docs", "benchmark.md")).items():
        assert "missed" not in said or f"**{work}, {against}**" in notes, f"bench/notes.md says nothing of {work}, {against}"


def test_the_plot_is_a_picture_for_light_and_dark():
    for text in (plot.svg(results(3.0)), read("docs", "benchmark.svg")):
        picture = xml.fromstring(text)
        assert picture.tag.endswith("svg") and "prefers-color-scheme: dark" in text
        assert len(picture.findall(".//{http://www.w3.org/2000/svg}rect")) > 10
    assert "](docs/benchmark.svg)" in read("README.md")
