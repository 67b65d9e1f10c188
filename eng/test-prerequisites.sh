# Sourced by test.sh: what the tests need besides the SDK, from Debian's packages, and a private PostgreSQL.

install_prerequisites() {
  local wanted=()
  [ -x /usr/bin/chromium ] || [ -n "${ANYCAST_TEST_CHROMIUM:-}" ] || wanted+=(chromium)
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
  command -v sqlite3 >/dev/null || wanted+=(sqlite3)
  command -v patch >/dev/null || wanted+=(patch)
  if [ ${#wanted[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || { echo "Missing: ${wanted[*]}. On Debian this script installs them; elsewhere install them yourself." >&2; return 1; }
    apt-get update -q || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}" || return 1
  fi

  # kubectl 1.28 or newer from PATH, else Debian's, which can less; a test says which one it found. One that is already installed by
  # other means may conflict with the package: then what is there is used.
  if ! command -v kubectl >/dev/null; then
    { [ ${#wanted[@]} -gt 0 ] || apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends kubernetes-client; } \
      || echo "No kubectl: the tests that need it will say so." >&2
  fi
}

# A cluster of its own in a temp directory, reached by a Unix socket; durability is off, since it lives for one run.
start_postgres() {
  local bin; bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  postgres_bin=$bin
  postgres_dir=$(mktemp -d /tmp/anycast-pg.XXXXXX)
  local as=()
  if [ "$(id -u)" = 0 ]; then
    chown postgres:postgres "$postgres_dir"
    as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  fi
  postgres_as=("${as[@]}")
  "${as[@]}" "$bin/initdb" -D "$postgres_dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >artifacts/postgres.log 2>&1 || return 1
  mkdir -p artifacts
  cat >>"$postgres_dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$postgres_dir'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 128MB
CONF
  "${as[@]}" "$bin/pg_ctl" -D "$postgres_dir/data" -w -t 60 -l "$postgres_dir/server.log" start >>artifacts/postgres.log 2>&1 || { cat "$postgres_dir/server.log" >>artifacts/postgres.log; return 1; }
  export ANYCAST_TEST_POSTGRES="Host=$postgres_dir;Username=postgres;Database=postgres"
}

stop_postgres() {
  [ -n "${postgres_dir:-}" ] || return 0
  "${postgres_as[@]}" "$postgres_bin/pg_ctl" -D "$postgres_dir/data" -m immediate stop >/dev/null 2>&1
  rm -rf "$postgres_dir"
}
