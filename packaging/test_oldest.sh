#!/usr/bin/env bash
# An environment with the oldest dependencies that pyproject.toml allows: the demo, and the tests of a core that they reach.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build/oldest
rm -rf "$folder" && mkdir -p "$folder"
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check "uv>=0.5"
uv="$folder/env/bin/uv"
$uv pip compile --quiet --resolution lowest-direct --python "$folder/env/bin/python" pyproject.toml >"$folder/oldest.txt"
$uv pip install --quiet --python "$folder/env/bin/python" -r "$folder/oldest.txt" pytest pytest-timeout hypothesis pandas matplotlib
$uv pip install --quiet --python "$folder/env/bin/python" --no-deps -e .
export CANDLESQL_CACHE=$PWD/$folder/cache
"$folder/env/bin/candlesql" demo "$folder/sky" --stars 3000
"$folder/env/bin/python" -m pytest -q -p no:cacheprovider tests/test_cli.py tests/test_python.py \
  tests/catalogs/test_{ingest,export,fits_reader,votable_reader}.py tests/commands/test_match.py \
  tests/udfs/test_{model,onnx_udf}.py
