#!/usr/bin/env bash
# Proves that the tests notice: applies each patch of eng/breaks, which breaks the enforcement of the clause it is named after
# (S02-what-it-does.patch), and expects a test of that clause to fail. First all of them must pass without a patch: what fails anyway proves nothing.
# Touches no file for longer than one patch; the files it touches must be committed.
#   eng/breaks.sh                    all
#   eng/breaks.sh S02 D04            only these clauses
#   eng/breaks.sh D04-what-it-does   only this patch
#   eng/breaks.sh --green …          without the first run, when it is known to be green
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
configuration=${CONFIGURATION:-Release}
tests="Anycast.Tests/bin/$configuration/net10.0/Anycast.Tests"
mkdir -p artifacts
: >artifacts/breaks.log
green=0
[ "${1:-}" = --green ] && { green=1; shift; }

clause_of() { local name; name=$(basename "$1" .patch); echo "${name%%-*}"; }
wanted() { # a patch, then what was asked for
  local file=$1; shift
  [ $# = 0 ] || printf '%s\n' "$@" | grep -qxe "$(clause_of "$file")" -e "$(basename "$file" .patch)"
}

# Analyzers judge style, which a patch need not have; generators run all the same.
build() { dotnet build Anycast.Tests -c "$configuration" --no-restore -v q -clp:NoSummary -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false >>artifacts/breaks.log 2>&1; }
run() { "$tests" --progress off --no-ansi --filter-not-trait Category=Long --filter-not-trait Category=Cluster --stop-on-fail on "$@" >artifacts/break.log 2>&1; local code=$?; cat artifacts/break.log >>artifacts/breaks.log; return $code; }
failed() { grep -qE '^ *failed: [1-9]' artifacts/break.log; }

# Journeys take minutes, so they are asked only when nothing quicker noticed.
noticed() { run --filter-trait "Clause=$1" --filter-not-namespace 'Anycast.Tests.Journeys*'; failed || { run --filter-trait "Clause=$1" --filter-namespace 'Anycast.Tests.Journeys*'; failed; }; }

applied=
restore() { [ -z "$applied" ] || { patch -R -p1 -s --no-backup-if-mismatch <"$applied"; applied=; }; }
trap 'restore; exit 130' INT TERM

chosen=()
for file in eng/breaks/*.patch; do if wanted "$file" "$@"; then chosen+=("$file"); fi; done
[ ${#chosen[@]} -gt 0 ] || { echo "No such patch: $*"; exit 64; }

if [ $green = 0 ]; then
  traits=()
  for clause in $(for file in "${chosen[@]}"; do clause_of "$file"; done | sort -u); do traits+=(--filter-trait "Clause=$clause"); done
  build || { echo "Does not build; see artifacts/breaks.log"; exit 1; }
  run "${traits[@]}" || { echo "Tests fail without any patch; see artifacts/break.log"; exit 1; }
fi

seen=0 unseen=0
for file in "${chosen[@]}"; do
  clause=$(clause_of "$file")
  if ! patch -p1 -s --dry-run --force <"$file" >/dev/null; then echo "$file: no longer applies"; unseen=$((unseen + 1)); continue; fi
  patch -p1 -s --no-backup-if-mismatch <"$file"; applied=$file
  if ! build; then echo "$file: does not build"; unseen=$((unseen + 1))
  elif noticed "$clause"; then echo "$file: noticed by $(grep -oE '^failed [A-Za-z0-9_.]+' artifacts/break.log | head -1 | sed -E 's/.*\.([A-Za-z0-9]+\.[A-Za-z0-9_]+)$/\1/')"; seen=$((seen + 1))
  elif grep -qE '^ *succeeded: [1-9]' artifacts/break.log; then echo "$file: nobody noticed"; unseen=$((unseen + 1))
  else echo "$file: no test of $clause ran"; unseen=$((unseen + 1))
  fi
  restore
done
build
echo "$seen breaks noticed, $unseen not"
[ "$unseen" = 0 ]
