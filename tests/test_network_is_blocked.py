import socket
import subprocess
import sys

import pytest
from pytest_socket import SocketConnectBlockedError

FETCH = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=30)"  # RFC 5737: nobody's


def test_a_test_cannot_reach_another_machine() -> None:
    with socket.socket() as client, pytest.raises(SocketConnectBlockedError):
        client.connect(("192.0.2.1", 80))


def test_a_child_process_of_a_test_is_sent_to_a_proxy_that_is_not_there() -> None:
    child = subprocess.run([sys.executable, "-c", FETCH], capture_output=True, text=True, timeout=20)
    assert "refused" in child.stderr


def test_a_test_reaches_a_server_of_its_own_on_loopback() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
        server.accept()[0] as answer,
    ):
        answer.sendall(b"here")
        assert client.recv(4) == b"here"
