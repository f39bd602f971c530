"""The topics: reading and writing Kafka, and the only place that knows its client."""
