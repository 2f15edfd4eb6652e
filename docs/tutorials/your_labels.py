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
# # Training on your labels, and checking the calibration
#
# You have stars of known evolutionary state, and a field or bands of your own. The shipped network goes on learning
# from them, and `red_clump.calibration` says whether its probabilities mean what they say: of the stars given P(RC)
# = 0.8, are 80 % red clump?
#
# Training needs `pip install 'candlesql[train]'` (PyTorch).
#
# ## Labels
#
# A wide table with a column of states, `RC` or `RGB`. Ours is from a simulated sky, where states come from period
# spacings as in the Kepler field; at least a hundred labelled stars are asked for, whatever bands they have.

# %%
from pathlib import Path

import candlesql
import matplotlib.pyplot as plt
import polars as pl
from candlesql.catalogs.mock import make_sky

Path("archive").mkdir()
files = make_sky("archive", stars=60_000, seed=5)
for survey in ("gaia_dr2", "twomass", "mock_truth"):
    candlesql.ingest("archive/sky", survey, files[survey])
candlesql.match("archive/sky", "gaia_dr2", "twomass")
with candlesql.open_sky("archive/sky") as connection:
    mine = connection.sql(
        """select gaia.source_id, gaia.ra, gaia."dec", gaia.phot_g_mean_mag, gaia.phot_bp_mean_mag,
                  gaia.phot_rp_mean_mag, twomass.j_m, twomass.h_m, twomass.ks_m, gaia.parallax, gaia.parallax_error,
                  if(truth.phase = 3, 'RC', 'RGB') as evolutionary_state
           from staging.gaia_dr2 as gaia join staging.mock_truth as truth using (source_id)
           join match.gaia_dr2_twomass using (source_id) join staging.twomass as twomass using (designation)
           where truth.logg between 2 and 3.2 and truth.phase in (2, 3) and gaia.phot_g_mean_mag < 14.5
           order by source_id limit 1500"""
    ).pl()
mine.write_csv("labelled.csv")
mine["evolutionary_state"].value_counts()

# %% [markdown]
# ## Training
#
# Stars are held out in five folds by a hash of their identifier: each is judged by a network that never saw it. The
# file that is kept learns from all. `candlesql train sky red_clump` is the same on the command line.

# %%
candlesql.ingest("sky", "wide", "labelled.csv")
models = candlesql.train("sky", "red_clump")
[(model.name, model.n_train) for model in models]

# %%
candlesql.run("sky", "red_clump")
sky = candlesql.open_sky("sky")

# %% [markdown]
# ## How well are the states told apart?

# %%
sky.sql(
    """select completeness, contamination_low, contamination, contamination_high, n_selected, base_rate
       from red_clump.roc where method = 'any_bands' and truth = 'label' and bands = 'all'
       and completeness >= 0.25
       qualify row_number() over (partition by floor(completeness * 4) order by completeness) = 1
       order by completeness"""
).pl()

# %% [markdown]
# ## Are the probabilities right?
#
# A row is a bin of P(RC): how many held-out stars, their mean P(RC), and the share that is red clump by label, with
# 68 % intervals.

# %%
bins = sky.sql("from red_clump.calibration where bands = 'all' order by p_rc_low").pl()
bins

# %%
figure, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
share = bins["rc_share"].to_numpy()
ends = [share - bins["rc_share_low"].to_numpy(), bins["rc_share_high"].to_numpy() - share]
ax.plot([0, 1], [0, 1], color="#666666", lw=1, label="right")
ax.errorbar(bins["p_rc_mean"], share, ends, fmt="o", color="#0072B2", label="held-out stars")
ax.set(xlabel="mean P(RC) of the bin", ylabel="share of red clump by label", xlim=(0, 1), ylim=(0, 1), aspect="equal")
ax.legend(loc="upper left", frameon=False)
plt.show()

# %% [markdown]
# Points below the line: the network promises too much; above it: too little. About a third of the 68 % bars should
# miss the line. A number for it: the sum of P(RC) beside the number of red clump stars.

# %% [markdown]
# Here they lie above: 62 % of these stars are red clump, where P(RC) holds for a share of 45 % (the last section
# mends that).

# %%
bins.select(
    (pl.col("n") * pl.col("p_rc_mean")).sum().round(1).alias("expected"),
    (pl.col("n") * pl.col("rc_share")).sum().round(0).alias("found"),
)

# %% [markdown]
# ## Another sky, another prior
#
# P(RC) is a posterior: it holds where the share of red clump stars among giants is what the training saw (the
# model's `prior`, 45 %). Where your sky has another, `red_clump.with_share(p_rc, share)` takes it there:

# %%
sky.sql(
    """select p_rc, red_clump.with_share(p_rc, 0.2) as where_one_in_five_is
       from (select unnest([0.3, 0.5, 0.8, 0.95]) as p_rc)"""
).pl()

# %% [markdown]
# `red_clump.sky_probabilities` does that for all giants of a survey, with the share that the cut `red_clump_prior`
# says. What the shipped network does on real stars stands in [how good is it](../real-stars.md).
