-- From red_clump.candidate_cuts, the ones that a reader would take.

-- [rows] The simple cuts that give a contamination wanted [] at the highest completeness, or a completeness wanted
-- [] at the lowest contamination, one row a method, judged on giants that did not choose them; goal is
-- 'contamination' or 'completeness': from red_clump.thresholds('contamination', 0.2), from
-- red_clump.thresholds('completeness', 0.94).
create or replace macro red_clump.thresholds(goal, wanted) as table
    with best as (
        select
            method,
            arg_max(
                { 'p': min_delta_p_s, 'nu': max_delta_nu_uhz, 'teff': min_teff_k, 'rc': min_p_rc },
                if(goal = 'contamination', completeness, -contamination)
            ) as edge
        from red_clump.candidate_cuts
        where chooses and if(goal = 'contamination', contamination <= wanted, completeness >= wanted)
        group by method
    )

    select
        judged.method,
        judged.min_delta_p_s,
        judged.max_delta_nu_uhz,
        judged.min_teff_k,
        judged.min_p_rc,
        judged.n_selected,
        judged.contamination,
        judged.completeness,
        judged.base_rate,
        stats.wilson_low(judged.n_selected - judged.n_true, judged.n_selected) as contamination_low,
        stats.wilson_high(judged.n_selected - judged.n_true, judged.n_selected) as contamination_high
    from red_clump.candidate_cuts as judged
    inner join best
        on
            judged.method = best.method
            and judged.min_delta_p_s = best.edge.p
            and judged.max_delta_nu_uhz = best.edge.nu
            and judged.min_teff_k = best.edge.teff
            and judged.min_p_rc = best.edge.rc
    where not judged.chooses;
