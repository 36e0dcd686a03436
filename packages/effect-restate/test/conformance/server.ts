import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect } from "effect"
import { Restate } from "../../src/node.ts"
import { allServices } from "./services/all.ts"

/** The settings that the suite's runner gives to the services of any SDK. */
const settings = Config.all({
  port: Config.withDefault(Config.integer("PORT"), 9080),
  services: Config.withDefault(Config.nonEmptyString("SERVICES"), "*"),
  identityKeys: Config.withDefault(Config.array(Config.nonEmptyString(), "E2E_REQUEST_SIGNING"), [])
})

Effect.gen(function* () {
  const { identityKeys, port, services } = yield* settings
  const wanted = services === "*" ? undefined : new Set(services.split(","))
  return yield* Restate.serve({
    services: allServices.filter(({ contract }) => wanted?.has(contract.name) ?? true),
    port,
    identityKeys,
    beside: { prefix: "/health", listener: (_, response) => response.end() }
  })
}).pipe(NodeRuntime.runMain)
