import asyncio
import ctypes
import os
from pathlib import Path

import asyncpg
import pytest

from worker.embedded import Postgres
from worker.embedded.errors import EmbeddedError, FolderInUseError, PortTakenError, ServerFailedError
from worker.embedded.free_ports import free_ports

_SECONDS = 10


async def _execute(postgres: Postgres, statement: str) -> object:
    connection = await asyncpg.connect(postgres.url, timeout=_SECONDS, command_timeout=_SECONDS)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_server_answers_and_keeps_the_durability_of_production(postgres: Postgres) -> None:
    assert await _execute(postgres, "SELECT 1") == 1
    settings = "SELECT current_setting('fsync') || current_setting('synchronous_commit')"
    assert await _execute(postgres, settings) == "onon"
    assert await _execute(postgres, "SHOW max_connections") == "200"


async def test_nobody_gets_in_without_the_password(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url, password="guessed", timeout=_SECONDS)


async def test_a_killed_server_comes_back_on_its_port_with_every_row(postgres: Postgres) -> None:
    url = postgres.url
    await _execute(postgres, "CREATE TABLE kept AS SELECT 'row' AS value")
    postgres.kill()
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(url, timeout=_SECONDS)
    await postgres.restart()
    assert (await _execute(postgres, "SELECT value FROM kept"), postgres.url) == ("row", url)


async def test_a_kill_takes_a_busy_backend_with_it(postgres: Postgres) -> None:
    busy = await asyncpg.connect(postgres.url, timeout=_SECONDS)
    backend = busy.get_server_pid()
    # Counts in one loop without looking up, so that it would not notice the end of its server.
    query = asyncio.create_task(busy.execute("SELECT count(*) FROM generate_series(1, 3000000000)"))
    await _until_active(postgres, backend)
    postgres.kill()
    with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
        await query
    assert postgres._process._nobody_runs()
    await postgres.start()
    assert await _execute(postgres, "SELECT 1") == 1


async def _until_active(postgres: Postgres, backend: int) -> None:
    async with asyncio.timeout(_SECONDS):
        while await _execute(postgres, f"SELECT state FROM pg_stat_activity WHERE pid = {backend}") != "active":
            continue


async def test_a_kill_leaves_no_shared_memory(postgres: Postgres) -> None:
    _, identifier = postgres._storage._line(6).split()
    status = ctypes.create_string_buffer(512)
    assert ctypes.CDLL(None).shmctl(int(identifier), 2, status) == 0
    postgres.kill()
    assert ctypes.CDLL(None).shmctl(int(identifier), 2, status) == -1


async def test_a_paused_server_is_silent_and_a_resumed_one_goes_on(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url, timeout=_SECONDS)
    postgres.pause()
    query = asyncio.create_task(connection.fetchval("SELECT 1"))
    done, _ = await asyncio.wait([query], timeout=0.2)
    assert not done
    postgres.resume()
    assert await asyncio.wait_for(query, _SECONDS) == 1
    await connection.close()


async def test_a_paused_server_can_be_stopped(postgres: Postgres) -> None:
    postgres.pause()
    await postgres.stop()
    assert not postgres._storage._postmaster.exists()


async def test_a_stop_drops_open_connections(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url, timeout=_SECONDS)
    await postgres.stop()
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
        await connection.fetchval("SELECT 1", timeout=_SECONDS)
    connection.terminate()
    assert "database system is shut down" in postgres._process.log.read_text()


async def test_a_later_starter_finds_the_rows_and_the_password(postgres: Postgres) -> None:
    await _execute(postgres, "CREATE TABLE later AS SELECT 'row' AS value")
    await postgres.stop()
    async with Postgres(postgres._folder) as later:
        assert await _execute(later, "SELECT value FROM later") == "row"


async def test_two_servers_never_run_on_one_folder(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.embedded.postgres._VACANT_SECONDS", 0.1)
    with pytest.raises(FolderInUseError):
        await Postgres(postgres._folder).start()
    assert await _execute(postgres, "SELECT 1") == 1


async def test_a_dead_servers_file_does_not_stop_the_next_one(postgres: Postgres) -> None:
    await postgres.stop()
    this_process = f"{os.getpid()}\n{postgres._storage.data}\n"
    postgres._storage._postmaster.write_text(this_process)
    await postgres.start()
    assert await _execute(postgres, "SELECT 1") == 1


async def test_a_server_that_cannot_start_shows_why(postgres: Postgres) -> None:
    await postgres.stop()
    control = postgres._storage.data / "global" / "pg_control"
    hidden = control.rename(control.with_suffix(".hidden"))
    with pytest.raises(ServerFailedError, match="could not find the database system"):
        await postgres.start()
    hidden.rename(control)


async def test_a_first_start_takes_another_port_when_its_own_was_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as other:
        taken = other.sockets[0].getsockname()[1]
        offers = iter([[taken], [taken]])
        monkeypatch.setattr("worker.embedded.postgres.free_ports", lambda count: next(offers, free_ports(count)))
        async with Postgres(folder) as postgres:
            assert await _execute(postgres, "SELECT 1") == 1
            assert f":{taken}/" not in postgres.url


async def test_a_restart_insists_on_its_port(postgres: Postgres) -> None:
    await postgres.stop()
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", postgres._port):
        with pytest.raises(PortTakenError):
            await postgres.start()


def test_the_address_is_not_known_before_the_start(folder: Path) -> None:
    with pytest.raises(EmbeddedError):
        _ = Postgres(folder).url
