"""The command ``bizon-singer``: one module a subcommand, behind one door."""
