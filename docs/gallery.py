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
# # Gallery
#
# The pictures that `candlesql report SKY` makes of a workspace, here of a simulated sky of 40,000 stars, with the
# view that each is drawn from. The figures of Lucey et al. 2020 are among them ([which is
# which](papers/lucey2020.md)); a sky of your own gives the same pictures of your stars, in one HTML page that needs
# no other file.

# %% tags=["remove-output"]
from pathlib import Path

import candlesql

candlesql.demo("sky", stars=40_000, seed=7)
page = candlesql.report("sky")

# %% tags=["remove-input"]
from candlesql.report import galaxy, networks, parameters, selection
from IPython.display import Image, Markdown, display

for plot in (*galaxy.PLOTS, *selection.PLOTS, *parameters.PLOTS, *networks.PLOTS):
    if (picture := Path(page).parent / f"{plot.name}.png").exists():
        display(Markdown(f"## {plot.title}\n\n{plot.caption}"), Image(picture))
