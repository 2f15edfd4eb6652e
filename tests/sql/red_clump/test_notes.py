"""What `run SKY red_clump` says of tables that a user cannot see."""

from __future__ import annotations

import pytest
from candlesql.commands.steps.notes import left_out, notes


@pytest.fixture
def said(connection):
    """The notes of wide stars, given as rows of: table, parallax, its error, zero point, l, b, ra, dec, state."""

    def of(*rows: str, labels: str = "('s', 't', 1, null)", held_out: str = "('s', 0)") -> list[str]:
        connection.execute(f"""
            create or replace table staging.wide_stars as select * from (values {", ".join(rows)}) as stars(
                wide_survey, parallax, parallax_error, parallax_zero_point, l, b, ra, "dec", evolutionary_state);
            create or replace table staging.seismology as select null::varchar as evolutionary_state;
            create or replace table red_clump.labels as
                from (values {labels}) as labels(survey, label_table, source_id, is_rc);
            create or replace table red_clump.held_out as from (values {held_out}) as held_out(survey, source_id);
        """)
        return list(notes(connection))

    return of


def test_a_table_without_a_fault_has_no_notes(said):
    # Sagittarius A*
    assert said("('t', 0.5, 0.02, -0.05, 359.944, -0.046, 266.4168, -29.0078, 'RC')") == []


def test_parallaxes(said):
    bare = "null::double, null::double, null::double, null::double, null::varchar"
    (line,) = said(f"('t', 0.5, 0.02, null::double, {bare})", f"('u', 0.5, 0.02, -0.05, {bare})")
    assert line.startswith("note: t: its 1 parallaxes are taken as they are")
    (line,) = said(f"('t', 0.0005, 0.00002, -0.05, {bare})")
    assert line.startswith("warning: t: half of its parallax errors are below 2e-05 mas")


def test_places(said):
    """Right ascension and declination once more in the place of l and b."""
    (line,) = said("('t', 0.5, 0.02, -0.05, 266.4168, -29.0078, 266.4168, -29.0078, 'RC')")
    assert line.startswith("warning: t: l and b of 1 stars are not those of their ra and dec")


def test_states(said):
    star = "0.5, 0.02, -0.05, null::double, null::double, null::double, null::double"
    lines = said(*(f"('t', {star}, '{word}')" for word in ("giant", "giant", "1", "CLUMP", "Agb", "")))
    assert lines == [
        "warning: t: 3 values of evolutionary_state are no state that is known ('giant' is one): they are no labels; "
        "write RC, RGB or AGB"
    ]


def test_labels_that_judge_nothing(said):
    star = "('t', null::double, 0.02, -0.05, null::double, null::double, null::double, null::double, 'RC')"
    labels = "('s', 'a', 1, true), ('s', 'a', 2, false), ('s', 'a', 3, null), ('s', 'b', 4, true)"
    (line,) = said(star, labels=labels, held_out="('s', 1), ('s', 4)")
    assert line.startswith("note: a: 1 of 2 stars with a state are left to judge by")


def test_what_the_catalogue_leaves_out(connection):
    refusals = [
        "too few bands",
        "not a giant",
        "not a giant",
        "outside the hull",
        "not red clump by the cuts of tier 2",
    ]
    connection.execute("create or replace table red_clump.judged as select unnest(?) as refusal", [[None, *refusals]])
    assert left_out(connection) == "not a giant (2), outside the hull (1), too few bands (1)"
    connection.execute("delete from red_clump.judged where refusal <> 'not red clump by the cuts of tier 2'")
    assert left_out(connection) == ""
