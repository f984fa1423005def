"""The server that is loaded: nginx with one of the sites in `sites/`, as cheap as it can be and strict where it counts."""

import http.client
import os
import pwd
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import SERVER_PROCESSOR, BenchmarkError, program

SITES = Path(__file__).with_name("sites")
LARGE = 64 * 1024
"""Bytes of the body of the site `large`."""

# Paths are relative to the folder that nginx is started in.
CONFIGURATION = """
daemon off; user {user}; worker_processes {workers}; worker_rlimit_nofile {files}; pid nginx.pid; error_log error.log;
events {{ worker_connections {files}; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout {keep_alive}s; sendfile on; tcp_nopush on; root .;
  open_file_cache max=10; open_file_cache_valid 1h; client_body_buffer_size 4k;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include {site};
}}
"""


@contextmanager
def nginx(
    site: str, *, tls: bool = False, processors: str = SERVER_PROCESSOR, workers: int = 1, keep_alive: int = 3600
) -> Iterator[str]:
    """An nginx on these processors, and its URL without a slash at the end. Raises UnavailableError, BenchmarkError.

    It listens at all addresses of this machine's loopback network. `keep_alive`: seconds until it closes an idle connection.
    """
    command = program("nginx")
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        folder = Path(name)
        port = free_port()
        (folder / "large.bin").write_bytes(os.urandom(LARGE))
        shutil.copy(SITES / f"{site}.conf", folder)
        (folder / "listen.conf").write_text(_listen(port, folder, tls, workers))
        (folder / "nginx.conf").write_text(
            CONFIGURATION.format(
                user=pwd.getpwuid(os.getuid()).pw_name,
                workers=workers,
                files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
                keep_alive=keep_alive,
                site=f"{site}.conf",
            )
        )
        process = subprocess.Popen(
            ["taskset", "-c", processors, command, "-p", f"{folder}/", "-c", f"{folder}/nginx.conf"],
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            _wait_for(port, folder, process)
            yield f"http{'s' if tls else ''}://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def requests_seen(url: str) -> int:
    """How many requests an nginx has had, these questions included."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/status")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return int(text.splitlines()[2].split()[2])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listen(port: int, folder: Path, tls: bool, workers: int) -> str:
    listen = f"listen {port} backlog=4096{' ssl' if tls else ''}{' reuseport' if workers > 1 else ''};"
    status = "location = /status { stub_status; }"
    if not tls:
        return f"{listen} {status}\n"
    subject = ["-subj", "/CN=localhost", "-days", "2", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
    subprocess.run(command, check=True, capture_output=True)
    return f"{listen} {status} ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;\n"


def _wait_for(port: int, folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log = folder / "error.log"
    raise BenchmarkError(f"nginx did not start: {log.read_text()[-500:] if log.exists() else ''}")
