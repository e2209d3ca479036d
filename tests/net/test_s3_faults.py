"""One fault after another: what the client makes of it (the table is tests/net/README.md)."""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "s3")]
from fault_server import Fault, FaultServer, error  # noqa: E402
from lake import TARN, Lake  # noqa: E402
from test_s3_client import cli, server_with, times  # noqa: E402

DATA = bytes(range(256)) * 20
LIST = "<ListBucketResult><EncodingType>url</EncodingType>{}</ListBucketResult>"
ONE = "<Contents><Key>{}</Key><Size>{}</Size></Contents>"


class Elsewhere:
    """A place that is not a FaultServer, with the environment of one."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def environment(self):
        return {"AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}


def get(server, size=len(DATA), **more):
    return cli(server, "get", "b", "k", "0", str(size), FaultServer.etag(DATA), **more)


def count(server, lake, want):
    """A landing table of s3://b/t/ has so many rows."""
    env = {k: v for k, v in lake.environment().items() if k != "TARN_S3_ROOT"}
    for sql in ("CREATE EXTERNAL TABLE t (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'",
                "SELECT count(*) AS n FROM t"):
        done = subprocess.run([TARN, "query", "--format", "csv", sql], cwd=lake.folder, env={**env, **server.environment()},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.stdout == b'"n"\n"%d"\n' % want, (done.stdout, done.stderr)


# --- The connection ------------------------------------------------------------------------------

def test_nobody_listens():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    rc, _, err = get(Elsewhere(f"http://127.0.0.1:{port}"))
    assert rc == 1 and "connect" in err.lower() and f":{port}" in err and "attempts 5" in err, err


def test_a_name_that_does_not_exist():
    rc, _, err = get(Elsewhere("http://nowhere.invalid"), deadline_ms=3000)
    assert rc == 1 and "resolve" in err and "nowhere.invalid" in err, err


def test_a_server_that_is_no_http():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(10)

        def serve():
            while True:
                try:
                    c, _ = s.accept()
                except OSError:
                    return
                c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                c.close()
        threading.Thread(target=serve, daemon=True).start()
        rc, out, err = get(Elsewhere(f"http://127.0.0.1:{s.getsockname()[1]}"))
        assert (rc, out) == (1, b"") and err.strip(), err


def test_kept_connections_that_are_dead():
    """The server closes after every answer and does not say so."""
    server = server_with(lambda r: Fault(close=True), **{f"k{i}": b"x" * i for i in range(1, 20)})
    with server:
        rc, out, err = cli(server, "list", "b", "")
        assert rc == 0 and len(out.splitlines()) == 19, err
        rc, _, err = cli(server, "many", "b", "m/", "0", "20")
        assert rc == 0 and sum(k.startswith("m/") for _, k in server.objects) == 20, err
        rc, _, err = cli(server, "upload", "b", "u", data=b"u" * (6 << 20))
        assert rc == 0 and server.objects["b", "u"] == b"u" * (6 << 20), err


def test_an_end_without_a_length():
    with server_with(lambda r: Fault(no_length=True), k=DATA) as server:
        rc, out, err = get(server)
        assert (rc, out) == (0, DATA), err
        rc, out, err = cli(server, "list", "b", "")
        assert rc == 0 and out.endswith(b" k\n"), err
    with server_with(times(2, Fault(no_length=True, cut=1000)), k=DATA) as server:
        rc, out, err = get(server)                      # as if it were whole: but we know the length
        assert (rc, out) == (0, DATA) and server.log[2].headers["range"] == f"bytes=2000-{len(DATA) - 1}", err
    with server_with(times(99, Fault(no_length=True, cut=60)), k=DATA) as server:
        rc, out, err = cli(server, "list", "b", "")
        assert rc == 1 and "s3://b/: the listing cannot be read" in err, err


def test_silence_after_the_head_is_cut_and_the_rest_asked_for_again():
    """16 s: what is slower than 100 bytes a second for 15 s is dead."""
    def half(request):
        return Fault(drip=30, change=lambda s, h, b: (s, {**h, "Content-Length": str(len(b))}, b[:1])) if request.number == 1 else None
    with server_with(half, k=DATA) as server:
        start = time.time()
        rc, out, err = get(server, deadline_ms=60000)
        assert (rc, out) == (0, DATA) and 14 < time.time() - start < 25, (time.time() - start, err)
        assert len(server.log) == 2


def test_hosts_on_amazon():
    """Virtual-host style, but path style where the bucket's dots break the certificate.  Seen by a proxy."""
    asked = []
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(10)

        def serve():
            while True:
                try:
                    c, _ = s.accept()
                except OSError:
                    return
                asked.append(c.recv(1000).split(b"\r\n")[0].decode())
                c.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                c.close()
        threading.Thread(target=serve, daemon=True).start()
        for bucket, region, host in (("plain", "us-east-1", "plain.s3.us-east-1.amazonaws.com"), ("a.b.c", "eu-west-1", "s3.eu-west-1.amazonaws.com")):
            rc, _, err = cli(Elsewhere(""), "list", bucket, "", AWS_REGION=region, AWS_MAX_ATTEMPTS="1",
                             https_proxy=f"http://127.0.0.1:{s.getsockname()[1]}", no_proxy="")
            assert rc == 1 and asked[-1] == f"CONNECT {host}:443 HTTP/1.1", (asked, err)


# --- Answers -------------------------------------------------------------------------------------

def test_retry_after_of_any_form():
    for value, longest in (("Wed, 21 Oct 2037 07:28:00 GMT", 3), ("0", 3), ("-5", 3), ("soon", 3)):
        with server_with(times(1, error(503, "SlowDown", {"Retry-After": value})), k=DATA) as server:
            start = time.time()
            rc, out, err = get(server)
            assert (rc, out) == (0, DATA) and time.time() - start < longest, (value, err)
    for value in ("99999999999999999999", "3600", "7 days"):
        with server_with(times(1, error(503, "SlowDown", {"Retry-After": value})), k=DATA) as server:
            start = time.time()
            rc, _, err = get(server, deadline_ms=2000)
            assert rc == 1 and "SlowDown" in err and time.time() - start < 3, (value, err)


def test_a_slow_down_slows_all_requests():
    with FaultServer() as server, Lake() as lake:
        server.objects = {("b", f"t/{i:03}.json"): b'{"a":1}\n' for i in range(200)}
        moments, refused = [], []

        def decide(request):
            if "list-type" in request.query:
                return None
            moments.append(time.time())
            if len(moments) == 40:
                refused.append(time.time())
                return error(503, "SlowDown", {"Retry-After": "2"})
            return Fault(delay=0.01)
        server.faults = [decide]
        count(server, lake, 200)
        late = [m - refused[0] for m in moments if m > refused[0] + 0.25]
        assert late and min(late) > 0.9, f"requests went on after a SlowDown: {sorted(late)[:5]}"


def test_regions_that_point_at_each_other():
    def decide(request):
        region = "eu-west-1" if "/us-east-1/" in request.headers["authorization"] else "us-east-1"
        return error(400, "AuthorizationHeaderMalformed", {"x-amz-bucket-region": region})
    with server_with(decide, k=DATA) as server:
        rc, _, err = get(server)
        assert rc == 1 and len(server.log) == 2 and "AuthorizationHeaderMalformed" in err, err


def test_ranges_that_were_not_asked_for():
    lies = (lambda s, h, b: (s, {**h, "Content-Range": "bytes 7-99/5120"}, b),
            lambda s, h, b: (s, {**h, "Content-Range": "nonsense"}, b),
            lambda s, h, b: (s, {k: v for k, v in h.items() if k != "Content-Range"}, b),
            lambda s, h, b: (200, h, b), lambda s, h, b: (s, h, b + b"more"), lambda s, h, b: (204, h, b""),
            lambda s, h, b: (s, {**h, "Content-Type": "multipart/byteranges; boundary=x", "Content-Range": ""}, b))
    for lie in lies:
        with server_with(lambda r, lie=lie: Fault(change=lie), k=DATA) as server:
            rc, out, err = get(server, size=1000)
            assert (rc, out) == (1, b"") and "s3://b/k" in err, (rc, out[:40], err)
    with server_with(times(1, Fault(change=lambda s, h, b: (s, h, b[:100]))), k=DATA) as server:
        rc, out, err = get(server)                      # less than asked for: the rest is asked for
        assert (rc, out) == (0, DATA) and server.log[1].headers["range"].startswith("bytes=100-"), err
    with server_with(lambda r: error(416, "InvalidRange"), k=DATA) as server:
        rc, _, err = get(server)
        assert rc == 1 and "HTTP 416 InvalidRange" in err and len(server.log) == 1, err


def test_another_version_in_spite_of_if_match():
    with server_with(lambda r: Fault(change=lambda s, h, b: (s, {**h, "ETag": '"another"'}, b)), k=DATA) as server:
        rc, out, err = get(server)
        assert (rc, out) == (1, b"") and "another version" in err and "run again" in err and len(server.log) == 1, err
    for form in ("W/{}", "{}"):                         # proxies mark ETags as weak, or drop the quotes
        tag = form.format(FaultServer.etag(DATA) if form != "{}" else FaultServer.etag(DATA).strip('"'))
        with server_with(lambda r, tag=tag: Fault(change=lambda s, h, b: (s, {**h, "ETag": tag}, b)), k=DATA) as server:
            rc, out, err = get(server)
            assert (rc, out) == (0, DATA), err


def test_one_change_under_a_run_is_an_error():
    """Whatever way the statement is taken: no second way lists anew in silence."""
    sql = ("CREATE EXTERNAL TABLE l (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/t/'",
           "CREATE TABLE m AS SELECT a FROM l WHERE a > 0")
    with FaultServer() as server, Lake() as lake:
        server.objects = {("b", f"t/{i}.json"): b'{"a":1}\n' for i in range(5)}

        def change(request):
            if request.key == "t/3.json":
                server.objects["b", "t/3.json"] = b'{"a":2}\n'
            return None
        server.faults = [change]
        env = {**{k: v for k, v in lake.environment().items() if k != "TARN_S3_ROOT"}, **server.environment()}
        done = [subprocess.run([TARN, "query", q], cwd=lake.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60) for q in sql]
        assert done[0].returncode == 0 and done[1].returncode == 1 and b"412" in done[1].stderr, done
        assert sum("list-type" in r.query for r in server.log) == 1, "listed again"


def test_content_encoding_is_not_undone():
    """An object stored with this header comes as it is: the key's name says how it is compressed."""
    with server_with(lambda r: Fault(change=lambda s, h, b: (s, {**h, "Content-Encoding": "gzip"}, b)), k=DATA) as server:
        rc, out, err = get(server)
        assert (rc, out) == (0, DATA), err


def test_an_error_in_a_200_anywhere():
    fault = Fault(200, b'<?xml version="1.0" encoding="UTF-8"?>\n\n  \n<Error><Code>AccessDenied</Code><Message>We failed</Message></Error>')
    for command, status in ((("list", "b", ""), 1), (("upload", "b", "k"), 1), (("delete", "b", "k"), 1)):
        with server_with(times(99, fault), k=DATA) as server:
            rc, out, err = cli(server, *command, data=b"x")
            assert rc == status and "AccessDenied" in err and "We failed" in err, (command, err)
    for body in (b"", b"<html>proxy</html>", b"<CompleteMultipartUploadResult>", b"no xml"):
        with server_with(lambda r, body=body: Fault(200, body) if r.method == "POST" and "uploadId" in r.query else None) as server:
            rc, _, err = cli(server, "upload", "b", "k", data=b"x")
            assert rc == 1 and "did not say that the upload is complete" in err, (body, err)


def test_keys_that_could_not_be_deleted():
    body = b"<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"
    with server_with(lambda r: Fault(200, body), k=DATA) as server:
        rc, _, err = cli(server, "delete", "b", "k")
        assert rc == 1 and "not every object could be deleted" in err and "AccessDenied" in err, err


# --- Listings ------------------------------------------------------------------------------------

def test_listings_that_cannot_be_believed():
    end = "<IsTruncated>false</IsTruncated>"
    for what, body in (
            ("out of order", ONE.format("b", 1) + ONE.format("a", 1) + end), ("twice", ONE.format("a", 1) * 2 + end),
            ("not below the prefix", ONE.format("x", 1) + end), ("size", ONE.format("t%2Fa", "") + end),
            ("size", ONE.format("t%2Fa", "-1") + end), ("size", ONE.format("t%2Fa", "abc") + end), ("size", ONE.format("t%2Fa", "9" * 30) + end),
            ("without a size", "<Contents><Key>t%2Fa</Key></Contents>" + end), ("without a key", "<Contents><Size>1</Size></Contents>" + end),
            ("not URL-encoded", ONE.format("t%2Fa%00b", 1) + end), ("not URL-encoded", ONE.format("t%2Fa%zz", 1) + end),
            ("not URL-encoded", ONE.format("t%2Fa%", 1) + end), ("whether there is more", ONE.format("t%2Fa", 1)),
            ("no token", "<IsTruncated>true</IsTruncated>"), ("not the XML", "&nosuch;" + end), ("not the XML", "\x01" + end)):
        with server_with(times(99, Fault(200, LIST.format(body).encode()))) as server:
            rc, _, err = cli(server, "list", "b", "t/" if "t%2F" in body or "below" in what else "")
            assert rc == 1 and what in err and "s3://b/" in err, (body, err)
    with server_with(times(99, Fault(200, LIST.format(ONE.format("caf\udce9", 1) + end).encode("utf-8", "surrogateescape")))) as server:
        rc, _, err = cli(server, "list", "b", "")
        assert rc == 1 and "not the XML" in err, err


def test_listings_without_end():
    count = [0]

    def decide(request):
        count[0] += 1
        keys = "" if empty else ONE.format("same", 1)
        return Fault(200, LIST.format(keys + f"<IsTruncated>true</IsTruncated><NextContinuationToken>t{count[0]}</NextContinuationToken>").encode())
    for empty in (True, False):
        with server_with(decide) as server:
            start = time.time()
            rc, _, err = cli(server, "list", "b", "")
            assert rc == 1 and "cannot be believed" in err and time.time() - start < 20, err


def test_a_huge_answer_is_bounded():
    """A megabyte of error document: the answer is kept to its bounds, the error stays readable."""
    with server_with(lambda r: Fault(403, b"<Error><Code>AccessDenied</Code><Message>" + b"m" * (3 << 20) + b"</Message></Error>"), k=DATA) as server:
        rc, _, err = get(server)
        assert rc == 1 and "HTTP 403" in err and len(err) < 1 << 20, len(err)


# --- Who we are ----------------------------------------------------------------------------------

def test_a_credential_process_is_asked_again():
    """When the server says ExpiredToken, and when the expiry is near before anything is sent."""
    with tempfile.TemporaryDirectory() as home, server_with(k=DATA) as server:
        script = os.path.join(home, "keys")
        with open(script, "w", encoding="ascii") as f:
            f.write('#!/bin/sh\necho x >> "$0.count"\nn=$(wc -l < "$0.count")\n'
                    'printf \'{"Version":1,"AccessKeyId":"AK%d","SecretAccessKey":"secret-of-the-test","SessionToken":"t%d","Expiration":"%s"}\' $n $n "$EXPIRES"\n')
        os.chmod(script, 0o755)
        with open(os.path.join(home, "config"), "w", encoding="ascii") as f:
            f.write(f"[profile p]\ncredential_process = {script}\nregion = us-east-1\n")
        env = {"AWS_CONFIG_FILE": os.path.join(home, "config"), "AWS_PROFILE": "p", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        server.faults = [times(1, error(400, "ExpiredToken"))]
        rc, out, err = get(server, EXPIRES="2037-01-01T00:00:00Z", **env)
        assert (rc, out) == (0, DATA), err
        assert [(re.search("AK[0-9]+", r.headers["authorization"])[0], r.headers["x-amz-security-token"]) for r in server.log] == [
            ("AK1", "t1"), ("AK2", "t2")]
        server.log.clear()
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        rc, out, err = get(server, EXPIRES=soon, **env)
        assert (rc, out) == (0, DATA) and re.search("AK[0-9]+", server.log[0].headers["authorization"])[0] == "AK4", err


def test_every_attempt_is_signed_anew():
    with server_with(times(1, error(503, "SlowDown", {"Retry-After": "2"})), k=DATA) as server:
        rc, out, err = get(server)
        assert (rc, out) == (0, DATA), err
        assert server.log[0].headers["x-amz-date"] != server.log[1].headers["x-amz-date"]


def test_a_skewed_clock_is_corrected_for_requests_side_by_side():
    """All that were under way are signed again, not only the first to be refused."""
    right = "Wed, 21 Oct 2037 07:28:00 GMT"

    def decide(request):
        skewed = not request.headers["x-amz-date"].startswith("2037")
        return error(403, "RequestTimeTooSkewed", {"Date": right}) if skewed and "list-type" not in request.query else None
    with FaultServer() as server, Lake() as lake:
        server.objects = {("b", f"t/{i:02}.json"): b'{"a":1}\n' for i in range(40)}
        server.faults = [decide]
        count(server, lake, 40)


# --- TLS -----------------------------------------------------------------------------------------

def certificate(folder, name, address):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tarn-test",
                           "-addext", f"subjectAltName={address}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    assert made.returncode == 0, made.stderr
    return f"{folder}/{name}.pem", f"{folder}/{name}.key"


def test_tls_is_verified():
    try:
        subprocess.run(["openssl", "version"], stdout=subprocess.DEVNULL, check=True)
    except OSError:
        raise unittest.SkipTest("openssl is not installed (make deps-s3)") from None
    with tempfile.TemporaryDirectory() as folder:
        good, other = certificate(folder, "good", "IP:127.0.0.1"), certificate(folder, "other", "DNS:s3.example.org")
        for pair, bundle, works in ((good, None, False), (good, other[0], False), (other, other[0], False), (good, good[0], True),
                                    (good, "/nonexistent.pem", False)):
            server = FaultServer(certificate=pair)
            server.objects = {("b", "k"): DATA}
            with server:
                rc, out, err = get(server, **({"AWS_CA_BUNDLE": bundle} if bundle else {}))
                assert (rc, out) == ((0, DATA) if works else (1, b"")), (bundle, err)
                assert works or ("certificate" in err.lower() and "attempts 1" in err and server.log == []), err


# --- The table -----------------------------------------------------------------------------------

def test_the_table_of_faults_names_tests_that_are_there():
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as f:
        named = re.findall(r"`(test_s3_\w+|s3_\w+|boto): (\w+)`", f.read())
    assert len(named) > 40
    for stem, name in named:
        path = {"boto": "tests/peers/boto.py"}.get(stem) or (f"tests/unit/{stem}.c" if stem.startswith("s3_") else f"tests/net/{stem}.py")
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            text = f.read()
        assert (f"def test_{name}(" in text) if stem.startswith("test_") else name in text, (stem, name)
