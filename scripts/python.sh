#!/bin/bash
# Print the Python 3.11 to use. On a bare Debian machine Python itself comes from apt.
set -eu
find_python() {
  for name in python3.11 python3; do
    if "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}
find_python && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Python 3.11 from Debian …" >&2
  (apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends python3) >/dev/null 2>&1 || true
  find_python && exit 0
fi
echo "Cannot go on: Python 3.11 is not installed; run as root: apt-get install python3 (Debian 12), or put python3.11 on the PATH" >&2
exit 1
