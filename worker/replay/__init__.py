"""Replay: the same lanes over a range of the topic, into a shadow schema."""
