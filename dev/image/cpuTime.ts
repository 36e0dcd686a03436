import { readFileSync } from "node:fs"
import { Duration, Option } from "effect"

/** Linux reports CPU time in ticks of 10 ms on every architecture of Node. */
const tick = Duration.millis(10)

/** CPU time of a process and its threads, from `/proc/<pid>/stat`. */
export const parseCpuTime = (stat: string): Duration.Duration => {
  // The second field is a name in parentheses, which may contain parentheses and spaces.
  const [, ...fields] = stat.slice(stat.lastIndexOf(")")).split(" ")
  return Duration.times(tick, Number(fields[11]) + Number(fields[12]))
}

/** None if the process is not visible on this machine, as with an engine in a VM. */
export const cpuTimeOf = (pid: number): Option.Option<Duration.Duration> =>
  Option.liftThrowable(() => parseCpuTime(readFileSync(`/proc/${pid}/stat`, "utf8")))()
