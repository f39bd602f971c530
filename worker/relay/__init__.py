"""The relay: publishes what a lane's transactions owe, in order, exactly once."""
