"""The rules of a good source, in the order they are judged: what fails first is mended first."""

from __future__ import annotations

from bizon_singer.testing import later_run_rules as later
from bizon_singer.testing import single_run_rules as single
from bizon_singer.testing.conformance import Rule

RULES: tuple[Rule, ...] = (
    single.discovery_gives_the_same_catalog_twice,
    single.the_connection_check_answers,
    single.the_total_is_a_count,
    single.a_run_completes,
    single.pagination_ends,
    single.stdout_is_left_alone,
    single.every_line_is_a_message,
    single.schemas_come_first,
    single.records_fit_their_schema,
    single.declared_schemas_hold,
    single.fields_keep_their_type,
    single.keys_are_there,
    single.keys_are_unique,
    single.paginations_are_not_changed,
    single.paginations_go_into_state,
    single.states_are_whole,
    later.two_runs_give_the_same_records,
    later.state_never_runs_ahead,
    later.a_resumed_run_is_exact,
    later.a_resumed_run_repeats_little,
    later.a_killed_run_goes_on,
    later.an_incremental_run_keeps_the_boundary,
    later.an_unchanged_source_is_not_read_again,
    later.secrets_are_not_shown,
)
