"""Makes tests/s3/sigv4.txt's blocks of the public AWS Signature Version 4 suite.

  python3 tests/tools/sigv4_suite.py FOLDER      FOLDER/v4/<name>/request.txt, context.json, …

The suite is test data of awslabs/aws-c-auth; the crate aws-sigv4 of crates.io carries it as
aws-signing-test-suite (`cargo fetch` leaves it below ~/.cargo/registry/src).  A block a form: the
request signed in its headers, and in its query.  What is not the suite's own (the S3 examples)
stands in sigv4.txt before the line `# suite`; what follows that line is printed here.
"""
import json
import os
import sys
import urllib.parse


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
        return f.read().replace("\r\n", "\n")


def parse(text):
    """Method, raw path, query pairs, headers in order (folded lines kept), body."""
    head, _, body = text.partition("\n\n")
    lines = head.split("\n")
    method, rest = lines[0].split(" ", 1)
    path, _, query = rest.rsplit(" HTTP/", 1)[0].partition("?")
    headers = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t"):
            headers[-1] += "\n" + line
        elif line:
            headers.append(line)
    return method, urllib.parse.unquote(path), urllib.parse.parse_qsl(query, keep_blank_values=True), headers, body


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def block(folder, name, form):
    context = json.loads(read(folder, "context.json"))
    method, path, query, headers, body = parse(read(folder, "request.txt"))
    token = context["credentials"].get("token")
    creq = read(folder, f"{form}-canonical-request.txt")
    date = context["timestamp"].replace("-", "").replace(":", "")
    out = [f"name {name}-{form}", f"method {method}", f"path {path}"]
    if context["normalize"]:
        out.append("normalize")
    signed = token and not context.get("omit_session_token")
    if form == "header":
        headers.append("X-Amz-Date:" + date)
        if signed:
            headers.append("X-Amz-Security-Token:" + token)
        if context["sign_body"]:
            headers.append("x-amz-content-sha256:" + creq.rsplit("\n", 1)[1])
    else:
        scope = f"{context['credentials']['access_key_id']}/{date[:8]}/{context['region']}/{context['service']}/aws4_request"
        query += [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", scope), ("X-Amz-Date", date),
                  ("X-Amz-SignedHeaders", creq.split("\n")[-2]), ("X-Amz-Expires", str(context["expiration_in_seconds"]))]
        if signed:
            query.append(("X-Amz-Security-Token", token))
    out += [f"date {date}"] + [f"query {k}={v}" for k, v in query] + ["header " + escape(h) for h in headers]
    if body:
        out.append("body " + escape(body))
    out.append("creq " + escape(creq))
    out.append("sts " + escape(read(folder, f"{form}-string-to-sign.txt")))
    out.append("signature " + read(folder, f"{form}-signature.txt"))
    if form == "header":
        lines = read(folder, "header-signed-request.txt").split("\n")
        out += ["authorization " + line.split(":", 1)[1] for line in lines if line.startswith("Authorization:")]
    return "\n".join(out)


def main(folder):
    base = os.path.join(folder, "v4")
    blocks = [block(os.path.join(base, name), name, form) for name in sorted(os.listdir(base))
              if os.path.exists(os.path.join(base, name, "context.json")) for form in ("header", "query")]
    print("\n\n".join(blocks))


main(sys.argv[1])
