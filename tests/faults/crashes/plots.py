"""Plots: what happens to the owners in one play, and when; each ends with somebody who publishes all there is."""

from collections.abc import Awaitable, Callable, Sequence

from tests.faults.crashes.stage import Stage

# The steps after which something happens, one for each thing.
Plot = Callable[[Stage, tuple[int, ...]], Awaitable[None]]


async def nothing(stage: Stage, at: tuple[int, ...]) -> None:
    """One owner from the beginning to the end."""
    await stage.play(stage.owner())


async def killed(stage: Stage, at: tuple[int, ...]) -> None:
    """An owner is killed after each of these numbers of steps, and another begins."""
    for steps in at:
        owner = stage.owner()
        await stage.play(owner, steps=steps)
        owner.kill()
    await stage.play(stage.owner())


async def lost(stage: Stage, at: tuple[int, ...]) -> None:
    """The next call or answer is lost, and the owner begins its lane again; as often as there are numbers."""
    owner = stage.owner()
    for steps in at:
        await stage.play(owner, steps=steps)
        await stage.lose_next(owner)
    await stage.play(owner)


async def handed_over(stage: Stage, at: tuple[int, ...]) -> None:
    """An owner is told to stop after each of these numbers of steps; it finishes, and another begins."""
    for steps in at:
        owner = stage.owner()
        await stage.play(owner, steps=steps)
        owner.stop()
        await stage.play(owner)
    await stage.play(stage.owner())


async def frozen(stage: Stage, at: tuple[int, ...]) -> None:
    """An owner stands still, another begins and gets so far; then the first goes on alone, as far as it gets."""
    first, second = stage.owner(), stage.owner()
    await stage.play(first, steps=at[0])
    await stage.play(second, steps=at[1])
    first.assigned = False
    await stage.play(first)
    await stage.play(second)


async def overtaken(stage: Stage, at: tuple[int, ...]) -> None:
    """An owner is killed, but what it last sent arrives only when another has got so far."""
    first, second = stage.owner(), stage.owner()
    await stage.play(first, steps=at[0])
    await stage.play(second, steps=at[1])
    await stage.play(first, steps=1)
    first.kill()
    await stage.play(second)


async def rivals(stage: Stage, at: tuple[int, ...]) -> None:
    """Both believe that the partition is theirs for so many steps, and only the second does afterwards."""
    first, second = stage.owner(), stage.owner()
    await stage.play(first, steps=at[0])
    await stage.play(first, second, steps=at[1])
    first.assigned = False
    await stage.play(first, second)


# Played once for every point.
SINGLE: Sequence[Plot] = (killed, lost, handed_over)
# Played for pairs of points that chance chooses: one of the first owner's steps, and one of what follows.
PAIRED: Sequence[Plot] = (killed, lost, handed_over, frozen, overtaken, rivals)
