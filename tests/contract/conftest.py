from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.contract import fakes
from tests.contract.refusing import refuse_offers
from tests.contract.wires import FakeWire, RealWire, Wire
from tests.journeys.system import System
from worker import ports
from worker.outbox.entries import Outbox
from worker.store.connection import connect
from worker.store.ledger import Ledger
from worker.wiring import WRITERS

BOTH = ["fake", "real"]


@dataclass(frozen=True)
class Books:
    """A database, as the ports show it."""

    ledger: ports.Ledger
    outbox: ports.Outbox
    # No offer of so much or more is taken from now on.
    refuse: Callable[[int], Awaitable[None]]


@pytest.fixture(params=BOTH)
async def books(request: pytest.FixtureRequest, system: System) -> AsyncIterator[Books]:
    if request.param == "fake":
        tables = fakes.Tables()
        yield Books(fakes.Ledger(tables), fakes.Outbox(tables), tables.refuse)
        return
    await system.migrate()
    pool = await connect(system.settings, connections=4)
    try:
        yield Books(Ledger(pool, WRITERS), Outbox(pool), partial(refuse_offers, system))
    finally:
        await pool.close()


@pytest.fixture(params=BOTH)
async def wire(request: pytest.FixtureRequest, system: System) -> AsyncIterator[Wire]:
    if request.param == "fake":
        yield FakeWire()
        return
    await system.topics()
    real = RealWire(system)
    try:
        yield real
    finally:
        await real.close()
