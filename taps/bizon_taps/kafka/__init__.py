"""tap-kafka: every message of a topic, exactly accounted for."""
