-- Asks for pages of random projects of a made-up index. Arguments: number of projects, and the Accept header.
local path = ""
function init(args)
  projects = tonumber(args[1])
  if args[2] then wrk.headers["Accept"] = args[2] end
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
  path = wrk.path
end
function request()
  return wrk.format("GET", path .. string.format("project-%05d/", math.random(0, projects - 1)))
end
function done(summary, latency)
  io.write(string.format("RESULT {\"requests\": %d, \"microseconds\": %d, \"p50\": %d, \"p95\": %d, \"p99\": %d, \"errors\": %d}\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
