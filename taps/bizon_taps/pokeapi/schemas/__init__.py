"""One JSON file per resource: the schemas of its list entries and of its details."""
