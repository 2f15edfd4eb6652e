"""Values that stand for a missing one are outside every training space, in each form of a network."""

import duckdb
import pytest
from candlesql.udfs import functions
from candlesql.udfs.model_files import SHIPPED


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    own = tmp_path_factory.mktemp("own")
    stored, fast = duckdb.connect(), duckdb.connect()
    for connection in (stored, fast):
        functions.create_stored_macros(connection, own)
    functions.register_models(fast, own)
    assert SHIPPED.is_dir()
    yield {"stored": stored, "fast": fast}
    stored.close()
    fast.close()


@pytest.mark.parametrize("form", ["stored", "fast"])
@pytest.mark.parametrize(
    "inputs", ["-9999, 2.5, 0", "4800, -9999, 0", "4800, 2.5, -999", "4800, 99.999, 0", "0, 2.5, 0"]
)
def test_sentinels_give_null(forms, form, inputs):
    assert forms[form].execute(f"select photometry.absolute_ks({inputs})").fetchall() == [(None,)]


@pytest.mark.parametrize("form", ["stored", "fast"])
def test_a_star_keeps_its_value(forms, form):
    rows = "(values (4800, 2.5, 0), (-9999, 2.5, 0)) t(teff_k, logg, feh)"
    forms[form].execute(f"create or replace temp table stars as from {rows}")
    value = forms[form].execute("select photometry.absolute_ks(4800, 2.5, 0)").fetchall()[0][0]
    # A red clump giant: M_Ks is -1.6 to -1.8 mag.
    assert -2 < value < -1.5
    scored = forms[form].execute("select absolute_ks from photometry.score('stars')").fetchall()
    assert scored == [(pytest.approx(value, abs=1e-5),), (None,)]
