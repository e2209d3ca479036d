"""Keys that clients of S3 have stumbled over; every one is a key of S3's.

What each is about stands beside it.  Used against the fault server, Swift and boto3.
"""
KEYS = (
    "dt=2024-01-01/a b.json",                   # Hive's `=`; a blank
    "a+b", "a b", "a%20b", "a%2Bb", "100%", "%", "%2F", "%zz",  # decoded once too often, or not at all
    "x:y@z*", "~tilde!$", "(par)[br]{cu}", "semi;colon,comma", "a=b&c=d", "q?r#s", "'single' \"double\"",
    "a&b<c>", "back\\slash", "pipe|caret^tick`",
    "ünï/ж", "\u00e9", "e\u0301", "\U0001f600/\uffee", "日本語/キー.json",         # composed, decomposed, four bytes
    ".lead/_x", "_under/.dot", "...", "a..b",
    "a//b", "a///b", "/lead", "//two", "tail/", "a/tail//",     # nothing may be joined or cut
    "up/../x", "./here", "a/./b", "a/b/..", "..",               # nothing may be resolved
    "tab\there", "del\x7f",
    "k" * 1000, "ж" * 500, "/".join(["p"] * 500),               # near the longest: 1024 bytes, with a prefix before it
    "year=2024/month=01/part-00000-1a2b.c000.snappy.json", "hour=2024-01-01 00%3A00%3A00/f",
)
assert all(len(k.encode()) <= 1000 for k in KEYS) and len(set(KEYS)) == len(KEYS)
