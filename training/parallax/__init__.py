"""Spectrophotometric parallaxes of Hogg, Eilers & Rix 2018: a linear model of the logarithm of the parallax."""
