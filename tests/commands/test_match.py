"""Match tables in a workspace: kinds, identifiers, surveys that move on the right."""

import re
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Distance, SkyCoord, get_body_barycentric, search_around_sky
from astropy.time import Time
from candlesql import UserError, open_sky
from candlesql.catalogs.survey import load_survey
from candlesql.commands.match import match, match_surveys
from candlesql.workspace.folder import find_sky

#: Offsets north in arcsec of one Gaia star and its surroundings: 1 and 2 share a nearest neighbour; 3 has two at the
#: same distance; 4 has none.
GAIA = {1: 0.0, 2: 0.5, 3: 100.0, 4: 200.0}
TWOMASS = {"b": 0.2, "a": 0.9, "d": 100.3, "c": 99.7}


@pytest.fixture(scope="module")
def chain(new_sky, tmp_path_factory, write_rows, gaia_rows):
    """An open workspace with stars in a line, so that every separation is a difference."""
    folder = tmp_path_factory.mktemp("chain")
    gaia = [gaia_rows[0] | {"source_id": i, "ra": 0.0, "dec": north / 3600} for i, north in GAIA.items()]
    twomass = [
        {"designation": name, "ra": 0.0, "dec": north / 3600, "j_date": 2451545.0} for name, north in TWOMASS.items()
    ]
    gaia3 = [row | {"pmra": None, "pmdec": 100.0} for row in gaia]
    surveys = {"gaia_dr2": gaia, "twomass": twomass, "gaia_dr3": gaia3}
    files = {name: write_rows(folder / f"{name}.csv", rows) for name, rows in surveys.items()}
    sky = new_sky(folder / "sky", files)
    with open_sky(sky, read_only=False) as connection:
        yield connection, find_sky(sky)


def matched(chain, left, right, radius, kind):
    connection, sky = chain
    match(connection, sky, load_survey(left), load_survey(right), radius, kind)
    relation = connection.execute(f"from match.{left}_{right} order by all")
    names = [column[0] for column in relation.description]
    return names, [(a, b, round(s, 6), n) for a, b, s, n in relation.fetchall()]


def test_best_neighbour_and_how_many_there_are(chain):
    names, rows = matched(chain, "gaia_dr2", "twomass", 1.0, "best")
    assert names == ["source_id", "designation", "separation_arcsec", "n_neighbours"]
    assert rows == [(1, "b", 0.2, 2), (2, "b", 0.3, 2), (3, "c", 0.3, 2)]


def test_mutual_best(chain):
    _, rows = matched(chain, "gaia_dr2", "twomass", 1.0, "mutual")
    assert rows == [(1, "b", 0.2, 2), (3, "c", 0.3, 2)]


def test_all_pairs(chain):
    _, rows = matched(chain, "gaia_dr2", "twomass", 0.6, "all")
    assert rows == [(1, "b", 0.2, 1), (2, "a", 0.4, 2), (2, "b", 0.3, 2), (3, "c", 0.3, 2), (3, "d", 0.3, 2)]


def test_moving_survey_may_stand_on_either_side(chain):
    """100 mas/yr north puts each Gaia star 1.6 arcsec further south in 2000 than in 2016."""
    expected = {
        (name, i): abs(north - (there - 1.6))
        for name, north in TWOMASS.items()
        for i, there in GAIA.items()
        if abs(north - (there - 1.6)) <= 2
    }
    names, rows = matched(chain, "twomass", "gaia_dr3", 2.0, "all")
    assert names == ["designation", "source_id", "separation_arcsec", "n_neighbours"]
    assert {row[:2]: row[2] for row in rows} == pytest.approx(expected)
    _, rows = matched(chain, "gaia_dr3", "twomass", 2.0, "all")
    assert {(row[1], row[0]): row[2] for row in rows} == pytest.approx(expected)


def test_two_gaias_have_two_identifiers(chain):
    names, rows = matched(chain, "gaia_dr2", "gaia_dr3", 1.0, "best")
    assert names[:2] == ["source_id", "source_id_gaia_dr3"]
    assert [row[:2] for row in rows] == [(i, i) for i in GAIA]


