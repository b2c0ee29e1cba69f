# shellcheck shell=bash
# Sourced by tools/test, tools/quickstart and tools/check: words for people, installing what is missing, building.
# Nothing here runs by itself. Functions fail by `die`, which says what to do about it.

forgelm_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '== %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# The column of tools/lib/packages.tsv for this system, or nothing.
distribution() {
  local file=${FORGELM_OS_RELEASE:-/etc/os-release} id='' version=''
  if [ -r "$file" ]; then
    id=$(sed -n 's/^ID="\{0,1\}\([a-z]*\).*/\1/p' "$file")
    version=$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9.]*\).*/\1/p' "$file")
  fi
  printf '%s-%s' "$id" "$version"
}

# The packages of a set for this system, one a line; those of Debian 12 where the system is not in the table.
packages_of() {
  awk -F '\t' -v wanted="$1" -v here="$(distribution)" '
    /^# set\t/ { column = 3; for (i = 3; i <= NF; i++) if ($i == here) column = i }
    /^#/ { next }
    $1 == wanted { print $column }' "$forgelm_root/tools/lib/packages.tsv"
}

is_listed_system() { head -n 5 "$forgelm_root/tools/lib/packages.tsv" | grep -q "$(printf '\t')$(distribution)\b"; }

missing_packages() {
  local name names
  names=$(packages_of "$1")
  [ -n "$names" ] || die "tools/lib/packages.tsv names no packages for '$1'"
  for name in $names; do
    dpkg-query -W -f '${Status}\n' "$name" 2>/dev/null | grep -q 'ok installed' || printf '%s\n' "$name"
  done
}

# install_packages SET: installs what of the set is missing, as root or through sudo; silent when nothing is.
install_packages() {
  local names missing as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    local tool absent=()
    for tool in c++ cmake ninja python3 unzip; do command -v "$tool" >/dev/null || absent+=("$tool"); done
    [ ${#absent[@]} -eq 0 ] ||
      die "this system has no apt-get, and these programs are missing: ${absent[*]}" \
        "Install by your own package manager what Debian calls:" "$(packages_of "$1" | tr '\n' ' ')"
    say "no apt-get here: going on with what is installed"
    return 0
  fi
  names=$(missing_packages "$1") || exit 1
  [ -n "$names" ] || return 0
  mapfile -t missing <<<"$names"
  is_listed_system || say "$(distribution) is not among the systems that forgelm is tried on; using Debian 12's package names"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "packages are missing and there is neither root nor sudo: ${missing[*]}" "Ask somebody who is root to run:" "apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing: ${missing[*]}"
  local log
  log=$(mktemp)
  # An old list of packages fails in odd ways, a missing one always.
  if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "apt-get could not install: ${missing[*]}" "Is there a network, and are the package sources in /etc/apt right?" \
      "The last lines of apt-get stand above. Run this again once it works; nothing else was changed."
  fi
  rm -f "$log"
}

# Compilers that may run at once: one a core, and about 1.5 GB of memory each.
num_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  [ "$cores" -le "$memory" ] && printf '%s' "$cores" || printf '%s' "$memory"
}

# hold_build_folder DIR: one at a time; the lock goes with this process.
hold_build_folder() {
  mkdir -p "$1"
  exec 9>"$1/.lock"
  flock -n 9 || { say "another run is building in $1: waiting for it"; flock 9; }
}

# build DIR JOBS TARGET [-DNAME=VALUE...]: configures when needed and builds the target ("all": everything).
build() {
  local dir=$1 jobs=$2 target=$3 log=$1/build.log
  shift 3
  say "configuring $dir"
  cmake -S "$forgelm_root" -B "$dir" -G Ninja "$@" >"$log" 2>&1 ||
    { cat "$log" >&2; die "cmake failed; what it said stands above"; }
  say "building with $jobs compilers at once"
  ninja -C "$dir" -j "$jobs" "$target" >"$log" 2>&1 || { grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 200 >&2; die "the build failed; what the compiler said stands above" "All of it: $log"; }
}
