"""Showing: an account's rows as a document, and documents as text for people; it never reads or decides anything."""
