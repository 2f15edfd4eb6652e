"""The figures of Lucey et al. 2020, drawn from the views of a workspace."""
