-- Why scored stars have no tier, or that they have one: how many, how many of them have labels, and how many core-helium-burning
-- stars are among them by label and, on the mock sky, by truth. The hull of the training stars is the paper's (section 2.2), and
-- only asked where its cuts are in force: what it costs stands in its row.
select
    coalesce(judged.refusal, 'none: tier 1 or 2') as refusal,
    count(*) as n,
    count(labels.is_rc) as n_labelled,
    count(*) filter (where labels.is_rc) as n_rc,
    count(*) filter (where truth.phase = 3) as n_clump,
    n_rc / nullif(sum(n_rc) over (), 0) as share_of_rc,
    n_clump / nullif(sum(n_clump) over (), 0) as share_of_clump
from red_clump.judged as judged
left join red_clump.labels as labels using (survey, source_id)
left join red_clump.truth as truth using (survey, source_id)
group by judged.refusal
order by n desc
