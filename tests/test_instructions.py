"""The guard of speed: no workload of instructions.py takes a tenth more instructions than recorded."""
import unittest

import instructions

SLACK = 1.10


def check(name):
    try:
        counts = instructions.must_compare()
    except instructions.CannotCompare as why:
        raise unittest.SkipTest(f"instructions are not compared: {why}")
    assert name in counts, f"tests/instructions.txt has no {name!r}: `make guard-record`"
    now, before = instructions.measure()[name], counts[name]
    assert now <= before * SLACK, (f"{name}: {now:,} instructions, {now / before - 1:+.1%} over the recorded {before:,}; "
                                   "make it cheaper, or `make guard-record` when it is on purpose")
    if now < before / SLACK:
        print(f"{name}: {now:,} instructions, {now / before - 1:+.1%}: `make guard-record` keeps the gain")


def test_start():
    check("start")


def test_scan_of_all_columns():
    check("scan of all columns")


def test_filter_and_in():
    check("filter and IN")


def test_group_by():
    check("group by")


def test_pipeline():
    check("pipeline")


def test_export():
    check("export")


def test_translate_a_page():
    check("translate a page")


def test_every_workload_is_guarded():
    try:
        assert set(instructions.must_compare()) == set(instructions.WORKLOADS)
    except instructions.CannotCompare as why:
        raise unittest.SkipTest(f"instructions are not compared: {why}")
