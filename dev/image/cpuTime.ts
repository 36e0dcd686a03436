import { readFileSync } from "node:fs"
import { Duration, Option } from "effect"

/** Linux tells times in ticks of 10 ms on every architecture that Node runs on. */
const tick = Duration.millis(10)

/** The time that a process and its threads have computed, from `/proc/<pid>/stat`. */
export const parseCpuTime = (stat: string): Duration.Duration => {
  // The second field is a name in brackets, which may have brackets and blanks in it.
  const [, ...fields] = stat.slice(stat.lastIndexOf(")")).split(" ")
  return Duration.times(tick, Number(fields[11]) + Number(fields[12]))
}

/** None where the process is not one of this machine's, as with an engine in a machine of its own. */
export const cpuTimeOf = (pid: number): Option.Option<Duration.Duration> =>
  Option.liftThrowable(() => parseCpuTime(readFileSync(`/proc/${pid}/stat`, "utf8")))()
