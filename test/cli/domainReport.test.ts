import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { certificateLines, domainLines } from "../../src/cli/domainReport.ts"
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { renewing, verifying } from "../operations/domains.ts"

const shown = codeBlocks(fileOf("docs/commands.md"))
  .map(({ code }) => code)
  .join("\n")

describe("what is shown of a domain", () => {
  it("is what the documents show of its verification", () => {
    assert.include(shown, domainLines(verifying).join("\n"))
  })

  it("is what the documents show of its certificate", () => {
    assert.include(shown, certificateLines(renewing).join("\n"))
  })

  it("no text of a tenant reaches the terminal as a control character, or fills the screen", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 1500 }), (text) => {
        const hostile = {
          ...renewing,
          name: text,
          domain: renewing.domain && {
            ...renewing.domain,
            projectId: text,
            targetCname: text,
            verificationError: text,
            certificateId: text,
            challengeStatus: text,
            routeDeploymentId: text
          }
        }
        for (const line of [...domainLines(hostile), ...certificateLines(hostile)]) {
          assert.notMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029]/u)
          assert.isAtMost([...line].length, 900)
        }
      }),
      { numRuns: 20 }
    )
  })
})
