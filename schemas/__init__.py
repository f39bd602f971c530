"""Every shape that outlives a process: records, notifications, their generated JSON Schema, and SQL migrations."""
