"""The Handoff port in memory; what it promises is checked against the real topic by the contract tests."""

import asyncio
from dataclasses import dataclass, field

from worker.ports import HandoffFailed, Headers


@dataclass
class Handoff:
    """Keeps what was appended; fails, breaks or waits when told to."""

    records: list[tuple[bytes, bytes, Headers]] = field(default_factory=list)
    fails: bool = False
    broken: Exception | None = None
    waits_for: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, key: bytes, value: bytes, headers: Headers) -> None:
        self.asked.set()
        if self.waits_for is not None:
            await self.waits_for.wait()
        if self.broken is not None:
            raise self.broken
        if self.fails:
            raise HandoffFailed
        self.records.append((key, value, headers))
