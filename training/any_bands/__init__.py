"""One network for the red clump that takes any bands: pre-trained on the mock sky, then on real states."""
