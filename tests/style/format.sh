#!/bin/sh
# Fails when a source file of the repository is not as clang-format would write it: format.sh CLANG_FORMAT
cd "$(dirname "$0")/../.."
find . \( -path ./build -o -path ./out -o -path ./.git \) -prune -o \
  \( -name '*.cc' -o -name '*.h' -o -name '*.c' \) -print0 | xargs -0 "$1" --dry-run -Werror
