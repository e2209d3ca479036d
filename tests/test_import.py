"""tarn import: Glue's JSON and pasted SHOW CREATE TABLE texts become catalog entries."""
import base64
import json

from lake import Lake, same

OPENX = "org.openx.data.jsonserde.JsonSerDe"
TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
TEXT_OUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"


def table(name, **more):
    return {"Name": name, "DatabaseName": "Lake", "TableType": "EXTERNAL_TABLE", "Description": "it's a table",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "json"},
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int", "Comment": "the id"}, {"Name": "tags", "Type": "array<string>"}],
                                  "Location": f"s3://b/{name}/", "InputFormat": TEXT_IN, "OutputFormat": TEXT_OUT,
                                  "SerdeInfo": {"SerializationLibrary": OPENX, "Parameters": {"case.insensitive": "TRUE"}}}, **more}


def view(name, sql):
    body = base64.b64encode(json.dumps({"originalSql": sql, "catalog": "awsdatacatalog", "schema": "lake", "columns": []}).encode()).decode()
    return {"Name": name, "DatabaseName": "lake", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": f"/* Presto View: {body} */"}


def test_tables_views_and_partitions_of_glue():
    with Lake() as lake:
        lake.write("s3/b/t/dt=1/a.json", '{"id":1,"tags":["x"]}\n')
        lake.write("s3/b/elsewhere/a.json", '{"id":2}\n')
        lake.write("tables.json", json.dumps({"TableList": [
            view("v", "SELECT id FROM t WHERE dt = '1'"),
            table("T", PartitionKeys=[{"Name": "dt", "Type": "string"}]), table("u")]}))
        lake.write("partitions.json", json.dumps({"Partitions": [
            {"Values": ["1"], "DatabaseName": "lake", "TableName": "t", "StorageDescriptor": {"Location": "s3://b/t/dt=1/"}},
            {"Values": ["2"], "DatabaseName": "lake", "TableName": "t", "StorageDescriptor": {"Location": "s3://b/elsewhere/"}}]}))
        out = lake.ok("import", "tables.json", "partitions.json")
        same(out.splitlines(), ["lake.t: imported", "lake.u: imported", "lake.v: imported", "lake.t: 2 partitions imported"])
        same(lake.query("SELECT id, dt FROM lake.t ORDER BY id"), '"id","dt"\n"1","1"\n"2","2"\n')
        same(lake.query("SELECT * FROM lake.v"), '"id"\n"1"\n')
        text = lake.query("SHOW CREATE TABLE lake.u")
        assert "COMMENT 'it\\'s a table'" in text and "'case.insensitive'='TRUE'" in text, text


def test_what_is_refused_does_not_stop_the_rest():
    with Lake() as lake:
        bad = table("parquet")
        bad["StorageDescriptor"]["InputFormat"] = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
        lake.write("tables.json", json.dumps({"TableList": [bad, table("good")]}))
        status, out, _ = lake.tarn("import", "tables.json")
        same(status, 1)
        lines = out.splitlines()
        assert lines[0].startswith("lake.parquet: TARN_NOT_SUPPORTED: ") and "Parquet" in lines[0], out
        same(lines[1], "lake.good: imported")
        same(lake.query("SHOW TABLES IN lake"), "good")


def test_pasted_show_create_table():
    with Lake() as lake:
        lake.query(f"CREATE EXTERNAL TABLE a (x int) ROW FORMAT SERDE '{OPENX}' LOCATION 's3://b/a/'")
        lake.query(f"CREATE EXTERNAL TABLE b (y string) PARTITIONED BY (dt string) ROW FORMAT SERDE '{OPENX}' LOCATION 's3://b/b/'")
        text = lake.query("SHOW CREATE TABLE a") + "\n\n" + lake.query("SHOW CREATE TABLE b") + "\n"
        lake.query("DROP TABLE a")
        lake.query("DROP TABLE b")
        same(lake.ok("import", "-", stdin=text).splitlines(), ["statement 1: imported", "statement 2: imported"])
        same(lake.query("SHOW TABLES"), "a\nb")


def test_other_files_are_refused():
    with Lake() as lake:
        lake.write("x.json", '{"Databases": []}')
        assert lake.error("import", "x.json").startswith("TARN_IMPORT: ")
