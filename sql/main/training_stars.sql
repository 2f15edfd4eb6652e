-- Whether a model was trained on a star: on one in the same place, or of the same name. NULL where the model does not say
-- which stars it has seen, and of a star without a place or a name; false where it has seen simulated ones only.

-- [boolean] Whether the key star_key stands in the list of training stars called wanted, or in a part of it.
create or replace macro main.is_listed(wanted, star_key) as
coalesce(
    star_key in (
        select taught."key"
        from candlesql.training_stars as taught
        where taught.list_name = wanted or starts_with(taught.list_name, wanted || '/')
    ),
    false
);

-- [] The name of the list of the training stars of model_name; NULL without one.
create or replace macro main.list_of_stars(model_name) as
(
    select any_value(said.training_stars)
    from candlesql.models as said
    where said.model = model_name
);

-- [boolean] Whether model_name says which real stars it has seen; NULL if there is no such model.
create or replace macro main.tells_its_stars(model_name) as
(
    select any_value(said.training_stars is not null or coalesce(said.trained_on = 'simulated', false))
    from candlesql.models as said
    where said.model = model_name
);

-- [boolean] Whether model_name was trained on a star with the key star_key; NULL for a star without one, where there is a
-- list. None is made where there is no list.
create or replace macro main.seen_by(model_name, star_key) as
case
main.tells_its_stars(model_name)
    when true
        then case
            when main.list_of_stars(model_name) is null then false
            when star_key is not null
                then main.is_listed(
                    main.list_of_stars(model_name),
                    case when main.list_of_stars(model_name) is not null then star_key end
                )
        end
    when false then null
    else error('there is no model ' || model_name || ' (candlesql.models lists them)')
end;

-- [boolean] Whether some star that model_name was trained on has no place in its list, so that no other place says that a star
-- is none of them.
create or replace macro main.lacks_places(model_name) as main.is_listed(main.list_of_stars(model_name), -1);

-- [boolean] Whether model_name was trained on the star at ra, dec [deg, J2016], within 2 arcsec and the cell around that; NULL
-- where nobody can know, since its list lacks places.
create or replace macro main.trained_on(model_name, ra, dec) as
nullif(
    main.seen_by(model_name, sphere.position_key(ra, dec)),
    case when main.lacks_places(model_name) then false end
);

-- [boolean] Whether model_name was trained on a star of the name star.
create or replace macro main.trained_on_name(model_name, star) as main.seen_by(model_name, stats.key(star));
