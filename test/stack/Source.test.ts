import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { chooseSource } from "../../dev/stack/Source.ts"

const nothing = { environment: Option.none<string>(), program: Option.none<string>(), docker: false, apt: false }
const environment = { environment: Option.some("mysql://somewhere") }
const program = { program: Option.some("/usr/sbin/mariadbd") }

describe("where a component comes from", () => {
  it.each([
    [
      "an address in the environment wins over everything",
      { ...environment, ...program, docker: true, apt: true },
      "Environment"
    ],
    ["an installed program wins over Docker", { ...program, docker: true, apt: true }, "Program"],
    ["Docker wins over an installation", { docker: true, apt: true }, "Docker"],
    ["a package is installed when nothing else is there", { apt: true }, "Apt"],
    ["nothing is left: a person has to act", {}, "Missing"]
  ])("%s", (_, facts, expected) => {
    assert.strictEqual(chooseSource({ ...nothing, ...facts })._tag, expected)
  })
})
