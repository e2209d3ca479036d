"""The pipeline by DuckDB.  usage: peer_duckdb.py ROOT OUT MODE [FORM]

pipeline FORM   five tables in OUT/duck.db, five exports in OUT
again FORM      the same over the tables that are there
export TABLE    one table of OUT/duck.db as JSON lines
script FORM     print the pipeline's SQL, for DuckDB's own shell
query SQL       a query over the landing views customer, accelerometer, step_trainer; prints CSV

FORM in: semi-joins as IN, unordered inserts and exports, a file for each thread; written: the joins
as people write them, all settings as they come.  What DuckDB writes is not synced to the disk but for
what its own commits do.
"""
import os
import sys

COLUMNS = {
    "customer": "customerName: 'VARCHAR', email: 'VARCHAR', phone: 'VARCHAR', birthDay: 'VARCHAR', serialNumber: 'VARCHAR',"
                "registrationDate: 'BIGINT', lastUpdateDate: 'BIGINT', shareWithResearchAsOfDate: 'BIGINT',"
                "shareWithPublicAsOfDate: 'BIGINT', shareWithFriendsAsOfDate: 'BIGINT'",
    "accelerometer": "\"user\": 'VARCHAR', \"timestamp\": 'BIGINT', x: 'DOUBLE', y: 'DOUBLE', z: 'DOUBLE'",
    "step_trainer": "sensorReadingTime: 'BIGINT', serialNumber: 'VARCHAR', distanceFromObject: 'BIGINT'",
}
STEPS = {
    "customer_trusted": ("SELECT * FROM {customer} WHERE shareWithResearchAsOfDate IS NOT NULL",) * 2,
    "accelerometer_trusted": (
        'SELECT * FROM {accelerometer} WHERE "user" IN (SELECT email FROM customer_trusted)',
        'SELECT a.* FROM {accelerometer} a JOIN customer_trusted c ON a."user" = c.email'),
    "customers_curated": (
        'SELECT * FROM customer_trusted WHERE email IN (SELECT "user" FROM accelerometer_trusted)',
        'SELECT DISTINCT c.* FROM customer_trusted c JOIN accelerometer_trusted a ON a."user" = c.email'),
    "step_trainer_trusted": (
        "SELECT * FROM {step_trainer} WHERE serialNumber IN (SELECT serialNumber FROM customers_curated)",
        "SELECT s.* FROM {step_trainer} s JOIN customers_curated c ON s.serialNumber = c.serialNumber"),
    "machine_learning_curated": (
        'SELECT s.sensorReadingTime, s.serialNumber, s.distanceFromObject, a."user", a.x, a.y, a.z '
        'FROM step_trainer_trusted s JOIN accelerometer_trusted a ON s.sensorReadingTime = a."timestamp"',) * 2,
}
UNORDERED = "SET preserve_insertion_order = false"


def landing(root, name):
    return (f"read_json('{root}/stedi-lake/{name}/landing/*.json*', format='newline_delimited', "
            f"columns={{{COLUMNS[name]}}})")


def export(table, out, expert):
    if expert:
        return f"COPY {table} TO '{out}/{table}' (FORMAT JSON, PER_THREAD_OUTPUT, OVERWRITE)"
    return f"COPY {table} TO '{out}/{table}.json' (FORMAT JSON)"


def pipeline(root, out, form):
    expert = form == "in"
    statements = [UNORDERED] if expert else []
    for name, texts in STEPS.items():
        text = texts[0 if expert else 1]
        for source in COLUMNS:
            text = text.replace("{" + source + "}", landing(root, source))
        statements.append(f"CREATE OR REPLACE TABLE {name} AS {text}")
    return statements + [export(name, out, expert) for name in STEPS]


def main():
    root, out, mode, argument = sys.argv[1:5]
    if mode == "script":
        print(";\n".join(pipeline(root, out, argument)) + ";")
        return
    import duckdb
    if mode == "query":
        db = duckdb.connect()
        for name in COLUMNS:
            db.execute(f"CREATE VIEW {name} AS SELECT * FROM {landing(root, name)}")
        for row in db.execute(argument).fetchall():
            print(",".join(map(str, row)))
        return
    os.makedirs(out, exist_ok=True)
    if mode == "export":
        db = duckdb.connect(os.path.join(root, "duck.db"), read_only=True)
        statements = [UNORDERED, export(argument, out, True)]
    else:
        db = duckdb.connect(os.path.join(out, "duck.db"))
        statements = pipeline(root, out, argument)
    for statement in statements:
        db.execute(statement)
    db.close()


if __name__ == "__main__":
    main()
