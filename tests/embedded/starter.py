"""Starts servers in the folder given, tells their process ids on one line of JSON, and waits to be ended.

Run as a script by the tests, which end it in ways that a test cannot be ended itself. Further arguments: `pause`
freezes the servers, `stop` ends them in order instead of waiting.
"""

import asyncio
import json
import sys
from pathlib import Path

from worker.embedded import Kafka, Postgres
from worker.embedded.broker import Broker


async def main(folder: Path, wishes: set[str]) -> None:
    kafka, postgres = Kafka(folder / "kafka"), Postgres(folder / "postgres")
    await asyncio.gather(kafka.start(), postgres.start())
    nodes: tuple[Broker | Postgres, ...] = (*kafka.brokers, postgres)
    sys.stdout.write(json.dumps([each.pid for each in nodes]) + "\n")
    sys.stdout.flush()
    if "pause" in wishes:
        for each in nodes:
            each.pause()
    if "stop" in wishes:
        await asyncio.gather(kafka.stop(), postgres.stop())
    else:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), set(sys.argv[2:])))
