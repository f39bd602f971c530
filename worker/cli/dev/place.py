"""The place where everything runs: a temporary folder with real servers and the worker; nothing of it stays."""

import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from worker.cli.dev.serve import ServeProcess
from worker.cli.dev.stripe import PlayedStripe
from worker.cli.dev.together import all_of
from worker.embedded import Kafka, Postgres, temporary_folder
from worker.embedded.free_ports import LOOPBACK, free_ports
from worker.http import HttpServer
from worker.settings import Settings, load
from worker.store.migrations import migrate
from worker.topic import topics
from worker.topic.cluster import Cluster

# Few, so that each has something to do; several, so that they run side by side.
_PARTITIONS: Final = 4
# Nobody waits long for the end of something that was made to be thrown away.
_DRAIN_SECONDS: Final = 4
# In production a minute and a quarter of an hour; here nobody waits that long to see Stripe asked.
_GRACE_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where it all is, while it lasts."""

    settings: Settings
    serve: ServeProcess
    stripe: PlayedStripe

    @property
    def webhooks(self) -> str:
        """The address that takes webhooks."""
        return f"http://{LOOPBACK}:{self.settings.ingress_port}/webhooks/stripe"

    @property
    def health(self) -> str:
        """The address of the health pages."""
        return f"http://{LOOPBACK}:{self.settings.health_port}"

    @property
    def cluster(self) -> Cluster:
        """How to reach Kafka."""
        return Cluster.of(self.settings)


@asynccontextmanager
async def opened() -> AsyncIterator[Place]:
    """Start everything, wait until it is ready, and end all of it on leaving, the folder included.

    Raises EmbeddedError, Unavailable and SchemaMismatch, alone or in groups.
    """
    with temporary_folder() as folder:
        # What the client libraries have to say would tear the view apart.
        logging.basicConfig(filename=folder / "dev.log", level=logging.WARNING, force=True)
        async with AsyncExitStack() as stack:
            kafka, postgres = Kafka(folder / "kafka"), Postgres(folder / "postgres")
            stack.push_async_callback(all_of, kafka.stop, postgres.stop)
            await all_of(kafka.start, postgres.start)
            stripe = PlayedStripe()
            api = HttpServer(stripe, LOOPBACK, 0)
            await api.start()
            stack.push_async_callback(api.stop, 1)
            urls = {"DATABASE_URL": postgres.url, "STRIPE_API_BASE": f"http://{LOOPBACK}:{api.port}"}
            environment = _environment(folder, kafka.bootstrap, urls)
            settings = load("serve", environment)
            wanted = topics.wanted(settings)
            await all_of(partial(migrate, settings), partial(topics.ensure, Cluster.of(settings), wanted))
            serve = ServeProcess(folder, environment, f"http://{LOOPBACK}:{settings.ingress_port}/readyz")
            stack.push_async_callback(serve.stop)
            await serve.start()
            yield Place(settings, serve, stripe)


def _environment(folder: Path, bootstrap: str, urls: Mapping[str, str]) -> Mapping[str, str]:
    """The settings; secrets in files, since a child's command line is for everybody to see."""
    ingress, health = free_ports(2)
    hidden = {
        "DATABASE_URL": urls["DATABASE_URL"],
        "WEBHOOK_SECRETS": ",".join(f"whsec_{secrets.token_hex(16)}" for _ in range(2)),
        "STRIPE_API_KEY": ",".join(f"sk_{mode}_{secrets.token_hex(16)}" for mode in ("live", "test")),
    }
    open_to_all = {
        "STRIPE_API_BASE": urls["STRIPE_API_BASE"],
        "ORDER_GRACE_SECONDS": _GRACE_SECONDS,
        "GATE_GRACE_SECONDS": _GRACE_SECONDS,
        "DISCOUNT_SCHEDULE_SECONDS": "1,2,3",
        "KAFKA_BOOTSTRAP": bootstrap,
        "TOPIC_PARTITIONS": _PARTITIONS,
        "TOPIC_REPLICATION": 1,
        "INGRESS_PORT": ingress,
        "HEALTH_PORT": health,
        "DRAIN_SECONDS": _DRAIN_SECONDS,
        "LOG_FORMAT": "console",
    }
    files = {f"{name}_FILE": _written(folder / name.lower(), text) for name, text in hidden.items()}
    return {f"CAPITAL_{name}": str(value) for name, value in (open_to_all | files).items()}


def _written(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file
