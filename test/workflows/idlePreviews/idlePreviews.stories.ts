import { Effect } from "effect"
import { idlePreviews, type Questions, scaleDown, withPreviews } from "../../support/workflows/idlePreviews.ts"
import type { Story } from "../../support/workflows/Story.ts"

const thorough = { duplicates: true, pairs: 60 }

export const idlePreviewStories = {
  "ScaleDownIdlePreviewDeployments with one idle preview": {
    run: withPreviews.pipe(Effect.zipRight(scaleDown)),
    world: idlePreviews({ busy: ["d_busy"] }),
    matrix: thorough
  },
  "ScaleDownIdlePreviewDeployments while the source of traffic is away": {
    run: withPreviews.pipe(Effect.zipRight(scaleDown)),
    world: idlePreviews({ isAway: () => true }),
    matrix: thorough
  }
} satisfies Record<string, Story<Questions>>
