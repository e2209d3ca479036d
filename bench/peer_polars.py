"""The pipeline by Polars (it keeps no tables; every step is written as JSON lines).

usage: peer_polars.py ROOT OUT {memory|streaming}

Each step is collected by that engine, then written.  (One plan of all five with five sinks is slower:
steps are computed more than once.)  What Polars writes is not synced to the disk.
"""
import os
import sys

import polars as pl

root, out, mode = sys.argv[1:4]
os.makedirs(out, exist_ok=True)
I, S, F = pl.Int64, pl.String, pl.Float64
SCHEMA = {
    "customer": {"customerName": S, "email": S, "phone": S, "birthDay": S, "serialNumber": S, "registrationDate": I,
                 "lastUpdateDate": I, "shareWithResearchAsOfDate": I, "shareWithPublicAsOfDate": I, "shareWithFriendsAsOfDate": I},
    "accelerometer": {"user": S, "timestamp": I, "x": F, "y": F, "z": F},
    "step_trainer": {"sensorReadingTime": I, "serialNumber": S, "distanceFromObject": I},
}


def landing(name):
    return pl.scan_ndjson(f"{root}/stedi-lake/{name}/landing/*.json*", schema=SCHEMA[name])


def settle(frame):
    """The result of a step, as what the next step reads."""
    return frame.collect(engine="streaming" if mode == "streaming" else "in-memory").lazy()


customer = settle(landing("customer").filter(pl.col("shareWithResearchAsOfDate").is_not_null()))
accelerometer = settle(landing("accelerometer").join(customer, left_on="user", right_on="email", how="semi"))
curated = settle(customer.join(accelerometer, left_on="email", right_on="user", how="semi"))
step = settle(landing("step_trainer").join(curated, on="serialNumber", how="semi"))
learning = settle(step.join(accelerometer, left_on="sensorReadingTime", right_on="timestamp", how="inner"))
tables = {"customer_trusted": customer, "accelerometer_trusted": accelerometer, "customers_curated": curated,
          "step_trainer_trusted": step, "machine_learning_curated": learning}
for name, frame in tables.items():
    if mode == "streaming":
        frame.sink_ndjson(f"{out}/{name}.json")
    else:
        frame.collect().write_ndjson(f"{out}/{name}.json")
