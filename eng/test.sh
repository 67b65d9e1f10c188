#!/usr/bin/env bash
# Installs what the tests need on Debian (as root; skips what is there), starts a private PostgreSQL, builds once, runs everything.
# The last line is "N passed, N failed". Artefacts: artifacts/ (screenshots, logs, policy coverage, test report).
#
#   eng/test.sh             everything but the long profiles and the cluster suite
#   eng/test.sh --long      also tests of trait Category=Long, and proves that the tests notice each patch of eng/breaks
#   eng/test.sh --cluster   only tests of trait Category=Cluster, against the cluster that KUBECONFIG names
#   eng/test.sh -- ARGS     passes ARGS to the test executable, e.g. -- --filter-class '*Sessions*'
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

long=0 cluster=0 extra=()
while [ $# -gt 0 ]; do
  case "$1" in
    --long) long=1 ;;
    --cluster) cluster=1 ;;
    --) shift; extra=("$@"); break ;;
    -h|--help) sed -n '2,10p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) echo "Unknown option: $1 (see --help)" >&2; echo "0 passed, 1 failed"; exit 64 ;;
  esac
  shift
done

# Whatever goes wrong before the tests run counts as one failure, so that the last line never lies.
give_up() { echo "$1" >&2; echo "0 passed, 1 failed"; exit 1; }

configuration=Release
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
command -v dotnet >/dev/null || give_up "The .NET 10 SDK is needed (https://dotnet.microsoft.com/download)."

. eng/test-prerequisites.sh
install_prerequisites || give_up "What the tests need could not be installed."

rm -rf artifacts; mkdir -p artifacts
if [ $cluster = 0 ] || [ ${#extra[@]} -gt 0 ]; then start_postgres || give_up "PostgreSQL did not start; see artifacts/postgres.log."; fi
trap stop_postgres EXIT

dotnet restore Anycast.Blazor.sln --locked-mode -v q || give_up "Restore failed."
dotnet build Anycast.Blazor.sln -c $configuration --no-restore -v q -clp:NoSummary || give_up "Build failed."

run_tests() { # arguments of the test executable
  "Anycast.Tests/bin/$configuration/net10.0/Anycast.Tests" --progress off --output Normal --show-slowest-tests 30 "$@" 2>&1 | tee -a artifacts/tests.log
  return "${PIPESTATUS[0]}"
}

: > artifacts/tests.log
if [ ${#extra[@]} -gt 0 ]; then run_tests "${extra[@]}"
elif [ $cluster = 1 ]; then
  [ -n "${KUBECONFIG:-}" ] || give_up "--cluster needs KUBECONFIG."
  run_tests --filter-trait "Category=Cluster"
elif [ $long = 1 ]; then run_tests --filter-not-trait "Category=Cluster"
else run_tests --filter-not-trait "Category=Cluster" --filter-not-trait "Category=Long"
fi
code=$?

# The runner's own totals: "  total: 5", "  failed: 0", "  succeeded: 5", "  skipped: 0".
total_of() { sed -E 's/\x1b\[[0-9;]*m//g' artifacts/tests.log | grep -E "^ *$1: [0-9]+" | tail -1 | grep -oE '[0-9]+' | head -1; }
passed=$(total_of succeeded); failed=$(total_of failed)
passed=${passed:-0}; failed=${failed:-0}
[ "$code" = 0 ] || [ "$failed" -gt 0 ] || failed=1     # it crashed, or ran nothing

# Said again at the end, where whoever reads the last lines of a long log finds it: each failure's name and the lines below it.
if [ "$failed" -gt 0 ]; then
  echo "Failures:"
  sed -E 's/\x1b\[[0-9;]*m//g' artifacts/tests.log | grep -E -A 12 '^failed ' | cut -c 1-400 | head -n 200
fi
[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || failed=1

if [ $long = 1 ] && [ -d eng/breaks ] && ls eng/breaks/*.patch >/dev/null 2>&1; then
  if ! eng/breaks.sh --green; then failed=$((failed + 1)); fi
fi

[ -f artifacts/policy-coverage.md ] && grep -m1 "clauses" artifacts/policy-coverage.md
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