def test_match_is_recorded_with_what_it_was_made_from(tiny_sky):
    with open_sky(tiny_sky) as connection:
        made_by, inputs, n_rows = connection.execute(
            "select made_by, inputs::varchar, n_rows from candlesql.runs where product = 'match.gaia_dr2_twomass'"
        ).fetchone()
    assert made_by == "match gaia_dr2 twomass --radius 1 --kind best"
    assert "catalogs/gaia_dr2.parquet" in inputs
    assert "catalogs/twomass.parquet" in inputs
    assert n_rows == 3


def test_plain_duckdb_reads_the_match_file(tiny_sky):
    rows = duckdb.sql(f"from '{tiny_sky}/matches/gaia_dr2_twomass.parquet' order by 1").fetchall()
    assert [(i, name, n) for i, name, _, n in rows] == [
        (4295806720, "00400000+0000003", 1),
        (34361129088, "10000000+4500003", 1),
        (6917528443525529728, "13200000-8929596", 2),
    ]


def test_survey_is_not_matched_with_itself(tiny_sky):
    with pytest.raises(UserError, match="LEFT and RIGHT are both twomass"):
        match_surveys(tiny_sky, "twomass", "twomass", 1.0, "best")


POSITIONS = """
title = "Positions"
citation = "Li et al. 2023; APOGEE"
id = "kic"
ra = "ra"
dec = "dec"
unique = false
epoch = {epoch}
[columns]
kic = {{ type = "BIGINT", required = true }}
ra = {{ type = "DOUBLE", unit = "deg", required = true }}
dec = {{ type = "DOUBLE", unit = "deg", required = true }}
pmra = {{ type = "DOUBLE", unit = "mas/yr", aka = ["gaiaedr3_pmra"] }}
pmdec = {{ type = "DOUBLE", unit = "mas/yr", aka = ["gaiaedr3_pmdec"] }}
"""


def test_positions_of_the_kepler_field(new_sky, tmp_path, real_data):
    """1,906 of the stars lie within 1 arcsec of one of APOGEE's, every one of them with the right KIC number."""
    left, right = tmp_path / "field_gaia.toml", tmp_path / "field_apogee.toml"
    left.write_text(POSITIONS.format(epoch=2016.0))
    right.write_text(POSITIONS.format(epoch=2000.0))
    files = {
        "field_gaia": real_data("kepler/gaia_edr3_positions.csv"),
        "field_apogee": real_data("kepler/apogee_positions.csv"),
    }
    sky = new_sky(tmp_path / "sky", files, (left, right))
    assert match_surveys(sky, "field_gaia", "field_apogee", 1.0, "best") == 1906
    with open_sky(sky) as connection:
        wrong = connection.execute(
            "select count(*) from match.field_gaia_field_apogee where kic <> kic_field_apogee"
        ).fetchone()
    assert wrong == (0,)


