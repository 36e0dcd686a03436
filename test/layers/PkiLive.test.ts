import { webcrypto } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as x509 from "@peculiar/x509"
import { Cause, Effect, Exit, Redacted } from "effect"
import { PkiLive } from "../../src/layers/PkiLive.ts"
import { Pki } from "../../src/services/certificate/Pki.ts"
import { pkiContract } from "../services/Pki.contract.ts"
import { named } from "../support/named.ts"

pkiContract("node:crypto", PkiLive)

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

const certificate = (serialNumber: string, extensions: Array<x509.Extension>, subject = "") =>
  Effect.promise(async () => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
    const made = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject,
      issuer: "CN=an issuer",
      notBefore: new Date("2026-01-02T03:04:05Z"),
      notAfter: new Date("2026-04-02T03:04:04Z"),
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions
    })
    return made.toString("pem")
  })

const names = new x509.SubjectAlternativeNameExtension([
  { type: "dns", value: "B.example.test" },
  { type: "ip", value: "127.0.0.1" },
  { type: "dns", value: "*.example.test" }
])
/** The key identifier and the serial numbers of RFC 9773 section 4.1. */
const authority = new x509.AuthorityKeyIdentifierExtension("69885b6b87464041e1b37b847ba0ae2cde01c8d4")

describe("what a certificate says about itself", () => {
  it.effect("is read from one without a common name: names in lower case and sorted, times, serial number", () =>
    Effect.gen(function* () {
      const { inspect } = yield* Pki
      const first = yield* certificate("0087654321", [names, authority])
      assert.deepStrictEqual(yield* inspect(`${first}\n${yield* certificate("01", [])}`), {
        names: ["*.example.test", "b.example.test"],
        notBefore: Date.UTC(2026, 0, 2, 3, 4, 5),
        notAfter: Date.UTC(2026, 3, 2, 3, 4, 4),
        serial: "87654321",
        certificateId: "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
      })
    }).pipe(Effect.provide(PkiLive))
  )

  for (const [serial, encoded] of [
    ["01", "AQ"],
    ["7f", "fw"],
    ["80", "AIA"],
    ["00ff00", "AP8A"]
  ])
    it.effect(`names a certificate of serial number ${serial} to the CA by its octets in DER`, () =>
      Effect.gen(function* () {
        const { inspect } = yield* Pki
        const { certificateId } = yield* inspect(yield* certificate(`${serial}`, [authority]))
        assert.strictEqual(certificateId, `aYhba4dGQEHhs3uEe6CuLN4ByNQ.${encoded}`)
      }).pipe(Effect.provide(PkiLive))
    )

  it.effect("has no names and no identifier where the certificate has none", () =>
    Effect.gen(function* () {
      const { inspect } = yield* Pki
      const facts = yield* inspect(yield* certificate("05", [], "CN=only.a.common.name"))
      assert.deepInclude(facts, { names: [], certificateId: null })
    }).pipe(Effect.provide(PkiLive))
  )

  it.effect("a stored key that cannot be read is a defect whose message does not quote it", () =>
    Effect.gen(function* () {
      const { createCsr, matches } = yield* Pki
      const damaged = Redacted.make("-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----")
      const chain = yield* certificate("05", [names])
      const exits: ReadonlyArray<Exit.Exit<void, unknown>> = yield* Effect.all([
        Effect.exit(Effect.asVoid(createCsr(damaged, [named("a.example.test")]))),
        Effect.exit(Effect.asVoid(matches(chain, damaged)))
      ])
      for (const exit of exits) {
        assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        assert.notInclude(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", "c2VjcmV0")
      }
    }).pipe(Effect.provide(PkiLive))
  )
})

describe("making a key", () => {
  it.live("leaves the event loop free for others meanwhile", () =>
    Effect.gen(function* () {
      const { generateCertificateKey } = yield* Pki
      let turns = 0
      const other = Effect.forever(
        Effect.zipRight(
          Effect.promise(() => new Promise((resume) => setImmediate(resume))),
          Effect.sync(() => turns++)
        )
      )
      yield* Effect.raceFirst(Effect.replicateEffect(generateCertificateKey, 2), other)
      // Key generation on this thread would block the event loop until it is done.
      assert.isAbove(turns, 10)
    }).pipe(Effect.provide(PkiLive))
  )
})
