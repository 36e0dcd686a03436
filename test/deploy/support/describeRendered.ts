import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { whyNoKubectl } from "../../../dev/stack/KubectlProgram.ts"

const reason = await Effect.runPromise(whyNoKubectl)

/** Tests that render manifests; where there is no kubectl to do it, one that is skipped says why. */
export const describeRendered = (name: string, tests: () => void): void => {
  describe(name, reason === null ? tests : () => void it.skip(`skipped: ${reason}`, () => undefined))
}
