"""An S3 of our own, on 127.0.0.1, that misbehaves on demand.

It holds objects in memory and answers ListObjectsV2, GetObject, HeadObject, PutObject, multipart
and DeleteObjects.  `server.faults` is a list of functions fault(request) -> None or a Fault;
the first that answers decides.  Every request is kept in `server.log` (method, path, headers).
"""
import collections
import hashlib
import http.server
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

Request = collections.namedtuple("Request", "method bucket key query headers number")


class Fault:
    """What happens instead of the right answer.

    status, body, headers: an answer of this kind.   reset: the connection is reset.
    cut: the right answer, but closed after so many bytes of its body.
    drip: the right answer, a byte every `drip` seconds.   delay: seconds before the answer.
    close: the right answer, then the connection closes though the head did not say so.
    no_length: the right answer without Content-Length: its end is the connection's (with cut: too early).
    change: a function of the right answer's (status, headers, body) that gives another one.
    """

    def __init__(self, status=None, body=b"", headers=(), reset=False, cut=None, drip=None, delay=0, change=None,
                 close=False, no_length=False):
        self.status, self.body, self.headers = status, body, dict(headers)
        self.reset, self.cut, self.drip, self.delay, self.change = reset, cut, drip, delay, change
        self.close, self.no_length = close, no_length


def error(status, code, headers=(), extra="", message="made by the test"):
    body = f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message>{extra}<RequestId>R1</RequestId></Error>"
    return Fault(status, body.encode(), headers)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True             # head and body are two writes

    def log_message(self, *_):
        pass

    def serve(self):
        owner = self.server.owner
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:                 # its sender is gone: nothing was asked
            self.close_connection = True
            return
        url = urllib.parse.urlsplit(self.path)
        parts = urllib.parse.unquote(url.path).lstrip("/").split("/", 1)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        with owner.lock:
            owner.count += 1
            request = Request(self.command, parts[0], parts[1] if len(parts) > 1 else "", query,
                              {k.lower(): v for k, v in self.headers.items()}, owner.count)
            owner.log.append(request)
            fault = next((f for f in (fault(request) for fault in owner.faults) if f), None)
            answer = None if fault and (fault.status or fault.reset) else owner.answer(request, body)
        if fault:
            if fault.delay:
                time.sleep(fault.delay)
            if fault.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            if fault.status:
                answer = (fault.status, fault.headers, fault.body)
            elif fault.change:
                answer = fault.change(*answer)
        self.send(answer, fault)

    def send(self, answer, fault):
        status, headers, body = answer
        self.send_response(status)
        if fault and fault.no_length:
            self.send_header("Connection", "close")
        elif "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        for k, v in headers.items():
            self.send_header(k, v)
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault and fault.cut is not None:
            self.wfile.write(body[:fault.cut])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault and fault.drip:
            for i in range(len(body)):
                self.wfile.write(body[i:i + 1])
                self.wfile.flush()
                time.sleep(fault.drip)
        else:
            self.wfile.write(body)
        if fault and (fault.close or fault.no_length):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def guarded(self):
        try:
            self.serve()
        except (BrokenPipeError, ConnectionResetError, OSError):
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = guarded


