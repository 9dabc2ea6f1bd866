# Runs PostgreSQL and stops it when file descriptor 3 closes, which happens at the latest with the death of our parent.
# Arguments: the program and its arguments. Fast shutdown first, immediate shutdown after a minute.
"$@" 3<&- &
postgres=$!
(
  read -r _ <&3
  tries=300
  # Sent again and again, because a server that has only just started does not hear it yet.
  while [ "$tries" -gt 0 ] && kill -INT "$postgres"; do
    sleep 0.2
    tries=$((tries - 1))
  done
  kill -QUIT "$postgres"
) >/dev/null 2>&1 &
watcher=$!
# Only the end of PostgreSQL ends this process, or nobody would watch any more.
trap '' HUP INT TERM
exec 3<&-
wait "$postgres"
status=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$status"
