#!/usr/bin/env bash
# Proves that the tests notice: applies each patch of eng/breaks, which breaks the enforcement of the clause it is named after
# (S02-what-it-does.patch), and expects the tests of that clause to fail. Needs a clean work tree for the files it touches.
#   eng/breaks.sh            all
#   eng/breaks.sh S02 D04    only these clauses
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
configuration=${CONFIGURATION:-Release}
mkdir -p artifacts
unnoticed=0 noticed=0
restore() { [ -z "${applied:-}" ] || { patch -R -p1 -s --no-backup-if-mismatch <"$applied"; applied=; }; }
trap 'restore; exit 130' INT TERM
for file in eng/breaks/*.patch; do
  clause=$(basename "$file"); clause=${clause%%-*}
  if [ $# -gt 0 ] && ! printf '%s\n' "$@" | grep -qx "$clause"; then continue; fi
  if ! patch -p1 -s --dry-run --force <"$file" >/dev/null; then echo "$file no longer applies"; unnoticed=$((unnoticed + 1)); continue; fi
  patch -p1 -s --no-backup-if-mismatch <"$file"; applied=$file
  if ! dotnet build Anycast.Tests -c "$configuration" --no-restore -v q -clp:NoSummary >artifacts/break.log 2>&1; then
    echo "$file: does not build"; unnoticed=$((unnoticed + 1))
  elif "Anycast.Tests/bin/$configuration/net10.0/Anycast.Tests" --progress off --filter-trait "Clause=$clause" >>artifacts/break.log 2>&1; then
    echo "$file: nobody noticed"; unnoticed=$((unnoticed + 1))
  elif grep -qE '^ *failed: [1-9]' artifacts/break.log; then
    noticed=$((noticed + 1))
  else
    echo "$file: no test of $clause ran"; unnoticed=$((unnoticed + 1))
  fi
  restore
done
dotnet build Anycast.Tests -c "$configuration" --no-restore -v q -clp:NoSummary >/dev/null
echo "$noticed breaks noticed, $unnoticed not"
[ "$unnoticed" = 0 ]
