-- What DuckDB 1.5 resolves while it parses and DuckDB 2.0 stores as a function, so that both shells run what is stored.

-- [] `yes` where the condition holds, else `no`, of one type: DuckDB's own `if` as a function.
create or replace macro main.if(condition, yes, no) as case when condition then yes else no end;
