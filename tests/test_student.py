"""The five joins of a STEDI student: as Athena SQL, and as people write them for Spark.

Athena's forms give the pipeline's rows; Spark's either do too or are an error with its position.
"""
import os
import re

from lake import FIXTURES, ROOT, Lake, same

SETUP = [os.path.join(ROOT, "sql", "landing", f"{name}_landing.sql") for name in ("customer", "accelerometer", "step_trainer")]

# name, Athena's SQL, the same for Spark
JOINS = [
    ("customer_trusted",
     "SELECT * FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL",
     "select * from customer_landing where shareWithResearchAsOfDate != 0"),
    ("accelerometer_trusted",
     'SELECT a.* FROM accelerometer_landing a JOIN customer_trusted c ON a."user" = c.email',
     "select a.* from accelerometer_landing a inner join customer_trusted c on a.`user` = c.email"),
    ("customers_curated",
     'SELECT DISTINCT c.* FROM customer_trusted c JOIN accelerometer_trusted a ON a."user" = c.email',
     "select distinct c.* from customer_trusted c left semi join accelerometer_trusted a on a.user = c.email"),
    ("step_trainer_trusted",
     "SELECT s.* FROM step_trainer_landing s JOIN customers_curated c ON s.serialnumber = c.serialnumber",
     "select s.sensorReadingTime, s.serialNumber, s.distanceFromObject from step_trainer_landing s "
     "join customers_curated c on (s.serialNumber = c.serialNumber)"),
    ("machine_learning_curated",
     'SELECT s.*, a."user", a.x, a.y, a.z FROM step_trainer_trusted s JOIN accelerometer_trusted a '
     'ON s.sensorreadingtime = a."timestamp"',
     "select s.*, a.* from step_trainer_trusted s join accelerometer_trusted a on s.sensorReadingTime == a.timestamp"),
]


def lake_with_landing(lake):
    for path in SETUP:
        lake.ok("query", "-f", path)


def test_the_five_joins_as_athena_sql_make_the_pipelines_tables():
    with Lake(FIXTURES) as lake:
        lake.ok("run", "--no-export", "--sql", os.path.join(ROOT, "sql"))
        want = {name: lake.ok("query", f"SELECT count(*) FROM {name}") for name, _, _ in JOINS}
    with Lake(FIXTURES) as lake:
        lake_with_landing(lake)
        for name, athena, _ in JOINS:
            lake.ok("query", f"CREATE TABLE {name} AS {athena}")
            if name not in ("step_trainer_trusted", "machine_learning_curated"):   # a shared serial number joins twice
                same(lake.ok("query", f"SELECT count(*) FROM {name}"), want[name])


def test_the_five_joins_as_spark_sql_run_or_are_named():
    with Lake(FIXTURES) as lake:
        lake_with_landing(lake)
        for name, athena, spark in JOINS:
            code, out, err = lake.tarn("query", spark)
            last = err.strip().split("\n")[-1]
            assert code == 0 or re.match(r"[A-Z_]+: line \d+:\d+: .", last), (spark, code, last)
            lake.ok("query", f"CREATE TABLE {name} AS {athena}")
