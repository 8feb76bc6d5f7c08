"""OpenStack Swift with its S3 API: an object store as processes of its own, in memory."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyarrow import fs

from tests.service.live_server import free_port

USER, KEY = "test:tester", "testing"
SERVERS = ("account", "container", "object", "proxy")
START_SECONDS = 60
# Never imported here: Eventlet, on which Swift runs, warns at its import and at each fork after it.
PYTHON = (sys.executable, "-W", "ignore", "-c")
RUN = "import sys; from swift.common.wsgi import run_wsgi; sys.exit(run_wsgi(*sys.argv[1:3]))"
MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
for argument in sys.argv[1:]:
    server, port = argument.split("=")
    builder = RingBuilder(part_power=1, replicas=1, min_part_hours=1)
    place = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "device"}
    builder.add_dev({"weight": 1.0, **place})
    builder.rebalance()
    builder.get_ring().save(f"{server}.ring.gz")
"""
STORAGE = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
[pipeline:main]
pipeline = {server}-server
[app:{server}-server]
use = egg:swift#{kind}
"""
PROXY = """
[DEFAULT]
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
[pipeline:main]
pipeline = s3api tempauth slo proxy-server
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""


class ObjectStore:
    """A bucket ``bucket``."""

    def __init__(self, folder: Path) -> None:
        self._ports = {server: free_port() for server in SERVERS}
        self._configure(folder)
        with (folder / "log").open("w") as log:
            self._processes = [
                subprocess.Popen(  # noqa: S603
                    [*PYTHON, RUN, str(folder / f"{server}.conf"), f"{server}-server"],
                    cwd=folder,
                    env={**os.environ, "SWIFT_DIR": str(folder)},
                    stdout=log,
                    stderr=log,
                )
                for server in SERVERS
            ]
        try:
            self._wait(folder / "log")
            files, _ = fs.FileSystem.from_uri(self.url("", allow_bucket_creation="true"))
            files.create_dir("bucket")
        except BaseException:
            self.stop()
            raise

    def url(self, prefix: str, **parameters: str) -> str:
        """Of a prefix, with all that is needed to reach it."""
        endpoint = f"scheme=http&region=us-east-1&endpoint_override=127.0.0.1:{self._ports['proxy']}"
        more = "".join(f"&{name}={value}" for name, value in parameters.items())
        return f"s3://{USER.replace(':', '%3A')}:{KEY}@bucket/{prefix}?{endpoint}{more}"

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _configure(self, folder: Path) -> None:
        rings = [f"{server}={port}" for server, port in self._ports.items()]
        subprocess.run([*PYTHON, MAKE_RINGS, *rings], cwd=folder, check=True)  # noqa: S603
        (folder / "devices" / "device").mkdir(parents=True)
        (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = test\n")
        for server, port in self._ports.items():
            kind = "mem_object" if server == "object" else server
            template = PROXY if server == "proxy" else STORAGE
            user = os.environ.get("USER", "root")
            text = template.format(folder=folder, server=server, port=port, user=user, kind=kind)
            (folder / f"{server}.conf").write_text(text)

    def _wait(self, log: Path) -> None:
        give_up = time.monotonic() + START_SECONDS
        for port in self._ports.values():
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    if time.monotonic() > give_up or any(each.poll() for each in self._processes):
                        pytest.fail(f"Swift does not start:\n{log.read_text()}")
                    time.sleep(0.05)
