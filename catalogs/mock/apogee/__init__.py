"""A simulated APOGEE with known truth: giants, their spectra, and what Gaia, 2MASS and WISE see of them."""
