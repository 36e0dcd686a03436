import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Option, Redacted } from "effect"
import { HashicorpVaultLive } from "../../../src/layers/vault/HashicorpVaultLive.ts"
import { certificateKey } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"

/** A separate program with the test's environment: `encryptOnce.ts <url> <token> <plaintext>`. */
const [url = "", token = "", plaintext = ""] = process.argv.slice(2)

const vault = HashicorpVaultLive({
  url,
  namespace: Option.none(),
  transitMount: "transit",
  associatedData: true,
  caFile: Option.none(),
  login: { method: "token", token: Redacted.make(token) }
}).pipe(Layer.provide(NodeFileSystem.layer))

await Effect.runPromise(
  Effect.flatMap(Vault, (it) => it.encrypt("ws_1", Redacted.make(plaintext), certificateKey("app.example.com"))).pipe(
    Effect.provide(vault)
  )
)
