import { layer, vi } from "@effect/vitest"
import { fidelityGuarantees } from "../suite/fidelity.ts"
import { semantics } from "../suite/semantics.ts"
import { stateGuarantees } from "../suite/state.ts"
import { probedServer, serverHost } from "./serverHost.ts"

// Tests wait more than they compute, and each has keys of its own.
vi.setConfig({ sequence: { concurrent: true } })

layer(probedServer("0 millis"), { excludeTestServices: true, timeout: "1 minute" })(
  "a server that suspends at every wait",
  (it) => {
    it.layer(serverHost("Explicit", true))("explicit cancellation", semantics)
    it.layer(serverHost("Implicit", true))("implicit cancellation", semantics)
    it.layer(serverHost("Lazy", true))("state that is asked for when it is read", (it) => {
      stateGuarantees(it)
      fidelityGuarantees(it)
    })
  }
)
