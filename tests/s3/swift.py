"""OpenStack Swift with its S3 API, for tests: real signatures, on 127.0.0.1 only.

    with swift.Swift() as server: …   server.endpoint, server.access_key, server.secret_key

Four daemons and a memcached of our own in a temporary folder, as ordinary processes; all of them
end with the block.  Needs Debian's swift-proxy, swift-account, swift-container, swift-object and
memcached (make deps-s3), and the folder on ext4 or xfs (extended attributes).
"""
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CONFIG = """[swift-hash]
swift_hash_path_prefix = tarn
swift_hash_path_suffix = tarn

[storage-policy:0]
name = only
default = yes
"""

STORAGE = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
log_level = ERROR

[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
log_level = ERROR

[pipeline:main]
pipeline = catch_errors cache s3api tempauth bulk slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcache}

[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
check_bucket_owner = false
allow_multipart_uploads = true
min_segment_size = 5242880

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin

[filter:bulk]
use = egg:swift#bulk

[filter:slo]
use = egg:swift#slo

[filter:dlo]
use = egg:swift#dlo
"""


def available():
    return shutil.which("swift-proxy-server") and shutil.which("memcached")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Swift:
    access_key, secret_key, region = "test:tester", "testing", "us-east-1"

    def __init__(self):
        self.children = []
        # The devices need extended attributes: not on tmpfs.
        self.folder = tempfile.mkdtemp(prefix="tarn-swift-", dir=os.environ.get("TARN_TEST_TMP", "/var/tmp"))
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def environment(self):
        """What a client needs in its environment."""
        return {"AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key, "AWS_REGION": self.region}

    def start(self, *command):
        self.children.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                              cwd=self.folder, start_new_session=True))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def rings(self, ports):
        for kind, port in ports.items():
            builder = os.path.join(self.folder, kind + ".builder")
            for arguments in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
                subprocess.run(["swift-ring-builder", builder, *arguments], check=False, timeout=60,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        try:
            self.run()
        except BaseException:
            self.__exit__()
            raise
        return self

    def run(self):
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        os.makedirs(os.path.join(self.folder, "devices", "d1"))
        # Swift reads swift.conf from /etc/swift unless told otherwise here.
        self.write("swift.conf", CONFIG)
        memcache = free_port()
        ports = {"account": free_port(), "container": free_port(), "object": free_port()}
        self.rings(ports)
        self.start("memcached", "-l", "127.0.0.1", "-p", str(memcache), "-u", user, "-m", "32")
        for kind, port in ports.items():
            path = self.write(kind + ".conf", STORAGE.format(kind=kind, port=port, user=user, folder=self.folder))
            self.start("swift-" + kind + "-server", path)
        path = self.write("proxy.conf", PROXY.format(port=self.port, user=user, folder=self.folder, memcache=memcache))
        self.start("swift-proxy-server", path)
        self.wait()

    def wait(self):
        end = time.time() + 60
        while time.time() < end:
            if any(child.poll() is not None for child in self.children):
                raise RuntimeError("a Swift daemon ended: " + str([c.args for c in self.children if c.poll() is not None]))
            try:
                urllib.request.urlopen(self.endpoint + "/", timeout=5)
                return
            except urllib.error.HTTPError:
                return                                      # it answers
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("Swift does not answer")

    def __exit__(self, *_):
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