def test_statistics_count_pairs_and_what_chance_makes(new_sky, tmp_path, write_rows, gaia_rows):
    """Against every pair of a crowded field, with 300 true counterparts, by astropy; the same with the sky shifted."""
    rng = np.random.default_rng(8)
    place = np.add(rng.uniform(0, 0.1, (2, 1500)), [[50], [10]])
    other = np.hstack(
        [place[:, :300] + rng.normal(0, 0.3 / 3600, (2, 300)), np.add(rng.uniform(0, 0.1, (2, 1500)), [[50], [10]])]
    )
    gaia = [gaia_rows[0] | {"source_id": i, "ra": ra, "dec": dec} for i, (ra, dec) in enumerate(place.T)]
    twomass = [
        {"designation": str(i), "ra": ra, "dec": dec, "j_date": 2451545.0} for i, (ra, dec) in enumerate(other.T)
    ]
    files = {n: write_rows(tmp_path / f"{n}.csv", r) for n, r in (("gaia_dr2", gaia), ("twomass", twomass))}
    sky = new_sky(tmp_path / "sky", files)
    match_surveys(sky, "gaia_dr2", "twomass", 2.0, "best", with_statistics=True)
    with open_sky(sky) as connection:
        rows = connection.execute("from candlesql.match_statistics order by low_arcsec").fetchall()
        names = "counterpart_completeness, random_fraction, matched_fraction"
        shares = connection.execute(f"select {names} from match.statistics order by low_arcsec").fetchall()
    there = SkyCoord(*other, unit="deg")
    edges = np.linspace(0, 2, 21)
    for column, shift in ((4, 0), (5, 60 / 3600)):
        here = SkyCoord(place[0], place[1] - shift, unit="deg")
        separations = search_around_sky(here, there, 2 * u.arcsec)[2].arcsec
        assert [row[column] for row in rows] == np.histogram(separations, edges)[0].tolist()
    assert sum(row[4] - row[5] for row in rows) == pytest.approx(300, abs=60)
    assert {row[6] for row in rows} == {1500}
    real, chance = np.cumsum([row[4] for row in rows]), np.cumsum([row[5] for row in rows])
    counterparts = real[-1] - chance[-1]
    assert [s[0] for s in shares] == pytest.approx(list((real - chance) / counterparts))
    assert [s[1] for s in shares] == pytest.approx(list(chance / real))
    assert {s[2] for s in shares} == {counterparts / 1500}


def test_rows_without_neighbour_stay_or_are_all_that_stays(chain):
    _, rows = matched_with_nulls(chain, "left")
    assert rows == [(1, "b", 0.2, 2), (2, "b", 0.3, 2), (3, "c", 0.3, 2), (4, None, None, 0)]
    _, rows = matched_with_nulls(chain, "anti")
    assert rows == [(4, None, None, 0)]
    _, rows = matched_with_nulls(chain, "outer")
    assert rows == [
        (1, "b", 0.2, 2),
        (2, "b", 0.3, 2),
        (3, "c", 0.3, 2),
        (4, None, None, 0),
        (None, "a", None, 0),
        (None, "d", None, 0),
    ]


def matched_with_nulls(chain, kind):
    connection, sky = chain
    match(connection, sky, load_survey("gaia_dr2"), load_survey("twomass"), 1.0, kind)
    relation = connection.execute("from match.gaia_dr2_twomass order by all")
    names = [column[0] for column in relation.description]
    return names, [(a, b, s if s is None else round(s, 6), n) for a, b, s, n in relation.fetchall()]


@pytest.fixture
def pair_of_surveys(new_sky, tmp_path, write_rows, gaia_rows):
    """A workspace of these rows, open for writing."""

    def make(gaia, twomass):
        gaia = [gaia_rows[0] | row for row in gaia]
        files = {n: write_rows(tmp_path / f"{n}.csv", r) for n, r in (("gaia_dr3", gaia), ("twomass", twomass))}
        return new_sky(tmp_path / "sky", files)

    return make


def separations(sky, **how):
    match_surveys(sky, "gaia_dr3", "twomass", how.pop("radius", 3.0), how.pop("kind", "all"), **how)
    with open_sky(sky) as connection:
        found = connection.execute("select source_id, designation, separation_arcsec from match.gaia_dr3_twomass")
        return {row[:2]: row[2] for row in found.fetchall()}


#: Barnard's star, Proxima Centauri, Kapteyn's star and 61 Cygni A: ra, dec [deg], pmra, pmdec [mas/yr], parallax [mas],
#: radial velocity [km/s]; Gaia DR3, epoch 2016.0. The last has no velocity.
NEAR = [
    (269.44850252543836, 4.739420051112412, -801.5509, 10362.3942, 546.9759, -110.47),
    (217.39232147200883, -62.67607511676666, -3781.7410, 769.4651, 768.0665, -21.94),
    (77.95993737, -45.04381266, 6491.2233, -5708.6142, 254.1986, 245.05),
    (316.74847929, 38.76386075, 4164.2094, 3249.6139, 285.9949, None),
]
DATES = [2451263.5, 2451600.75, 2451900.25, 2452000.0]


