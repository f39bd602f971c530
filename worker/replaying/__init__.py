"""Replaying: joins the live lanes' own parts to a shadow schema, without lookups and without publishing."""
