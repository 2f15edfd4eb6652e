"""The shipped networks on real stars that they were never trained on, and ages against published ones."""

import duckdb
import numpy as np
import pytest
from candlesql.udfs.model import load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of

FILES = ("distmass", "distmass_state", "distmass_paper", "distmass_log_age")


def outputs(name: str, x: np.ndarray) -> dict[str, np.ndarray]:
    model = load_model(SHIPPED / f"{name}.onnx")
    y = session_of(model).run(None, {"x": x.astype(np.float32)})[0]
    return dict(zip([output.name for output in model.outputs], y, strict=True))


def robust(values: np.ndarray) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


@pytest.fixture(scope="module")
def kepler(request):
    from pathlib import Path

    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "kepler" / "kepler_giants.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with duckdb.connect() as connection:
        table = connection.execute(
            """select teff, logg, feh, cfe, nfe, (evstate = 'RC')::double as is_rc, apokasc2_mass, apokasc3_mass, "K",
                      parallax - if(parallax_src = 'DR2', -0.05, -0.017) as parallax, parallax_error
               from read_parquet(?) where teff is not null and md5_number_lower('distmass:' || kic) % 25 < 5
               order by kic""",
            [str(path)],
        ).fetchnumpy()
    return {name: np.ma.filled(values.astype(float), np.nan) for name, values in table.items()}


@pytest.fixture(scope="module")
def labels(kepler):
    return np.stack([kepler[name] for name in ("teff", "logg", "feh", "cfe", "nfe")])


def test_the_files_are_small():
    assert sum((SHIPPED / f"{name}.onnx").stat().st_size for name in FILES) < 1_000_000


@pytest.mark.parametrize(("name", "limit"), [("distmass", 0.075), ("distmass_paper", 0.09)])
def test_masses_of_stars_held_out(kepler, labels, name, limit):
    found = outputs(name, labels)
    ratio = found["mass_apokasc2_msun"] / kepler["apokasc2_mass"] - 1
    assert len(ratio) > 800
    assert abs(np.median(ratio)) < 0.015
    assert robust(ratio) < limit


def test_mass_errors_hold_the_labels(kepler, labels):
    found = outputs("distmass", labels)
    pull = (found["mass_apokasc2_msun"] - kepler["apokasc2_mass"]) / found["mass_apokasc2_msun_error"]
    assert np.mean(np.abs(pull) < 1) == pytest.approx(0.683, abs=0.05)
    assert np.mean(np.abs(pull) < 2) == pytest.approx(0.954, abs=0.03)


@pytest.mark.parametrize(("name", "limit"), [("distmass_state", 0.068), ("distmass", 0.07), ("distmass_paper", 0.083)])
def test_distances_of_stars_held_out(kepler, labels, name, limit):
    x = np.vstack([labels, kepler["is_rc"]]) if name == "distmass_state" else labels
    precise = (kepler["parallax_error"] / kepler["parallax"] < 0.15) & np.isfinite(kepler["K"])
    precise &= np.isfinite(x).all(axis=0)
    magnitude = outputs(name, np.where(np.isfinite(x), x, 0))["absolute_k_mag"]
    ratio = (10 ** (0.2 * (kepler["K"] - magnitude) - 2) * kepler["parallax"] - 1)[precise]
    assert len(ratio) > 500
    assert robust(ratio) < limit


def test_derivatives_are_those_of_the_values(labels):
    steps = np.array([20.0, 0.02, 0.02, 0.02, 0.02])
    found = outputs("distmass", labels)
    for i, name in enumerate(("teff_k", "logg", "m_h", "c_fe", "n_fe")):
        up, down = (
            outputs("distmass", labels + sign * (np.arange(5) == i)[:, None] * steps[:, None]) for sign in (1, -1)
        )
        for value in ("absolute_k_mag", "mass_apokasc2_msun"):
            slope = (up[value] - down[value]) / (2 * steps[i])
            size = np.abs(slope).mean()
            assert np.median(np.abs(found[f"d_{value}_d_{name}"] - slope)) < 0.05 * size


def test_propagated_errors_hold_the_values_of_noisy_labels(labels):
    """Labels blurred by known errors move the value as much as the derivatives say."""
    rng = np.random.default_rng(1)
    sigma = np.array([40.0, 0.06, 0.03, 0.04, 0.05])[:, None]
    found = outputs("distmass", labels)
    moved = outputs("distmass", labels + sigma * rng.standard_normal(labels.shape))
    for value in ("absolute_k_mag", "mass_apokasc2_msun"):
        slopes = np.stack([found[f"d_{value}_d_{name}"] for name in ("teff_k", "logg", "m_h", "c_fe", "n_fe")])
        pull = (moved[value] - found[value]) / np.sqrt(((slopes * sigma) ** 2).sum(axis=0))
        assert np.mean(np.abs(pull) < 1) == pytest.approx(0.683, abs=0.06)


def test_errors_of_blurred_labels_hold_the_masses(kepler, labels):
    """With labels blurred as in another survey the network's error alone is too small, with what is propagated not."""
    rng = np.random.default_rng(3)
    sigma = np.array([40.0, 0.06, 0.04, 0.06, 0.06])[:, None]
    found = outputs("distmass", labels + sigma * rng.standard_normal(labels.shape))
    names = ("teff_k", "logg", "m_h", "c_fe", "n_fe")
    slopes = np.stack([found[f"d_mass_apokasc2_msun_d_{name}"] for name in names])
    difference = np.abs(found["mass_apokasc2_msun"] - kepler["apokasc2_mass"])
    own = found["mass_apokasc2_msun_error"]
    assert np.mean(difference < own) < 0.66
    assert np.mean(difference < np.sqrt(own**2 + ((slopes * sigma) ** 2).sum(axis=0))) == pytest.approx(0.72, abs=0.06)


def test_ages_of_parsec_giants():
    """Giants of solar composition in PARSEC: 1 Msun at 10.07 in log age, 2 Msun at 9.08."""
    ages = outputs("distmass_log_age", np.array([[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]))["log_age"]
    assert ages == pytest.approx([10.07, 9.08], abs=0.02)


def test_ages_of_apo_k2(real_data):
    from astropy.table import Table

    table = Table.read(real_data("apo_k2/ages_rgb.mrt"), format="ascii.mrt")
    x = np.stack([np.asarray(table[name], float) for name in ("Mstar", "[Fe/H]", "[a/M]")])
    age = np.ma.filled(table["Age"].astype(float), np.nan)
    kept = (x[0] > 0.8) & (x[0] < 8) & (np.abs(x[1]) <= 0.5) & (age < 13.8) & (age > 0)
    difference = outputs("distmass_log_age", x)["log_age"][kept] - (np.log10(age[kept]) + 9)
    assert kept.sum() == 2136
    assert np.median(difference) == pytest.approx(-0.008, abs=0.002)
    assert robust(difference) < 0.0150
