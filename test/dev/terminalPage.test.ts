import { assert, describe, it } from "@effect/vitest"
import { htmlOf, terminalPage } from "../../dev/images/terminalPage.ts"

describe("the picture of a terminal", () => {
  it("shows the colors that the demo prints", () => {
    assert.strictEqual(
      htmlOf("\u001b[1mDeploy\u001b[22m \u001b[32mdone\u001b[39m"),
      '<span class="bold">Deploy</span> <span class="green">done</span>'
    )
  })

  it("escapes text and drops other control sequences", () => {
    assert.strictEqual(htmlOf("\u001b[2K<b> & \u001b[95mmore"), "&lt;b&gt; &amp; more")
    assert.include(terminalPage("a < b"), "<pre>a &lt; b</pre>")
  })
})
