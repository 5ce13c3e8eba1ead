#!/bin/bash
# Download packages of a Debian suite with an apt state of their own and unpack nothing system-wide.
#   debian.sh SUITE FOLDER PACKAGE…      the .deb files are left in FOLDER
# The address is that of the machine's own mirror, with the suite changed: none is written down here.
set -euo pipefail
SUITE=$1; FOLDER=$2; shift 2
APT=$FOLDER/.apt-$SUITE
mkdir -p "$APT"/{etc,lists/partial,cache/archives/partial}
kind='debian/*$'; case $SUITE in *-security) kind=security;; esac
list() {  # every address apt knows here, from both formats of its sources
  sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | tr ' ' '\n'
  sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
}
uri=$(list | grep -E -- "$kind" | head -1 || true)
[ -n "$uri" ] || { echo "no Debian mirror for $SUITE in /etc/apt/sources.list(.d)" >&2; exit 3; }
printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
  "$uri" "$SUITE" > "$APT/etc/suite.sources"
O="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$APT/etc -o Dir::State::Lists=$APT/lists -o Dir::Cache=$APT/cache"
O="$O -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::Languages=none"
apt-get -q $O update
(cd "$FOLDER" && apt-get -q $O download "$@")
rm -rf "$APT"
