"""Whether memory stays flat: what each role holds resident while far more passes through than it could keep."""

from collections.abc import Iterator, Sequence

from tests.bench import loads
from tests.bench.drain import Patience
from tests.bench.edge import hit
from tests.bench.loads import Load, Message
from tests.bench.place import Place
from tests.bench.refills import SIGNS, renamed_bytes
from tests.bench.rounds import head, say
from tests.bench.subjects import SystemRun
from tests.bench.usage import peak_bytes, resident_bytes
from tests.journeys.child import Child
from tests.journeys.system import System

# Of all events, where memory is looked at.
MARKS = (0.05, 0.25, 0.5, 1)
TILES = 50
CONNECTIONS = 64
HIT_SECONDS = 10
NAME = "memory"
WRONG = "SELECT count(*) FILTER (WHERE status IS DISTINCT FROM 'fully_repaid'), count(*) FROM offer"


async def memory(place: Place, events: int) -> None:
    """Two tables' worth of rows: the lanes and relays over so many events, the ingress over so many webhooks."""
    marks = [int(events * mark) for mark in MARKS]
    say("\nmemory: MB resident after so many events, and webhooks, had passed through\n")
    say(head("role", *(f"{mark:,}" for mark in marks), "peak", "last of first", "wrong offers"))
    await _consume(place, marks)
    await _ingress(place, marks)


async def _consume(place: Place, marks: Sequence[int]) -> None:
    base = loads.clean(marks[-1] // TILES, metadata={})
    await place.preload(NAME, _tiles(base))
    run = SystemRun(place, base, NAME, NAME)
    run.goal = marks[-1]
    await run.prepare()
    await place.settle()
    (child,) = run.children
    child.start()
    try:
        patience, found = Patience(run), []
        while not await run.begun():
            await patience.wait(0)
        for mark in marks:
            while (done := await run.done()) < mark:
                await patience.wait(done)
            found.append(resident_bytes(child.pid))
        say(_line("consume", child, found, await _wrong(run, len(base.rows) * TILES)))
    finally:
        child.kill()
        await run.close()


def _tiles(base: Load) -> Iterator[Message]:
    """The same lives of ever other accounts; made while they are written, for all of them would not fit."""
    for sign in SIGNS[:TILES]:
        for message in base.messages:
            yield Message(renamed_bytes(message.key, sign), renamed_bytes(message.value, sign), message.headers)


async def _wrong(run: SystemRun, offers: int) -> str:
    ((unended, rows),) = await run.query(WRONG)
    return f"{int(str(unended)) + offers - int(str(rows)):,}"


async def _ingress(place: Place, marks: Sequence[int]) -> None:
    system = System("memory_edge", place.kafka.bootstrap, place.postgres.url, place.folder / "memory_edge")
    await system.topics()
    child = system.child("ingress")
    child.start()
    try:
        await child.ready()
        done, found = 0.0, []
        for mark in marks:
            while done < mark:
                arguments = (system.environ["CAPITAL_INGRESS_PORT"], system.secrets[0], str(CONNECTIONS))
                done += (await hit([*arguments, str(HIT_SECONDS)]))["requests"]
            found.append(resident_bytes(child.pid))
        say(_line("ingress", child, found, "-"))
    finally:
        child.kill()


def _line(role: str, child: Child, found: Sequence[int], wrong: str) -> str:
    held = " | ".join(f"{size / 2**20:,.0f}" for size in (*found, peak_bytes(child.pid)))
    return f"| {role} | {held} | {found[-1] / found[0]:.2f} | {wrong} |"
