import { layer, vi } from "@effect/vitest"
import { semantics } from "../suite/semantics.ts"
import { probedServerOnPromises, serverHost } from "./serverHost.ts"

// Tests wait more than they compute, and each has keys of its own.
vi.setConfig({ sequence: { concurrent: true } })

layer(probedServerOnPromises("1 minute"), { excludeTestServices: true, timeout: "1 minute" })(
  "on the SDK's promises, a server that keeps attempts open",
  (it) => {
    it.layer(serverHost("Explicit", false))("explicit cancellation", semantics)
    it.layer(serverHost("Implicit", false))("implicit cancellation", semantics)
  }
)
