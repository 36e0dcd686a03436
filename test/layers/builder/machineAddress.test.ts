import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DepotFailed } from "../../../src/layers/builder/depot/DepotApi.ts"
import { machineAddress } from "../../../src/layers/builder/depot/machineAddress.ts"

const depot = "https://1.1.1.1"

describe("the machine that Depot names", () => {
  for (const endpoint of [
    "docker:///var/run/docker.sock",
    "unix:///run/buildkit/buildkitd.sock",
    "http://9.9.9.9:1234",
    "tcp://9.9.9.9",
    "tcp://127.0.0.1:1234",
    "tcp://localhost:1234",
    "tcp://[::1]:1234",
    "tcp://[::ffff:127.0.0.1]:1234",
    "tcp://0x7f.1:1234",
    "https://169.254.169.254",
    "tcp://10.0.0.5:1234",
    "9.9.9.9:1234",
    "no address"
  ])
    it.live(`is not connected to at ${endpoint}`, () =>
      Effect.gen(function* () {
        assert.instanceOf(yield* Effect.flip(machineAddress(endpoint, depot)), DepotFailed)
      })
    )

  it.live("is connected to at a public address, by its number", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* machineAddress("tcp://9.9.9.9:1234", depot), "tcp://9.9.9.9:1234")
      assert.strictEqual(yield* machineAddress("https://9.9.9.9", depot), "tcp://9.9.9.9:443")
      assert.strictEqual(yield* machineAddress("tcp://[2620:fe::fe]:1234", depot), "tcp://[2620:fe::fe]:1234")
    })
  )

  it.live("may be in the operator's own network where Depot's API is", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* machineAddress("tcp://localhost:1234", "http://127.0.0.1:1"), "tcp://127.0.0.1:1234")
      const socket = yield* Effect.flip(machineAddress("unix:///run/x.sock", "http://127.0.0.1:1"))
      assert.instanceOf(socket, DepotFailed)
    })
  )
})
