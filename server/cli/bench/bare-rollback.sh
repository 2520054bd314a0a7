#!/bin/bash
# What somebody would write by hand: ends the old release, starts the new one in its place and waits for its health.
# Usage: bare-rollback.sh <folder of the release> <port> <file with the pid of what runs>; DATABASE_URL and SHOP_URL are set.
set -eu
folder=$1
port=$2
pid_file=$3

if [ -s "$pid_file" ]; then
  old=$(cat "$pid_file")
  kill "$old" 2>/dev/null || true
  while kill -0 "$old" 2>/dev/null; do sleep 0.02; done
fi
cd "$folder"
PORT=$port HOST=127.0.0.1 RELEASE=$(basename "$folder") NODE_ENV=production \
  nohup node dist/server.mjs >"$pid_file.log" 2>&1 &
echo $! >"$pid_file"
for _ in $(seq 1 300); do
  if curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$port/api/health"; then exit 0; fi
  sleep 0.1
done
echo "not healthy after 30 s" >&2
exit 1
