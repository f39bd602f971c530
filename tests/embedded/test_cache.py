import asyncio
import os
from pathlib import Path

import pytest

from worker.embedded import Kafka, archives, kafka_jars
from worker.embedded.cache import Cache
from worker.embedded.errors import EmbeddedError, PartMissingError


async def _succeed(entry: Path) -> None:
    (entry / "content").write_text("whole")


def _names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_an_entry_is_filled_once(folder: Path) -> None:
    cache = Cache(folder)
    fillings = []

    async def fill(entry: Path) -> None:
        fillings.append(entry)
        await asyncio.sleep(0)
        await _succeed(entry)

    entries = await asyncio.gather(*(Cache(folder).entry("name", fill) for _ in range(5)))
    assert set(entries) == {await cache.entry("name", fill)}
    assert len(fillings) == 1
    assert (entries[0] / "content").read_text() == "whole"


async def test_a_filling_that_fails_leaves_nothing_and_can_be_repeated(folder: Path) -> None:
    async def fail(entry: Path) -> None:
        (entry / "content").write_text("half")
        raise PartMissingError

    with pytest.raises(PartMissingError):
        await Cache(folder).entry("name", fail)
    assert _names(folder) == [".name.lock"]
    entry = await Cache(folder).entry("name", _succeed)
    assert (entry / "content").read_text() == "whole"


async def test_a_killed_filling_is_swept_by_the_next(folder: Path) -> None:
    (folder / ".name.killed.partial").mkdir()
    await Cache(folder).entry("name", _succeed)
    assert _names(folder) == [".name.lock", "name"]


async def test_a_filling_that_hangs_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Path) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("worker.embedded.cache._FILL_SECONDS", 0.1)
    with pytest.raises(EmbeddedError, match="not filled"):
        await Cache(folder).entry("name", hang)


def test_the_cache_is_where_the_user_wants_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "wanted"))
    assert Cache.of_user().folder == folder / "wanted" / "capital-worker"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(folder / "home"))
    assert Cache.of_user().folder == folder / "home" / ".cache" / "capital-worker"


def test_a_cache_that_cannot_be_written_is_in_the_temporary_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert Cache.of_user().folder == folder / f"capital-worker-cache-{os.geteuid()}"


def test_a_cache_that_others_can_write_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "capital-worker").mkdir()
    (folder / "capital-worker").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert Cache.of_user().folder == folder / f"capital-worker-cache-{os.geteuid()}"


async def test_an_archive_with_other_content_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forge(repository: Path, _: str) -> Path:
        archive = repository / "kafka.jar"
        archive.write_text("forged")
        return archive

    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(archives, "_download", forge)
    with pytest.raises(PartMissingError, match="not the pinned one"):
        await kafka_jars.kafka_jars()


async def test_a_later_run_needs_no_registry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await kafka_jars.kafka_jars()
    monkeypatch.setattr("socket.create_connection", _refuse)
    monkeypatch.setattr("urllib3.util.connection.create_connection", _refuse)
    async with Kafka(folder) as kafka:
        assert kafka.bootstrap


def _refuse(*_: object, **__: object) -> None:
    raise OSError("There is no network.")
