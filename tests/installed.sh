#!/usr/bin/env bash
# What must work with nothing but the wheel installed: every command starts, and a run completes.
# Usage: tests/installed.sh BIN_DIRECTORY
set -euo pipefail
bin=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for tap in tap-dummy tap-pokeapi tap-hubspot tap-notion tap-gsheets tap-bizon; do
  "$bin/$tap" --version | grep -q "^$tap v"
  "$bin/$tap" --about --format json | "$bin/python" -m json.tool > "$folder/about.json"
done
"$bin/bizon-singer" source list | grep -q '^hubspot  *tap-hubspot '
"$bin/tap-dummy" --discover > "$folder/catalog.json" 2> "$folder/log"
echo '{"count": 250}' > "$folder/config.json"
"$bin/tap-dummy" --config "$folder/config.json" --catalog "$folder/catalog.json" \
  > "$folder/out.jsonl" 2> "$folder/log" || { cat "$folder/log"; exit 1; }
test "$(grep -c '"RECORD"' "$folder/out.jsonl")" = 260
tail -n 1 "$folder/out.jsonl" | grep -q '"in_progress":null'
cat > "$folder/one.py" <<'PY'
from bizon.source.models import SourceIteration, SourceRecord
from bizon.source.source import AbstractSource

class OneSource(AbstractSource):
    @staticmethod
    def streams(): return ["one"]
    def get(self, pagination=None):
        return SourceIteration(records=[SourceRecord(id="1", data={"n": 1})], next_pagination={})
PY
echo "{\"source_file_path\": \"$folder/one.py\"}" > "$folder/config.json"
"$bin/tap-bizon" --config "$folder/config.json" 2> "$folder/log" | grep -q '"_source_record_id":"1"' || { cat "$folder/log"; exit 1; }
echo "installed: $("$bin/tap-dummy" --version): 2 runs and 10 commands passed"
