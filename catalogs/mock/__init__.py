"""A mock sky: survey catalogs of a model Galaxy, with the truth behind every star.

    from candlesql.catalogs.mock import make_sky
    make_sky("sky/raw", stars=1_000_000, seed=1)

writes `gaia_dr2`, `twomass`, `allwise`, `panstarrs1`, `lamost`, `seismology` and `mock_truth` as
Parquet, with the columns, units, epochs and flaws of the archives. Any size is made at constant
memory, and one seed gives one sky, whatever the number of threads.

How a star is made
------------------
1. `tracks`: PARSEC tracks from a small emulator (or the user's own isochrones).
2. `stars`: Kroupa mass function; M_G from log L and BC_G(Teff), colours and extinctions from the
   package's photometry network; all tabulated at the nodes of the tracks.
3. `galaxy`: thin disc with a metallicity gradient, thick disc, bar, halo; clumpy dust; rotation.
4. `draws`: pairs of track segment and population, each at a distance at which Gaia lists it;
   binaries, the [C/N] imprint, asteroseismic truth.
5. `observe`, `surveys`, `names`: noise, flags, epochs, losses, extra sources, identifiers, labels.
6. `chunks`, `sky`: all tables of a chunk of stars; chunks, each with its own child of the
   seed, made in parallel and written in order.

`parameters` holds every number with its unit and source.

What it can show
----------------
- That a pipeline works from files to distances: positions at different epochs (with stars that
  move arcseconds), missing and extra sources, sentinels, flags and NULLs, and the true answer.
- How purity, completeness, distances and their biases respond to noise, reddening or training
  sets, because both the label and the truth are known. Its red clump has M_Ks = -1.6 and
  M_W1 = -1.59 +- 0.19 mag, and networks like those of Lucey et al. (2020) reach 8-10 %
  contamination at 25 % completeness and about 35 % at 94 % (published: 20 and 33 %). Compare the
  curves, not single thresholds.

What it cannot show
-------------------
- **That photometry sees [C/N].** At its physical size (`cn_amplitude=1`) the imprint changes
  nothing measurable: here red-clump stars are told from the giant branch by their tracks, 150 to
  290 K hotter at equal log g and [Fe/H]. The mock cannot confirm the published claim. It can show
  that an imprint of two or four times the size would be found.
- Anything that rests on the tracks themselves: PARSEC's clump is the only clump it knows, with
  [alpha/Fe] = 0 and ages on a grid of 0.05 dex. The emulator smooths them a little (its file
  states the errors).
- Real crowding, variable stars, white dwarfs, giants cooler than 3300 K, quasars or galaxies.
- Motions of single stars: one dwarf in a thousand is given a large proper motion that does not
  belong to its distance, so that epochs matter.
- The sky south of -33 deg, stars nearer than 63 pc, brighter than g = 11.9 or fainter than
  Ks = 15.05.
"""

from .chunks import TABLES
from .parameters import Parameters
from .sky import make_sky

__all__ = ["TABLES", "Parameters", "make_sky"]
