-- A table of labels: its stars with a state and a period spacing, and those whose state contradicts their own spacing, as every
-- measured one agrees with a state above or below a limit (Vrard et al. 2016).
select
    label_table,
    count(*) as n_checked,
    count(*) filter (where (evolutionary_state = 'RC') <> (delta_p_s > cuts.state_limit_delta_p())) as n_contradicted
from red_clump.labels
where evolutionary_state in ('RC', 'RGB') and delta_p_s is not null
group by label_table
order by label_table
