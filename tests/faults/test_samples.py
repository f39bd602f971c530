import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.faults.samples import BOUNDS, Trend, sample
from worker.embedded import Postgres

SECONDS = [float(5 * number) for number in range(20)]


async def test_a_file_a_thread_and_a_connection_more_are_seen(postgres: Postgres, tmp_path: Path) -> None:
    port = urlsplit(postgres.url).port or 0
    before = sample(os.getpid(), port)
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    connection = await asyncpg.connect(postgres.url)
    try:
        thread.start()
        with (tmp_path / "file").open("w"):
            during = sample(os.getpid(), port)
    finally:
        done.set()
        thread.join()
        await connection.close()
    assert during["threads"] == before["threads"] + 1
    assert during["postgres connections"] == before["postgres connections"] + 1
    # The file, and the connection's socket.
    assert during["open files"] >= before["open files"] + 2
    assert during["memory MB"] > 0


@pytest.mark.parametrize("name", BOUNDS)
def test_what_stays_where_it_was_is_good_and_what_doubles_is_not(name: str) -> None:
    level = [50.0 + number % 2 for number in range(20)]
    growing = [50.0 + 3 * number for number in range(20)]
    assert Trend.of(name, SECONDS, level).good
    assert not Trend.of(name, SECONDS, growing).good
    assert Trend.of(name, SECONDS, growing).per_hour == pytest.approx(3 / 5 * 3600)
