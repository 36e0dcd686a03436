import { assert, describe, it } from "@effect/vitest"
import { hasKustomize5 } from "../../dev/stack/KubectlProgram.ts"

describe("a kubectl that can render the manifests", () => {
  it.each([
    ["Client Version: v1.32.3\nKustomize Version: v5.5.0\n", true],
    ["Client Version: v1.40.0\nKustomize Version: v10.0.1\n", true],
    ["Client Version: v1.26.3\nKustomize Version: v4.5.7\n", false],
    // Debian 12's.
    ['Client Version: version.Info{Major:"1", Minor:"20", GitVersion:"v1.20.5"}\n', false],
    ["", false]
  ])("is told by %j: %s", (version, is) => assert.strictEqual(hasKustomize5(version), is))
})
