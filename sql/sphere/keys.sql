-- Keys of places on the sky and of names, for lists of stars that are to be recognised and not read. The sky is cut into zones
-- of declination 2 arcsec high, and each zone into cells 2 arcsec wide or a little more; all positions at one epoch, J2016.

-- [deg] The height of a zone.
create or replace macro sphere.key_cell() as 2.0 / 3600;

-- [] The number of the zone of the declination dec [deg], from 0 at the south pole.
create or replace macro sphere.zone(dec) as
case
    when dec is not null
        then least(greatest(floor((dec + 90) / sphere.key_cell()), 0), 180 / sphere.key_cell() - 1)::bigint
end;

-- [] How many cells a zone has.
create or replace macro sphere.cells_in_zone(zone) as
greatest(floor(cos(radians((zone + 0.5) * sphere.key_cell() - 90)) * 360 / sphere.key_cell()), 1)::bigint;

-- [] The number of the cell of ra [deg] in a zone of n_cells; outside 0 to 360 deg it goes on.
create or replace macro sphere.cell_in_zone(ra, n_cells) as floor(ra / 360 * n_cells)::bigint;

-- [] The key of a cell of a zone.
create or replace macro sphere.key_of_cell(zone, cell) as stats.key(zone || '/' || cell);

-- [] The key of the cell that the position ra, dec [deg] is in.
create or replace macro sphere.position_key(ra, dec) as
sphere.key_of_cell(
    sphere.zone(dec),
    (
        sphere.cell_in_zone(ra, sphere.cells_in_zone(sphere.zone(dec))) % sphere.cells_in_zone(sphere.zone(dec))
        + sphere.cells_in_zone(sphere.zone(dec))
    ) % sphere.cells_in_zone(sphere.zone(dec)
    )
);

-- [list] The keys of all cells within the height of one of the position ra, dec [deg]; all of a zone where it has few, about the poles.
create or replace macro sphere.position_keys_near(ra, dec) as
list_distinct(flatten(list_transform(
    range(sphere.zone(dec - 1.01 * sphere.key_cell()), sphere.zone(dec + 1.01 * sphere.key_cell()) + 1),
    lambda zone: list_transform(
        case
            when sphere.cells_in_zone(zone) <= 30 then range(sphere.cells_in_zone(zone))
            else range(
                sphere.cell_in_zone(ra - sphere.key_width(dec), sphere.cells_in_zone(zone)),
                sphere.cell_in_zone(ra + sphere.key_width(dec), sphere.cells_in_zone(zone)) + 1
            )
        end,
        lambda cell: sphere.key_of_cell(
            zone,
            (cell % sphere.cells_in_zone(zone) + sphere.cells_in_zone(zone)) % sphere.cells_in_zone(zone)
        )
    )
)));

-- [deg] Half the width in right ascension, at dec [deg], of a circle with the radius of a cell's height, and a little more.
create or replace macro sphere.key_width(dec) as
degrees(asin(least(1, sin(radians(1.01 * sphere.key_cell())) / greatest(cos(radians(dec)), 1e-12))));
