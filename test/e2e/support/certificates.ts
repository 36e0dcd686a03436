import { createPrivateKey, X509Certificate } from "node:crypto"
import { NodeFileSystem } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import * as x509 from "@peculiar/x509"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { StandInCa } from "../../../dev/simulators/StandInCa.ts"
import { VaultServer } from "../../../dev/simulators/VaultServer.ts"
import { Pebble } from "../../../dev/stack/Pebble.ts"
import { HashicorpVaultLive } from "../../../src/layers/vault/HashicorpVaultLive.ts"
import { certificateKey, type Purpose } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { RestateClient } from "../../support/stack/Restate.ts"
import { operatorToken } from "./certificateStack.ts"
import { rows } from "./deploys.ts"
import { eventually } from "./eventually.ts"

const service = "hydra.v1.CertificateService"

const target = (domain: string, handler: string) => `${service}/${encodeURIComponent(domain)}/${handler}`

/** Asks for the domain's certificate and waits for the answer. */
export const processChallenge = (domain: string, workspaceId = "") =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.call(target(domain, "ProcessChallenge"), { workspaceId, domain })
  ).pipe(Effect.map(({ body, status }) => ({ status, body })))

/** Asks for it and answers with the invocation at once. */
export const sendChallenge = (domain: string) =>
  Effect.flatMap(RestateClient, (restate) => restate.send(target(domain, "ProcessChallenge"), { domain }))

export const reissue = (domain: string) =>
  Effect.flatMap(RestateClient, (restate) => restate.call(target(domain, "ReissueCertificate"), { domain })).pipe(
    Effect.map(({ body, status }) => ({ status, body }))
  )

export const renewAll = (daysBeforeExpiry = 0) =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.call(target("global", "RenewExpiringCertificates"), { daysBeforeExpiry })
  )

/**
 * Waits until no invocation of the certificate service runs or is scheduled. A request may be answered with `pending`: the
 * issuance then continues after half a minute at least.
 */
export const untilIssuancesEnd = eventually(
  "the end of every issuance",
  Effect.flatMap(RestateClient, (restate) =>
    restate.sql(
      `SELECT id, target, status FROM sys_invocation
       WHERE target_service_name = '${service}' AND status <> 'completed'`
    )
  ),
  (left) => left.length === 0
).pipe(Effect.retry({ times: 2 }))

const NewOrder = Schema.Struct({ identifiers: Schema.Array(Schema.Struct({ value: Schema.String })) })
const Finalize = Schema.Struct({ csr: Schema.String })

const namesInRequest = (csr: string): string =>
  new x509.Pkcs10CertificateRequest(Buffer.from(csr, "base64url")).subjectName.getField("CN").join()

const counted = (names: ReadonlyArray<string>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** What the CA made so far, by name: new orders, and orders that it issues for. What it refused does not count. */
export const madeAtCa = Effect.gen(function* () {
  const received = yield* (yield* StandInCa).received
  return {
    orders: counted(
      received.flatMap(({ operation, payload, status }) =>
        operation === "new-order" && status === 201
          ? Schema.decodeUnknownSync(NewOrder)(payload).identifiers.map(({ value }) => value)
          : []
      )
    ),
    certificates: counted(
      received.flatMap(({ operation, payload, status }) =>
        operation === "finalize" && status === 200
          ? [namesInRequest(Schema.decodeUnknownSync(Finalize)(payload).csr)]
          : []
      )
    )
  }
})

/** Every request for an order of the name, whatever the CA said to it. */
export const orderRequests = (domain: string) =>
  Effect.gen(function* () {
    const received = yield* (yield* StandInCa).received
    return received.filter(
      ({ operation, payload }) =>
        operation === "new-order" &&
        Schema.decodeUnknownSync(NewOrder)(payload).identifiers.some(({ value }) => value === domain)
    )
  })

/** Exactly this many orders of the name, and as many certificates. */
export const assertMadeAtCa = (domain: string, times: number) =>
  Effect.map(madeAtCa, ({ certificates, orders }) =>
    assert.deepStrictEqual(
      { orders: orders[domain], certificates: certificates[domain] },
      { orders: times, certificates: times },
      domain
    )
  )

/** The decrypted content of a keyring. */
export const decrypt = (keyring: string, ciphertext: string, purpose: Purpose) =>
  Effect.gen(function* () {
    const { url } = yield* VaultServer
    const vault = HashicorpVaultLive({
      url,
      namespace: Option.none(),
      transitMount: "transit",
      associatedData: true,
      caFile: Option.none(),
      login: { method: "token", token: Redacted.make(yield* operatorToken) }
    })
    return yield* Effect.flatMap(Vault, ({ decrypt }) => decrypt(keyring, ciphertext, purpose)).pipe(
      Effect.provide(Layer.provide(vault, NodeFileSystem.layer))
    )
  }).pipe(Effect.map(Redacted.value))

export const certificateRow = (domain: string) =>
  Effect.map(rows, ({ certificates }) => certificates.find(({ hostname }) => hostname === domain))

const pemBlocks = (chain: string) => chain.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []

/** The chain from the leaf up, each signed by the next and the last by a root of the CA. */
const verifiedChain = (chain: string) =>
  Effect.gen(function* () {
    const roots = yield* (yield* Pebble).roots
    const certificates = [...pemBlocks(chain), ...roots.slice(0, 1)].map((pem) => new X509Certificate(pem))
    certificates.slice(0, -1).forEach((certificate, n) => {
      const issuer = certificates[n + 1]
      assert.isTrue(issuer !== undefined && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
    })
    assert.isAtLeast(certificates.length, 3)
    return certificates[0] as X509Certificate
  })

/**
 * The domain has everything that its traffic needs: a certificate of its workspace for exactly its name, whose chain ends
 * at the CA's root and whose key is in the vault, and a verified challenge with the expiry. Answers with the row.
 */
export const assertCertified = (domain: string, workspaceId: string) =>
  Effect.gen(function* () {
    const { acme_challenges, custom_domains } = yield* rows
    const row = yield* certificateRow(domain)
    if (row === undefined) return yield* Effect.dieMessage(`${domain} has no certificate`)
    assert.strictEqual(row.workspace_id, workspaceId)
    const leaf = yield* verifiedChain(row.certificate)
    assert.strictEqual(leaf.subjectAltName, `DNS:${domain}`)
    const key = yield* decrypt(workspaceId, row.encrypted_private_key, certificateKey(row.hostname))
    assert.isTrue(leaf.checkPrivateKey(createPrivateKey(key)))
    const domainId = custom_domains.find((each) => each.domain === domain)?.id
    assert.deepInclude(
      acme_challenges.find(({ domain_id }) => domain_id === domainId),
      { status: "verified", expires_at: leaf.validToDate.getTime(), workspace_id: workspaceId }
    )
    return row satisfies Tables["certificates"]
  })
