import { layer } from "@effect/vitest"
import { isFull } from "../../../../test/support/size.ts"
import { cancellationGuarantees } from "../suite/cancellation.ts"
import { sagaGuarantees } from "../suite/sagas.ts"
import { type It, semantics } from "../suite/semantics.ts"
import { besideEachOther, probedServerOnPromises, serverHost } from "./serverHost.ts"

/** Where the mode matters; `npm run test:full` has the rest in this mode too. */
const ofTheMode = (it: It): void => {
  sagaGuarantees(it)
  cancellationGuarantees(it)
}

layer(probedServerOnPromises("1 minute"), { excludeTestServices: true, timeout: "1 minute" })(
  "on the SDK's promises, a server that keeps attempts open",
  (it) => {
    it.layer(serverHost("Explicit", false))("explicit cancellation", besideEachOther(semantics))
    it.layer(serverHost("Implicit", false))("implicit cancellation", besideEachOther(isFull ? semantics : ofTheMode))
  }
)
