#!/usr/bin/env bash
# Publishes the agent as native code, as its image holds it.
#   eng/publish-agent.sh OUTPUT        needs the .NET SDK, clang and zlib1g-dev
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
output=$(realpath -m "$1")

# In a copy: the native compiler is a package of the platform it runs on, which the lock files of the checkout do not name.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
tar -c --exclude=bin --exclude=obj Directory.Build.props Directory.Packages.props global.json .editorconfig BannedSymbols.txt Anycast.Agent Anycast.Tunnel | tar -x -C "$work"
cd "$work"
dotnet publish Anycast.Agent -c Release -o "$output" --nologo -v q \
  -p:PublishAot=true -p:StripSymbols=true -p:OptimizationPreference=Speed -p:UseSystemResourceKeys=true \
  -p:ConcurrentGarbageCollection=false -p:IlcFoldIdenticalMethodBodies=true -p:RestoreLockedMode=false
rm -f "$output"/*.dbg "$output"/*.pdb "$output"/*.json
