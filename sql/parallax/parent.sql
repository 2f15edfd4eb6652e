-- A star of the parent sample: 0 < log g < 2.2, a spectrum, all eight magnitudes, cuts (6) and (7) of Hogg et al. 2018.
select
    * exclude (
        is_no_luminous_giant, has_spectrum, lacks_spectrum, lacks_magnitude, fails_jk, fails_h_w2, lacks_parallax,
        fails_parallax_error, fails_visibility, fails_astrometric_chi
    ),
    not(lacks_parallax or fails_parallax_error or fails_visibility or fails_astrometric_chi) as is_training
from parallax.stars
where not (is_no_luminous_giant or lacks_spectrum or lacks_magnitude or fails_jk or fails_h_w2)
