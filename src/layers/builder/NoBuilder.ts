import { Effect, Layer } from "effect"
import { Builder, BuildRefused } from "../../services/builds/Builder.ts"

const refused = new BuildRefused({
  reason: "not_configured",
  field: "builder",
  problem: "this worker builds nothing: set builder.buildkit_address or depot.api_url, and the registry"
})

/** For a worker without a builder: `start` fails at once. */
export const NoBuilder: Layer.Layer<Builder> = Layer.succeed(
  Builder,
  Builder.of({
    isConfigured: false,
    start: () => refused,
    poll: () => Effect.succeed({ _tag: "Unknown" }),
    cancel: () => Effect.void
  })
)
