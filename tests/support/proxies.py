"""nginx and Caddy as docs/deployment.md configures them, in front of a server of the tests."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
import pytest

from tests.support.paths import ROOT
from tests.support.server import LIMIT_S, Server, free_port

Kind = Literal["nginx", "caddy"]
NAME = "articles.example.org"
SLOW_HEAD_S = 1


def _documented(kind: Kind) -> str:
    [block] = re.findall(rf"```{kind}\n(.*?)```", (ROOT / "docs/deployment.md").read_text(), re.S)
    return str(block)


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"docs/deployment.md has no {old!r}"
        text = text.replace(old, new)
    return text


def _nginx(folder: Path, port: int, upstream: str, certificate: Path, key: Path) -> list[str]:
    site = _replaced(
        _documented("nginx"), ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("127.0.0.1:8000", upstream),
        ("client_header_timeout 10s", f"client_header_timeout {SLOW_HEAD_S}s"),
        (f"/etc/ssl/certs/{NAME}.pem", str(certificate)), (f"/etc/ssl/private/{NAME}.key", str(key)),
    )  # fmt: skip
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"user {getpass.getuser()};\npid {folder}/pid;\nerror_log stderr;\nevents {{ worker_connections 2048; }}\n"
        f"http {{\naccess_log off;\nclient_body_temp_path {folder}/body;\n{paths}{site}}}\n"
    )
    return ["-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


def _caddy(folder: Path, port: int, upstream: str, certificate: Path, key: Path) -> list[str]:
    (folder / "Caddyfile").write_text(
        _replaced(
            _documented("caddy"), ("127.0.0.1:8000", upstream), ("read_header 10s", f"read_header {SLOW_HEAD_S}s"),
            (f"{NAME} {{", f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}"),
            ("{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers"),
        )
    )  # fmt: skip
    return ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


class ReverseProxy:
    """A running proxy: `client` speaks to it as the world would."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._context = ssl.create_default_context()
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        self.origin = f"https://{NAME}:{port}"
        self.client = httpx.Client(
            base_url=f"https://127.0.0.1:{port}", verify=self._context, timeout=60, headers={"host": f"{NAME}:{port}"}
        )

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        """A request under the proxy's name."""
        return self.client.request(method, path, extensions={"sni_hostname": NAME}, **options)  # type: ignore[arg-type]

    def connection(self) -> ssl.SSLSocket:
        """A bare connection."""
        bare = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        return self._context.wrap_socket(bare, server_hostname=NAME)


@contextmanager
def reverse_proxy(kind: Kind, server: Server, folder: Path) -> Iterator[ReverseProxy]:
    """The proxy in front of a server. The test is left out where the program is missing, but never when CI is set."""
    program = shutil.which(kind, path=f"{os.environ['PATH']}:/usr/sbin")  # where Debian puts nginx
    if not program or not shutil.which("openssl"):
        reason = f"no {kind}: .ci/run installs it (apt-get install nginx-light caddy openssl)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    port, (certificate, key) = free_port(), _certificate(folder)
    make = {"nginx": _nginx, "caddy": _caddy}[kind]
    command = [program, *make(folder, port, server.url.removeprefix("http://"), certificate, key)]
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **home})
        try:
            proxy = ReverseProxy(port)
            with proxy.client:
                yield _answering(proxy, process, folder / "log")
        finally:
            process.terminate()
            process.wait(60)


def _answering(proxy: ReverseProxy, process: subprocess.Popen[bytes], log: Path) -> ReverseProxy:
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if proxy.request("GET", "/livez").is_success:
                return proxy
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())
