from collections.abc import AsyncIterator

import pytest

from tests.journeys.system import System
from tests.store.counting import CountingPool
from worker.store.connection import connect


@pytest.fixture
async def pool(system: System) -> AsyncIterator[CountingPool]:
    """Connections to a schema of its own, as a lane has them."""
    await system.migrate()
    opened = await connect(system.settings, connections=4, by_key=True)
    try:
        yield CountingPool(opened)
    finally:
        await opened.close()
