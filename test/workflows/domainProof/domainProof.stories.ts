import { Effect, type Layer } from "effect"
import type { Services } from "../../support/workflows/ControlPlane.ts"
import { days, domainProofs, provenDomain, publish, unpublish } from "../../support/workflows/domainProofs.ts"
import type { Story } from "../../support/workflows/Story.ts"

type More = Layer.Layer.Success<typeof domainProofs>

const story = (run: Effect.Effect<unknown, unknown, Services | More>): Story<More> => ({
  run,
  world: { more: domainProofs },
  matrix: { duplicates: true }
})

export const domainProofStories = {
  "LookAtPage of a domain that is proven": story(Effect.zipRight(provenDomain, days(1))),
  "LookAtDomain of a domain whose proof is gone for good": story(
    Effect.all([provenDomain, unpublish, days(8)], { discard: true })
  ),
  "LookAtDomain of a domain whose proof is back in time": story(
    Effect.all([provenDomain, unpublish, days(1), publish, days(1)], { discard: true })
  )
} satisfies Record<string, Story<More>>
