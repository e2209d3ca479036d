"""The pipeline by ClickHouse local (chdb).  usage: peer_chdb.py ROOT OUT {pipeline|SQL}"""
import os
import sys

from chdb import session

root, out, mode = sys.argv[1:4]
COLUMNS = {
    "customer": "customerName Nullable(String), email Nullable(String), phone Nullable(String), birthDay Nullable(String), "
                "serialNumber Nullable(String), registrationDate Nullable(Int64), lastUpdateDate Nullable(Int64), "
                "shareWithResearchAsOfDate Nullable(Int64), shareWithPublicAsOfDate Nullable(Int64), "
                "shareWithFriendsAsOfDate Nullable(Int64)",
    "accelerometer": "user Nullable(String), timestamp Nullable(Int64), x Nullable(Float64), y Nullable(Float64), z Nullable(Float64)",
    "step_trainer": "sensorReadingTime Nullable(Int64), serialNumber Nullable(String), distanceFromObject Nullable(Int64)",
}
STEPS = {
    "customer_trusted": "SELECT * FROM {customer} WHERE shareWithResearchAsOfDate IS NOT NULL",
    "accelerometer_trusted": "SELECT * FROM {accelerometer} WHERE user IN (SELECT email FROM customer_trusted)",
    "customers_curated": "SELECT * FROM customer_trusted WHERE email IN (SELECT user FROM accelerometer_trusted)",
    "step_trainer_trusted": "SELECT * FROM {step_trainer} WHERE serialNumber IN (SELECT serialNumber FROM customers_curated)",
    "machine_learning_curated": "SELECT s.sensorReadingTime, s.serialNumber, s.distanceFromObject, a.user, a.x, a.y, a.z "
                                "FROM step_trainer_trusted s JOIN accelerometer_trusted a ON s.sensorReadingTime = a.timestamp",
}


def landing(name):
    return f"file('{root}/stedi-lake/{name}/landing/*.json*', JSONEachRow, '{COLUMNS[name]}')"


def fill(sql):
    for name in COLUMNS:
        sql = sql.replace("{" + name + "}", landing(name))
    return sql


if mode == "pipeline":
    os.makedirs(out, exist_ok=True)
    s = session.Session(os.path.join(out, "ch"))
    s.query("CREATE DATABASE IF NOT EXISTS lake ENGINE = Atomic")
    s.query("USE lake")
    for name, sql in STEPS.items():
        s.query(f"CREATE TABLE {name} ENGINE = MergeTree ORDER BY tuple() AS {fill(sql)}")
    for name in STEPS:
        s.query(f"SELECT * FROM {name} INTO OUTFILE '{out}/{name}.json' TRUNCATE FORMAT JSONEachRow")
    print({name: int(str(s.query(f"SELECT count(*) FROM {name}", "TSV"))) for name in STEPS})
    s.close()
else:
    s = session.Session()
    sql = mode
    for name in COLUMNS:
        sql = sql.replace(f"FROM {name}", f"FROM {landing(name)}")
    print(str(s.query(sql, "TSV"))[:200])
    s.close()
