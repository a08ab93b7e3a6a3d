#!/bin/sh
# Runs every row beside its anchor and prints the table. Works by itself: `bench/run.sh [ROW…] [--tiny] [--runs N]`.
#
# Peers are used where they are installed. What is missing is installed from packages if the caller may (root on a Debian-like system,
# or BENCH_INSTALL=0 to leave the machine alone); without it the anchor's column stays empty.
set -eu
cd "$(dirname "$0")/.."

has() { command -v "$1" >/dev/null 2>&1; }
may_install() { [ "${BENCH_INSTALL:-1}" = 1 ] && [ "$(id -u)" = 0 ] && has apt-get; }

missing=""
has nginx && ls /usr/lib/nginx/modules/ngx_nchan_module.so >/dev/null 2>&1 || missing="$missing nginx-light libnginx-mod-nchan"
has redis-server || missing="$missing redis-server"
has node || missing="$missing nodejs npm"
if [ -n "$missing" ]; then
    if may_install; then
        # shellcheck disable=SC2086 # a list of packages
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >&2
    else
        echo "bench: not installed:$missing; their rows have no anchor" >&2
    fi
fi
peer=bench/peers/socketio
if [ ! -d "$peer/node_modules/socket.io" ] && has npm; then
    (cd "$peer" && npm ci --no-audit --no-fund >&2) || echo "bench: socket.io is not installed; its columns stay empty" >&2
fi

# 5,000 sockets: the server keeps a second descriptor of each.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 12000 ] || echo "bench: too few descriptors ($(ulimit -n)); use --tiny" >&2

# The tests' channel is the only one with a hook so far; the feature adds nothing else to the server.
exec cargo bench --features probe --bench side_by_side -- "$@"
