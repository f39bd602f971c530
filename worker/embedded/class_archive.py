"""Kafka's classes, parsed and verified once: halves the time and the CPU of each start; never needed for one.

A JVM maps such an archive (class data sharing) and ignores it in silence when runtime or class path are not those it
was made with. So it can be slow at worst, not wrong.
"""

import hashlib
from functools import partial
from pathlib import Path
from typing import Final

from worker.embedded.broker import Broker
from worker.embedded.cache import Cache
from worker.embedded.cluster_id import cluster_id
from worker.embedded.errors import ServerFailedError
from worker.embedded.folder import temporary_folder
from worker.embedded.free_ports import free_ports
from worker.embedded.guard import Guard
from worker.embedded.jvm import Jvm
from worker.embedded.server_process import ServerProcess

_DUMP_SECONDS: Final = 120.0
_ARCHIVE: Final = "classes.jsa"


async def with_class_archive(jvm: Jvm) -> Jvm:
    """The same, starting faster. The first time takes some 10 s: a broker is run to see which classes it needs."""
    folder = await Cache.of_user().entry(f"classes-{_digest(jvm)}", partial(_make, jvm))
    archive = folder / _ARCHIVE
    return jvm.with_options(f"-XX:SharedArchiveFile={archive}") if archive.exists() else jvm


def _digest(jvm: Jvm) -> str:
    runtime = jvm.java.program.stat()
    made_with = (runtime.st_mtime_ns, runtime.st_size, [jar.name for jar in jvm.jars])
    return hashlib.sha256(repr(made_with).encode()).hexdigest()[:16]


async def _make(jvm: Jvm, entry: Path) -> None:
    with temporary_folder() as folder:
        class_list = folder / "classes.list"
        await _run_once(jvm.with_options(f"-XX:DumpLoadedClassList={class_list}"), folder)
        await _dump(jvm.dump_command(class_list, entry / _ARCHIVE), folder)


async def _run_once(jvm: Jvm, folder: Path) -> None:
    clients, controllers = free_ports(2)
    broker = Broker(1, folder / "broker", jvm, Guard())
    await broker.prepare((clients, controllers), ((1, controllers),), cluster_id(folder))
    try:
        await broker.start()
    finally:
        await broker.stop()


async def _dump(command: list[str], folder: Path) -> None:
    dump = ServerProcess("dump", folder)
    try:
        dump.launch(command)
        await dump.succeed(_DUMP_SECONDS)
    except ServerFailedError:
        # A runtime without the feature. The entry stays empty, so that this is not tried at each start.
        return
    finally:
        dump.kill()
