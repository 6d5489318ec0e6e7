"""What `bizon-singer new` writes, with ``${…}`` where the name of the source stands."""