def random_fault(rng, transient):
    """A fault of any kind that a reader can meet; transient: only those that end when asked again."""
    kinds = [lambda: error(503, "SlowDown"), lambda: error(500, "InternalError"), lambda: error(502, "BadGateway"),
             lambda: error(504, "GatewayTimeout"), lambda: error(429, "TooManyRequests"), lambda: error(400, "RequestTimeout"),
             lambda: error(408, "x"), lambda: Fault(503, b"no XML"), lambda: Fault(reset=True), lambda: Fault(cut=rng.randrange(4000)),
             lambda: Fault(cut=0), lambda: Fault(delay=rng.random() / 20)]
    if not transient:
        kinds += [lambda: error(403, "AccessDenied"), lambda: error(404, "NoSuchKey"), lambda: error(412, "PreconditionFailed"),
                  lambda: error(400, "ExpiredToken"), lambda: error(403, "RequestTimeTooSkewed", {"Date": "Wed, 21 Oct 2037 07:28:00 GMT"}),
                  lambda: error(301, "PermanentRedirect", {"x-amz-bucket-region": "eu-central-1"}),
                  lambda: error(307, "TemporaryRedirect", {"Location": "http://127.0.0.1:9/elsewhere"}),
                  lambda: Fault(200, b"<html>proxy</html>"), lambda: Fault(206, b"<html>proxy</html>"), lambda: Fault(200, b""), lambda: Fault(204),
                  lambda: Fault(200, b"<Error><Code>InternalError</Code><Message>We failed</Message></Error>"),
                  # Lies: half an answer that says it is whole, another place, another version, a cut listing.
                  lambda: Fault(change=lambda s, h, b: (s, h, b[:len(b) // 2])),
                  lambda: Fault(change=lambda s, h, b: (s, {**h, "Content-Range": "bytes 7-99/5000"}, b[::-1]) if s == 206 else (s, h, b)),
                  lambda: Fault(change=lambda s, h, b: (s, {**h, "ETag": '"another"'}, b[::-1]) if s == 206 else (s, h, b)),
                  lambda: Fault(change=lambda s, h, b: (200, h, b + b))]
    return rng.choice(kinds)()


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that was killed or cut us off is what these tests are about."""


class FaultServer:
    def __init__(self, page=1000, certificate=None):
        self.certificate = certificate         # (certificate, key): then https
        self.objects = {}                      # (bucket, key) -> bytes
        self.uploads = {}                      # id -> {part: bytes}
        self.begun = 0                         # uploads; an id is never used again
        self.upload_keys = {}                  # id -> bucket, key, when it was begun; also of those that are gone
        self.etags = {}                        # of objects made in parts
        self.faults, self.log = [], []
        self.page = page
        self.plus_for_blank = True             # as S3 encodes keys
        self.lock = threading.RLock()
        self.count = 0

    def __enter__(self):
        self.http = Listener(("127.0.0.1", 0), Handler)
        self.http.owner = self
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"http{'s' if self.certificate else ''}://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    def environment(self):
        return {"AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_ACCESS_KEY_ID": "AKIDTEST",
                "AWS_SECRET_ACCESS_KEY": "secret-of-the-test", "AWS_REGION": "us-east-1"}

    @staticmethod
    def etag(data):
        return '"' + hashlib.md5(data).hexdigest() + '"'

    def answer(self, r, body):
        q = r.query
        if r.method == "POST" and "uploads" in q:
            self.begun += 1
            name = f"upload{self.begun}"
            self.uploads[name] = {}
            self.upload_keys[name] = (r.bucket, r.key, time.gmtime())
            return 200, {}, f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>".encode()
        if "uploadId" in q and r.method != "DELETE" and q["uploadId"] not in self.uploads:
            return 404, {}, b"<Error><Code>NoSuchUpload</Code><Message>The upload does not exist.</Message></Error>"
        if r.method == "GET" and "uploads" in q:
            return self.list_uploads(r)
        if r.method == "GET" and "uploadId" in q:
            parts = "".join(f"<Part><PartNumber>{k}</PartNumber></Part>" for k in sorted(self.uploads[q["uploadId"]]))
            return 200, {}, f"<ListPartsResult>{parts}</ListPartsResult>".encode()
        if r.method == "PUT" and "uploadId" in q:
            self.uploads[q["uploadId"]][int(q["partNumber"])] = body
            return 200, {"ETag": self.etag(body)}, b""
        if r.method == "POST" and "uploadId" in q:
            parts = self.uploads[q["uploadId"]]
            named = re.findall(r"<PartNumber>(\d+)</PartNumber><ETag>(.*?)</ETag>", body.decode())
            if [(str(k), self.etag(parts[k])) for k in sorted(parts)] != named:
                return 400, {}, b"<Error><Code>InvalidPart</Code><Message>other parts were sent</Message></Error>"
            del self.uploads[q["uploadId"]]
            data = b"".join(parts[k] for k in sorted(parts))
            digests = b"".join(hashlib.md5(parts[k]).digest() for k in sorted(parts))
            self.objects[r.bucket, r.key] = data
            self.etags[data] = f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'
            return 200, {}, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
        if r.method == "DELETE" and "uploadId" in q:
            self.uploads.pop(q["uploadId"], None)
            return 204, {}, b""
        if r.method == "POST" and "delete" in q:
            for key in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                self.objects.pop((r.bucket, key), None)
            return 200, {}, b"<DeleteResult></DeleteResult>"
        if r.method == "GET" and "list-type" in q:
            return self.list(r)
        if r.method == "PUT":
            if r.headers.get("if-none-match") == "*" and (r.bucket, r.key) in self.objects:
                return 412, {}, b"<Error><Code>PreconditionFailed</Code><Message>exists</Message></Error>"
            self.objects[r.bucket, r.key] = body
            return 200, {"ETag": self.etag(body)}, b""
        return self.get(r)

    def get(self, r):
        data = self.objects.get((r.bucket, r.key))
        if data is None:
            return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
        headers = {"ETag": self.etags.get(data) or self.etag(data)}
        if "if-match" in r.headers and r.headers["if-match"] != headers["ETag"]:
            return 412, {}, b"<Error><Code>PreconditionFailed</Code><Message>changed</Message></Error>"
        m = re.match(r"bytes=(\d+)-(\d+)$", r.headers.get("range", ""))
        if m:
            start, end = int(m[1]), min(int(m[2]), len(data) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            return 206, headers, data[start:end + 1]
        return 200, headers, data

    def list_uploads(self, r):
        out = ["<ListMultipartUploadsResult><EncodingType>url</EncodingType>"]
        for name in self.uploads:
            bucket, key, begun = self.upload_keys[name]
            if bucket == r.bucket and key.startswith(r.query.get("prefix", "")):
                out.append(f"<Upload><Key>{urllib.parse.quote_plus(key)}</Key><UploadId>{name}</UploadId>"
                           f"<Initiated>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', begun)}</Initiated></Upload>")
        out.append("</ListMultipartUploadsResult>")
        return 200, {}, "".join(out).encode()

    def list(self, r):
        prefix, delimiter = r.query.get("prefix", ""), r.query.get("delimiter")
        after = r.query.get("continuation-token", "")
        quote = urllib.parse.quote_plus if self.plus_for_blank else urllib.parse.quote
        keys = sorted((k for b, k in self.objects if b == r.bucket and k.startswith(prefix)), key=str.encode)
        entries, seen = [], set()
        for key in keys:
            group = key
            if delimiter and delimiter in key[len(prefix):]:
                group = prefix + key[len(prefix):].split(delimiter)[0] + delimiter
            if group in seen:
                continue
            seen.add(group)
            entries.append((group, bool(delimiter) and delimiter in key[len(prefix):]))
        entries = [e for e in entries if e[0].encode() > after.encode()]
        page, rest = entries[:self.page], entries[self.page:]
        out = ["<ListBucketResult><EncodingType>url</EncodingType>",
               f"<IsTruncated>{'true' if rest else 'false'}</IsTruncated>"]
        if rest:
            out.append(f"<NextContinuationToken>{escape(page[-1][0])}</NextContinuationToken>")
        for key, is_prefix in page:
            if is_prefix:
                out.append(f"<CommonPrefixes><Prefix>{quote(key)}</Prefix></CommonPrefixes>")
            else:
                data = self.objects[r.bucket, key]
                out.append(f"<Contents><Key>{quote(key)}</Key><Size>{len(data)}</Size>"
                           f"<ETag>{escape(self.etags.get(data) or self.etag(data), {chr(34): '&quot;'})}</ETag></Contents>")
        out.append("</ListBucketResult>")
        return 200, {"Content-Type": "application/xml"}, "".join(out).encode()
