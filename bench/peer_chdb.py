"""The pipeline by ClickHouse local (chdb).  usage: peer_chdb.py ROOT OUT MODE [ARGUMENT]

pipeline, again   five MergeTree tables in OUT/ch, five exports in OUT; again: over what is there
export TABLE      one table of ROOT/ch as JSON lines
query SQL         a query over the landing files; prints CSV

What ClickHouse writes is not synced to the disk.
"""
import os
import sys

from chdb import session

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


def landing(root, name):
    return f"file('{root}/stedi-lake/{name}/landing/*.json*', JSONEachRow, '{COLUMNS[name]}')"


def export(s, table, out):
    s.query(f"SELECT * FROM {table} INTO OUTFILE '{out}/{table}.json' TRUNCATE FORMAT JSONEachRow")


def main():
    root, out, mode, *argument = sys.argv[1:]
    if mode == "query":
        s = session.Session()
        sql = argument[0]
        for name in COLUMNS:
            sql = sql.replace(f"FROM {name}", f"FROM {landing(root, name)}")
        print(str(s.query(sql, "CSV")), end="")
        s.close()
        return
    os.makedirs(out, exist_ok=True)
    s = session.Session(os.path.join(root if mode == "export" else out, "ch"))
    s.query("CREATE DATABASE IF NOT EXISTS lake ENGINE = Atomic")
    s.query("USE lake")
    if mode == "export":
        export(s, argument[0], out)
    else:
        for name, sql in STEPS.items():
            for source in COLUMNS:
                sql = sql.replace("{" + source + "}", landing(root, source))
            if mode == "again":
                s.query(f"DROP TABLE {name} SYNC")
            s.query(f"CREATE TABLE {name} ENGINE = MergeTree ORDER BY tuple() AS {sql}")
        for name in STEPS:
            export(s, name, out)
    s.close()


if __name__ == "__main__":
    main()
