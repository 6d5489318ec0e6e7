"""One folder a tap."""
