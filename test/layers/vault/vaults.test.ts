import { randomBytes } from "node:crypto"
import { appendFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { NodeFileSystem } from "@effect/platform-node"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { UnkeyVault, unkeyVault } from "../../../dev/simulators/UnkeyVault.ts"
import { VaultServer, vaultServer } from "../../../dev/simulators/VaultServer.ts"
import type { VaultLogin } from "../../../src/layers/vault/hashicorp/login.ts"
import { LocalVaultLive } from "../../../src/layers/vault/LocalVaultLive.ts"
import { UnkeyVaultLive } from "../../../src/layers/vault/UnkeyVaultLive.ts"
import { vaultContract } from "../../services/Vault.contract.ts"
import { asAppRole, givenToken, temporaryFolder, vaultOf } from "./support.ts"

const rotateTransitKey = (keyring: string) => Effect.flatMap(VaultServer, (server) => server.rotate(keyring))

const withToken = Effect.flatMap(VaultServer, (server) => server.createToken({ ttl: 3_600 })).pipe(
  Effect.map(givenToken)
)

vaultContract("HashiCorp Vault, with a token", Layer.provideMerge(vaultOf(withToken), vaultServer()), {
  rotate: rotateTransitKey
})

vaultContract(
  "HashiCorp Vault, as an AppRole, with an engine mounted elsewhere that creates no key by itself",
  vaultOf(
    Effect.zipRight(
      Effect.flatMap(VaultServer, (server) => server.disableUpsert),
      asAppRole({ ttl: 3_600 })
    ),
    { transitMount: "team/transit-1" }
  ).pipe(Layer.provideMerge(vaultServer({ mount: "team/transit-1" }))),
  { rotate: rotateTransitKey }
)

vaultContract(
  "HashiCorp Vault before 1.13, which ignores associated data",
  vaultOf(
    Effect.zipRight(
      Effect.flatMap(VaultServer, (server) => server.ignoreAssociatedData(true)),
      withToken
    )
  ).pipe(Layer.provideMerge(vaultServer())),
  { rotate: rotateTransitKey, bindsPurpose: false }
)

vaultContract(
  "HashiCorp Vault, with vault.associated_data off",
  Layer.provideMerge(vaultOf(withToken, { associatedData: false }), vaultServer()),
  { rotate: rotateTransitKey, bindsPurpose: false }
)

/** In some Kubernetes versions the pod's JWT file ends with a newline. */
const asServiceAccount = Effect.gen(function* () {
  const tokenFile = join(yield* temporaryFolder, "token")
  yield* Effect.promise(() => writeFile(tokenFile, "the.service.account\n"))
  const account = { role: "worker", jwt: "the.service.account", mount: "kubernetes-eu" }
  yield* (yield* VaultServer).allowServiceAccount(account, { ttl: 3_600 })
  return { method: "kubernetes", mount: account.mount, role: account.role, tokenFile } satisfies VaultLogin
})

vaultContract(
  "HashiCorp Vault, as a Kubernetes service account, in a namespace",
  Layer.unwrapScoped(
    Effect.map(asServiceAccount, (login) => vaultOf(Effect.succeed(login), { namespace: Option.some("team/eu") }))
  ).pipe(Layer.provideMerge(vaultServer())),
  { rotate: (keyring) => Effect.flatMap(VaultServer, (server) => server.rotate(keyring, "team/eu")) }
)

vaultContract(
  "Unkey's vault",
  Layer.unwrapEffect(
    Effect.map(UnkeyVault, ({ token, url }) => UnkeyVaultLive({ url, token: Option.some(Redacted.make(token)) }))
  ).pipe(Layer.provideMerge(unkeyVault("unkey-token"))),
  { rotate: (keyring) => Effect.flatMap(UnkeyVault, (server) => server.rotate(keyring)), bindsPurpose: false }
)

class KeyFile extends Context.Tag("test/layers/vault/KeyFile")<KeyFile, string>() {}

const keyFile = Layer.scoped(
  KeyFile,
  Effect.map(temporaryFolder, (folder) => join(folder, "keys"))
)

vaultContract(
  "a local key file",
  Layer.unwrapEffect(Effect.map(KeyFile, LocalVaultLive)).pipe(
    Layer.provide(NodeFileSystem.layer),
    Layer.provideMerge(keyFile)
  ),
  {
    rotate: () =>
      Effect.flatMap(KeyFile, (file) =>
        Effect.promise(() =>
          appendFile(file, `${randomBytes(4).toString("hex")} ${randomBytes(32).toString("base64")}\n`)
        )
      )
  }
)
