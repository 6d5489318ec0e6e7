"""``bizon-singer lint FILE``: what is wrong with a source file.

Without a config only what is sure from the text is told; with one, the first pages are read too.
The file is executed in both cases, as tap-bizon does: which classes are sources, and what they
declare, cannot be known otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import click

from bizon_singer.config_errors import nearest
from bizon_singer.custom import tap_of_file
from bizon_singer.errors import BizonSingerError, ProtocolError, UsageError
from bizon_singer.redact import excerpt, one_line
from bizon_singer.testing.stdout_watch import watched_stdout
from bizon_singer.workbench import rules
from bizon_singer.workbench.answer import Colour, json_option, painted, write_json, write_lines
from bizon_singer.workbench.chosen import config_option, open_tap, own_streams, read_configs
from bizon_singer.workbench.collected import Collector
from bizon_singer.workbench.failed import StreamFailedError
from bizon_singer.workbench.reading import read_file
from bizon_singer.workbench.rules import RULES, Finding, Severity
from bizon_singer.workbench.table import aligned
from bizon_singer.workbench.trial import try_stream

DEFAULT_PAGES = 3
MOST_PAGES = 1_000
COLOURS = {
    Severity.ERROR: Colour.BAD,
    Severity.WARNING: Colour.DOUBTFUL,
    Severity.NOTE: None,
}


class FindingsError(ProtocolError):
    """A source has something wrong with it.

    Args:
        findings: What; notes among them are not counted.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Count them."""
        counts = {
            severity: sum(item.rule.severity is severity for item in findings)
            for severity in (Severity.ERROR, Severity.WARNING)
        }
        told = [
            f"{count} {severity}{'' if count == 1 else 's'}"
            for severity, count in counts.items()
            if count
        ]
        super().__init__(f"{' and '.join(told)} found; each line on stdout says how to mend it")


@dataclass
class Report:
    """What is told of some files.

    Attributes:
        findings: What is wrong.
        failures: Streams that could not be read, for reasons no rule knows.
    """

    findings: list[Finding] = field(default_factory=list)
    failures: list[BizonSingerError] = field(default_factory=list)


def lint(path: str, configs: Sequence[str], pages: int) -> Report:
    """Return what is wrong with a source file.

    Args:
        path: The file.
        configs: Config files to run it with; only its text is read if there are none.
        pages: How many pages of each stream are read.

    Raises:
        UsageError: The file cannot be loaded, or a setting is wrong.
        InterruptedRunError: A signal asked to stop.
    """
    report = Report()
    with watched_stdout(pass_on=True) as watched:
        tap_class = tap_of_file(path)
        report.findings += read_file(path, tap_class.source_classes)
        told = {item.rule for item in report.findings}  # of these, the very place is known
        if configs:
            tap = open_tap(tap_class, read_configs(tap_class, configs), Collector())
            for stream in own_streams(tap):
                if stream.definition.unavailable:
                    continue
                try:
                    for finding in try_stream(tap, stream, path, pages):
                        if finding.rule not in told:
                            report.findings.append(finding)
                except StreamFailedError as error:
                    report.failures.append(error)
    if watched.text and rules.STDOUT not in told:
        report.findings.append(Finding(rules.STDOUT, path, None, watched.finding))
    return report


@click.command(short_help="Find what is wrong with a source file.")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@config_option
@click.option(
    "--pages",
    "-p",
    type=click.IntRange(1, MOST_PAGES),
    default=DEFAULT_PAGES,
    show_default=True,
    help="How many pages of each stream to read; with --config only.",
)
@click.option("--ignore", metavar="CODE", multiple=True, help="Leave out a rule; may be repeated.")
@click.option("--rules", "wants_rules", is_flag=True, help="List the rules and end.")
@json_option
def command(
    files: Sequence[str],
    configs: Sequence[str],
    pages: int,
    ignore: Sequence[str],
    *,
    wants_rules: bool,
    as_json: bool,
) -> None:
    """Find what is wrong with the sources in FILE, and say how to mend it.

    The text is read, and with --config the first pages of each stream too. The file is executed:
    lint only files you trust. Errors and warnings end with exit code 4, notes with 0.
    """
    if wants_rules:
        _show_rules(as_json=as_json)
        return
    if not files:
        raise UsageError("no file was given; add the path of a .py file that holds a source")
    _check_codes(ignore)
    report = Report()
    for path in files:
        of_file = lint(path, configs, pages)
        report.findings += [item for item in of_file.findings if item.rule.code not in ignore]
        report.failures += of_file.failures
    counting = [item for item in report.findings if item.rule.severity is not Severity.NOTE]
    if as_json:
        findings = [_as_json(item) for item in report.findings]
        failures = [{"seen": str(error), "exit_code": error.exit_code} for error in report.failures]
        is_good = not counting and not failures
        write_json({"ok": is_good, "findings": findings, "failures": failures})
    else:
        write_lines(_line(item) for item in report.findings)
    if not configs:
        unseen = ", ".join(rule.code for rule in RULES if rule.needs_run)
        sys.stderr.write(
            "Only the text was read. With --config the first pages are read too: "
            f"{unseen} are seen only there, and more of the others.\n"
        )
    if report.failures:
        raise report.failures[0]
    if counting:
        raise FindingsError(counting)


def _check_codes(codes: Sequence[str]) -> None:
    known = [rule.code for rule in RULES]
    for code in codes:
        if code not in known:
            raise UsageError(
                f"--ignore names {excerpt(code, 40)!r}, which is no rule"
                f"{nearest(code, known, '')}; --rules lists them"
            )


def _show_rules(*, as_json: bool) -> None:
    if as_json:
        write_json({"rules": RULES})
        return
    rows = [[rule.code, str(rule.severity), _how(rule), rule.name] for rule in RULES]
    write_lines(aligned([["CODE", "SEVERITY", "SEEN BY", "WHAT IS WRONG"], *rows]))


def _how(rule: rules.Rule) -> str:
    return "running" if rule.needs_run else "reading"


def _as_json(finding: Finding) -> dict[str, object]:
    rule = finding.rule
    return {
        "code": rule.code,
        "rule": rule.name,
        "severity": rule.severity,
        "file": finding.file,
        "line": finding.line,
        "stream": finding.stream,
        "seen": finding.seen,
        "remedy": rule.remedy,
    }


def _line(finding: Finding) -> str:
    """Return a finding as compilers write theirs: editors know how to jump to it."""
    rule = finding.rule
    place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
    colour = COLOURS[rule.severity]
    severity = painted(rule.severity, colour) if colour else rule.severity
    stream = f"stream {finding.stream!r}: " if finding.stream else ""
    return f"{place}: {severity} {rule.code}: {stream}{one_line(finding.seen)}; {rule.remedy}"
