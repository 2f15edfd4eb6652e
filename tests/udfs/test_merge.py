"""Two models side by side give what each gives alone."""

from __future__ import annotations

import numpy as np
from candlesql.udfs.merge import merged_model
from candlesql.udfs.model import load_model
from candlesql.udfs.model_files import SHIPPED
from candlesql.udfs.onnx_udf import session_of


def run(model, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    x = np.stack([columns[field.name] for field in model.inputs]).astype(np.float32)
    return dict(zip([o.name for o in model.outputs], session_of(model).run(None, {"x": x})[0], strict=True))


def test_each_output_is_that_of_its_model():
    paper, any_bands = (load_model(SHIPPED / f"{name}.onnx") for name in ("red_clump", "red_clump_any_bands"))
    whole = merged_model([paper, any_bands], [{"p_rc": "joint_p_rc"}, {}])
    rng = np.random.default_rng(0)
    names = {field.name for model in (paper, any_bands) for field in model.inputs}
    columns = {name: rng.normal(14, 0.5, 50) for name in names}
    columns |= {name: rng.uniform(0.2, 1, 50) for name in ("parallax", "corrected_parallax")}
    columns["w1mpro"][:10] = np.nan
    found, alone, other = run(whole, columns), run(paper, columns), run(any_bands, columns)
    assert [field.name for field in whole.inputs].count("ks_m") == 1
    np.testing.assert_array_equal(found["joint_p_rc"], alone["p_rc"])
    np.testing.assert_array_equal(found["delta_p_s"], alone["delta_p_s"])
    np.testing.assert_array_equal(found["p_rc"], other["p_rc"])
    assert np.isnan(found["joint_p_rc"][:10]).all(), "thirteen bands are asked for"
    assert np.isfinite(found["p_rc"]).all()
    assert whole.metadata["missing"] == "nan"
    assert "missing" not in paper.metadata
    assert (
        whole.metadata["training_sha256"] == paper.metadata["training_sha256"] != any_bands.metadata["training_sha256"]
    )
