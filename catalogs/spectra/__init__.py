"""APOGEE spectra: their pixels, continuum and files."""
