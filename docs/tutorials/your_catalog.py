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
# # Your own catalog, your own cuts
#
# You have a table of giants with photometry of several surveys in one row and names of your own. You want P(RC) and
# distances beside your columns, with a stricter cut than the published one, in a file that TOPCAT, LSDB and Polars
# open.
#
# ## A table
#
# Ours is made from a simulated sky, so that this page runs anywhere. Magnitudes are missing here and there, as they
# are.

# %%
import shutil
import subprocess
from pathlib import Path

import candlesql
import polars as pl
from candlesql.catalogs.mock import make_sky

Path("archive").mkdir()
files = make_sky("archive", stars=20_000, seed=11)
for survey in ("gaia_dr2", "twomass", "allwise"):
    candlesql.ingest("archive/sky", survey, files[survey])
    if survey != "gaia_dr2":
        candlesql.match("archive/sky", "gaia_dr2", survey)
with candlesql.open_sky("archive/sky") as connection:
    mine = connection.sql(
        """select gaia.source_id as star, gaia.ra, gaia."dec", gaia.phot_g_mean_mag as G, gaia.phot_bp_mean_mag as BP,
                  gaia.phot_rp_mean_mag as RP, twomass.j_m as Jmag, twomass.h_m as Hmag, twomass.ks_m as Kmag,
                  allwise.w2mpro as W2mag, gaia.parallax as plx, gaia.parallax_error as e_plx,
                  'run ' || (gaia.source_id % 3 + 1) as programme
           from staging.gaia_dr2 as gaia
           left join match.gaia_dr2_twomass as near using (source_id)
           left join staging.twomass as twomass on twomass.designation = near.designation
           left join match.gaia_dr2_allwise as infrared using (source_id)
           left join staging.allwise as allwise on allwise.designation = infrared.designation
           where gaia.parallax_error < 0.15 order by star"""
    ).pl()
mine.write_csv("mine.csv")
mine.head()

# %% [markdown]
# ## In
#
# A table with several surveys in one row is of the kind `wide`. Your names are told once, here or in [a
# file](../own-table.md); whatever it lacks (Pan-STARRS1, W1) stays NULL, which means "not observed".

# %%
names = {"star": "source_id", "G": "phot_g_mean_mag", "BP": "phot_bp_mean_mag", "RP": "phot_rp_mean_mag"}
names |= {"Jmag": "j_m", "Hmag": "h_m", "Kmag": "ks_m", "W2mag": "w2mpro", "plx": "parallax", "e_plx": "parallax_error"}
done = candlesql.ingest("sky", "wide", "mine.csv", rename=names)
done.rows, done.left_out

# %% [markdown]
# ## Your own cuts
#
# Every threshold has a name, a published value, a unit and a source ([all of them](../reference/cuts.md)). `cut`
# replaces one in this workspace; `info`, and the header of every export, list what was replaced.

# %%
made = candlesql.run("sky", "red_clump", cut={"tier2_min_p_rc": 0.8})
made.rows, candlesql.info("sky").cuts

# %% [markdown]
# A cut of yours that is no threshold of ours is a `where`: the catalogue is a view.

# %%
with candlesql.open_sky("sky") as connection:
    near = connection.sql(
        """select source_id, p_rc, tier, distance_kpc, distance_kpc_error, bands
           from red_clump.catalogue where tier is not null and distance_kpc < 3 and abs(b) > 5 order by distance_kpc"""
    ).pl()
near.head()

# %% [markdown]
# ## Joined back
#
# Every row of your file stays, once, with your columns as they were. By identifier:

# %%
rows, matched = candlesql.join("sky", "mine.csv", "mine_rc.parquet", on="star")
print(f"{matched:,} of {rows:,} rows are giants with a P(RC)")

# %% [markdown]
# or by position (`radius_arcsec=1`), when all that two tables share is the sky. Either way the file says where each
# column is from.
#
# ## Polars

# %%
together = pl.read_parquet("mine_rc.parquet")
together.group_by("programme").agg(
    pl.len().alias("stars"), pl.col("tier").is_not_null().sum().alias("red clump"), pl.col("distance_kpc").median()
).sort("programme")

# %% [markdown]
# ## TOPCAT
#
# FITS and VOTable carry units and descriptions: `topcat mine_rc.fits`. STILTS, its command line, tells what it sees
# (where it is installed):

# %%
candlesql.join("sky", "mine.csv", "mine_rc.fits", on="star")
if shutil.which("stilts"):
    seen = ["stilts", "tpipe", "in=mine_rc.fits", "omode=meta"]
    print("\n".join(subprocess.run(seen, capture_output=True, text=True, check=True).stdout.splitlines()[:40]))
else:
    from astropy.table import Table

    Table.read("mine_rc.fits")["Kmag", "p_rc", "tier", "distance_kpc"].info()

# %% [markdown]
# ## LSDB
#
# A folder `.hats` is a HATS catalog, partitioned on the sky, with units in the metadata that LSDB reads:

# %%
candlesql.export("sky", "red_clump.catalogue", "red_clump.hats")

import lsdb

catalog = lsdb.open_catalog("red_clump.hats", columns=["source_id", "ra", "dec", "p_rc", "distance_kpc"])
catalog.query("p_rc > 0.9").compute().head()

# %% [markdown]
# Read next [several machines, or LSDB](../scale-out.md), and what LSDB's own crossmatch leaves out of fast stars in
# [matching](../matching.md).
