import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import { cpuTimeOf, parseCpuTime } from "../../dev/image/cpuTime.ts"

describe("the time that a process has computed", () => {
  it("is that of programs and that of the kernel, whatever the process is called", () =>
    assert.strictEqual(
      Duration.toMillis(parseCpuTime("7 (a) b (c)) S 1 7 7 0 -1 4194560 9 0 0 0 123 45 6 7 20 0 11 0 99 1 2")),
      1680
    ))

  it.runIf(process.platform === "linux")("is what Node says of itself", () => {
    const { system, user } = process.cpuUsage()
    const seen = Option.match(cpuTimeOf(process.pid), { onNone: () => 0, onSome: Duration.toMillis })
    assert.approximately(seen, (user + system) / 1000, 250)
  })

  it("is nothing of a process that is not there", () => assert.isTrue(Option.isNone(cpuTimeOf(2 ** 30))))
})
