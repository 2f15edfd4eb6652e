# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From files to a red clump map of the disc
#
# Catalog files go in, a map of the Galactic disc comes out, and then we ask what every map of a selected sample has
# to answer: how contaminated is it?
#
# The stars are simulated, so that you can run this anywhere in a minute or two, and so that there is a truth to hold
# the answer against. With real files only the first step differs: `candlesql ingest sky gaia_dr3
# GaiaSource_*.csv.gz`.
#
# This page is a Python file, `docs/tutorials/red_clump_map.py`: run it as a script, or open it as a notebook with
# Jupytext.

# %% [markdown]
# ## The files
#
# What archives would send: Gaia, 2MASS, AllWISE, Pan-STARRS1, spectra and asteroseismology, each with its own epoch,
# noise, gaps, flags and sentinels.

# %%
from pathlib import Path

import candlesql
import matplotlib.pyplot as plt
import numpy as np
from candlesql.catalogs.mock import make_sky

Path("archive").mkdir()
files = make_sky("archive", stars=60_000, seed=7)
truth = files.pop("mock_truth")
{name: f"{file.stat().st_size / 1e6:.1f} MB" for name, file in files.items()}

# %% [markdown]
# ## From files to a catalogue
#
# `ingest` stores each file as one sorted Parquet file with units; `run` matches the surveys with proper motion,
# applies the quality cuts, runs the networks, and selects. On the command line it is `candlesql ingest sky gaia_dr2
# gaia_dr2.parquet` and so on, then `candlesql run sky red_clump`.

# %%
for survey, file in files.items():
    done = candlesql.ingest("sky", survey, file)
    print(f"{survey}: {done.rows:,} rows, {sum(done.sentinels.values()):,} sentinels are NULL")

made = candlesql.run("sky", "red_clump")
made.products

# %% [markdown]
# Whatever was left out on the way was counted, by reason:

# %%
sky = candlesql.open_sky("sky")
sky.sql("from red_clump.funnel").pl()

# %% [markdown]
# ## The map
#
# `red_clump.catalogue` has a distance for each selected star, and its place in the Galaxy: the Sun at x = -8.3 kpc,
# the centre at 0, rotation towards +y. It is an ordinary view, so that the map is one query.

# %%
stars = sky.sql("select x_kpc, y_kpc, z_kpc, tier from red_clump.catalogue where tier is not null").fetchnumpy()

figure, axes = plt.subplots(1, 2, figsize=(9, 3.9), layout="constrained")
for ax, up, name in zip(axes, ("y_kpc", "z_kpc"), "yz", strict=True):
    span = [[-16, 2], [-9, 9]] if name == "y" else [[-16, 2], [-4, 4]]
    counts, x_edges, y_edges = np.histogram2d(stars["x_kpc"], stars[up], bins=70, range=span)
    mesh = ax.pcolormesh(x_edges, y_edges, np.where(counts, counts, np.nan).T, norm="log", cmap="cividis")
    ax.plot(-8.3, 0, "o", mfc="none", mec="#D55E00", ms=9)
    ax.set(xlabel="x [kpc]", ylabel=f"{name} [kpc]", aspect="equal")
figure.colorbar(mesh, ax=axes, label="red clump stars in a cell")
plt.show()

# %% [markdown]
# The ring is the Sun; the sky south of declination -33 deg is not in the files.

# %% [markdown]
# ## How contaminated is it?
#
# Some of the stars have asteroseismic labels. Of those, contamination and completeness can be counted:

# %%
sky.sql("from red_clump.tiers where region = 'all'").pl()

# %% [markdown]
# That is an answer about *labelled giants*: bright, near, more than half of them red clump (`base_rate`). The map is
# made of other stars. `red_clump.final_contamination` adds up P(RC) over the stars of the catalogue itself,
# corrected where the labels disagree with it, and says how sure that is (68 %):

# %%
sky.sql(
    """select tier, region, n, contamination_low, contamination, contamination_high, completeness, note
       from red_clump.final_contamination order by region, tier"""
).pl()

# %% [markdown]
# **Read it so**: quote the interval, not the number; where `note` says that labels are few, the answer rests on the
# prior; beyond
# |b| = 30 deg halo giants look like red clump stars, and the share of false ones is larger. More in
# [contamination and completeness](../contamination.md).

# %% [markdown]
# ## And in truth?
#
# Only a simulated sky can tell. `final_truth` uses the evolutionary phase that each star was made with:

# %%
sky.close()
candlesql.ingest("sky", "mock_truth", truth)
sky = candlesql.open_sky("sky")
sky.sql(
    """select tier, region, found.contamination_low, found.contamination_high, truth.contamination as in_truth,
              truth.contamination between found.contamination_low and found.contamination_high as held
       from red_clump.final_contamination as found join red_clump.final_truth as truth using (tier, region)
       order by region, tier"""
).pl()

# %% [markdown]
# A 68 % interval misses about one time in three, so one sky proves nothing; `python
# benchmarks/compare/catalogue_contamination.py` counts over fifty.
#
# ## Take it away
#
# With units, descriptions and provenance in the file: catalogue, versions, cuts, models.

# %%
sky.close()
candlesql.export("sky", "red_clump.catalogue", "red_clump.fits")
stars = candlesql.table("sky", "red_clump.catalogue")
stars["source_id", "p_rc", "tier", "distance_kpc", "distance_kpc_error"][:5]

# %% [markdown]
# Next: [your own catalog and your own cuts](your_catalog.py), [your own labels](your_labels.py).
