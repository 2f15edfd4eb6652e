"""How strongly a network's DeltaP follows a band, over three giants."""

import pytest


def test_strength_is_the_ratio_of_medians(view):
    """W2 of three giants of the red clump; two outside in Teff and log g, whose derivatives are not looked at."""
    view("photometric.bands")
    gradients = "red_clump.gradients(survey, source_id, input, d_delta_p_s, d_joint_delta_p_s, d_teff_k, d_logg)"
    (row,) = view(
        "red_clump.gradient_strength",
        **{
            gradients: """('s', 1, 'w2mpro', 10, 1, -200, 0.5), ('s', 2, 'w2mpro', 40, 2, -400, 2.0),
            ('s', 3, 'w2mpro', 50, 9, -800, 4.0), ('s', 4, 'w2mpro', 900, 9, 900, 9),
            ('s', 5, 'w2mpro', 900, 9, 900, 9),
            ('t', 1, 'w2mpro', 900, 9, 900, 9)""",
            "red_clump.evaluation(survey, source_id, teff_k, logg)": """('s', 1, 4800, 2.4), ('s', 2, 4800, 2.5),
            ('s', 3, 4800, 2.6), ('s', 4, 5200, 2.5), ('s', 5, 4800, 2.8)""",
            "red_clump.expected_changes(band, change_mag)": "('w2', -0.02)",
        },
    )
    assert (row["band"], row["n"], row["change_mag"]) == ("w2", 3, pytest.approx(-0.02))
    assert (row["d_delta_p_s"], row["d_joint_delta_p_s"], row["d_teff_k"], row["d_logg"]) == (40, 2, -400, 2)
    assert row["strength_by_teff"] == pytest.approx(0.1)
    assert row["strength_by_logg"] == pytest.approx(20)
    assert row["strength"] == pytest.approx(0.05)