def test_nearest_stars_move_by_parallax_and_perspective(pair_of_surveys):
    """Where astropy has them: motion in three dimensions, seen from the Earth's place in the JPL-like ephemeris."""
    gaia, twomass, expected = [], [], {}
    for i, (ra, dec, pmra, pmdec, parallax, velocity) in enumerate(NEAR):
        names = ("source_id", "ra", "dec", "pmra", "pmdec", "parallax", "radial_velocity")
        gaia.append(dict(zip(names, (i, ra, dec, pmra, pmdec, parallax, velocity), strict=True)))
        star = SkyCoord(
            ra * u.deg,
            dec * u.deg,
            Distance(parallax=parallax * u.mas),
            pm_ra_cosdec=pmra * u.mas / u.yr,
            pm_dec=pmdec * u.mas / u.yr,
            radial_velocity=(velocity or 0) * u.km / u.s,
            obstime=Time(2016.0, format="jyear", scale="tdb"),
        )
        for date in DATES:
            when = Time(date, format="jd", scale="tdb")
            there = star.apply_space_motion(new_obstime=when).cartesian.without_differentials()
            seen = SkyCoord(there - get_body_barycentric("earth", when))
            name = f"{i} {date}"
            twomass.append({"designation": name, "ra": seen.ra.deg, "dec": seen.dec.deg + 0.5 / 3600, "j_date": date})
            expected[i, name] = 0.5
    found = separations(pair_of_surveys(gaia, twomass))
    near = {pair: s for pair, s in found.items() if pair in expected}
    assert near == pytest.approx(expected, abs=0.015)


#: A star with two neighbours: one at 0.4 arcsec whose error is small, and one at 0.6 whose ellipse points at the star.
ELLIPSES = [
    {"designation": "near", "ra": 10.0, "dec": 0.4 / 3600, "j_date": 2451545.0, "err_maj": 0.06, "err_min": 0.06},
    {"designation": "likely", "ra": 10.0, "dec": -0.6 / 3600, "j_date": 2451545.0, "err_maj": 0.4, "err_min": 0.06},
]
STAR = {"source_id": 1, "ra": 10.0, "dec": 0.0, "pmra": 0.0, "pmdec": 0.0, "ra_error": 0.1, "dec_error": 0.1}


@pytest.mark.parametrize(("angle", "expected"), [(0.0, "likely"), (90.0, "near")])
def test_ranking_by_error_ellipses(pair_of_surveys, angle, expected):
    """Seven sigma off against one and a half; with the ellipse turned the second is ten sigma off."""
    sky = pair_of_surveys([STAR | {"pmra_error": 0, "pmdec_error": 0}], [row | {"err_ang": angle} for row in ELLIPSES])
    assert list(separations(sky, kind="best", radius=1.0)) == [(1, "near")]
    found = separations(sky, kind="best", radius=1.0, rank="errors")
    assert found == pytest.approx({(1, expected): {"near": 0.4, "likely": 0.6}[expected]}, abs=1e-6)


def test_ranking_by_errors_needs_some(pair_of_surveys):
    sky = pair_of_surveys([{"source_id": 1, "ra": 10.0, "dec": 0.0}], [ELLIPSES[0] | {"err_ang": 0.0}])
    with pytest.raises(UserError, match="--rank brightness: it is one of separation, errors, magnitude"):
        match_surveys(sky, "gaia_dr3", "twomass", 1.0, "best", "brightness")


