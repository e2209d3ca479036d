"""The S3 client (vtab/s3) against a server of our own that misbehaves on demand.

Run by `make test-s3`, with tests/tools/s3cli.c as the client's command line.
"""
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "s3"))
from fault_server import Fault, FaultServer, error  # noqa: E402
from torture import KEYS  # noqa: E402

CLI = os.path.join(ROOT, os.environ.get("BUILD", "build"), "tools", "s3cli")
# Most schedules are test_s3_schedules.py's: these start a process each.
RANDOM_SCHEDULES = max(20, int(os.environ.get("TARN_FAULT_SCHEDULES", "300")) // 6)


def cli(server, *arguments, data=b"", deadline_ms=15000, timeout=40, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    done = subprocess.run([CLI, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          env={**clean, "HOME": "/nonexistent", **server.environment(),
                               "S3CLI_DEADLINE_MS": str(deadline_ms), **env})
    assert b"secret-of-the-test" not in done.stdout + done.stderr, "the secret was printed"
    return done.returncode, done.stdout, done.stderr.decode()


def times(n, fault, when=lambda r: True):
    """The first n matching requests get the fault."""
    left = [n]

    def decide(request):
        if when(request) and left[0] > 0:
            left[0] -= 1
            return fault
        return None
    return decide


def server_with(*faults, **objects):
    server = FaultServer()
    server.objects = {("b", k): v for k, v in objects.items()}
    server.faults = list(faults)
    return server


def test_transient_faults_are_retried():
    data = bytes(range(256)) * 40
    for fault in (error(503, "SlowDown"), error(500, "InternalError"), error(502, "BadGateway"), error(504, "x"),
                  error(429, "TooMany"), error(400, "RequestTimeout"), Fault(reset=True), Fault(cut=100), Fault(cut=0)):
        with server_with(times(2, fault), k=data) as server:
            code, out, err = cli(server, "get", "b", "k", "0", str(len(data)))
            assert (code, out) == (0, data), (vars(fault), err)
            assert len(server.log) == 3


def test_cut_get_goes_on_at_the_byte_reached():
    data = os.urandom(5000)
    with server_with(times(1, Fault(cut=1234)), k=data) as server:
        code, out, err = cli(server, "get", "b", "k", "0", "5000", FaultServer.etag(data))
        assert (code, out) == (0, data), err
        assert server.log[1].headers["range"] == "bytes=1234-4999"
        assert server.log[1].headers["if-match"] == FaultServer.etag(data)


def test_final_answers_are_not_retried():
    for status, code in ((403, "AccessDenied"), (404, "NoSuchKey"), (412, "PreconditionFailed")):
        with server_with(times(99, error(status, code)), k=b"x") as server:
            rc, _, err = cli(server, "get", "b", "k", "0", "1")
            assert rc == 1 and len(server.log) == 1
            assert f"HTTP {status} {code}: made by the test" in err and "s3://b/k" in err and "request id R1" in err


def test_attempts_are_bounded_and_named():
    with server_with(times(99, error(503, "SlowDown")), k=b"x") as server:
        rc, _, err = cli(server, "get", "b", "k", "0", "1", AWS_MAX_ATTEMPTS="3")
        assert rc == 1 and len(server.log) == 3 and "attempts 3" in err


def test_retry_after_is_respected_and_the_deadline_holds():
    with server_with(times(1, error(503, "SlowDown", {"Retry-After": "1"})), k=b"x") as server:
        start = time.time()
        rc, out, _ = cli(server, "get", "b", "k", "0", "1")
        assert (rc, out) == (0, b"x") and 0.9 < time.time() - start < 4
    with server_with(times(1, error(503, "SlowDown", {"Retry-After": "100"})), k=b"x") as server:
        start = time.time()
        rc, _, _ = cli(server, "get", "b", "k", "0", "1", deadline_ms=2000)
        assert rc == 1 and time.time() - start < 3


def test_region_is_learned_once():
    answers = (error(301, "PermanentRedirect", {"x-amz-bucket-region": "eu-central-1"}),
               error(400, "AuthorizationHeaderMalformed", extra="<Region>eu-central-1</Region>"))
    for answer in answers:
        with server_with(times(1, answer), k=b"x") as server:
            rc, out, err = cli(server, "get", "b", "k", "0", "1")
            assert (rc, out) == (0, b"x"), err
            assert "/eu-central-1/s3/" in server.log[1].headers["authorization"]


def test_redirects_elsewhere_are_not_followed():
    with FaultServer() as elsewhere:
        for headers in ({"Location": elsewhere.endpoint + "/b/k"},
                        {"Location": elsewhere.endpoint + "/b/k", "x-amz-bucket-region": "evil.example/"}):
            for status in (301, 302, 307):
                fault = error(status, "TemporaryRedirect", headers,
                              extra=f"<Endpoint>{elsewhere.endpoint}</Endpoint>")
                with server_with(times(99, fault), k=b"x") as server:
                    rc, _, err = cli(server, "get", "b", "k", "0", "1")
                    assert rc == 1 and f"HTTP {status}" in err
        assert elsewhere.log == []


def test_skewed_clock_is_corrected_once():
    fault = error(403, "RequestTimeTooSkewed", {"Date": "Wed, 21 Oct 2037 07:28:00 GMT"})
    with server_with(times(1, fault), k=b"x") as server:
        rc, out, err = cli(server, "get", "b", "k", "0", "1")
        assert (rc, out) == (0, b"x"), err
        assert server.log[1].headers["x-amz-date"].startswith("20371021T07")


def test_refused_heads_have_no_code_and_are_tried_again_once():
    """The body is missing from the answer to a HEAD, and with it the code."""
    answers = (error(403, "", {"Date": "Wed, 21 Oct 2037 07:28:00 GMT"}), error(400, "", {"x-amz-bucket-region": "eu-central-1"}),
               error(400, ""))
    for answer in answers:
        with server_with(times(1, answer), k=b"x") as server:
            rc, out, err = cli(server, "head", "b", "k", AWS_SESSION_TOKEN="session")
            assert rc == 0 and out.startswith(b"1 1 "), err
            assert len(server.log) == 2
    with server_with(times(99, error(403, "")), k=b"x") as server:
        rc, out, err = cli(server, "head", "b", "k")
        assert rc == 1 and len(server.log) == 1 and "HTTP 403" in err, err


def test_expired_token_renews_credentials_once():
    with server_with(times(1, error(400, "ExpiredToken")), k=b"x") as server:
        rc, out, err = cli(server, "get", "b", "k", "0", "1", AWS_SESSION_TOKEN="session")
        assert (rc, out) == (0, b"x"), err
        assert server.log[1].headers["x-amz-security-token"] == "session"
    with server_with(times(99, error(400, "ExpiredToken")), k=b"x") as server:
        rc, _, err = cli(server, "get", "b", "k", "0", "1")
        assert rc == 1 and "ExpiredToken" in err and len(server.log) == 2


def test_a_server_that_ignores_range_is_refused():
    with server_with(times(99, Fault(200, b"0123456789")), k=b"0123456789") as server:
        rc, out, err = cli(server, "get", "b", "k", "3", "5")
        assert rc == 1 and out == b"" and "range" in err


def test_complete_with_an_error_in_a_200_is_an_error():
    fault = Fault(200, b"<Error><Code>InternalError</Code><Message>We failed</Message></Error>")
    with server_with(times(1, fault, lambda r: r.method == "POST" and "uploadId" in r.query)) as server:
        rc, _, err = cli(server, "upload", "b", "k", data=b"x" * 100)
        assert rc == 0 and server.objects["b", "k"] == b"x" * 100, err
    with server_with(times(9, fault, lambda r: r.method == "POST" and "uploadId" in r.query)) as server:
        rc, _, err = cli(server, "upload", "b", "k", data=b"x" * 100)
        assert rc == 1 and "InternalError" in err and ("b", "k") not in server.objects


def test_put_creates_only_once_and_degrades():
    with server_with(k=b"old") as server:
        rc, out, _ = cli(server, "put", "b", "k", "create", data=b"new")
        assert (rc, out) == (0, b"exists\n") and server.objects["b", "k"] == b"old"
    with server_with(times(1, error(501, "NotImplemented"))) as server:
        rc, _, err = cli(server, "put", "b", "k", "create", data=b"new")
        assert rc == 0 and server.objects["b", "k"] == b"new", err
    with server_with(times(2, error(409, "ConditionalRequestConflict"))) as server:
        rc, _, err = cli(server, "put", "b", "k", "create", data=b"new")
        assert rc == 0 and len(server.log) == 3, err


def test_keys_of_any_form_come_back_as_they_are():
    keys = ["dt=2024-01-01/a b.json", "a+b", "100%", "x:y@z*", "ünï/ж", "a//b", ".lead/_x", "a&b<c>", "tail/"]
    for plus in (True, False):
        server = FaultServer(page=2)
        server.objects = {("b", k): k.encode() for k in keys}
        server.plus_for_blank = plus
        with server:
            rc, out, err = cli(server, "list", "b", "")
            assert rc == 0, err
            assert [line.split(" ", 2)[2] for line in out.decode().splitlines()] == sorted(keys, key=str.encode)
            for key in keys:
                assert cli(server, "get", "b", key, "0", "0")[1] == key.encode()


def test_more_than_a_page():
    server = FaultServer()
    server.objects = {("b", f"k{i:05}"): b"x" for i in range(2500)}
    with server:
        rc, out, _ = cli(server, "list", "b", "k")
        assert rc == 0 and len(out.splitlines()) == 2500 and len(server.log) == 3


def test_hostile_xml_is_an_error():
    deep = b"<ListBucketResult>" + b"<a>" * 50 + b"</a>" * 50 + b"</ListBucketResult>"
    bomb = b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><ListBucketResult><Contents><Key>&a;</Key></Contents></ListBucketResult>"
    endless = (b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
               b"</ListBucketResult>")
    for body in (b"", b"not xml", b"<html></html>", b"<ListBucketResult><Contents>", deep, bomb, endless,
                 b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                 b"<ListBucketResult><Contents><Key>" + b"k" * 70000 + b"</Key></Contents></ListBucketResult>"):
        with server_with(times(99, Fault(200, body))) as server:
            rc, out, err = cli(server, "list", "b", "")
            assert rc == 1 and err.strip(), (body[:60], out)


def test_anonymous_requests_are_unsigned():
    with server_with(k=b"x") as server:
        rc, out, err = cli(server, "get", "b", "k", "0", "1", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        assert (rc, out) == (0, b"x"), err
        assert "authorization" not in server.log[0].headers


def test_dripping_server_is_cut_at_the_deadline():
    with server_with(times(99, Fault(drip=0.05)), k=b"x" * 1000) as server:
        start = time.time()
        rc, _, _ = cli(server, "get", "b", "k", "0", "1000", deadline_ms=1500)
        assert rc == 1 and time.time() - start < 4


def test_random_fault_schedules_give_the_object_or_an_error():
    """Seeded: each schedule draws a fault for every request; never wrong bytes."""
    rng = random.Random(20261122)
    data = bytes(rng.randrange(256) for _ in range(20000))
    kinds = [lambda: None, lambda: None, lambda: error(503, "SlowDown"), lambda: error(500, "InternalError"),
             lambda: Fault(reset=True), lambda: Fault(cut=rng.randrange(20000)), lambda: error(400, "RequestTimeout"),
             lambda: error(403, "AccessDenied"), lambda: Fault(200, b"<html>proxy</html>")]
    good = 0
    server = FaultServer()
    with server:
        for _ in range(RANDOM_SCHEDULES):
            server.objects = {("b", "k"): data}
            server.faults = [lambda r: rng.choice(kinds)()]
            start = rng.randrange(19000)
            end = rng.randrange(start + 1, 20001)
            rc, out, err = cli(server, "get", "b", "k", str(start), str(end), FaultServer.etag(data))
            if rc == 0:
                assert out == data[start:end], "wrong bytes"
                good += 1
            else:
                assert rc == 1 and err.strip() and out == b""
    assert good > RANDOM_SCHEDULES // 10


def test_an_endpoint_with_a_password_is_refused_and_not_printed():
    with server_with(k=b"x") as server:
        rc, _, err = cli(server, "get", "b", "k", "0", "1",
                         AWS_ENDPOINT_URL_S3=server.endpoint.replace("//", "//user:hidden-word@"))
        assert rc == 1 and "password" in err and "hidden-word" not in err and server.log == [], err
