import { layer } from "@effect/vitest"
import { callOrdering } from "./cases/callOrdering.ts"
import { cancellation } from "./cases/cancellation.ts"
import { combinators } from "./cases/combinators.ts"
import { ingress } from "./cases/ingress.ts"
import { interpreter } from "./cases/interpreter.ts"
import { killInvocation } from "./cases/killInvocation.ts"
import { proxyRequestSigning } from "./cases/proxyRequestSigning.ts"
import { serverRestarts, sleepWithFailures } from "./cases/restarts.ts"
import { runRetry } from "./cases/runs.ts"
import { serviceToService } from "./cases/serviceToService.ts"
import { signals } from "./cases/signals.ts"
import { sleeps } from "./cases/sleeps.ts"
import { state } from "./cases/state.ts"
import { userErrors } from "./cases/userErrors.ts"
import { workflowApi } from "./cases/workflowApi.ts"
import { deployment } from "./Deployment.ts"

// The suite `default` of restatedev/e2e sdk-tests.
layer(deployment({}), { excludeTestServices: true, timeout: "1 minute" })("conformance, default", (it) => {
  callOrdering(it)
  cancellation(it)
  combinators(it)
  ingress(it)
  interpreter(it)
  killInvocation(it)
  proxyRequestSigning(it)
  runRetry(it)
  serviceToService(it)
  signals(it)
  sleeps(it)
  state(it)
  userErrors(it)
  workflowApi(it)
  sleepWithFailures(it)
  serverRestarts(it)
})
