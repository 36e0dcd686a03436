import { assert, describe, it } from "@effect/vitest"
import { readableHelp } from "../../src/cli/help.ts"

const help = `USAGE

$ status [--limit integer]

DESCRIPTION

Shows what runs. Second. Example: status --limit 5.

OPTIONS

--limit integer

  An integer.

  How many. Default: 50.

  This setting is optional.

COMMANDS

  - status [--limit integer] <a>    Shows what runs. Second. Example: status --limit 5.

  - kill [--yes]                    Ends it.`

describe("the help of a command", () => {
  it("has the program's name, an example and what each option means, and nothing that is said of all options", () => {
    assert.strictEqual(
      readableHelp(help, "worker"),
      `USAGE

$ worker status [--limit integer]

DESCRIPTION

Shows what runs. Second.

EXAMPLE

$ worker status --limit 5

OPTIONS

--limit integer

  How many. Default: 50.

COMMANDS

  - status         Shows what runs.
  - kill           Ends it.`
    )
  })
})
