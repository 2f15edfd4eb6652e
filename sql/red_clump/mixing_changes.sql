-- A band and a cell of red_clump.mixing_cells: the change of magnitude that the change of [C/N] there makes, of that which
-- red_clump.expected_changes has for one change; Lucey et al. 2020, figure 13.
select
    bands.band,
    bands.magnitude_column,
    cells.teff_low_k,
    cells.logg_low,
    cells.n,
    expected.change_mag * cells.change_cn_dex / expected.change_cn_dex as change_mag
from red_clump.mixing_cells as cells
cross join red_clump.expected_changes as expected
inner join photometric.bands as bands on expected.band = bands.band
where expected.change_cn_dex <> 0
order by bands.band, cells.teff_low_k, cells.logg_low
