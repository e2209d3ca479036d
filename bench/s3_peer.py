"""One query of a peer on S3, for bench/s3.py:  s3_peer.py ENGINE PORT QUERY

ENGINE is duckdb, duckdb-32 (as many threads as tarn has requests under way) or chdb; QUERY is `count` or `sum`.
Prints one line of JSON: wall and CPU seconds of the query alone (nothing of imports), and its rows.
"""
import glob
import json
import os
import resource
import sys
import time


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(run):
    before, start = cpu(), time.perf_counter()
    rows = run()
    return {"wall": time.perf_counter() - start, "cpu": cpu() - before, "rows": sorted([str(v) for v in row] for row in rows)}


def duckdb_query(port, query, threads):
    import duckdb
    import duckdb_ext
    found = glob.glob(os.path.join(list(duckdb_ext.__path__)[0], "extensions", "*", "*", "httpfs.duckdb_extension"))
    db = duckdb.connect()
    if threads:
        db.execute(f"SET threads={threads}")
    db.execute(f"INSTALL '{found[0]}'")
    db.execute("LOAD httpfs")
    db.execute(f"SET s3_endpoint='127.0.0.1:{port}'; SET s3_use_ssl=false; SET s3_url_style='path'; "
               "SET s3_access_key_id='k'; SET s3_secret_access_key='s'; SET s3_region='us-east-1'")
    columns = "{'user': 'VARCHAR', 'timestamp': 'BIGINT', 'x': 'DOUBLE', 'y': 'DOUBLE', 'z': 'DOUBLE'}"
    source = f"read_json('s3://bench/t/*.json', format='newline_delimited', columns={columns})"
    sql = {"count": f"SELECT count(*) FROM {source}", "sum": f'SELECT "user", sum(x) FROM {source} GROUP BY 1'}[query]
    return measure(lambda: db.execute(sql).fetchall())


def chdb_query(port, query):
    import chdb
    columns = "user String, timestamp Int64, x Float64, y Float64, z Float64"
    source = f"s3('http://127.0.0.1:{port}/bench/t/*.json', 'k', 's', 'JSONEachRow', '{columns}')"
    sql = {"count": f"SELECT count(*) FROM {source}", "sum": f"SELECT user, sum(x) FROM {source} GROUP BY 1"}[query]
    chdb.query("SELECT 1", "JSONCompact")                  # it starts
    return measure(lambda: json.loads(str(chdb.query(sql, "JSONCompact")))["data"])


def main(engine, port, query):
    if engine == "chdb":
        result = chdb_query(port, query)
    else:
        result = duckdb_query(port, query, 32 if engine.endswith("-32") else 0)
    print(json.dumps(result))


main(*sys.argv[1:])
