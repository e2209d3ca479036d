"""The pipeline by DuckDB.  usage: peer_duckdb.py ROOT OUT {expert|plain|SQL}

expert: semi-joins as IN, preserve_insertion_order=false; plain: the joins as people write them.
Anything else is a query over the landing views customer, accelerometer, step_trainer.
"""
import os
import sys

import duckdb

root, out, mode = sys.argv[1:4]
COLUMNS = {
    "customer": "customerName: 'VARCHAR', email: 'VARCHAR', phone: 'VARCHAR', birthDay: 'VARCHAR', serialNumber: 'VARCHAR',"
                "registrationDate: 'BIGINT', lastUpdateDate: 'BIGINT', shareWithResearchAsOfDate: 'BIGINT',"
                "shareWithPublicAsOfDate: 'BIGINT', shareWithFriendsAsOfDate: 'BIGINT'",
    "accelerometer": "\"user\": 'VARCHAR', \"timestamp\": 'BIGINT', x: 'DOUBLE', y: 'DOUBLE', z: 'DOUBLE'",
    "step_trainer": "sensorReadingTime: 'BIGINT', serialNumber: 'VARCHAR', distanceFromObject: 'BIGINT'",
}


def landing(name):
    return (f"read_json('{root}/stedi-lake/{name}/landing/*.json*', format='newline_delimited', "
            f"columns={{{COLUMNS[name]}}})")


EXPERT = {
    "accelerometer_trusted": 'SELECT * FROM {accelerometer} WHERE "user" IN (SELECT email FROM customer_trusted)',
    "customers_curated": 'SELECT * FROM customer_trusted WHERE email IN (SELECT "user" FROM accelerometer_trusted)',
    "step_trainer_trusted": "SELECT * FROM {step_trainer} WHERE serialNumber IN (SELECT serialNumber FROM customers_curated)",
}
PLAIN = {
    "accelerometer_trusted": 'SELECT a.* FROM {accelerometer} a JOIN customer_trusted c ON a."user" = c.email',
    "customers_curated": 'SELECT DISTINCT c.* FROM customer_trusted c JOIN accelerometer_trusted a ON a."user" = c.email',
    "step_trainer_trusted": "SELECT s.* FROM {step_trainer} s JOIN customers_curated c ON s.serialNumber = c.serialNumber",
}

if mode in ("expert", "plain"):
    os.makedirs(out, exist_ok=True)
    db = duckdb.connect(os.path.join(out, "duck.db"))
    if mode == "expert":
        db.execute("SET preserve_insertion_order = false")
    steps = {"customer_trusted": "SELECT * FROM {customer} WHERE shareWithResearchAsOfDate IS NOT NULL",
             **(EXPERT if mode == "expert" else PLAIN),
             "machine_learning_curated": 'SELECT s.sensorReadingTime, s.serialNumber, s.distanceFromObject, a."user", '
                                         'a.x, a.y, a.z FROM step_trainer_trusted s '
                                         'JOIN accelerometer_trusted a ON s.sensorReadingTime = a."timestamp"'}
    for name, sql in steps.items():
        text = sql
        for source in COLUMNS:
            text = text.replace("{" + source + "}", landing(source))
        db.execute(f"CREATE TABLE {name} AS {text}")
    for name in steps:
        db.execute(f"COPY {name} TO '{out}/{name}.json' (FORMAT JSON)")
    print({name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in steps})
    db.close()
elif mode.startswith("export "):
    db = duckdb.connect(os.path.join(out, "duck.db"), read_only=True)
    db.execute(f"COPY {mode.split()[1]} TO '{out}/export.json' (FORMAT JSON)")
else:
    db = duckdb.connect()
    for name in COLUMNS:
        db.execute(f"CREATE VIEW {name} AS SELECT * FROM {landing(name)}")
    print(db.execute(mode).fetchall()[:3])
