# shellcheck shell=bash
# Sourced by tools/libtorch and tools/arrow, after setup.sh: libraries that come as wheels of the Python package index, of which
# nothing but headers and libraries is kept. Only the pinned file counts: its SHA-256 is checked before it is unpacked.

# wheels_of NAME VARIABLE LOCK NEED_MB PROOF PATTERN...: sets wheels_folder to where the wheels of LOCK are unpacked.
# They are downloaded by pip (so that the user's index and proxy settings hold) and unpacked once per machine, below
# $XDG_CACHE_HOME/forgelm (default ~/.cache/forgelm). VARIABLE is the environment variable that names another one, PROOF a file
# that must be there in the end, PATTERN what unzip takes of each wheel; $off_hint says how to build without. Words go to stderr.
wheels_of() {
  local name=$1 variable=$2 lock=$3 need_mb=$4 proof=$5
  shift 5
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/forgelm
  wheels_folder=$cache/$name-$(grep -v '^#' "$lock" | sha256sum | cut -c1-12)
  [ ! -d "$wheels_folder" ] || return 0

  [ "$(uname -m)" = x86_64 ] || die "the pinned $name is for x86_64, this machine is $(uname -m)" "Set $variable to a $name of this machine." "$off_hint"
  command -v python3 >/dev/null || die "python3 is missing: pip downloads the $name wheels" "Install python3 and python3-pip, or set $variable." "$off_hint"
  python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip, which downloads the $name wheels" "Install python3-pip, or set $variable." "$off_hint"
  command -v unzip >/dev/null || die "unzip is missing" "Install unzip, or set $variable." "$off_hint"
  mkdir -p "$cache"
  # Two builds that start together: the second waits and finds the first one's.
  exec 8>"$cache/.$name.lock"
  flock 8
  [ ! -d "$wheels_folder" ] || return 0
  rm -rf "$cache/.$name"-??????  # of runs that were killed: the lock says that none is at work
  local free_mb
  free_mb=$(df -Pm "$cache" | awk 'NR == 2 { print $4 }')
  [ "$free_mb" -ge "$need_mb" ] || die "there are $free_mb MB free at $cache; $name needs $need_mb MB while it is unpacked" "Free some space, or set XDG_CACHE_HOME to a folder on a larger disk."

  wheels_work=$(mktemp -d "$cache/.$name-XXXXXX")  # global: the trap outlives this function
  trap 'rm -rf "$wheels_work"' EXIT
  local requirement platform file sha256 found log=$wheels_work/pip.log
  while IFS=$'\t' read -r requirement platform file sha256; do
    say "downloading $requirement" >&2
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --no-cache-dir --dest "$wheels_work" \
      --python-version 3.11 --implementation cp --abi cp311 --platform "$platform" "$requirement" >"$log" 2>&1 ||
      { tail -n 5 "$log" >&2; die "pip could not download $requirement" "What pip said stands above. Is there a network, and is pip's index right (pip config list)?" \
          "Without one: bring the wheels of ${lock##*/} and run this with PIP_NO_INDEX=1 PIP_FIND_LINKS=/their/folder." "$off_hint"; }
    [ -f "$wheels_work/$file" ] || die "pip downloaded something else than $file" "$(ls "$wheels_work")"
    found=$(sha256sum "$wheels_work/$file" | cut -d' ' -f1)
    [ "$found" = "$sha256" ] || die "$file is not the file that forgelm is pinned to" "SHA-256 expected $sha256" "             found $found" "Nothing of it was kept."
    # Only what C++ needs; the layout of the wheels stays, since the libraries find each other by it.
    unzip -q "$wheels_work/$file" '*/LICENSE*' '*/licenses/*' "$@" -d "$wheels_work/unpacked" >"$log" 2>&1 ||
      [ $? -eq 11 ] ||  # 11: one of the patterns fits nothing in this wheel
      { tail -n 5 "$log" >&2; die "$file could not be unpacked" "What unzip said stands above."; }
    rm -f "$wheels_work/$file"
  done < <(grep -v '^#' "$lock")
  [ -e "$wheels_work/unpacked/$proof" ] || die "the wheels hold no ${proof##*/}"
  sync -f "$wheels_work/unpacked"  # whole on the disk before it has its name
  mv "$wheels_work/unpacked" "$wheels_folder"
  say "$name is in $wheels_folder" >&2
}
