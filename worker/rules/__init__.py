"""The rules: what a fact about an account changes and what downstream may hear; no clock, no await, no I/O.

Everything here is a pure function over frozen values, standard library only. The shell loads an account's state,
asks `decide`, and carries the decision out.
"""
