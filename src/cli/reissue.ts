import { Args, Command } from "@effect/cli"
import { Clock, Console, Effect } from "effect"
import { domainName } from "../names/DomainName.ts"
import { reportingFailures } from "./commandFailed.ts"
import { ingressOptions, sendMessage } from "./ingress.ts"

const domain = Args.text({ name: "domain" }).pipe(Args.withDescription("The domain, such as www.example.com."))

/** Orders a new certificate without waiting for it. */
export const reissueCommand = Command.make("reissue", { domain, ...ingressOptions }, ({ domain, ...options }) =>
  Effect.gen(function* () {
    const name = yield* domainName(domain)
    const now = yield* Clock.currentTimeMillis
    const { invocationId } = yield* sendMessage(
      {
        service: "hydra.v1.CertificateService",
        key: name,
        handler: "ReissueCertificate",
        input: { domain: name },
        idempotencyKey: `reissue-${name}-${now}`
      },
      options
    )
    yield* Console.log(`a new certificate of ${name} is ordered by ${invocationId}`)
  }).pipe(reportingFailures("reissue"))
).pipe(
  Command.withDescription(
    "Orders a new certificate of a domain at once, through Restate's ingress. `certificate` shows how it goes on. Example: reissue www.example.com."
  )
)
