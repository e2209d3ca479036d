"""--output-location: the files that Athena leaves."""
import os
import re

from lake import Lake, same

ID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def run(lake, sql, out="s3://out/results/"):
    status, stdout, err = lake.tarn("query", "--format", "csv", "--output-location", out, "--", sql)
    folder = os.path.join(lake.s3_root, "out/results")
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, encoding="utf-8") as f:
                found[re.sub(ID, "ID", os.path.relpath(path, folder))] = f.read()
            os.remove(path)
    return status, stdout, found


def test_each_kind_of_statement_leaves_its_file():
    with Lake() as lake:
        same(run(lake, "SELECT 1 AS a, 'x' AS b"), (0, '"a","b"\n"1","x"\n', {"ID.csv": '"a","b"\n"1","x"\n'}))
        same(run(lake, "CREATE TABLE t AS SELECT 1 AS a"), (0, "", {"tables/ID": "", "tables/ID-manifest.csv": ""}))
        same(run(lake, "SHOW TABLES")[2], {"ID.txt": "t"})
        same(run(lake, "INSERT INTO t VALUES (2)")[2], {"ID": "", "ID-manifest.csv": ""})
        same(run(lake, "DROP TABLE t")[2], {"ID.txt": ""})


def test_manifests_name_the_files_written():
    with Lake() as lake:
        found = run(lake, "UNLOAD (SELECT 1 AS a, 'x' AS p) TO 's3://out/data/' WITH (format = 'JSON', partitioned_by = ARRAY['p'])")[2]
        assert re.fullmatch(r"s3://out/data/p=x/\d{8}_\d{6}_00000_\w{5}_" + ID + r"\.gz\n", found["ID-manifest.csv"]), found
        assert os.path.exists(os.path.join(lake.s3_root, found["ID-manifest.csv"].strip()[5:]))


def test_failures():
    with Lake() as lake:
        status, _, found = run(lake, "SELECT 1/0")
        same((status, found), (1, {}))
        same(run(lake, "DROP TABLE nosuch")[2], {"ID.txt": "FAILED: SemanticException [Error 10001]: Table not found nosuch"})
