"""Survey files: what is shipped holds together, what a user writes wrong is said."""

import pytest
from astropy import units as u
from candlesql import UserError
from candlesql.catalogs.survey import load_survey, read_survey, survey_files

PLAIN = """
title = "Mine"
citation = "me"
id = "star"
ra = "ra"
dec = "dec"
[columns]
star = { type = "BIGINT", required = true }
ra = { type = "DOUBLE", unit = "deg", required = true }
dec = { type = "DOUBLE", unit = "deg", required = true }
"""


@pytest.fixture
def survey_file(tmp_path):
    def write(text: str, name: str = "mine.toml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", survey_files())
def test_shipped_survey_has_units_that_astropy_knows_and_describes_every_column(name):
    survey = load_survey(name)
    assert survey.title
    assert survey.citation
    for column in survey.columns.values():
        u.Unit(column.unit, parse_strict="raise")
        assert column.description
        assert column.ucd
        assert (column.unit == "mag") >= bool(column.system)
    assert survey.columns[survey.id].required


@pytest.mark.parametrize(
    ("name", "epoch"),
    [("gaia_dr2", "2015.5::double"), ("gaia_dr3", "2016.0::double"), ("twomass", 'sphere.year_of_jd("j_date")')],
)
def test_epochs(name, epoch):
    assert load_survey(name).epoch_sql == epoch


def test_the_surveys_that_are_promised_are_there():
    promised = "gaia_dr2 gaia_dr3 panstarrs1 twomass allwise unwise lamost apogee galah seismology"
    assert set(promised.split()) <= set(survey_files())


def test_unknown_survey_shows_the_nearest():
    with pytest.raises(UserError, match=r"survey 'gaia_dr22' is unknown; nearest: gaia_dr2"):
        load_survey("gaia_dr22")


def test_own_survey(survey_file):
    survey = read_survey(survey_file(PLAIN))
    assert (survey.name, survey.id, list(survey.columns)) == ("mine", "star", ["star", "ra", "dec"])


def test_like_takes_what_the_file_does_not_say(survey_file):
    survey = read_survey(survey_file('like = "gaia_dr2"\nepoch = 2015.0\n'))
    assert survey.epoch == 2015.0
    assert survey.columns == load_survey("gaia_dr2").columns


def test_like_may_name_the_shipped_survey_of_the_same_name(survey_file, tmp_path):
    file = survey_file('like = "gaia_dr2"\nepoch = 2015.0\n', "gaia_dr2.toml")
    assert read_survey(file, tmp_path).epoch == 2015.0


def test_file_of_a_shipped_name_must_have_the_shipped_columns(survey_file):
    file = survey_file(PLAIN, "gaia_dr2.toml")
    said = r"gaia_dr2 without its column astrometric_chi2_al, which views read; give the file another name"
    with pytest.raises(UserError, match=said):
        read_survey(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "not a TOML file"),
        ("title = 'x'", "entry 'columns' is missing"),
        (PLAIN.replace('id = "star"', ""), "entry 'id' is missing"),
        (PLAIN.replace('id = "star"', 'id = "sta"'), "id = 'sta' is not among its columns"),
        (PLAIN.replace("[columns]", 'only = "best"\n[columns]'), "only = 'best' is not among its columns"),
        (PLAIN.replace("citation", "citatoin"), "entry 'citatoin' is unknown, perhaps citation"),
        (PLAIN.replace('type = "BIGINT"', 'type = "LONG"'), "column star has type LONG"),
        (PLAIN.replace('type = "BIGINT", ', ""), "column star has no type"),
        (PLAIN.replace("required", "requierd"), "entry 'requierd' is unknown, perhaps required"),
        (
            PLAIN.replace("[columns]", "epoch = { column = 'when', format = 'jd' }\n[columns]"),
            "wants one of its columns",
        ),
        (
            PLAIN.replace("[columns]", "epoch = 'J2000'\n[columns]"),
            "epoch is 'J2000', where a number or a table is wanted",
        ),
        (PLAIN.replace("[columns]", "sentinels = ['x']\n[columns]"), "could not convert"),
        (PLAIN + '"x\\"; drop table t" = { type = "REAL" }', "is no plain name"),
        (PLAIN + 'z = { type = "REAL", constant = "1; drop" }', "is no number"),
        ("like = 'mine'", 'like = "mine" names no other survey'),
        ("columns = 3", "'int' object"),
    ],
)
def test_malformed_file_is_named_with_its_fault(survey_file, text, said):
    file = survey_file(text)
    with pytest.raises(UserError) as error:
        read_survey(file, file.parent)
    assert str(file) in str(error.value)
    assert said in str(error.value)


def test_name_must_be_plain(survey_file):
    with pytest.raises(UserError, match="is no plain name"):
        read_survey(survey_file(PLAIN, "my; stars.toml"))


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_survey(tmp_path / "none.toml")
