"""The ingress without a broker: it verifies, reads the envelope and answers; what the hand-off costs is the rest."""

import argparse
import asyncio

import uvloop

from worker.clock import SystemClock
from worker.health import Health, HealthApp
from worker.http import HttpServer
from worker.ingress.app import Ingress
from worker.ingress.bodies import Bodies, BodyLimits
from worker.ingress.refusals import Refusals
from worker.ingress.signature import Signatures
from worker.ports import Headers


class Nowhere:
    """A hand-off that keeps nothing."""

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        """Return at once."""


async def serve(port: int, secret: str) -> None:
    app = Ingress(
        Nowhere(),
        Signatures((secret,)),
        HealthApp(Health()),
        bodies=Bodies(BodyLimits()),
        refusals=Refusals(SystemClock()),
    )
    await HttpServer(app, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("secret")
    chosen = parser.parse_args()
    uvloop.run(serve(chosen.port, chosen.secret))


if __name__ == "__main__":
    main()
