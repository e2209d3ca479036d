"""tarn crawl: tables inferred from all the data, explained, compared on a second run."""
import os
import shutil

from lake import FIXTURES, ROOT, Lake, same


def test_every_kind_of_value_finds_its_type():
    with Lake() as lake:
        lake.write("s3/b/things/dt=2024-01-01/h=3/a.json",
                   '{"I":1,"big":3000000000,"f":1.5,"n":null,"t":"x","y":true,"o":{"a":1,"B":"z"},"l":[1,2.5],"mix":1,"huge":99999999999999999999}\n'
                   '{"i":-7,"big":1,"f":2,"t":"","y":false,"o":{"a":2},"l":[],"mix":"one","odd key":1,"deep":{"list":[{"k":1}]}}\n')
        lake.write("s3/b/things/dt=2024-01-02/h=12/b.json", '\n{"i":1} {"i":2}\nnonsense\n{"mix":{"z":1},"w":{"a b":1}}\n')
        out = lake.ok("crawl", "s3://b/")
        columns = [line.strip().rstrip(",") for line in out.split("(\n", 1)[1].split("\n)")[0].split("\n")]
        same(columns, ["`i` int", "`big` bigint", "`f` double", "`n` string", "`t` string", "`y` boolean", "`o` struct<a:int,b:string>",
                       "`l` array<double>", "`mix` string", "`huge` string", "`odd key` int", "`deep` struct<list:array<struct<k:int>>>",
                       "`w` string"])
        assert "PARTITIONED BY (`dt` string, `h` int)" in out and "MSCK REPAIR TABLE things;" in out, out
        assert "-- i: 2 integer (-7 to 1), missing in 1 of 3; written I and i\n" in out, out
        assert "object first at s3://b/things/dt=2024-01-02/h=12/b.json:4" in out, out
        assert "-- 1 blank lines" in out and "-- 2 lines that are not one JSON object, first at s3://b/things/dt=2024-01-02/h=12/b.json:2" in out, out
        # What it prints is a script that runs.
        lake.ok("query", "-f", lake.write("t.sql", out))
        same(lake.query("SELECT count(*) AS n FROM things WHERE h = 3"), '"n"\n"2"\n')


def test_it_is_the_same_each_time():
    with Lake(FIXTURES) as lake:
        same(lake.ok("crawl", "s3://stedi-lake/"), lake.ok("crawl", "s3://stedi-lake/"))


def test_the_pipeline_runs_on_crawled_tables():
    with Lake(FIXTURES) as lake:
        for zone in ("trusted", "curated", "checks"):
            shutil.copytree(os.path.join(ROOT, "sql", zone), lake.path("sql", zone))
        lake.ok("crawl", "s3://stedi-lake/", "--write")
        lake.ok("run")
        crawled = lake.ok("export", "machine_learning_curated")
        shutil.rmtree(lake.path("sql"))
        shutil.copytree(os.path.join(ROOT, "sql"), lake.path("sql"))
        lake.ok("run")
        same(sorted(lake.ok("export", "machine_learning_curated").splitlines()), sorted(crawled.splitlines()))
        out = lake.ok("crawl", "s3://stedi-lake/")
        same([line.split(" fits ")[0] for line in out.splitlines() if " fits " in line],
             [f"-- sql/landing/{t}_landing.sql" for t in ("accelerometer", "customer", "step_trainer")])


def test_a_second_run_prints_the_difference():
    with Lake() as lake:
        lake.write("s3/b/t/a.json", '{"a":1,"b":"x"}\n')
        lake.ok("crawl", "s3://b/t/", "--write")
        same(os.listdir(lake.path("sql/landing")), ["t.sql"])
        before = open(lake.path("sql/landing/t.sql"), encoding="utf-8").read()
        lake.write("s3/b/t/a.json", '{"a":"one","c":true}\n')
        out = lake.ok("crawl", "s3://b/t/", "--write")
        same(out.splitlines(), ["-- sql/landing/t.sql differs from the data:",
                                "~ a int: the data needs string; 1 text, first at s3://b/t/a.json:1",
                                "+ c boolean: in the data 1 times, first at s3://b/t/a.json:1",
                                "- b string: nowhere in the data"])
        same(open(lake.path("sql/landing/t.sql"), encoding="utf-8").read(), before)


def test_nothing_is_kept_in_the_lake():
    with Lake(FIXTURES) as lake:
        lake.ok("crawl", "s3://stedi-lake/")
        same(lake.query("SHOW TABLES"), "")
        same(lake.sqlite("SELECT count(*) FROM sqlite_master WHERE name='tarn_crawl'").strip(), "0")
        assert lake.error("crawl", "s3://stedi-lake/nothing/").startswith("TARN_CRAWL: no files")
