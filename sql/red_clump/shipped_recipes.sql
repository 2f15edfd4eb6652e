-- A distance recipe as shipped, written by docs/make_shipped_recipes.py from real stars: at cuts.recipe_teff() and per
-- 1000 K the colour and absolute magnitude of the red clump, the standard errors of both, the red clump's width, and
-- how far from it what contaminates it lies (on the mock sky).
select
    'G-W1' as recipe,
    2.220 as colour,
    -0.845 as colour_slope,
    0.021 as colour_error,
    -1.646 as absolute_magnitude,
    0.182 as magnitude_slope,
    0.041 as magnitude_error,
    0.144 as slope_error,
    0.099 as width,
    0.400 as contaminant_offset,
    0.600 as contaminant_width
union all
select
    'H-W2' as recipe,
    0.052 as colour,
    0.014 as colour_slope,
    0.020 as colour_error,
    -1.555 as absolute_magnitude,
    0.182 as magnitude_slope,
    0.039 as magnitude_error,
    0.144 as slope_error,
    0.099 as width,
    0.400 as contaminant_offset,
    0.600 as contaminant_width
union all
select
    'J-Ks' as recipe,
    0.621 as colour,
    -0.269 as colour_slope,
    0.020 as colour_error,
    -1.555 as absolute_magnitude,
    0.182 as magnitude_slope,
    0.039 as magnitude_error,
    0.144 as slope_error,
    0.099 as width,
    0.400 as contaminant_offset,
    0.600 as contaminant_width
