"""What the bytes of a message mean: framings, schema registries and encodings."""
