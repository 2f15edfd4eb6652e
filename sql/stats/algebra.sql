-- Linear algebra on square matrices that are stored row by row in one list.

-- [] Gauss-Jordan elimination of the k-th unknown (from 0) of an n x n matrix: after some, the rest of the matrix is
-- the Schur complement, which for a normal matrix marginalises over them; after all but the last, the last column is
-- the solution.
create or replace macro stats.eliminate(matrix, k, n) as
list_transform(
    range(n * n),
    lambda p: case
        when p // n = k then matrix[p + 1] / matrix[k * n + k + 1]
        else matrix[p + 1] - matrix[(p // n) * n + k + 1] * matrix[k * n + p % n + 1] / matrix[k * n + k + 1]
    end
);

-- [] The normal matrix of rows_of_numbers, n numbers each: the sum of products of every two columns.
create or replace macro stats.normal_matrix(rows_of_numbers, n) as
list_transform(
    range(n * n),
    lambda p: list_sum(list_transform(rows_of_numbers, lambda r: r[p // n + 1] * r[p % n + 1]))
);
