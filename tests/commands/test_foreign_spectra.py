"""What `run`, `score`, `models` and `info` say of a model of simulated spectra."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pyarrow.parquet as pq
import pytest
from candlesql.catalogs.mock.apogee.giants import draw_giants
from candlesql.catalogs.mock.apogee.spectra import Lines, observed_spectra
from candlesql.catalogs.spectra.aspcap import are_simulated, feature_batch, spectra_writer
from candlesql.catalogs.spectra.continuum import choose_continuum, normalise
from candlesql.sql.open import open_sky
from candlesql.udfs.feature_space import FeatureSpace
from candlesql.udfs.model_files import SHIPPED, spectral_files
from candlesql.udfs.spectral import load_spectral


@pytest.fixture(scope="module")
def simulated(empty_sky, tmp_path_factory) -> dict[int, Path]:
    """Simulated spectra by seed: the shipped model's own line list (1), and another."""
    from candlesql.commands.mock_apogee import simulate

    found = {}
    for seed in (1, 7):
        found[seed] = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("apogee") / "sky"))
        simulate(found[seed], 250, seed)
    return found


@pytest.mark.parametrize("command", ["run", "score"])
def test_foreign_spectra_are_refused_in_one_line(simulated, candlesql, command):
    done = candlesql(command, simulated[7], "parallax")
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert (
        "the spectra of parallax.inputs are not those that parallax.onnx was trained on (simulated stars)" in done.err
    )
    assert f"train first: `candlesql train {simulated[7]} parallax`" in done.err
    assert not (simulated[7] / "results" / "parallax_scores.parquet").exists()


def test_spectra_say_themselves_that_they_are_simulated(simulated, tmp_path):
    """Wherever they lie, and whatever lies beside them."""
    (found,) = (simulated[1] / "results").glob("parallax_spectra.parquet")
    assert are_simulated(shutil.copy(found, tmp_path / "spectra.parquet"))
    with spectra_writer(tmp_path / "real.parquet", np.arange(3)) as writer:
        writer.write_batch(feature_batch(["2M00000002+7417074"], *np.ones((2, 1, 7405)), np.arange(7405)))
    (tmp_path / "truth.parquet").touch()
    assert not are_simulated(tmp_path / "real.parquet")


def with_feature_space(simulated: Path, sky: Path, change) -> Path:
    """A workspace whose model is the shipped one, but for what it says of its spectra."""
    shutil.copytree(simulated, sky)
    proto = onnx.load(spectral_files(sky / "models")["parallax"])
    (said,) = (entry for entry in proto.metadata_props if entry.key == "candlesql.feature_space")
    said.value = change(said.value)
    (sky / "models" / "spectra").mkdir(parents=True)
    onnx.save(proto, sky / "models" / "spectra" / "parallax.onnx")
    return sky


def without(name: str):
    return lambda text: json.dumps({key: value for key, value in json.loads(text).items() if key != name})


@pytest.mark.parametrize(
    ("change", "said", "listed"),
    [
        (lambda text: "", "does not say which spectra it was trained on", "damaged"),
        pytest.param(
            without("strange"),
            "was trained by an earlier version of candlesql: its metadata candlesql.feature_space has no strange",
            "of an earlier version",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            without("detectors"),
            "was trained by an earlier version of candlesql: its metadata candlesql.feature_space has no detectors",
            "of an earlier version",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            lambda text: text[:-40] + '"}',
            "its metadata candlesql.feature_space is damaged",
            "damaged",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            lambda text: "7", "its metadata candlesql.feature_space is damaged", "damaged", marks=pytest.mark.heavy
        ),
    ],
)
def test_a_model_that_does_not_say_what_it_knows_is_refused(simulated, candlesql, tmp_path, change, said, listed):
    """Its weights are whole, its metadata is not, or is that of an earlier version: training mends it."""
    sky = with_feature_space(simulated[1], tmp_path / "sky", change)
    done = candlesql("run", sky, "parallax")
    assert done.code == 2
    (line,) = done.err.strip().splitlines()
    assert f"parallax.onnx: {said}" in line or said in line
    assert line.endswith(f"train again: `candlesql train {sky} parallax`")
    assert ("earlier version" in line) == ("earlier version" in listed)
    assert f"feature_space {listed}: train it again" in candlesql("models", sky, "parallax").out


