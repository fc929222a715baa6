# What the scripts share; to be sourced. Leaves the shell in the repository's root.
set -eu
cd "$(dirname "$0")/.."

build_packages="clang llvm bpftool libbpf-dev libelf-dev libdw-dev libfmt-dev libcli11-dev nlohmann-json3-dev
  libprotozero-dev zlib1g-dev libzstd-dev liblzma-dev libbz2-dev libncurses-dev ninja-build cmake g++ pkg-config
  default-jdk-headless"
test_packages="libgtest-dev libgmock-dev libbenchmark-dev libclang-rt-14-dev libunwind-dev clang-format clang-tidy
  mmdebstrap python3 python3-pip chromium fonts-dejavu-core tmux xz-utils"
demo_packages="python3 python3-venv"

# Installs those of the given Debian packages that are missing.
install_missing() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing:$missing"
  $sudo apt-get update -q
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

# Configures and builds a preset with the given further arguments of cmake. A compiler cache is used where there is one.
build_preset() {
  preset=$1
  shift
  if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
  fi
  cmake --preset "$preset" -G Ninja "$@"
  cmake --build --preset "$preset"
}
