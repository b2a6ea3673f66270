#!/usr/bin/env bash
# Debian packages that tests drive. Elsewhere the tests that need them skip and say so.
set -euo pipefail
packages=(chromium)
missing=()
for package in "${packages[@]}"; do command -v "$package" >/dev/null || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "not installed: ${missing[*]} (no apt-get here); tests that need them will skip" >&2
  exit 0
fi
sudo=""
[ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null && sudo="sudo -n"; } || {
  echo "not installed: ${missing[*]} (needs root); tests that need them will skip" >&2
  exit 0
}
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" fonts-dejavu-core >/dev/null
