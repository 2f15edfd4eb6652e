-- A labelled star with what the networks read of it, as the scores keep it.
select kept_inputs.*
from red_clump.kept_inputs as kept_inputs
semi join red_clump.labels using (survey, source_id)
