"""make test-s3-boto: a real S3 client as witness, on OpenStack Swift.

What Tarn writes boto3 reads; what boto3 writes Tarn reads.  Run by the environment that has boto3.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile

import boto3
from boto3.s3.transfer import TransferConfig

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "s3"))
import swift  # noqa: E402
from torture import KEYS  # noqa: E402

TARN = os.path.join(ROOT, "tarn")
CLI = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "s3cli")
SQL, FIXTURES = os.path.join(ROOT, "sql"), os.path.join(ROOT, "fixtures")
FOLDERS = ("dt=2024-01-01", "a b", "a+b", "100%", "a%2Fb", "x:y@z*", "ünï", "q?r#s", "'s' \"d\"", "a&b<c>")
DDL = ("CREATE EXTERNAL TABLE {0} (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' "
       "LOCATION 's3://witness/{0}/'")


def check(what, got, want):
    if got != want:
        sys.exit(f"not ok {what}: {str(got)[:500]} is not {str(want)[:500]}")
    print("ok", what, flush=True)


def main():
    with swift.Swift() as server, tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TARN_"))}
        env.update(server.environment(), HOME="/nonexistent")

        def run(*command, data=b""):
            done = subprocess.run(command, cwd=folder, env=env, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
            if done.returncode:
                sys.exit(f"not ok {command}: {done.stderr.decode()}")
            return done.stdout

        client = boto3.client("s3", endpoint_url=server.endpoint, aws_access_key_id=server.access_key,
                              aws_secret_access_key=server.secret_key, region_name=server.region,
                              config=boto3.session.Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                                                          response_checksum_validation="when_required"))

        def body(key):
            return client.get_object(Bucket="witness", Key=key)["Body"].read()

        def listed(prefix):
            pages = client.get_paginator("list_objects_v2").paginate(Bucket="witness", Prefix=prefix)
            return [o["Key"] for page in pages for o in page.get("Contents", [])]

        client.create_bucket(Bucket="witness")
        client.create_bucket(Bucket="stedi-lake")
        # What boto3 writes, Tarn reads.
        for key in KEYS:
            client.put_object(Bucket="witness", Key="keys/" + key, Body=key.encode())
        check("keys of boto3, listed", [line.split(" ", 2)[2] for line in run(CLI, "list", "witness", "keys/").decode().split("\n")[:-1]],
              sorted(("keys/" + k for k in KEYS), key=str.encode))
        check("keys of boto3, listed by it", listed("keys/"), sorted(("keys/" + k for k in KEYS), key=str.encode))
        check("keys of boto3, read", [run(CLI, "get", "witness", "keys/" + k, "0", "0") for k in KEYS], [k.encode() for k in KEYS])
        # The same keys as files of a table, one row each.
        for i, key in enumerate(KEYS):
            client.put_object(Bucket="witness", Key="odd/" + key, Body=b'{"a":%d}\n' % i)
        run(TARN, "query", DDL.format("odd"))
        seen = [k for k in KEYS if k[-1] != "/" and not any(part[:1] in ("_", ".") for part in k.split("/"))]
        out = json.loads(run(TARN, "query", "--format", "api", 'SELECT "$path" AS p, a FROM odd ORDER BY a'))["ResultSet"]["Rows"][1:]
        check("a table whose files are those keys", [(r["Data"][0]["VarCharValue"], int(r["Data"][1]["VarCharValue"])) for r in out],
              [("s3://witness/odd/" + k, i) for i, k in enumerate(KEYS) if k in seen])
        n = 3_000_000
        rows = b"".join(b'{"a":%d}\n' % i for i in range(n))
        with open(os.path.join(folder, "big.json"), "wb") as f:
            f.write(rows)
        client.upload_file(os.path.join(folder, "big.json"), "witness", "big/rows.json",
                           Config=TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20))
        client.put_object(Bucket="witness", Key="big/more.json.gz", Body=gzip.compress(b'{"a":-1}\n'))
        run(TARN, "query", DDL.format("big"))
        check("a table of boto3's multipart object", run(TARN, "query", "--format", "csv", "SELECT count(*) AS n, sum(a) AS s FROM big"),
              b'"n","s"\n"%d","%d"\n' % (n + 1, n * (n - 1) // 2 - 1))
        for base, _, names in os.walk(os.path.join(FIXTURES, "stedi-lake")):
            for name in names:
                path = os.path.join(base, name)
                client.upload_file(path, "stedi-lake", os.path.relpath(path, os.path.join(FIXTURES, "stedi-lake")))
        # What Tarn writes, boto3 reads.
        run(TARN, "run", "--sql", SQL, "--export", "s3://witness/out")
        run(TARN, "run", "--sql", SQL, "--s3-root", FIXTURES, "--lake", "local.db", "--export", "local/")
        keys = [k for k in listed("out/") if not k.endswith(".made")]
        check("the pipeline's exports", len(keys), 7)
        for key in keys:
            with open(os.path.join(folder, "local", key[len("out/"):]), "rb") as f:
                check(key, body(key), f.read())
        run(TARN, "query", "CREATE TABLE copy AS SELECT a FROM big WHERE a >= 0 ORDER BY a")
        run(TARN, "export", "copy", "s3://witness/copy")
        check("an object of several parts", body("copy/part-00000.json"), rows)
        check("no upload is left", client.list_multipart_uploads(Bucket="witness").get("Uploads", []), [])
        for key in KEYS:
            run(CLI, "put", "witness", "ours/" + key, data=key.encode())
        check("keys of Tarn", [body("ours/" + k) for k in KEYS], [k.encode() for k in KEYS])
        short = [k for k in KEYS if len(k.encode()) < 900]      # Swift puts parts below longer names of its own
        for key in short:
            run(CLI, "upload", "witness", "parts/" + key, data=key.encode())
        check("keys of Tarn's multipart uploads", [body("parts/" + k) for k in short], [k.encode() for k in short])
        run(CLI, "delete", "witness", *("ours/" + k for k in KEYS), *("parts/" + k for k in short))
        check("keys deleted by Tarn", listed("ours/") + listed("parts/"), [])
        # Exports below folders of such names.
        run(TARN, "query", "CREATE TABLE one AS SELECT 'x' AS a")
        for name in FOLDERS:
            run(TARN, "export", "one", f"s3://witness/exports/{name}/")
        check("exports below such names", [body(f"exports/{name}/part-00000.json") for name in FOLDERS], [b'{"a":"x"}\n'] * len(FOLDERS))


main()
