"""The command ``bizon-singer``: what people do with a source before and beside running it as a tap.

One module a subcommand (:mod:`~bizon_singer.workbench.command` lists them), each a function that
finds out something and one that shows it. The decisions they share:

- **The answer is on stdout, everything else on stderr**, as with taps: the process's stdout is
  claimed before any code of a user runs, so a ``print`` in a source file is no part of an answer.
- **Two forms**: plain aligned text for a person, ``--json`` for a program: one JSON document, whose
  keys stay. Plain text and not rich: the tables are a few columns wide, and a second renderer would
  cost each start 60 ms and every user a dependency to keep an eye on. Colours only mark what is
  good and what is bad, on a terminal, without ``NO_COLOR``.
- **A source is named in one way everywhere**: ``--source`` (or the argument SOURCE) is the name of
  an installed one, or the path of a ``.py`` file. Without it, the config says it, as for tap-bizon
  and in Bizon's pipeline files: ``source_file_path``, else ``name``.
- **What is shown is what a run would do**: streams are read by the tap's own loop, so a record, a
  sentence and an exit code here are those of the tap. No STATE is read or kept.
- **Exit codes are those of the taps** (:mod:`bizon_singer.errors`); a source in which something
  wrong is found ends with 4, as one that breaks its protocol in a run.
- No vendor is known here: installed taps are found by the entry points ``bizon_singer.taps``.
"""