def test_what_simulated_spectra_teach_is_said_everywhere(simulated, candlesql, tmp_path):
    assert candlesql("run", simulated[1], "parallax").code == 0
    assert "by parallax, which was trained on simulated stars" in candlesql("info", simulated[1]).out
    (listed,) = (line for line in candlesql("models", simulated[1]).out.splitlines() if " parallax " in line)
    assert " simulated " in listed
    detail = candlesql("models", simulated[1], "parallax").out
    assert "spectra/parallax.onnx" in detail
    assert "trained_on simulated" in detail
    assert "feature_space 2992, 2459, 1954 pixels" in detail
    made = pq.read_schema(simulated[1] / "results" / "parallax_scores.parquet").metadata
    assert made[b"candlesql.trained_on.parallax"] == b"simulated"
    assert candlesql("export", simulated[1], "parallax.catalogue", tmp_path / "stars.ecsv").code == 0
    assert "(trained on simulated stars)" in (tmp_path / "stars.ecsv").read_text()[:20000]


@pytest.mark.heavy
def test_what_made_a_product_is_said_when_the_model_is_another(simulated, candlesql, tmp_path):
    """A model put in its place afterwards, that says it knows real stars, has not made the estimates."""
    sky = Path(shutil.copytree(simulated[1], tmp_path / "sky"))
    assert candlesql("run", sky, "parallax").code == 0
    proto = onnx.load(spectral_files(sky / "models")["parallax"])
    (kind,) = (entry for entry in proto.metadata_props if entry.key == "candlesql.trained_on")
    kind.value = "real"
    (sky / "models" / "spectra").mkdir(parents=True)
    onnx.save(proto, sky / "models" / "spectra" / "parallax.onnx")
    assert "by parallax, which was trained on simulated stars" in candlesql("info", sky).out
    for kind in ("ecsv", "fits", "csv", "vot", "parquet"):
        assert candlesql("export", sky, "parallax.catalogue", tmp_path / f"stars.{kind}").code == 0
        texts = [path.read_bytes() for path in tmp_path.glob(f"stars.{kind}*")]
        assert any(b"simulated stars)" in text for text in texts)


def test_errors_hold_the_true_parallaxes(simulated, candlesql):
    """Of stars that the shipped model never saw: 70 and 94 % within one and two total errors, 35 % by equation 5."""
    assert candlesql("run", simulated[1], "parallax").code == 0
    with open_sky(simulated[1]) as connection:
        stars = connection.execute("from parallax.catalogue order by apogee_id").fetchnumpy()
    truth = pq.read_table(simulated[1] / "truth.parquet", columns=["apogee_id", "parallax"]).to_pydict()
    true = dict(zip(truth["apogee_id"], truth["parallax"], strict=True))
    wanted = np.array([true[name] for name in stars["apogee_id"].tolist()])

    def within(value: str, error: str, factor: float) -> float:
        return float(np.mean(np.abs(stars[value] - wanted) < factor * stars[error]))

    # 205 stars: the standard error of 70 % is 3.2 %, that of 94 % 1.7 %
    assert within("spec_parallax", "spec_parallax_total_error", 1) == pytest.approx(0.70, abs=0.08)
    assert within("spec_parallax", "spec_parallax_total_error", 2) == pytest.approx(0.94, abs=0.04)
    assert within("combined_parallax", "combined_parallax_error", 1) > 0.55  # of these few; 68 % of 3,226 others
    assert within("combined_parallax", "combined_parallax_error", 2) > 0.88
    assert within("spec_parallax", "spec_parallax_error", 1) < 0.45


def giants_spectra(lines: int, stars: int, moved: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """ln flux and errors of 500 giants of a seed with the lines of another, moved by some pixels before any noise."""
    drawn = Lines.drawn(np.random.default_rng([lines, 2]))
    places = np.arange(drawn.profiles.shape[1])
    profiles = np.stack([np.interp(places - moved, places, one) for one in drawn.profiles]).astype(np.float32)
    giants, rng = draw_giants(500, np.random.default_rng([stars, 1])), np.random.default_rng([stars, 3])
    flux, error = observed_spectra(Lines(profiles, drawn.group, drawn.depth), giants, np.arange(500), rng)
    kept = (giants.observed["logg"] > 0) & (giants.observed["logg"] < 2.2)
    return normalise(flux[kept], error[kept], choose_continuum(flux, error))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("lines", "stars", "moved", "refused"),
    [(1, 404, 0, "none"), (1, 505, 0, "none"), (404, 404, 0, "all"), (505, 1, 0, "all"), (1, 404, 0.5, "all")],
)
def test_small_tables_of_the_models_own_kind_pass_and_foreign_ones_do_not(lines, stars, moved, refused):
    """Every table of 20 of the stars of one seed, of which the shipped model knows the lines or not."""
    space = FeatureSpace.from_text(load_spectral(spectral_files(SHIPPED)["parallax"]).metadata["feature_space"])
    spectra, errors = giants_spectra(lines, stars, moved)
    tables = [slice(i, i + 20) for i in range(0, len(spectra) - 19, 20)]
    found = [space.misfit(spectra[rows], errors[rows]) for rows in tables]
    assert len(found) > 15
    assert sum(map(bool, found)) == (0 if refused == "none" else len(found))
