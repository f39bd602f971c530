import os
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest

from worker.embedded import Postgres
from worker.embedded.cache import Cache
from worker.embedded.class_archive import with_class_archive
from worker.embedded.java import Java
from worker.embedded.jvm import Jvm
from worker.embedded.kafka_jars import kafka_jars
from worker.embedded.postgres_programs import postgres_programs
from worker.embedded.system_user import SystemUser

from .reachable_python import reachable_python
from .starting import both_are_gone, started

_SECONDS = 10


async def _answers(postgres: Postgres) -> bool:
    connection = await asyncpg.connect(postgres.url, timeout=_SECONDS)
    try:
        return bool(await connection.fetchval("SELECT 1", timeout=_SECONDS))
    finally:
        await connection.close()


async def test_an_ordinary_user_needs_nothing_of_root(folder: Path) -> None:
    user = SystemUser.for_servers()  # with none to become, this process is an ordinary user's
    home = folder / "home"
    await _fill_cache(home / ".cache" / "capital-worker", user)
    python = reachable_python(folder / "python")
    environment = python.environment | {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": ""}
    async with started(home, script=python.script, environment=environment, user=user) as (process, pids):
        owner = user.uid if user else os.getuid()
        assert {(Path("/proc") / str(pid)).stat().st_uid for pid in pids} == {owner}
        process.kill()
        await process.wait()
        await both_are_gone(home)


async def _fill_cache(folder: Path, user: SystemUser | None) -> None:
    """As a run before would have left it."""
    await with_class_archive(Jvm.tuned(Java.found(), await kafka_jars(), quick=True))
    shutil.copytree(Cache.of_user().folder, folder, ignore=shutil.ignore_patterns(".*"))
    if user:
        for each in (folder.parent.parent, folder.parent, folder):
            os.chown(each, user.uid, user.gid)


async def test_root_runs_postgres_as_another_user(postgres: Postgres) -> None:
    user = SystemUser.for_servers()
    owner = user.uid if user else os.getuid()
    assert owner != 0
    assert (Path("/proc") / str(postgres.pid)).stat().st_uid == owner
    assert await _answers(postgres)


async def test_postgres_keeps_its_data_even_where_its_user_cannot_go(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    async with Postgres(closed / "postgres") as postgres:
        assert await _answers(postgres)
        await postgres.restart()
        assert await _answers(postgres)
    server = closed / "postgres" / "server"
    assert server.is_symlink() == (SystemUser.for_servers() is not None)
    shutil.rmtree(server.resolve())


async def test_programs_out_of_reach_are_copied_with_their_libraries(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_user = SystemUser("this", os.geteuid(), os.getegid())
    monkeypatch.setattr(SystemUser, "reaches", lambda _, path: path.is_relative_to(folder))
    monkeypatch.setattr(Cache, "reached_by", lambda _: Cache(folder))
    programs = await postgres_programs(SystemUser.for_servers() or this_user)
    assert programs.is_relative_to(folder)
    _run_as_the_servers_user(programs / "initdb", programs / "postgres")


def _run_as_the_servers_user(*programs: Path) -> None:
    user = SystemUser.for_servers()
    for program in programs:
        subprocess.run([program, "--version"], user=user.uid if user else None, check=True, timeout=_SECONDS)


def test_reach_is_judged_by_every_folder_on_the_way(folder: Path) -> None:
    stranger = SystemUser("stranger", 54_321, 54_321)
    inner = folder / "outer" / "inner"
    inner.mkdir(parents=True)
    assert stranger.reaches(inner)
    inner.parent.chmod(0o700)
    assert not stranger.reaches(inner)
    assert SystemUser("owner", inner.stat().st_uid, 54_321).reaches(inner)
    inner.parent.chmod(0o710)
    assert SystemUser("member", 54_321, inner.stat().st_gid).reaches(inner)
