"""tap-dummy: three streams without a network, for trying pipelines."""
