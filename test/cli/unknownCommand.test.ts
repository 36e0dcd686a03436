import { assert, describe, it } from "@effect/vitest"
import { commandOf } from "../../src/cli/unknownCommand.ts"

describe("the command of the arguments", () => {
  it("is the first that is neither an option nor the value of one", () => {
    assert.isUndefined(commandOf([]))
    assert.isUndefined(commandOf(["--config", "worker.toml"]))
    assert.isUndefined(commandOf(["--config=worker.toml"]))
    assert.strictEqual(commandOf(["--config", "worker.toml", "serve"]), "serve")
    assert.strictEqual(commandOf(["cancel", "--yes", "d_1"]), "cancel")
  })
})
