"""Peers: what a good engineer would write instead, each a complete program; all do the same work with an event."""
