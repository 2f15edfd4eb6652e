import math

import numpy as np
import onnxruntime as ort
import pytest
from candlesql.tests.training.photometry.conftest import make_network
from candlesql.training.photometry.network import ACTIVATIONS, Network, read_published
from candlesql.training.photometry.onnx_graph import read_network, save_network

THETA = np.array([[5000.0, 2.5, -0.5], [5772.0, 4.44, 0.0], [6500.0, 4.1, 0.2]])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_jacobians_are_finite_differences(activation):
    network = make_network(activation)
    predicted = network.predict(THETA)
    for j, h in enumerate((1.0, 1e-3, 1e-3)):
        step = np.zeros(3)
        step[j] = h
        above, below = network.predict(THETA + step), network.predict(THETA - step)
        np.testing.assert_allclose(
            predicted.magnitude_jacobian[:, :, j],
            (above.magnitude - below.magnitude) / (2 * h),
            rtol=1e-4,
            atol=1e-9,
        )
        np.testing.assert_allclose(
            predicted.extinction_jacobian[:, :, j],
            (above.extinction - below.extinction) / (2 * h),
            rtol=1e-4,
            atol=1e-9,
        )


def test_prediction_by_hand():
    """One hidden unit a layer, theta at its centre: every number can be followed."""
    network = Network(
        centre=np.array([5000.0, 4.0, 0.0]),
        scale=np.array([1000.0, 1.0, 0.5]),
        weights=[np.ones((1, 3)), np.ones((1, 1)), np.array([[2.0], [4.0]])],
        biases=[np.zeros(1), np.array([-0.5]), np.array([1.0, 0.25])],
        extinction_weight=np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        extinction_bias=np.log([2.0, 3.0]),
        activation="sigmoid",
    )
    predicted = network.predict(np.array([[5000.0, 4.0, 0.0], [6000.0, 4.0, 0.0]]))
    # hidden 1 = 1/2, hidden 2 = sigmoid(1/2 - 1/2) = 1/2; M_0 = 2/2 + 1, colour = 4/2 + 1/4
    np.testing.assert_allclose(predicted.magnitude[0], [2.0, 2.0 + 2.25])
    np.testing.assert_allclose(predicted.extinction, [[2.0, 3.0], [2.0 * math.e, 3.0]])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnx_file_says_the_same_and_can_be_read_back(activation, tmp_path):
    network, path = make_network(activation), tmp_path / "photometry.onnx"
    save_network(network, ["v", "j", "k"], path, {"system": "photometry"})
    session = ort.InferenceSession(str(path))
    y = session.run(None, {"x": THETA.T.astype(np.float32)})[0]
    expected = network.predict(THETA)
    np.testing.assert_allclose(y[:3].T, expected.magnitude, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(y[3:].T, expected.extinction, rtol=1e-4)
    again = read_network(path).predict(THETA)
    np.testing.assert_allclose(again.magnitude, expected.magnitude, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(again.magnitude_jacobian, expected.magnitude_jacobian, rtol=1e-3, atol=1e-6)


def test_published_network_on_the_sun(green_folder, bands):
    network = read_published(green_folder / "published_model.npz", bands)
    sun = network.predict(np.array([[5772.0, 4.438, 0.0]]))
    m = dict(zip([band.name for band in bands], sun.magnitude[0], strict=True))
    # Willmer 2018, ApJS 236, 47 (Vega): M_G 4.67, J 3.67, Ks 3.27, W1 3.26 of the Sun
    assert abs(m["g"] - 4.67) < 0.2
    assert abs(m["j"] - 3.67) < 0.2
    assert abs(m["ks"] - 3.27) < 0.2
    assert abs(m["w1"] - 3.26) < 0.2
