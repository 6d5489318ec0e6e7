"""tap-kafka: topics as streams, from explicit offsets kept in STATE."""
