"""The pipeline by Polars (it keeps no tables; every step is written as JSON lines).

usage: peer_polars.py ROOT OUT
"""
import os
import sys

import polars as pl

root, out = sys.argv[1:3]
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


customer = landing("customer").filter(pl.col("shareWithResearchAsOfDate").is_not_null()).collect()
accelerometer = landing("accelerometer").join(customer.lazy(), left_on="user", right_on="email", how="semi").collect()
curated = customer.lazy().join(accelerometer.lazy(), left_on="email", right_on="user", how="semi").collect()
step = landing("step_trainer").join(curated.lazy(), on="serialNumber", how="semi").collect()
learning = step.lazy().join(accelerometer.lazy(), left_on="sensorReadingTime", right_on="timestamp", how="inner").collect()
tables = {"customer_trusted": customer, "accelerometer_trusted": accelerometer, "customers_curated": curated,
          "step_trainer_trusted": step, "machine_learning_curated": learning}
for name, frame in tables.items():
    frame.write_ndjson(f"{out}/{name}.json")
print({name: len(frame) for name, frame in tables.items()})
