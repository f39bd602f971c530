"""Dice: seeded chance and the ids drawn from it; nothing in the simulator may take its luck from anywhere else."""

import string
from random import Random

_ALPHABET = string.ascii_letters + string.digits
# Characters after the prefix, as seen in real payloads.
_LENGTHS = {"acct": 16, "req": 14}
_LENGTH = 24


class Dice(Random):
    """The same throws for the same seed, in every process and on every supported Python."""

    def chance(self, likelihood: float) -> bool:
        """True as often as the likelihood, from 0 to 1, says."""
        return self.random() < likelihood

    def new_id(self, prefix: str) -> str:
        """An id such as `evt_1Qa…`: the prefix, then 24 letters and digits (16 for accounts, 14 for requests).

        At 62^13 endings and more, two alike in one world are not to be feared.
        """
        return f"{prefix}_1{''.join(self.choices(_ALPHABET, k=_LENGTHS.get(prefix, _LENGTH) - 1))}"