def test_ranking_by_magnitude_finds_more_counterparts(pair_of_surveys):
    """A crowded field: counterparts have J = G - 1.5, scattered by 0.1; all others have any magnitude."""
    rng = np.random.default_rng(4)
    ra, dec, g = 50 + rng.uniform(0, 0.05, 500), 10 + rng.uniform(0, 0.05, 500), rng.uniform(10, 20, 500)
    gaia = [
        {"source_id": i, "ra": a, "dec": d, "phot_g_mean_mag": m, "pmra": 0, "pmdec": 0, "ra_error": 1, "dec_error": 1}
        for i, (a, d, m) in enumerate(zip(ra, dec, g, strict=True))
    ]
    errors = {"j_date": 2451545.0, "err_maj": 0.5, "err_min": 0.5, "err_ang": 0}
    seen = zip(ra + rng.normal(0, 0.5 / 3600, 500), dec + rng.normal(0, 0.5 / 3600, 500), strict=True)
    twomass = [
        errors | {"designation": f"{i}", "ra": a, "dec": d, "j_m": g[i] - 1.5 + rng.normal(0, 0.1)}
        for i, (a, d) in enumerate(seen)
    ]
    others = zip(
        50 + rng.uniform(0, 0.05, 1500), 10 + rng.uniform(0, 0.05, 1500), rng.uniform(8, 20, 1500), strict=True
    )
    twomass += [
        errors | {"designation": f"other {i}", "ra": a, "dec": d, "j_m": m} for i, (a, d, m) in enumerate(others)
    ]
    sky = pair_of_surveys(gaia, twomass)
    wrong = {}
    for rank in ("separation", "magnitude"):
        found = separations(sky, kind="best", radius=2.0, rank=rank)
        wrong[rank] = 500 - sum(name == str(i) for i, name in found)
    assert wrong["separation"] > 30
    assert wrong["magnitude"] < wrong["separation"] / 2


def test_fast_stars_are_lost_where_motion_is_not_respected(new_sky, tmp_path, write_rows, gaia_rows, real_data):
    """Of 2,300 nearby M dwarfs 108 stand within 1 arcsec of their places of J2000, and 2,000 once moved there."""
    names = ["RA_J2000", "DE_J2000", "ra_1", "dec_1", "pmra_1", "pmdec_1"]
    read = f"from read_csv('{real_data('carmenes/cif20.csv')}', all_varchar = true)"
    fields = ", ".join(f"try_cast({name} as double) as {name}" for name in names)
    known = " and ".join(f"{name} is not null" for name in names)
    stars = duckdb.sql(f"from (select {fields} {read}) where {known}").fetchall()
    gaia = [
        gaia_rows[0] | {"source_id": i, "ra": ra, "dec": dec, "pmra": pmra, "pmdec": pmdec, "parallax": None}
        for i, (_, _, ra, dec, pmra, pmdec) in enumerate(stars, start=1)
    ]
    twomass = [{"designation": str(i), "ra": s[0], "dec": s[1], "j_date": 2451545.0} for i, s in enumerate(stars, 1)]
    files = {n: write_rows(tmp_path / f"{n}.csv", r) for n, r in (("gaia_dr2", gaia), ("twomass", twomass))}
    sky = new_sky(tmp_path / "sky", files)
    match_surveys(sky, "gaia_dr2", "twomass", 1.0, "best")
    with open_sky(sky) as connection:
        (found,) = connection.execute(
            "select count(*) from match.gaia_dr2_twomass where source_id = designation::bigint"
        ).fetchone()
    here, there = (SkyCoord(*np.transpose(stars)[part], unit="deg") for part in (slice(2, 4), slice(0, 2)))
    static = int((here.separation(there) < 1 * u.arcsec).sum())
    assert (len(stars), static) == (2300, 108)
    assert found == pytest.approx(2000, abs=5)


def test_every_row_of_an_outer_match_has_a_position(chain):
    """The query of docs/matching.md: unmatched rows of either side stand where their own survey has them."""
    connection, sky = chain
    match(connection, sky, load_survey("gaia_dr2"), load_survey("twomass"), 1.0, "outer")
    page = (Path(__file__).parents[2] / "docs/matching.md").read_text()
    query = re.search(r"```sql\n(-- every row of either.*?);\n```", page, re.DOTALL)[1]
    rows = connection.execute(query.replace("gaia_dr3", "gaia_dr2")).fetchall()
    assert len(rows) == 6
    assert all(ra is not None and dec is not None for _, _, ra, dec in rows)
    places = dict(connection.execute("select designation, ra from staging.twomass").fetchall())
    assert [ra for source_id, name, ra, _ in rows if source_id is None] == [places["a"], places["d"]]
