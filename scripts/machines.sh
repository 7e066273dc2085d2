#!/bin/sh
# Provide the programs of the example with several machines (deploy/many-machines): Debian's Patroni,
# etcd, PgBouncer, HAProxy and Redis. They are unpacked into .tools/debian and not installed. The script
# never fails: without them it says that the test is skipped. NO_MACHINES=1 leaves the search out.
cd "$(dirname "$0")/.." || exit 1
[ -n "${NO_MACHINES:-}" ] && exit 0
. scripts/debian.sh

are_here() {
    for program in bin/patroni bin/etcd sbin/pgbouncer sbin/haproxy bin/redis-server; do
        [ -x ".tools/debian/usr/$program" ] || return 1
    done
}

package=patroni
missing="Patroni, etcd, PgBouncer, HAProxy or Redis"
skipped="the test of several machines is"
cure="on Debian 12, sh scripts/machines.sh with a network"
if ! are_here; then
    # These are the programs, then the libraries that a small Debian does not have.
    (unpack patroni python3-etcd etcd-server pgbouncer haproxy redis-server redis-tools redis-sentinel \
        python3-psycopg2 python3-prettytable python3-dnspython python3-cdiff python3-click python3-dateutil python3-psutil \
        python3-yaml python3-six python3-urllib3 python3-wcwidth python3-pkg-resources \
        libopentracing1 libopentracing-c-wrapper0 libevent-2.1-7 libc-ares2 libpq5 libjemalloc2 liblzf1 liblua5.3-0 libatomic1)
fi
if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && ! ls .tools/debian/usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    package=postgresql
    missing=PostgreSQL
    (unpack postgresql-15 postgresql-client-15)
fi
exit 0
