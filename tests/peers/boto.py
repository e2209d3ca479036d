"""make test-s3-boto: a real S3 client as witness, on OpenStack Swift.

What Tarn writes boto3 reads; what boto3 writes Tarn reads.  Run by the environment that has boto3.
"""
import gzip
import os
import subprocess
import sys
import tempfile

import boto3
from boto3.s3.transfer import TransferConfig

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "s3"))
import swift  # noqa: E402

TARN = os.path.join(ROOT, "tarn")
CLI = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "s3cli")
SQL, FIXTURES = os.path.join(ROOT, "sql"), os.path.join(ROOT, "fixtures")
KEYS = ("dt=2024-01-01/a b.json", "a+b", "100%", "x:y@z*", "ünï/ж", ".lead/_x", "a&b<c>", "q?r#s", "'single'", "~tilde!$")
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
        check("keys of boto3, listed", [line.split(" ", 2)[2] for line in run(CLI, "list", "witness", "keys/").decode().splitlines()],
              listed("keys/"))
        check("keys of boto3, read", [run(CLI, "get", "witness", "keys/" + k, "0", "0") for k in KEYS], [k.encode() for k in KEYS])
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


main()
