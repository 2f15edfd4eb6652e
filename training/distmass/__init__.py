"""Networks of Stone-Martinez et al. 2024 (DistMass): absolute magnitude, mass and age of giants from APOGEE labels."""
