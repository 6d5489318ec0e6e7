"""The contract of a source, mirroring ``bizon.source`` file by file."""
